from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.report.conditions import region as region_in_words
from lossbench.claims.search.regions import Region, bounds_of, largest, region

AXES = ("optimizer", "lr", "epochs")
GRID = pd.DataFrame(list(product(["sgd", "adam"], [0.01, 0.1, 1.0], [1, 10, 100])), columns=AXES)


def test_a_planted_region_is_named():
    """What comes out under SGD at small rates, and nowhere else, is said so."""
    found = (GRID.optimizer == "sgd") & (GRID.lr < 0.5)
    said = region_in_words(region(GRID, found, AXES), found.sum())
    assert "where optimizer sgd and lr at most 0.1: that is 100% of all settings where it does" in said


def test_how_far_a_network_was_trained_is_an_axis():
    """A small rate for many epochs and a large one for few are one region."""
    found = (GRID.lr * GRID.epochs).round(6).between(0.1, 1.0)
    assert "where lr × epochs 0.1 to 10: that is 100%" in region_in_words(region(GRID, found, AXES), found.sum())


@pytest.mark.parametrize(("hits", "named"), [(9, True), (8, False)])
def test_in_a_quarter_of_a_region_it_may_fail_and_in_no_more(hits, named):
    """Of twelve settings at the smallest rate, nine will do and eight will not."""
    table = pd.DataFrame({"optimizer": ["x"] * 24, "lr": [0.01] * 12 + [1.0] * 12, "epochs": [1] * 24})
    found = pd.Series([index < hits for index in range(24)])
    said = region_in_words(region(table, found, AXES), found.sum())
    assert ("where lr 0.01: that is 100%" in said) == named
    assert said.startswith("no region") != named


def test_what_comes_out_everywhere_needs_no_condition():
    """All of the space is a region too."""
    found = pd.Series([True] * len(GRID))
    said = region_in_words(region(GRID, found, AXES), found.sum())
    assert "where everywhere" not in said
    assert "everywhere" in said


@settings(deadline=None, max_examples=25)
@given(st.lists(st.booleans(), min_size=len(GRID), max_size=len(GRID)).map(np.array))
def test_no_region_of_two_conditions_is_better_than_the_one_found(wanted):
    """The search leaves none out: all single conditions and pairs are tried here one by one."""
    bounds = [list(bounds_of(GRID, axis)) for axis in AXES]
    start = Region((), np.full(len(GRID), True), int(wanted.sum()))
    best = largest(start, bounds, wanted, Region((), wanted, 0))
    masks = [mask for axis in bounds for _, mask in axis]
    for one, other in product(masks, masks):
        inside = one & other
        hits = np.count_nonzero(inside & wanted)
        assert hits <= best.hits or hits < 0.75 * np.count_nonzero(inside)


@settings(deadline=None, max_examples=10)
@given(st.lists(st.booleans(), min_size=len(GRID), max_size=len(GRID)), st.permutations(range(len(GRID))))
def test_the_order_of_the_settings_says_nothing(wanted, order):
    """Shuffled, the same share is found."""
    found = pd.Series(wanted)
    shuffled = GRID.loc[order].reset_index(drop=True), found.loc[order].reset_index(drop=True)
    assert region(GRID, found, AXES).hits == region(*shuffled, AXES).hits
