"""How to read the tables: the entries of a legend, each a heading and what it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

COLUMN = 11
"""The column where the meanings begin where a legend is laid out in lines."""


class Entry:
    """A heading of a table, or a mark in it, and what it means.

    Args:
        name: the heading or the mark.
        lines: the meaning, in lines that fit 100 columns beside the name.
    """

    def __init__(self, name: str, *lines: str) -> None:
        self.name, self.lines = name, lines

    @property
    def meaning(self) -> str:
        """The meaning in one piece."""
        return " ".join(self.lines)


def laid_out(legend: Iterable[Entry]) -> Iterator[str]:
    """Yield a legend as lines of up to 100 columns, the meanings below each other."""
    for entry in legend:
        for name, line in zip_longest([entry.name], entry.lines, fillvalue=""):
            yield f"{name:<{COLUMN}}{line}"


LEGEND = (
    Entry("abc", "losses that share a letter cannot be told apart, by corrected tests of all pairs"),
    Entry(
        "vs",
        "the first loss, on rows like these, by corrected paired tests: + better, - worse,",
        "= equivalent, += and -= better and worse but within the margin, ~ open",
    ),
    Entry("±", "half of the 95 % interval, over the rows of a table or the seeds of a law"),
    Entry("at best", "the score at the epoch that is best on validation, where some loss was better there"),
    Entry(
        "to target",
        "epochs to 95 % of the way from a constant predictor to scikit-learn's linear model, on",
        "validation: median [95 % interval]; a/b: only a of b seeds got there",
    ),
    Entry("plateau", "epochs after which the validation score gains less than 1 % of skill, likewise"),
    Entry("robust", "area under the curve of skill over contaminated shares, relative to clean skill"),
    Entry("n", "seeds that a mean is over, (n) beside a score that has others; a/b: only a of b have one"),
)

ACROSS = (
    Entry(
        "mean rank",
        "over data sets, the best loss of each has 1; letters and vs are by Wilcoxon's test over data sets",
    ),
    Entry(
        "skill",
        "score of which a constant predictor has 0, as a training that diverged, and a perfect one 1:",
        "mean of the middle half of all runs, with a bootstrap of the seeds within each data set",
    ),
)
