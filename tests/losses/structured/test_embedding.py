"""Losses of embeddings: against loops over all triplets and pairs, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from lossbench.losses import catalogue, get_loss

EMBEDDED = [record for record in catalogue() if record.headless]
every = pytest.mark.parametrize("record", EMBEDDED, ids=lambda record: record.name)
drawn = st.tuples(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 5), st.integers(1, 5))


def made(seed: int, rows: int, numbers: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return embeddings (rows, numbers) in double precision, and their classes."""
    random = np.random.default_rng(seed)
    raw = torch.as_tensor(random.normal(size=(rows, numbers)))
    return raw, torch.as_tensor(random.integers(classes, size=rows))


def mean(values: list[float]) -> float:
    """Return the mean, zero of nothing."""
    return float(np.mean(values)) if values else 0.0


def by_hand(name: str, raw: torch.Tensor, target: torch.Tensor) -> float:
    """Return the loss as its paper has it, pair by pair and row by row."""
    unit = torch.nn.functional.normalize(raw, dim=-1)
    squared = (unit[:, None] - unit[None]).square().sum(-1).numpy()
    label = target.numpy()
    rows = range(len(label))
    friends = {a: [i for i in rows if i != a and label[i] == label[a]] for a in rows}
    foes = {a: [i for i in rows if label[i] != label[a]] for a in rows}
    if name == "triplet":
        anchors = [a for a in rows if friends[a] and foes[a]]
        return mean([max(0, 0.2 + max(squared[a, friends[a]]) - min(squared[a, foes[a]])) for a in anchors])
    if name == "triplet_semi_hard":
        found = []
        for a in rows:
            for p in friends[a] if foes[a] else []:
                beyond = [squared[a, n] for n in foes[a] if squared[a, n] > squared[a, p]]
                found.append(max(0, 0.2 + squared[a, p] - (min(beyond) if beyond else max(squared[a, foes[a]]))))
        return mean(found)
    if name == "contrastive":
        together = [squared[a, p] for a in rows for p in friends[a]]
        apart = [max(0, 1 - squared[a, n] ** 0.5) ** 2 for a in rows for n in foes[a]]
        return (mean(together) + mean(apart)) / 2
    cosine = (unit @ unit.T).numpy() / 0.1
    return mean(
        [
            mean([np.logaddexp.reduce(np.delete(cosine[a], a)) - cosine[a, p] for p in friends[a]])
            for a in rows
            if friends[a]
        ]
    )


@every
@settings(deadline=None, max_examples=25)
@given(sizes=drawn)
@example(sizes=(0, 1, 2, 1))
@example(sizes=(0, 8, 2, 1))
@example(sizes=(3, 5, 2, 5))
def test_it_is_what_its_paper_says(record, sizes) -> None:
    """For every batch: without positives or without negatives too, where nothing is left to be paid."""
    raw, target = made(*sizes)
    wanted = torch.tensor(by_hand(record.name, raw, target), dtype=torch.float64)
    torch.testing.assert_close(get_loss(record.name, "embedding")(raw, target), wanted, rtol=1e-9, atol=1e-9)


@every
@settings(deadline=None, max_examples=25)
@given(sizes=drawn, scale=st.floats(0.1, 10))
def test_length_and_rotation_and_the_names_of_classes_do_not_count(record, sizes, scale: float) -> None:
    """A loss of embeddings sees angles between rows, and which rows are of one class."""
    raw, target = made(*sizes)
    loss = get_loss(record.name, "embedding")
    turn = torch.as_tensor(ortho_group.rvs(raw.shape[1], random_state=sizes[0]))
    torch.testing.assert_close(loss(scale * raw @ turn, 7 - target), loss(raw, target), rtol=1e-8, atol=1e-8)


@every
@pytest.mark.parametrize("target", [[0, 0, 0, 0], [0, 1, 2, 3], [0]], ids=["one class", "all apart", "one row"])
def test_value_and_gradient_are_numbers_on_every_batch(record, target) -> None:
    """For rows that are all alike, for embeddings of zero length, and where nothing can be compared."""
    for raw in (torch.ones(len(target), 3), torch.zeros(len(target), 3)):
        leaf = raw.clone().requires_grad_()
        value = get_loss(record.name, "embedding")(leaf, torch.tensor(target))
        (slope,) = torch.autograd.grad(value, leaf)
        assert value.isfinite()
        assert slope.isfinite().all()


@every
def test_more_classes_than_numbers_are_no_error(record) -> None:
    """The outputs are no classes."""
    raw, _ = made(0, 12, 2, 1)
    assert get_loss(record.name, "embedding")(raw, torch.arange(12) // 2).isfinite()
