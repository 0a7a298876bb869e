from __future__ import annotations

import numpy as np
import pytest
import torch

from lossbench.checks.case import Case
from lossbench.checks.elicits import SAMPLE, STATISTICS, check_elicits, estimated, minimiser, samples, statistics
from lossbench.losses import catalogue, get_loss
from lossbench.losses.custom.record import USUAL

from .made import facts, made, squared


@pytest.mark.parametrize(
    ("fn", "name"),
    [
        (squared, "mean"),
        (lambda raw, target: (raw - target).abs().mean(-1), "median"),
        (lambda raw, target: torch.maximum(0.9 * (target - raw), 0.1 * (raw - target)).mean(-1), "a quantile"),
    ],
)
def test_statistics_are_recognised(fn, name: str) -> None:
    """What a loss of the user's own estimates is told by its name, without a declaration."""
    seen = check_elicits(made(fn))
    assert (seen.grade, seen.saw.endswith(f": {name}")) == ("pass", True)


def test_statistics_take_the_parameters_of_the_loss() -> None:
    """Those whose parameter a loss has not are no statistics of its sample."""
    plain = statistics({})
    assert {"mean", "median"} <= set(plain) < set(STATISTICS)
    huber = statistics({"delta": 1e6, "factor": 2.0})
    assert set(huber) > set(plain)
    assert huber["mean of targets moved to within delta of it"] == pytest.approx(SAMPLE.mean())


def test_what_is_estimated_is_estimated_on_all_samples() -> None:
    """The mean of these targets, where they are skewed to one side only, is no statistic."""

    def odd(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return (raw - target).abs().mean(-1) if target.mean() > 4 else squared(raw, target)

    assert estimated(made(squared)) == "mean"
    assert estimated(made(odd)) != "mean"


def test_a_false_declaration_is_found() -> None:
    """The squared error does not estimate the median."""
    seen = check_elicits(made(squared, facts=facts(estimates="median")))
    assert seen.grade == "fail"
    assert "declared to be the median" in seen.saw


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel"])
def test_proper_losses_estimate_the_probability(task) -> None:
    """Where a record says probability, the preferred output stands for the shares of the sample."""
    for record in catalogue():
        if record.task == task and record.facts.estimates == "probability":
            assert check_elicits(Case(get_loss(record.name, task), USUAL[task])).saw.endswith(": probability")


def test_no_constant_is_to_be_known() -> None:
    """A correlation is not defined for a constant prediction."""

    def correlation(raw: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return 1 - ((raw - raw.mean(-2, keepdim=True)) * target).mean((-1, -2)) / raw.std(-2).mean(-1)

    seen = check_elicits(made(correlation, whole_batch=True))
    assert (seen.grade, "some constant is NaN" in seen.saw) == ("note", True)


@pytest.mark.parametrize("shift", [-0.5, 0.0, 3.0])
def test_the_preferred_constant_moves_with_the_targets(shift: float) -> None:
    """Targets that are all larger by a constant are estimated by a constant as much larger."""
    target = torch.as_tensor(SAMPLE + shift)[:, None]
    assert minimiser(made(squared), target)[0] == pytest.approx(SAMPLE.mean() + shift)


@pytest.mark.parametrize("name", ["bce", "ce"])
@pytest.mark.parametrize(
    ("task", "shares"),
    [("binary", [0.3]), ("multiclass", [0.2, 0.65, 0.15]), ("multilabel", [0.3, 0.65, 0.15])],
)
def test_the_sample_has_round_shares(name: str, task, shares: list[float]) -> None:
    """Counting the targets of the sample gives the shares that are told, none of them a half."""
    target = samples(Case(get_loss(name, task), USUAL[task]))[0]
    counted = target[:, None] == torch.arange(3) if task == "multiclass" else target
    np.testing.assert_allclose(counted.double().reshape(20, -1).mean(0), shares)
