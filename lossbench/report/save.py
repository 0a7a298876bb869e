"""The folder of a run: its data, the tables made of them, and the reports."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.report.page import reports
from lossbench.report.words import words
from lossbench.results.manifest import manifest
from lossbench.results.read import MANIFEST
from lossbench.results.remake import REPORTS
from lossbench.results.remarks import remarks
from lossbench.results.write import csv_text, findings_csv, json_text, write_folder

if TYPE_CHECKING:
    from lossbench.results.comparison import Comparison
    from lossbench.results.remake import Remade


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
    write_folder(folder, texts | {MANIFEST: json_text(manifest(comparison, texts, command, words))})


def save_remade(remade: Remade, folder: Path) -> None:
    """Write the trials, all that can be made from them, and what stands beside them.

    Args:
        remade: a finished run.
        folder: is made where it does not exist.

    Raises:
        OutputError: the folder cannot be written.
    """
    texts = findings_csv(remade) | remade.beside
    if not all(name in texts for name in REPORTS):
        texts |= reports(remade, remade.curves, remade.remarks()) | remade.beside
    if remade.manifest is not None:
        hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
        texts[MANIFEST] = json_text(remade.manifest | {"sha256": hashes})
    write_folder(folder, texts)
