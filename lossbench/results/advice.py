"""What a choice says, as text: kept in the manifest of its run, so that every page of the folder says the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Advice:
    """A choice in words, see `lossbench.report.decision`.

    Args:
        answer: the paragraphs, the decision first.
        paste: lines of Python for the loss that is chosen; none where nothing can be chosen.
    """

    answer: tuple[str, ...]
    paste: tuple[str, ...]
