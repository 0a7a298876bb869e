"""English helpers: enumerations, singular and plural, capitals, and wrapped paragraphs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import TextWrapper

from lossbench.results.advice import Code
from lossbench.visible import visible

MOST_NAMED = 4
"""The most items that are all named; of more, some are named and the others counted."""


def listed(
    names: Sequence[str], write: Callable[[Sequence[str]], str] | None = None, named: int = MOST_NAMED - 1
) -> str:
    """Return a few names in a row; of many the first `named`, and how many more.

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(list("abcde"))
        ('a', 'a and b', 'a, b, c and 2 more')
    """
    shown = names if len(names) <= MOST_NAMED else [*names[:named], f"{len(names) - named} more"]
    return (write or joined)(shown)


def shortened_list(parts: Sequence[str]) -> str:
    """Like `listed`, with semicolons, for parts that may contain commas."""
    return listed(parts, "; ".join)


def joined(parts: Iterable[str]) -> str:
    """Join parts of a sentence with commas and a final "and".

    Example:
        >>> joined("abc"), joined("a"), joined("")
        ('a, b and c', 'a', '')
    """
    every = list(parts)
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def plural(count: int, noun: str, ending: str = "s") -> str:
    """Return a number with its noun.

    Example:
        >>> plural(1, "seed"), plural(3, "more seed")
        ('1 seed', '3 more seeds')
    """
    return f"{count} {noun}{'' if count == 1 else ending}"


def is_or_are(names: Sequence[str]) -> str:
    """Return the verb for one name or several."""
    return "is" if len(names) == 1 else "are"


def differ(names: Sequence[str]) -> str:
    """Return the verb for one name or several."""
    return "differs" if len(names) == 1 else "differ"


def upper(text: str) -> str:
    """Return a sentence with a capital; a loss at its beginning keeps its name."""
    return text[:1].upper() + text[1:]


def wrapped(paragraphs: Iterable[str], width: int, indent: str = "  ") -> list[str]:
    """Return paragraphs as lines, broken between words; all but the first line of each are indented.

    Code stays one line, as long as it is.

    Example:
        >>> wrapped(["Try both:", Code("lossbench compare -d iris -l ce,mse")], 20)
        ['Try both:', 'lossbench compare -d iris -l ce,mse']
    """
    wrapper = TextWrapper(width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
    return [
        line
        for one in paragraphs
        for line in ([Code(visible(one))] if isinstance(one, Code) else wrapper.wrap(visible(one)))
    ]
