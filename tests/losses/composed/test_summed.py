"""Sums of losses: how they are written, and what they are made of."""

from __future__ import annotations

import pickle

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, LossDoesNotFit, UsageError
from lossbench.losses import catalogue, get_loss
from lossbench.losses.composed.grammar import Term, terms_of
from lossbench.losses.record import LossRecord
from lossbench.losses.registry import losses_of, served
from lossbench.plan.grids import has_grid, make_grid
from lossbench.run.provenance import source_digest
from lossbench.task import Task
from losses.cases import case_of, close

NAMES = st.sampled_from([record.name for record in catalogue()])
WEIGHTS = st.one_of(st.floats(1e-30, 1e30), st.sampled_from(["w", "w_dice", "alpha2"]))


@given(st.lists(st.tuples(NAMES, WEIGHTS), min_size=2, max_size=4), st.sampled_from(["", " "]))
def test_what_is_written_is_read(terms: list[tuple[str, float | str]], blank: str) -> None:
    """Weights in any form of a number, exponents with a sign too, and blanks around the marks."""
    written = f"{blank}+{blank}".join(f"{weight}{blank}*{blank}{name}" for name, weight in terms)
    assert terms_of(f"sum:{written}") == tuple(Term(name, weight) for name, weight in terms)


def pairs(task: Task) -> list[tuple[LossRecord, LossRecord]]:
    """Each loss of a task beside the next one with which it agrees."""
    records = [record for record in losses_of(task) if not record.headless]
    found = []
    for first in records:
        others = [
            other for other in records if other is not first and task in served(f"sum:{first.name}+{other.name}")
        ]
        found += [(first, other) for other in others[:1]]
    return found


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass", "multilabel", "segmentation"])
def test_a_sum_is_the_sum_of_its_losses(task: Task) -> None:
    """On the same raw outputs; a value a sample, or where one has none, of the batch."""
    made = pairs(task)
    assert made
    for first, second in made:
        loss = get_loss(f"sum:{first.name}+0.3*{second.name}", task)
        one, other = get_loss(first.name, task), get_loss(second.name, task)
        raw, target = case_of(one).draw(3, 7)
        prior = {"prior": torch.full((1, raw.shape[-1]), 0.4, dtype=raw.dtype)}
        values = [part.per_sample(raw, target, **(prior if part.record.prior else {})) for part in (one, other)]
        whole = [part.record.whole_batch for part in (one, other)]
        if any(whole):
            values = [value if of else value.mean(-1) for value, of in zip(values, whole, strict=True)]
        found = loss.per_sample(raw, target, **(prior if loss.record.prior else {}))
        close(found, values[0] + 0.3 * values[1])
        assert (loss.link, loss.record.whole_batch) == (one.link, any(whole))


def test_weights_and_parameters_are_parameters_of_the_sum() -> None:
    """A weight with a name is one, and those of the losses are, with their place where two have one name."""
    loss = get_loss("sum:huber+w*huber+pinball:delta_2=3:w=0.5:tau=0.9", "regression")
    assert dict(loss.parameters) == {"w": 0.5, "delta_1": 1.0, "delta_2": 3.0, "tau": 0.9}
    raw, target = torch.tensor([[2.0], [-4.0]]), torch.zeros(2, 1)
    parts = [("huber", 1.0), ("huber:delta=3", 0.5), ("pinball:tau=0.9", 1.0)]
    wanted = sum(weight * get_loss(spec, "regression")(raw, target) for spec, weight in parts)
    torch.testing.assert_close(loss(raw, target), wanted)
    assert loss.label == "sum:huber+w*huber+pinball:w=0.5:delta_1=1:delta_2=3:tau=0.9"


def test_a_weight_is_tuned_like_a_parameter() -> None:
    """As a range in equal ratios, or as values; a parameter of a loss in it likewise."""
    assert has_grid("sum:bce+w*dice:w=0.1..10")
    assert [member.rpartition("=")[2] for member in make_grid("sum:bce+w*dice:w=0.1..10").members][::3] == [
        *("0.1", "1", "10")
    ]
    assert make_grid("sum:mse+huber:delta=1|2").members == ("sum:mse+huber:delta=1", "sum:mse+huber:delta=2")
    with pytest.raises(UsageError, match=r"unknown parameter 'v'.*Known: w"):
        make_grid("sum:bce+w*mse:v=0.1..10")


@pytest.mark.parametrize(
    ("spec", "task", "said"),
    [
        ("sum:bce", "binary", "a sum has two terms or more"),
        ("sum:bce+", "binary", "a sum has two terms or more"),
        ("sum:bce+0*dice", "binary", "'0\\*dice' is no term"),
        ("sum:bce+-1*dice", "binary", "'-1\\*dice' is no term"),
        ("sum:bce+2*", "binary", "'2\\*' is no term"),
        ("sum:bce+mine.py:f", "binary", "'mine.py:f' is no loss of the catalogue"),
        ("sum:huber+delta*mse", "regression", "'delta' is also what a loss in it has"),
        (
            "sum:bce+hinge",
            "binary",
            "read the raw outputs differently \\(link: bce has sigmoid, hinge has margin\\)",
        ),
        ("sum:bce+huber", "binary", "'huber' in it serves regression"),
        ("sum:bce+dice:w=2", "binary", "unknown parameter 'w'"),
        ("sum:bce+huber", None, "fits no task"),
        ("sum:bce+mse", None, "serves several tasks"),
    ],
)
def test_a_sum_that_is_none_is_refused(spec: str, task: Task | None, said: str) -> None:
    """One message says which part, and why."""
    with pytest.raises(UsageError, match=said):
        get_loss(spec, task)


def test_losses_that_differ_in_link_do_not_fit() -> None:
    """It is the loss that does not fit, so that it is skipped where another data set takes it."""
    with pytest.raises(LossDoesNotFit):
        get_loss("sum:bce+hinge", "binary")
    with pytest.raises(BadValue):
        get_loss("sum:bce+nothing", "binary")


def test_a_sum_travels_and_has_a_hash_of_its_own() -> None:
    """To another process and back it is the same loss; other weights, losses or parameters make others."""
    loss = get_loss("sum:bce+w*dice:w=2", "segmentation")
    assert pickle.loads(pickle.dumps(loss)) == loss
    specs = ("sum:bce+w*dice:w=2", "sum:bce+w*dice", "sum:bce+2*dice", "sum:bce+w*jaccard", "bce", "bce_dice")
    assert len({source_digest(get_loss(spec, "segmentation")) for spec in specs}) == len(specs)


def test_a_sum_of_bce_and_dice_is_that_of_the_catalogue() -> None:
    """Where the catalogue has a sum too, it is the same function."""
    theirs = get_loss("bce_dice:weight=0.3", "segmentation")
    raw, target = case_of(theirs).draw(3, 7)
    close(get_loss("sum:bce+0.3*dice", "segmentation")(raw, target), theirs(raw, target))
