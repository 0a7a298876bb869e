"""The task embedding on the command line: what runs, and what is refused before any training."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lossbench.losses import core_losses

NAME = "digit_pairs:classes=4:rows=10"
SMALL = ("-m", "mlp:9,5", "--seeds", "2", "--epochs", "3", "--outliers", "0")

MINE = '''
import torch


class Pulling(torch.nn.Module):
    """In the style of other libraries: f(embeddings, labels)."""

    def __init__(self, margin=0.2):
        super().__init__()
        self.margin = margin

    def forward(self, embeddings, labels):
        unit = torch.nn.functional.normalize(embeddings, dim=1)
        same = labels.unsqueeze(1) == labels.unsqueeze(0)
        cosine = unit @ unit.T
        if not bool(same.any()):  # which cannot be mapped over models
            return cosine.mean()
        return torch.where(same, 1 - cosine, (cosine - self.margin).clamp(min=0)).mean()
'''


def test_without_losses_those_of_the_task_are_compared(inside: Callable, tmp_path: Path) -> None:
    """Every score is there, each seed is paired, and the pages of the report are written."""
    outcome = inside("compare", "-d", NAME, *SMALL, "-o", "run")
    assert outcome.code == 0
    assert "(embedding)" in outcome.out
    assert "top_1" in outcome.out
    trials = pd.read_csv(tmp_path / "run" / "trials.csv")
    assert set(trials.loss) == set(core_losses("embedding"))
    scores = trials[["top_1", "top_5", "probe_top_1", "probe_top_5", "spread"]]
    assert scores.notna().all(axis=None)
    assert (trials.top_5 == 1).all()  # of four classes
    for name in ("split_hash", "weights_hash", "order_hash"):
        assert len(trials[["seed", name]].drop_duplicates()) == 2
    assert "top_1" in (tmp_path / "run" / "report.html").read_text()


def test_a_table_of_images_is_compared_row_by_row(inside: Callable, tmp_path: Path) -> None:
    """On fixed rows their contributions are kept, and a report is made again from them to the byte."""
    few = ("-m", "mlp:8", "--seeds", "2", "--epochs", "1", "--outliers", "0", "-l", "ce,supcon", "--quiet")
    assert inside("compare", "-d", "digit_images", *few, "-o", "run").code == 0
    assert inside("report", "run", "-o", "again").code == 0
    for name in ("trials.csv", "summary.csv", "comparisons.csv", "rows.npz"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("engine", ["native", "fused", "loop"])
def test_a_loss_of_another_library_runs_as_it_is(inside: Callable, tmp_path: Path, engine: str) -> None:
    """A module of embeddings and labels, and one of scores of classes under a head, on every engine."""
    (tmp_path / "mine.py").write_text(MINE)
    losses = "ce,mine.py:Pulling:margin=0.3,torch.nn:CrossEntropyLoss:@link=softmax:@label=theirs"
    how = ("-l", losses, "--engine", engine, "--quiet", "-o", "run")
    assert inside("compare", "-d", NAME, *SMALL, *how).code == 0
    trials = pd.read_csv(tmp_path / "run" / "trials.csv").set_index(["loss", "seed"])
    assert (trials.status == "ok").all()
    assert trials.top_1["theirs"].tolist() == trials.top_1["ce"].tolist()


def test_a_loss_of_embeddings_passes_its_checks(inside: Callable, tmp_path: Path) -> None:
    """One of another library, on the task that it is for."""
    (tmp_path / "mine.py").write_text(MINE)
    outcome = inside("check-loss", "mine.py:Pulling", "--task", "embedding")
    assert outcome.code == 0
    assert "Pulling (embedding)" in outcome.out
    assert "nearest rows" in outcome.out


REFUSED = {
    "a loss of embeddings elsewhere": (("-d", "iris", "-l", "triplet"), "does not fit the task multiclass"),
    "a loss of another task": (("-d", NAME, "-l", "huber"), "'huber' does not fit the task embedding"),
    "one row a class": (("-d", f"{NAME}:together=1", "-l", "triplet"), "together=4"),
    "one row a class in training": (
        ("-d", "digit_pairs:rows=5:together=1", "-l", "supcon"),
        "only one row of each class",
    ),
    "a batch of one class": (("-d", NAME, "-l", "contrastive", "--batch-size", "4"), "give 8 or more"),
    "one class": (("-d", "digit_pairs:classes=1", "-l", "triplet"), "classes"),
    "no embedding": (("-d", NAME, "-m", "linear"), "has no embedding"),
    "an embedding of one number": (("-d", NAME, "-m", "mlp:8,1"), "has no embedding"),
    "a foreign score": (("-d", NAME, "--score", "accuracy"), "unknown embedding score 'accuracy'"),
    "given triplets": (("-d", NAME, "-l", "torch.nn:TripletMarginLoss"), "f(embeddings, labels)"),
    "a foreign contamination": (("-d", NAME, "--outliers", "0,0.1", "--outlier-kind", "target"), "no 'target'"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_trained_is_refused_in_one_message(inside: Callable, arguments, said: str) -> None:
    """Before any training, with what is wrong and what to do."""
    outcome = inside("compare", "--seeds", "2", "--epochs", "1", *arguments)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("lossbench: error: ")
    assert said in " ".join(outcome.err.split())


def test_ce_needs_no_rows_of_a_class_together(inside: Callable) -> None:
    """A loss with a head compares no rows, and so runs on shuffled batches."""
    assert inside("compare", "-d", f"{NAME}:together=1", *SMALL, "-l", "ce", "--quiet").code == 0
