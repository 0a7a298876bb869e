from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims.claim import WORDS, Evidence
from lossbench.claims.finding.forms import find
from lossbench.claims.finding.other_seeds import DRAWS, draws, instability, on_other_seeds
from lossbench.claims.finding.tally import Tally

from ..drawn import evidence, shuffled


def unit(word, *again, **facts):
    """Return a unit with the probabilities of its words on other seeds."""
    return Evidence(word, "f1", again=again, **facts)


SO, NOT = unit("reproduced", 1.0, 0.0, 0.0, 0.0), unit("contradicted", 0.0, 1.0, 0.0, 0.0)
COIN = unit("reproduced", 0.5, 0.5, 0.0, 0.0)


def lean(tally):
    """Return what a count comes to."""
    return tally.lean


@given(evidence)
def test_units_that_other_seeds_would_not_change_are_as_they_were(lines):
    """What is exact, and what every other set of seeds would find too, comes to what it came to."""
    sure = [replace(line, again=tuple(float(line.verdict == word) for word in WORDS[:-1])) for line in lines]
    exact = [replace(line, again=()) for line in lines]
    for found in map(Tally.of, (sure, exact)):
        if found.units:
            assert [(tally.lean, times) for tally, times in draws(found)] == [(found.lean, DRAWS)]
            assert instability(found, lean) == 0.0


@given(shuffled)
def test_the_order_of_the_units_does_not_matter(pair):
    """The draws are of what the units are, and not of where they stand."""
    one, other = map(Tally.of, pair)
    if one.units:
        assert on_other_seeds(one, lean) == on_other_seeds(other, lean)


@given(evidence, st.sampled_from(WORDS[:-1]))
def test_what_these_seeds_found_changes_nothing_of_what_others_would_say(lines, word):
    """Whatever the words are: only how probable each of them is counts."""
    found = Tally.of(replace(line, again=line.again or (0.3, 0.3, 0.2, 0.2)) for line in lines)
    if found.units:
        other = Tally(tuple(replace(line, verdict=word) for line in found.units))
        assert on_other_seeds(other, lean) == on_other_seeds(found, lean)


@pytest.mark.parametrize("units", [[COIN] * 2, [COIN] * 3 + [SO], [COIN] * 4 + [SO, SO, NOT]])
def test_the_shares_are_those_of_all_outcomes(units):
    """Against the sum over every way in which the coins may fall."""
    coins = sum(line is COIN for line in units)
    firm = [line for line in units if line is not COIN]
    expected = dict.fromkeys(("holds", "mostly", "mixed", "rarely", "refuted"), 0.0)
    for falls in product((SO, NOT), repeat=coins):
        expected[Tally.of([*firm, *falls]).lean] += 0.5**coins
    found = on_other_seeds(Tally.of(units), lean)
    assert {word: found.get(word, 0.0) for word in expected} == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("form", ["tendency", "magnitude"])
def test_a_verdict_on_which_other_seeds_disagree_is_not_said(form):
    """Three for and one that falls either way: mostly or all."""
    assert find(form, [SO, SO, SO, COIN]).verdict.removeprefix("order ") == "too weak to say"
    assert find(form, [SO, SO, SO, NOT]).verdict.removeprefix("order ") == "mostly"


@pytest.mark.parametrize(("chance", "verdict"), [(0.95, "holds"), (0.85, "too weak to say")])
def test_a_verdict_is_said_where_nine_of_ten_others_would_say_it(chance, verdict):
    """Three for and one that falls so in most of the draws, and else the other way."""
    shaky = unit("reproduced", chance, 1.0 - chance, 0.0, 0.0)
    assert find("tendency", [SO, SO, SO, shaky]).verdict == verdict


def test_draws_in_which_too_little_is_decided_do_not_count_against_a_verdict():
    """Whoever says nothing does not disagree."""
    faint = unit("reproduced", 0.3, 0.0, 0.0, 0.7)
    assert find("tendency", [faint] * 6).verdict == "holds"


def test_an_axis_is_named_where_other_seeds_would_name_it():
    """Else the lean alone is said, which holds with it and without."""
    clean, dirty = {"dataset": "iris"}, {"dataset": "iris", "contamination": "label", "shares": (0.1,)}
    lines = [replace(SO, **clean)] * 4 + [replace(NOT, **dirty)] * 5
    assert find("tendency", lines).verdict == "depends on clean or contaminated data"
    stray = replace(SO, **dirty, again=(0.5, 0.0, 0.0, 0.5))
    assert find("tendency", [*lines, replace(stray, verdict="inconclusive")]).verdict == "mixed"
    assert find("tendency", [*lines, stray]).verdict == "mixed"


def test_a_part_on_which_other_seeds_disagree_is_open():
    """So that several things at once are not said to be so, or not so, by the luck of the seeds."""
    firm = [replace(SO, part="one", p_value=0.01)] * 3
    shaky = [replace(line, part="other", p_value=0.01) for line in (SO, SO, SO, COIN)]
    finding = find("conjunction", [*firm, *shaky])
    assert finding.verdict == "too weak to say"
    assert finding.parts == {"one": "holds", "other": "too weak to say"}
    assert finding.instability == pytest.approx(0.5, abs=0.1)
