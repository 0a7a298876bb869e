"""What travels arrives as it was, and what many packs share is sent once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lossbench.backends.travel import Sender, unpacked
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings
from lossbench.run.packs import train_pack
from lossbench.run.runner import schedule
from lossbench.training.pack import Pack

MINE = """
from helpers import POWER


def mine(raw, target):
    return (raw - target).abs().pow(POWER).mean(-1)
"""
NETS = """
import torch


class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = torch.nn.Linear(inputs, outputs)

    def forward(self, features):
        return self.layer(features)
"""


METRICS = """
import numpy as np
from helpers import POWER


def far(y_true, y_pred):
    return np.mean(np.abs(y_true - y_pred) ** POWER)
"""


def packs_of(**wanted: object) -> list[Pack]:
    """Return the packs of an experiment, several for each data set."""
    experiment = plan(make_settings("quick", **wanted))
    return schedule(experiment, list(experiment.trials))


def test_a_table_is_sent_once_for_all_its_packs() -> None:
    """Each pack names what it shares; what is left of it is small, and together they are what was packed."""
    packs = packs_of(datasets=["breast_cancer", "iris"], models=["linear", "mlp:4", "mlp:8"], seeds=2)
    sent: list[bytes] = []
    luggage = Sender(lambda content: sent.append(content) or len(sent) - 1)
    travelled = [luggage.packed(pack) for pack in packs]
    assert len(packs) >= 6
    assert len(sent) == 2
    assert max(len(described) for described, _ in travelled) < packs[0].dataset.features.nbytes / 4
    for pack, (described, shared) in zip(packs, travelled, strict=True):
        assert len(shared) == 1
        arrived = unpacked(described, {key: sent[number] for key, number in shared.items()})
        assert arrived.trials == pack.trials
        assert arrived.dataset.digest == pack.dataset.digest
    first, again = (unpacked(described, {key: sent[n] for key, n in shared.items()}) for _ in range(2))
    assert first.setup is again.setup  # and unpacked once


def test_a_model_arrives_where_its_file_does_not_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the network that it was, to the last weight."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "nets.py").write_text(NETS)
    monkeypatch.chdir(here)
    (pack, *_) = packs_of(datasets="diabetes", losses=["mse"], models=["nets.py:Net"], seeds=1, epochs=2)
    sent: list[bytes] = []
    described, shared = Sender(lambda content: sent.append(content)).packed(pack)
    trained = train_pack(pack, "fused", "cpu")
    monkeypatch.chdir(there)
    again = train_pack(unpacked(described, dict.fromkeys(shared, sent[0])), "fused", "cpu")
    assert again.rows.equals(trained.rows)


def test_a_metric_arrives_where_its_file_does_not_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the module beside it, which has another value there: its column and its hash are those of here."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, power in ((here, 1.5), (there, 3.0)):
        folder.mkdir()
        (folder / "helpers.py").write_text(f"POWER = {power}\n")
        (folder / "metrics.py").write_text(METRICS)
    monkeypatch.chdir(here)
    (pack, *_) = packs_of(
        datasets="diabetes", losses=["mse"], score="metrics.py:far:lower", seeds=1, epochs=2, outliers=0
    )
    sent: list[bytes] = []
    described, shared = Sender(lambda content: sent.append(content)).packed(pack)
    trained = train_pack(pack, "fused", "cpu")
    monkeypatch.chdir(there)
    again = train_pack(unpacked(described, dict.fromkeys(shared, sent[0])), "fused", "cpu")
    assert trained.rows["far:lower"].notna().all()
    assert again.rows.equals(trained.rows)


@pytest.mark.parametrize("loss", ["mine.py:mine", "sum:mse+0.5*mine.py:mine"])
def test_a_loss_arrives_where_its_file_does_not_lie(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the module beside it; hash, name and numbers are those of the file here, whatever lies there."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, power in ((here, 1.5), (there, 3.0)):
        folder.mkdir()
        (folder / "helpers.py").write_text(f"POWER = {power}\n")
    (here / "mine.py").write_text(MINE)
    (there / "mine.py").write_text("raise ValueError('another file of this name')\n")
    monkeypatch.chdir(here)
    (pack, *_) = packs_of(datasets="diabetes", losses=[loss], seeds=1, epochs=2)
    sent: list[bytes] = []
    described, shared = Sender(lambda content: sent.append(content)).packed(pack)
    trained = train_pack(pack, "fused", "cpu")
    monkeypatch.chdir(there)
    arrived = unpacked(described, dict.fromkeys(shared, sent[0]))
    again = train_pack(arrived, "fused", "cpu")
    assert again.rows.equals(trained.rows)
    np.testing.assert_array_equal(again.outputs, trained.outputs)
