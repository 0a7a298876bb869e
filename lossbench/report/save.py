"""The folder of a finished comparison: its data, the tables made of them, and the reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.report.notes import remarks
from lossbench.report.page import reports
from lossbench.results.manifest import manifest
from lossbench.results.write import csv_text, findings_csv, json_text, write_folder

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison


def save(comparison: Comparison, folder: Path, command: str = "") -> None:
    """Write `trials.csv`, all tables that are made of it, `curves.csv`, the reports and `manifest.json`.

    Args:
        comparison: a finished one.
        folder: is made where it does not exist.
        command: what the user typed; may be empty.

    Raises:
        OutputError: the folder cannot be written.
    """
    texts = findings_csv(comparison) | {"curves.csv": csv_text(comparison.curves)}
    if comparison.tuning is not None:
        texts["tuning.csv"] = csv_text(comparison.tuning)
    texts |= reports(comparison, comparison.curves, remarks(comparison))
    write_folder(folder, texts | {"manifest.json": json_text(manifest(comparison, texts, command))})
