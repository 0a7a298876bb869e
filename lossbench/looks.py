"""Texts that look alike and are written with other characters, as é is with one and with two."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import takewhile

UNSEEN = "Cf"
"""The category of characters that are not seen, such as a joiner or a soft hyphen."""

WIDTHS = ("<wide>", "<narrow>", "<noBreak>")
"""By what a character differs from another of the same look."""

LATIN = str.maketrans("АВЕКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXo")
"""Letters of other scripts that cannot be told from those of this one."""


def looks(text: str) -> str:
    r"""Return a text as it looks: equal for two that nobody could tell apart.

    Example:
        >>> looks("cafe\u0301") == looks("caf\u00e9"), looks("a\u00a0b") == looks("a b")
        (True, True)
    """
    if text.isascii():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text).translate(LATIN)
    return " ".join("".join(map(_plain, composed)).split())


def _plain(character: str) -> str:
    if unicodedata.category(character) == UNSEEN:
        return ""
    other = unicodedata.decomposition(character).startswith(WIDTHS)
    return unicodedata.normalize("NFKC", character) if other else character


def alike(texts: Iterable[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    r"""Yield those of different texts that look alike, and the characters in which the first two differ.

    Example:
        >>> [codes for _, codes in alike(["e\u0301", "\u00e9", "e"])]
        ['U+0065 U+0301 and U+00E9']
    """
    by_looks: dict[str, list[str]] = {}
    for text in texts:
        by_looks.setdefault(looks(text), []).append(text)
    for same in by_looks.values():
        if len(same) > 1:
            yield tuple(same), " and ".join(_differing(*same[:2]))


def _differing(*texts: str) -> Iterator[str]:
    """Yield the characters of each of two texts between what both begin and end with."""
    begins = _shared(*texts)
    rests = [text[begins:] for text in texts]
    ends = _shared(*(rest[::-1] for rest in rests))
    for rest in rests:
        yield " ".join(f"U+{ord(c):04X}" for c in rest[: len(rest) - ends]) or "nothing"


def _shared(one: str, other: str) -> int:
    """Return with how many characters two texts begin alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
