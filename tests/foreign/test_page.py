"""What `docs/foreign-losses.md` says of the losses of other libraries is what happens to them."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGES = ("monai", "pytorch_metric_learning", "kornia", "torchmetrics")
with warnings.catch_warnings(action="ignore"):  # theirs, when they are imported
    for package in PACKAGES:
        pytest.importorskip(package, reason="needs pip install -e '.[foreign]'", exc_type=ImportError)

from lossbench import compare  # noqa: E402
from lossbench.checks.run import check_loss  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "foreign-losses.md"
DATASETS = {
    "regression": "diabetes",
    "binary": "breast_cancer",
    "multiclass": "iris",
    "multilabel": "multilabel",
}

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


@dataclass(frozen=True)
class Row:
    """One spec on one task, and the first word of the outcome that the page states: runs, fails or refused."""

    spec: str
    task: str
    outcome: str


def rows() -> Iterator[Row]:
    """Yield each spec of each line with each of its tasks; a line is | loss | task | write | outcome |."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) != 4 or cells[0] == "loss" or set(cells[0]) <= {"-"}:
            continue
        for spec in re.findall(r"`([^`]+)`", cells[2]):
            for task in cells[1].split(", "):
                yield Row(spec, task, re.split(r"[\s,;:]", cells[3])[0])


ROWS = tuple(rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.spec}-{row.task}")
def test_check_loss_judges_as_the_page_says(row: Row) -> None:
    """A loss that runs passes; one that fails fails a check; one that is refused has a reason, in one line."""
    report = check_loss(row.spec, [row.task])
    failed = [name for found in report.observations.values() for name, seen in found if seen.grade == "fail"]
    reason = report.unfit.get(row.task, "")
    assert row.outcome == ("fails" if failed else "refused" if reason else "runs"), (failed, reason)
    assert "\n" not in reason


@pytest.mark.parametrize("task", DATASETS)
def test_what_runs_trains(task: str) -> None:
    """Every loss that runs on a task finishes a tiny training there."""
    specs = [row.spec for row in ROWS if (row.task, row.outcome) == (task, "runs")]
    found = compare(DATASETS[task], specs, models="linear", lr=0.01, seeds=2, epochs=2, outliers=0)
    trials = found.trials
    assert set(trials["loss"]) == set(specs)
    assert set(trials["status"]) == {"ok"}
