"""What is remarked on a run, in words."""

from __future__ import annotations

from pathlib import Path

from lossbench import Comparison
from lossbench.remark import Remark, Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks.run import notes, run_remarks


def about(comparison: Comparison, topic: Topic, folder: Path | None = None) -> list[str]:
    """Return what is said on one topic."""
    return [words(remark) for remark in made(comparison, folder) if remark.topic is topic]


def made(comparison: Comparison, folder: Path | None) -> list[Remark]:
    """Return all remarks but those on ranks and rates."""
    return [*notes(comparison), *run_remarks(comparison, folder)]
