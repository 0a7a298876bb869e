"""A user's claim in one sentence, parsed into the table of a catalogue.

LOSS [always|sometimes] beats|equals|is not worse than|is worse than LOSS [by 0.05] [in SCORE[, SCORE]]
    on DATASET[, DATASET] [with 10% [KIND] outliers]
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from lossbench.claims.report.words import word_for
from lossbench.data.catalogue import records
from lossbench.errors import BadValue
from lossbench.losses.registry import served
from lossbench.nearest import suggestion
from lossbench.report.tables import heading
from lossbench.schema import METRICS
from lossbench.spec import TABLE_LISTS, split_list

GRAMMAR = (
    "LOSS [always|sometimes] beats|equals|is not worse than|is worse than LOSS [by 0.05] [in SCORE] "
    "on DATASET[, DATASET] [with 10% target outliers]"
)

WRITE = f"Write {GRAMMAR}"

DIRECTIONS = {"beats": "better", "equals": "equal", "is not worse than": "not worse", "is worse than": "worse"}
FORMS = {"always": "universal", "sometimes": "existential"}

DIGITS = 12  # digits of a share in per cent; further ones are rounding errors
NAME = "mine"
"""The ID of the claim in the table."""

_RELATION = re.compile(rf"(?:(?P<how>{'|'.join(FORMS)}) )?(?P<relation>{'|'.join(DIRECTIONS)}) ")
_MARGIN = re.compile(r"by (?P<margin>\S+) ")
_SCORES = re.compile(r"in (?P<scores>.+?) (?=on )")
_DIRT = re.compile(r" with (?P<share>\S+?) ?% (?:(?P<kind>\w+) )?outliers$")


def read_sentence(text: str) -> dict[str, Any]:
    """Return the table of a claim, as it stands in a catalogue under [claims.mine].

    A full stop at its end is ignored, and so is the case of scores and of the losses and data sets of the
    catalogue; a score may be in words.

    Raises:
        BadValue: the sentence does not fit the grammar; the message names the wrong word and the nearest right
            one.

    Example:
        >>> table = read_sentence("focal beats bce in f1 on imbalanced, moons")
        >>> table["arms"], table["score"], table["direction"], table["datasets"]
        (['focal', 'bce'], ['f1'], 'better', ['imbalanced', 'moons'])
        >>> read_sentence("Focal beats BCE in F1 on Moons.")["arms"]
        ['focal', 'bce']
    """
    said = " ".join(text.split()).removesuffix(".").rstrip()
    first, _, rest = said.partition(" ")
    relation = _RELATION.match(rest)
    if not first or relation is None:
        raise unreadable(said, rest, (*FORMS, *DIRECTIONS), f"after '{first}'")
    other, _, rest = rest[relation.end() :].partition(" ")
    margin, rest = split_off(_MARGIN, rest)
    scores, rest = split_off(_SCORES, rest)
    if not rest.startswith("on ") or not other:
        raise unreadable(said, rest, ("by", "in", "on"), f"after '{other}'")
    datasets, dirt = datasets_and_contamination(said, rest.removeprefix("on "))
    arms = [loss_named(first), loss_named(other)]
    table: dict[str, Any] = {"claim": said, "arms": arms, "direction": DIRECTIONS[relation["relation"]]}
    table |= {"form": FORMS[relation["how"]]} if relation["how"] else {}
    table |= {"margin": number(said, margin["margin"], "a margin")} if margin else {}
    table |= {"score": list(scores_in(said, scores["scores"]))} if scores else {}
    return table | {"datasets": datasets} | dirt


def split_off(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    """Match a pattern at the beginning of a text; return the match, if any, and the rest."""
    found = pattern.match(text)
    return found, text[found.end() :] if found else text


def datasets_and_contamination(said: str, text: str) -> tuple[list[str], dict[str, Any]]:
    """Return the data sets, and the contamination as keys of a table."""
    dirt = _DIRT.search(text)
    datasets = [*map(dataset_named, split_list(text[: dirt.start()] if dirt else text, TABLE_LISTS))]
    _, dirty, rest = text.partition(" with ")
    if not datasets or (dirt is None and dirty):
        raise unreadable(
            said, f"with {rest}" if dirty else "", (), f"after '{text.partition(' with ')[0] or 'on'}'"
        )
    if dirt is None:
        return datasets, {}
    share = number(said, dirt["share"], "a share in per cent")
    if not 0 < share < 100:
        raise BadValue(f"'{said}': {dirt['share']} % is no share; write a number above 0 and below 100")
    return datasets, {"outliers": [round(share / 100, DIGITS)]} | (
        {"outlier_kind": dirt["kind"]} if dirt["kind"] else {}
    )


def loss_named(spec: str) -> str:
    """Return a loss with its name in the catalogue's case; one of a user's own as it is."""
    return in_known_case(spec, lambda name: bool(served(name)))


def dataset_named(spec: str) -> str:
    """Return a data set with its name in the catalogue's case; a file as it is."""
    return in_known_case(spec, {record.name for record in records()}.__contains__)


def in_known_case(spec: str, known: Callable[[str], bool]) -> str:
    """Return a spec with its name in lower case if that is known and the name as it stands is not.

    Example:
        >>> in_known_case("Huber:delta=2", {"huber"}.__contains__), in_known_case("Mine", {"huber"}.__contains__)
        ('huber:delta=2', 'Mine')
    """
    name, colon, rest = spec.partition(":")
    return name.lower() + colon + rest if known(name.lower()) and not known(name) else spec


def scores_in(said: str, text: str) -> Iterator[str]:
    """Yield the scores that a text names, in any case: by name, by their headings or in the words of an answer."""
    in_words = {word.lower(): name for name in METRICS for word in (word_for(name), heading(name))}
    for word in re.split(r", | and |,", text):
        name = in_words.get(word.lower(), word.lower())
        if name not in METRICS:
            raise BadValue(f"'{said}': '{word}' is no score{suggestion('score', word, METRICS)} {WRITE}")
        yield name


def number(said: str, text: str, what: str) -> float:
    """Read a number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (0 < value < math.inf):
        raise BadValue(f"'{said}': '{text}' is not {what}; write a number above 0, as in {GRAMMAR}")
    return value


def unreadable(said: str, rest: str, words: tuple[str, ...], where: str) -> BadValue:
    """Return the error for a sentence that is no claim; it names the wrong word."""
    if rest in words:
        rest, where = "", f"after '{rest}'"
    word, _, behind = rest.partition(" ")
    if word in FORMS:  # this word is right, so the next one is wrong
        return unreadable(said, behind, tuple(DIRECTIONS), f"after '{word}'")
    start = " ".join(rest.split()[:4])
    whole = next((near for near in words if " " in near and get_close_matches(start, [near], 1, 0.7)), "")
    found = f"'{word}' {where} is not understood" if word else f"it ends {where}"
    near = f"; did you mean '{whole}'?" if whole else suggestion("word", word, words)
    return BadValue(f"'{said}' is no claim that can be read: {found}{near} {WRITE}")


def toml_of(table: Mapping[str, Any]) -> str:
    r"""Return a table as the lines of a catalogue.

    Example:
        >>> print(toml_of({"claim": "a beats b on moons", "arms": ["a", "b"], "margin": 0.05}))
        [claims.mine]
        claim = "a beats b on moons"
        arms = ["a", "b"]
        margin = 0.05
    """
    # JSON's texts, numbers and lists of them are valid TOML, except for one character.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join([f"[claims.{NAME}]", *lines]).replace("\x7f", "\\u007f")
