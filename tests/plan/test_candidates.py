"""What a table shows, by rules on its target alone, and which candidates follow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lossbench.data import Dataset, load_dataset
from lossbench.losses import get_loss
from lossbench.plan.candidates import (
    FAR,
    HEAVY,
    MANY_ZEROS,
    OUTLYING,
    RARE,
    USUAL,
    WIDE,
    Sign,
    candidates,
    outlying_share,
    signs_of,
    tail_ratio,
)
from lossbench.plan.choosing import DECAYS, RATES
from lossbench.task import TASKS

ROWS = 400
errors = arrays(np.float64, st.tuples(st.integers(5, 60), st.just(1)), elements=st.integers(-50, 50).map(float))


def regression(target: np.ndarray) -> Dataset:
    """Return a table whose features tell nothing of its target."""
    features = np.random.default_rng(7).normal(size=(len(target), 2))
    return Dataset("made", "regression", features, target.reshape(-1, 1).astype(float), ("y",), ("a", "b"))


def classes(*counts: int) -> Dataset:
    """Return a table with so many rows of each class."""
    target = np.repeat(np.arange(len(counts)), counts)
    task = "binary" if len(counts) == 2 else "multiclass"
    names = tuple(map(str, range(len(counts))))
    return Dataset("made", task, np.random.default_rng(7).normal(size=(len(target), 2)), target, names, ("a", "b"))


def kinds(dataset: Dataset) -> list[str]:
    """Return the signs of a table."""
    return [sign.kind for sign in signs_of(dataset)]


@pytest.mark.parametrize("task", TASKS)
def test_every_candidate_is_a_loss_of_its_task_in_its_own_right(task: str) -> None:
    """No candidate, usual or added, is another one by another road."""
    added = {
        "regression": ("tukey", "cauchy", "poisson", "tweedie", "gamma", "msle"),
        "binary": ("weighted_bce", "dice"),
        "multiclass": ("logit_adjusted", "class_balanced"),
        "multilabel": ("soft_f1",),
    }.get(task, ())
    records = [get_loss(name, task).record for name in (*USUAL[task], *added)]
    assert all(record.placebo is None for record in records)
    assert len({record.fn for record in records}) == len(records)


@pytest.mark.parametrize("name", ["breast_cancer", "iris", "wine", "digits"])
def test_even_classes_show_nothing(name: str) -> None:
    """The usual candidates are all there are."""
    dataset = load_dataset(name)
    assert candidates(dataset.task, signs_of(dataset)) == USUAL[dataset.task]


@given(st.lists(st.integers(1, 200), min_size=2, max_size=5))
def test_a_class_is_rare_below_a_share_of_an_even_one(counts: list[int]) -> None:
    """By its rows alone; then the losses that weigh classes are candidates, and balanced accuracy is judged."""
    (sign,) = signs_of(classes(*counts)) or (None,)
    assert (sign is not None) == (min(counts) / sum(counts) * len(counts) < RARE)
    if sign is not None:
        assert sign.value == min(counts) / sum(counts)
        assert sign.score == "balanced_accuracy"
        assert sign.losses == (
            ("weighted_bce", "dice") if len(counts) == 2 else ("logit_adjusted", "class_balanced")
        )


def test_clean_normal_targets_show_nothing() -> None:
    """Neither outliers nor heavy tails; negative values are no counts."""
    assert kinds(regression(np.random.default_rng(0).normal(size=ROWS))) == []


def test_outliers_are_seen_beside_a_linear_trend() -> None:
    """The trend itself is none; a few values far from it are, and robust losses follow."""
    random = np.random.default_rng(0)
    dataset = regression(random.normal(size=ROWS))
    trend = 100.0 * dataset.features[:, :1] - 1000.0
    spoilt = trend + random.normal(size=(ROWS, 1))
    spoilt[: ROWS // 50] += 50.0
    clean = Dataset(
        "made", "regression", dataset.features, trend + random.normal(size=(ROWS, 1)), ("y",), ("a", "b")
    )
    dirty = Dataset("made", "regression", dataset.features, spoilt, ("y",), ("a", "b"))
    assert kinds(clean) == []
    (sign,) = signs_of(dirty)
    assert (sign.kind, sign.value, sign.losses) == ("outliers", 1 / 50, ("tukey", "cauchy"))


def test_heavy_tails_are_seen() -> None:
    """Those of Student's distribution with two degrees of freedom."""
    assert "tails" in kinds(regression(np.random.default_rng(0).standard_t(2, size=4000) - 100))


def test_counts_zeros_and_positive_targets() -> None:
    """Each by its rule: whole from 0 up; more than a few zeros; none, and over an order of magnitude."""
    random = np.random.default_rng(0)
    counts = random.poisson(2.0, ROWS)
    assert (counts == 0).mean() > MANY_ZEROS
    assert {"counts", "zeros"} <= set(kinds(regression(counts)))
    assert "zeros" not in kinds(regression(counts + 1))
    amounts = np.exp(random.normal(size=ROWS))
    assert amounts.max() / amounts.min() > WIDE
    assert "positive" in kinds(regression(amounts))
    assert "positive" not in kinds(regression(amounts + amounts.max()))
    assert "positive" not in kinds(regression(np.append(amounts, 0.0)))


def test_the_usual_losses_come_first_and_each_once() -> None:
    """What several signs add is there once."""
    signs = (Sign("outliers", 0.02, ("tukey", "cauchy")), Sign("tails", 4.0, ("cauchy",)))
    assert candidates("regression", signs) == (*USUAL["regression"], "tukey", "cauchy")


@given(errors, st.integers(1, 100), st.integers(-100, 100))
def test_outliers_and_tails_have_no_unit(values: np.ndarray, scale: int, shift: int) -> None:
    """They are the same in other units, and from another zero."""
    moved = scale * values + shift
    assert outlying_share(moved) == outlying_share(values)
    assert tail_ratio(moved) == pytest.approx(tail_ratio(values))


@given(errors)
def test_a_share_is_a_share(values: np.ndarray) -> None:
    """Of the rows, and never half of them or more, since they are measured by the middle half."""
    assert 0 <= outlying_share(values) < 0.5
    assert tail_ratio(values) == 0 or tail_ratio(values) >= 1


def test_the_page_has_the_rules_that_are_followed() -> None:
    """The candidates of each task, those that signs add, and every threshold."""
    page = (Path(__file__).parents[2] / "docs" / "choose.md").read_text(encoding="utf-8")
    for task, losses in USUAL.items():
        assert f"| {task} | {', '.join(f'`{loss}`' for loss in losses)} |" in page
    for sign in (
        f"less than {RARE} of an even share",
        f"more than {OUTLYING} of the errors are beyond {FAR} robust",
        f"over {HEAVY} times as wide as the middle half",
        f"more than {MANY_ZEROS} are zero",
        f"at least {WIDE:.0f} times the smallest",
        f"of {', '.join(f'{rate:g}' for rate in RATES[:-1])} and {RATES[-1]:g},",
        "a decay of 0.3, 1, 3 or 10",
    ):
        assert sign in page
    assert [name.partition("=")[2] for name in DECAYS[1:]] == ["0.3", "1", "3", "10"]
