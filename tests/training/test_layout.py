"""The slots of a pack."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.training.fused.layout import SLOTS, Layout, padded

from .cases import contaminations, pack, trial

CLEAN, SPOILT, LEVERAGE = contaminations("multiclass")

trials = st.builds(
    lambda dirt, **rest: trial("iris", **dirt, **rest),
    dirt=st.sampled_from([CLEAN, SPOILT, LEVERAGE]),
    seed=st.integers(0, 2),
    lr=st.sampled_from([0.1, 0.01, 0.001]),
)
packs = st.lists(trials, min_size=1, max_size=40).map(lambda chosen: pack(*chosen))


@settings(max_examples=25, deadline=None)
@given(packs)
def test_every_trial_has_a_slot_that_holds_it(group) -> None:
    """The home of a trial holds that trial, so no two trials share a home; slots hold nothing but trials."""
    layout = Layout.of(group)
    np.testing.assert_array_equal(layout.slots[layout.home], np.arange(len(group.trials)))
    assert set(layout.slots.tolist()) == set(range(len(group.trials)))


@settings(max_examples=25, deadline=None)
@given(packs)
def test_a_block_sees_one_table(group) -> None:
    """Every block is full; its models see the features, and the batch order, of the view that the block names."""
    layout = Layout.of(group)
    for slots, view in zip(layout.slots.reshape(-1, SLOTS), layout.block, strict=True):
        shown = layout.views[view]
        assert {id(group.training[slot].features) for slot in slots} == {id(group.training[shown].features)}
        assert {group.trials[slot].seed for slot in slots} == {group.trials[shown].seed}


@settings(max_examples=25, deadline=None)
@given(packs)
def test_one_rate_lies_in_one_piece(group) -> None:
    """The slots of each rate lie side by side and end with a block."""
    rates = [group.trials[slot].lr for slot in Layout.of(group).slots]
    pieces = [(rate, len(list(models))) for rate, models in groupby(rates)]
    assert len(pieces) == len({trial.lr for trial in group.trials})
    assert all(models % SLOTS == 0 for _, models in pieces)


@settings(max_examples=25, deadline=None)
@given(packs)
def test_only_spoilt_features_need_a_table_of_their_own(group) -> None:
    """A view for each seed, and one for each seed with spoilt features: spoilt labels share the clean one."""
    views = {(t.seed, t.outlier_kind == "feature") for t in group.trials}
    assert len(Layout.of(group).views) == len(views)


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_padding_reaches_the_next_multiple(length: int, unit: int) -> None:
    """A padded length is a multiple of the unit, and less than one unit longer."""
    assert padded(length, unit) % unit == 0
    assert 0 <= padded(length, unit) - length < unit


@pytest.mark.parametrize("count", range(1, 3 * SLOTS + 2))
def test_padding_is_less_than_a_block(count: int) -> None:
    """One view at one rate wastes only the slots up to a full block."""
    layout = Layout.of(pack(*(trial("iris", l1=0.1 * index) for index in range(count))))
    assert len(layout.slots) == padded(count, SLOTS)
