"""Tables with groups, with targets that hardly vary, and in far-off units go through the whole command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from .conftest import Outcome


def write(folder: Path) -> None:
    """Write a table of visits of patients, and one whose target is nearly always zero, in units of 1e-9."""
    random = np.random.default_rng(0)
    patient = np.sort(random.integers(14, size=80))
    visits = pd.DataFrame({"patient": patient, "x": random.normal(size=80)})
    visits.assign(y=visits.x * 1e-9 + random.normal(size=80) * 1e-10).to_csv(folder / "visits.csv", index=False)
    claims = pd.DataFrame({"x": random.normal(size=40), "y": [3.5] + [0.0] * 39})
    claims.to_csv(folder / "claims.csv", index=False)


def test_odd_tables_are_trained_and_reported(inside: Callable[..., Outcome], tmp_path: Path) -> None:
    """Seeds of unequal parts train, `n` counts defined scores, digits carry information, and nothing warns."""
    write(tmp_path)
    tables = ("visits.csv:target=y:group=patient", "claims.csv:target=y")
    brief = ("--seeds", "4", "--epochs", "2", "--outliers", "0,0.1", "-o", "run")
    done = inside("compare", "-l", "mse,mae", "-d", ",".join(tables), *brief, "--format", "markdown")
    assert done.code == 0
    assert "Warning" not in done.err + done.out
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    sizes = trials[trials.dataset == tables[0]].groupby("seed")[["train_rows", "test_rows"]].first()
    assert len(sizes.drop_duplicates()) > 1
    summary = pd.read_csv(tmp_path / "run" / "summary.csv").set_index(["dataset", "loss"])
    clean = trials[trials.outlier_fraction == 0]
    assert summary.n.to_dict() == clean.groupby(["dataset", "loss"]).r2.count().to_dict()
    assert (summary.n + summary.undefined == 4).all()
    assert (summary.mae_n == 4).all()
    assert summary.undefined.loc[tables[1]].min() > 0
    for text in (done.out, *((tmp_path / "run" / f"report.{end}").read_text("utf-8") for end in ("md", "html"))):
        assert "e-10" in text
        assert f"no score {tables[1]}: R² has no value for seed" in text.replace("</dt><dd>", " ")
        assert "'patient', no feature, makes 14 groups of" in text.replace("&#x27;", "'")
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text("utf-8"))
    assert manifest["datasets"][tables[0]]["groups"] == 14
    assert manifest["datasets"][tables[1]]["groups"] is None
