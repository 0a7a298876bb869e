"""The folder of a run: its trials, the tables made from them, the reports, and the manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossbench.report.answer.run import leading
from lossbench.report.html.run import run_page
from lossbench.report.markdown import markdown
from lossbench.report.tables import rank_table, ranks_by_task, tables, threshold_tables
from lossbench.report.words.legend import ACROSS, LEGEND, laid_out
from lossbench.report.words.remark import words
from lossbench.results.circumstances import circumstances
from lossbench.results.examples_file import EXAMPLES, examples_bytes
from lossbench.results.manifest import MANIFEST, Manifest
from lossbench.results.remake import REPORTS, SOURCES
from lossbench.results.remarks.run import remarks
from lossbench.results.rows_file import ROWS, rows_bytes
from lossbench.results.write import csv_text, findings_csv, json_text, to_bytes, write_folder
from lossbench.schema import SCHEMA

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.data import Dataset
    from lossbench.remark import Remark
    from lossbench.results.comparison import Comparison
    from lossbench.results.remake import Remade
    from lossbench.run.examples import Examples
    from lossbench.stats.findings import Findings


def save(comparison: Comparison, folder: Path, command: str = "") -> None:
    """Write all files of a finished comparison, see `lossbench.Comparison.save`."""
    texts: dict[str, str | bytes] = {**findings_csv(comparison), "curves.csv": csv_text(comparison.curves)}
    if comparison.contributed:
        texts[ROWS] = rows_bytes(comparison.contributed)
    if comparison.tuning is not None:
        texts["tuning.csv"] = csv_text(comparison.tuning)
    if comparison.parts is not None:
        texts["parts.csv"] = csv_text(comparison.parts)
    if comparison.examples:
        texts[EXAMPLES] = examples_bytes(comparison.examples)
    found = manifest(comparison, command)
    texts |= reports(comparison, comparison.curves, remarks(comparison), Manifest(found), comparison.examples)
    write_folder(folder, texts | {MANIFEST: json_text(found | {"sha256": hashes(texts)})})


def save_remade(remade: Remade, folder: Path) -> None:
    """Write the trials, the files made from them, and the kept files.

    The manifest still says what the run wrote of the sources, so that a change to one is told of a copy as well.
    """
    texts: dict[str, str | bytes] = {**findings_csv(remade), **remade.kept}
    recorded = remade.manifest.sha256 if remade.manifest else {}
    if not as_recorded(texts, recorded):
        texts |= reports(remade, remade.curves, remade.remarks(), remade.manifest, remade.examples)
    if remade.manifest is not None:
        found = hashes(texts) | {name: digest for name, digest in recorded.items() if name in SOURCES}
        texts[MANIFEST] = json_text(remade.manifest.content | {"sha256": dict(sorted(found.items()))})
    write_folder(folder, texts)


def as_recorded(texts: Mapping[str, str | bytes], recorded: Mapping[str, Any]) -> bool:
    """Say whether both reports are there, and they and all other files are as the run wrote them."""
    return all(name in texts for name in REPORTS) and hashes(texts).items() <= recorded.items()


def reports(
    findings: Findings,
    curves: pd.DataFrame | None,
    remarks: Iterable[Remark],
    manifest: Manifest | None = None,
    examples: Examples | None = None,
) -> dict[str, str]:
    """Return `report.md` and `report.html`, which say the same; see `lossbench.report.html.run.run_page`."""
    every, advice = list(remarks), manifest.advice if manifest else None
    across = [*map(rank_table, ranks_by_task(findings.ranks))]
    legend = laid_out([*LEGEND, *(ACROSS if across else ())])
    shown = [*tables(findings.summary), *threshold_tables(findings.thresholds), *across]
    return {
        "report.md": markdown(
            shown,
            [*legend, *map(words, every)],
            leading(findings.answer, advice),
            advice.paste if advice else (),
        ),
        "report.html": run_page(findings, curves, every, manifest, examples or {}),
    }


def dataset_entry(dataset: Dataset) -> dict[str, Any]:
    """Return the manifest entry of a data set; for a law, the hash is that of the rows of seed 0."""
    found = {"hash": dataset.digest, "rows": dataset.rows, "sampling": dataset.sampling}
    found |= {"version": dataset.version} if dataset.version else {}
    found["groups"] = None if dataset.groups is None else int(dataset.groups.max()) + 1
    return found | {"notes": [words(remark) for remark in dataset.notes]}


def manifest(comparison: Comparison, command: str) -> dict[str, Any]:
    """Return the manifest without the file hashes: what somebody needs to repeat a run or to question it."""
    experiment, seconds = comparison.experiment, comparison.seconds
    return {
        "schema": SCHEMA,
        **circumstances(*["optuna"] * experiment.settings.adaptive),
        "command": command,
        "config": asdict(experiment.settings),
        **comparison.manner.told,
        "trials": len(comparison.trials),
        "cached": comparison.cached,
        "correction": comparison.correction,
        "protocols": [asdict(own) for own in experiment.own],
        "partial": [asdict(gap) for gap in comparison.gaps],
        "skipped": [asdict(skip) for skip in experiment.skipped],
        "datasets": {dataset.name: dataset_entry(dataset) for dataset in experiment.datasets},
        "wall_seconds": round(seconds["wall"], 3),
        "training_seconds": round(seconds["training"], 3),
        "trainings_per_second": round(comparison.trained / seconds["wall"], 3),
        **({"merged": asdict(comparison.merged)} if comparison.merged else {}),
        **({"choice": asdict(comparison.advice)} if comparison.advice else {}),
    }


def hashes(texts: Mapping[str, str | bytes]) -> dict[str, str]:
    """Return the SHA-256 of each file, sorted by name."""
    return {name: hashlib.sha256(to_bytes(text)).hexdigest() for name, text in sorted(texts.items())}
