from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims.claim import WORDS, Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.deciding import DECIDING, DRAWS, judge_all, quantiles
from lossbench.stats.paired import over_seeds
from lossbench.stats.rows import over_rows

few = settings(deadline=None, max_examples=25)
LINE, MARGIN, SEEDS = Evidence("inconclusive", "accuracy"), 0.3, 30
DIRECTIONS = ("better", "worse", "equal", "not worse")


def judged(values, direction="better", line=LINE, choice=0.0):
    """Return the evidence of differences seed by seed, and with a variance that comes with the choice of rates."""
    return judge_all([Contrast(line, over_seeds(values, 0.0).widened(choice), direction, MARGIN)])[0]


@few
@given(st.lists(st.integers(-5, 5).map(float), min_size=2, max_size=9).map(np.array), st.sampled_from(DIRECTIONS))
def test_the_probabilities_of_the_words_add_up_to_one(values, direction):
    """On other seeds a unit says one of four things; of what only stands beside nobody asks."""
    found = judged(values, direction)
    assert sum(found.again) == pytest.approx(1.0)
    assert judged(values, direction, Evidence("inconclusive", "f1", role="sensitivity")).again == ()


@few
@given(st.integers(0, 10**6))
def test_what_does_not_hang_on_seeds_is_said_again_for_certain(seed):
    """Seeds that all agree, and rows of a table that fare alike however it is split."""
    same = np.random.default_rng(seed).uniform(-1, 1)
    found = judged(np.full(SEEDS, same))
    assert found.chances[WORDS.index(found.verdict)] == 1.0
    rows, splits = np.tile(np.arange(40), 6), np.repeat(np.arange(6), 40)
    by_row = np.random.default_rng(seed).normal(0.1, 1.0, 40)[rows]
    (table,) = judge_all([Contrast(LINE, over_rows(by_row[None], rows, splits), "better", MARGIN)])
    assert table.chances[WORDS.index(table.verdict)] == 1.0


def test_other_seeds_say_a_word_as_often_as_is_foretold():
    """Over means that nobody knows: of all comparisons to which a word is foretold, so many have it.

    What a run chooses moves its mean, too, and farther than its seeds do.
    """
    rng, choice = np.random.default_rng(7), 1.0 / SEEDS
    told, seen = [], []
    for mean in rng.uniform(-2.5, 2.5, 800):
        one, other = (
            judged(rng.normal(mean + moved, 1.0, SEEDS), choice=choice)
            for moved in rng.normal(0.0, np.sqrt(choice), 2)
        )
        told.append(one.again)
        seen.append([other.verdict == word for word in DECIDING])
    foretold, found = np.array(told), np.array(seen, dtype=float)
    for low, high in ((0.0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1.01)):
        mine = (foretold >= low) & (foretold < high)
        assert found[mine].mean() == pytest.approx(foretold[mine].mean(), abs=0.05)


def test_every_comparison_is_moved_in_an_order_of_its_own():
    """Each by all quantiles, so that a probability is that of its own distribution and no two move together."""
    found = np.array([quantiles(replace(LINE, dataset=name)) for name in ("iris", "wine", "moons")])
    assert found.shape == (3, DRAWS)
    assert np.array_equal(np.sort(found[0]), np.sort(found[2]))
    assert np.array_equal(found[0], quantiles(replace(LINE, dataset="iris")))
    assert abs(np.corrcoef(found)[np.triu_indices(3, 1)]).max() < 0.2
