from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lossbench.claims.cell import Cell

from .made_up import made_up

LOSSES, SHARES = ("bce", "mse"), (0.0, 0.1, 0.3)


def planted(loss: str, share: float) -> float:
    """Return a score that tells loss and share apart."""
    return LOSSES.index(loss) + share


@pytest.fixture(params=[False, True], ids=["in order", "shuffled"])
def cell(request: pytest.FixtureRequest) -> Cell:
    """Give trials of two losses at three shares, in any order."""
    return made_up(planted, LOSSES, SHARES, seeds=4, spread=0.0, shuffled=request.param)


def test_a_column_is_told_by_loss_and_share_and_comes_seed_by_seed(cell: Cell) -> None:
    """Whatever the order of the rows."""
    for loss in LOSSES:
        for share in SHARES:
            assert cell.of("r2", loss, share).tolist() == [planted(loss, share)] * 4
            assert cell.of("seed", loss, share).tolist() == [0, 1, 2, 3]


def test_seeds_overlap_where_they_split_one_table(cell: Cell) -> None:
    """By the rows of the test part over all but those of validation; not where every seed draws its own."""
    assert cell.test_to_train == 100 / (300 + 100)
    assert Cell("x", cell.trials.assign(sampling="redrawn")).test_to_train == 0.0


def test_the_smallest_share_is_meant_where_none_is_named(cell: Cell) -> None:
    """Clean data where there are some, and the only share where there is one."""
    assert (cell.of("r2", "mse") == cell.of("r2", "mse", 0.0)).all()
    assert (cell.at(0.3).of("r2", "mse") == cell.of("r2", "mse", 0.3)).all()


def test_the_trials_at_one_share_are_all_of_that_share(cell: Cell) -> None:
    """All losses, all seeds, and nothing else; together they are all trials."""
    parts = [cell.at(share) for share in cell.shares]
    assert [part.shares for part in parts] == [[share] for share in SHARES]
    assert sum(len(part.trials) for part in parts) == len(cell.trials)
    assert all(set(part.losses) == set(LOSSES) for part in parts)


def test_the_trials_at_one_rate_are_all_of_that_rate(cell: Cell) -> None:
    """Every trial is at one of them, and they ascend."""
    rates = np.where(cell.trials.seed < 2, 1.0, 0.01)
    parts = replace(cell, trials=cell.trials.assign(lr=rates)).by_rate()
    assert list(parts) == [0.01, 1.0]
    assert [part.of("seed", "bce").tolist() for part in parts.values()] == [[2, 3], [0, 1]]


def test_a_training_that_diverged_is_counted_for_its_loss_alone(cell: Cell) -> None:
    """And leaves comparisons of that loss undecided, with a note that says so."""
    gone = (cell.trials.loss == "mse") & (cell.trials.seed == 1)
    broken = replace(cell, trials=cell.trials.assign(status=np.where(gone, "diverged", "ok")))
    assert broken.diverged(LOSSES) == {"mse": len(SHARES)}
    assert broken.diverged(["bce"]) == {}
    contrast = broken.contrast("r2", LOSSES, np.ones(4), "better", 0.01)
    assert contrast.line.diverged == 3
    assert contrast.line.note == "mse diverged 3 times"
