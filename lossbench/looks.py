"""Find texts that look alike but have different characters, as é may be one character or two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import takewhile

UNSEEN = "Cf"
"""The Unicode category of invisible characters, such as a joiner or a soft hyphen."""

WIDTHS = ("<wide>", "<narrow>", "<noBreak>")
"""Kinds of Unicode decomposition that change only the width of a character."""

LATIN = str.maketrans("АВЕКМНОРСТУХаеорсухіјѕΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxijsABEZHIKMNOPTYXo")
"""Cyrillic and Greek letters that look like Latin ones."""


MARKS = str.maketrans("\u2010\u2011\u2012\u2013\u2212\u2019\u2018\u02bc", "-----" + 3 * "'")
"""Dashes and apostrophes that some programs put in the place of those on a keyboard."""

_WHOLE = re.compile(r"0*(\d+)(?:\.0*)?")


def looks(text: str) -> str:
    r"""Return a normal form of a text, which is the same for all texts that look alike.

    Example:
        >>> looks("cafe\u0301") == looks("caf\u00e9"), looks("a\u00a0b") == looks("a b")
        (True, True)
    """
    if text.isascii():
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text).translate(LATIN).translate(MARKS)
    return " ".join("".join(map(_normalized, composed)).split())


def _normalized(character: str) -> str:
    if unicodedata.category(character) == UNSEEN:
        return ""
    only_width = unicodedata.decomposition(character).startswith(WIDTHS)
    return unicodedata.normalize("NFKC", character) if only_width else character


def spelled_apart(texts: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield the different texts that may be one: but for case, quotes, a full stop, or the form of a whole number.

    Example:
        >>> list(spelled_apart(["p3", "P3", "7", "7.0", "'yes'", "yes", "8"]))
        [('p3', 'P3'), ('7', '7.0'), ("'yes'", 'yes')]
    """
    by_word: dict[str, list[str]] = {}
    for text in texts:
        word = text.strip("'\"").removesuffix(".").casefold()
        whole = _WHOLE.fullmatch(word)
        key = whole[1] if whole else word if any(map(str.isalnum, word)) else text
        by_word.setdefault(key, []).append(text)
    return (tuple(same) for same in by_word.values() if len(same) > 1)


def alike(texts: Iterable[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    r"""Yield each group of different texts that look alike, and the characters in which the first two differ.

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
    """Yield, for each of two texts, the characters between their common prefix and suffix."""
    prefix = _common_prefix(*texts)
    rests = [text[prefix:] for text in texts]
    suffix = _common_prefix(*(rest[::-1] for rest in rests))
    for rest in rests:
        yield " ".join(f"U+{ord(c):04X}" for c in rest[: len(rest) - suffix]) or "nothing"


def _common_prefix(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
