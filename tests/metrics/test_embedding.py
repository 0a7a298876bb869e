"""Readings of embeddings: neighbours and probe against scikit-learn, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from lossbench.metrics.embedding import TOP, probe_top_1, probe_top_5, spread, top_1, top_5
from lossbench.metrics.gallery import (
    COLLAPSED,
    NEAREST,
    NEIGHBOURS,
    NEXT_TO,
    READINGS,
    SHRINKAGE,
    Gallery,
    before,
    normalised,
    pictured,
)
from lossbench.metrics.prediction import predict
from lossbench.schema import METRICS

drawn = st.tuples(st.integers(0, 10_000), st.integers(2, 9), st.integers(2, 6), st.integers(2, 8))


def made(seed: int, classes: int, numbers: int, each: int):
    """Return embeddings of training rows and of queries about a centre a class, and the classes of both."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(classes, numbers))
    target, wanted = random.permutation(np.repeat(np.arange(classes), each)), random.integers(classes, size=20)
    rows, queries = (centres[one] + 0.7 * random.normal(size=(len(one), numbers)) for one in (target, wanted))
    return rows, target, queries, wanted


@settings(deadline=None, max_examples=25)
@given(drawn)
def test_votes_are_those_of_scikit_learn(sizes) -> None:
    """Of its weighted neighbours by cosine, with Dudani's weights, wherever a class has any."""
    rows, target, queries, _ = made(*sizes)
    gallery = Gallery(target)
    found = gallery.neighbours(normalised(rows)[gallery.order], normalised(queries))
    k = min(NEIGHBOURS, len(rows) - 1)
    known = KNeighborsClassifier(k + 1, metric="cosine").fit(rows, target)
    distance, neighbour = known.kneighbors(queries)
    weight = distance[:, -1:] - distance
    mine = target[neighbour][..., None] == np.arange(found.shape[1])
    votes = (mine * weight[..., None]).sum(axis=1)
    some = votes > 1e-9
    np.testing.assert_allclose(found[some], votes[some], atol=1e-9)
    assert (found[~some] < 2e-9).all()


@settings(deadline=None, max_examples=25)
@given(drawn)
def test_the_rows_that_are_named_are_the_nearest(sizes) -> None:
    """Of the queries that are pictured, in the order of scikit-learn's neighbours; of no others."""
    rows, target, queries, wanted = made(*sizes)
    named = Gallery(target).read(rows, queries, wanted)[:, NEXT_TO]
    near = min(NEAREST, len(rows))
    known = KNeighborsClassifier(near, metric="cosine").fit(rows, target)
    asked = pictured(len(queries))
    np.testing.assert_array_equal(named[asked][:, :near], known.kneighbors(queries[asked], return_distance=False))
    assert not np.delete(named, asked, axis=0).any()


@settings(deadline=None, max_examples=25)
@given(drawn.filter(lambda sizes: sizes[1] > 2))
def test_the_probe_is_scikit_learns_discriminant(sizes) -> None:
    """Beside that of the first class, its values are those of LinearDiscriminantAnalysis with its shrinkage."""
    rows, target, queries, _ = made(*sizes)
    gallery = Gallery(target)
    found = gallery.probe(normalised(rows)[gallery.order], normalised(queries))
    oracle = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE).fit(normalised(rows), target)
    wanted = oracle.decision_function(normalised(queries))
    np.testing.assert_allclose(found - found[:, :1], wanted - wanted[:, :1], rtol=1e-6, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(drawn, st.floats(0.01, 100))
def test_neither_length_nor_direction_nor_order_counts(sizes, scale: float) -> None:
    """All embeddings longer, turned by one rotation, or the training rows in another order: the same readings.

    The neighbours that are named are the same rows, in the places that they then have.
    """
    rows, target, queries, wanted = made(*sizes)
    usual = Gallery(target).read(rows, queries, wanted)
    turn = ortho_group.rvs(rows.shape[1], random_state=sizes[0])
    order = np.random.default_rng(1).permutation(len(rows))
    other = Gallery(target[order]).read(scale * (rows @ turn)[order], scale * queries @ turn, wanted)
    np.testing.assert_allclose(other[:, : NEXT_TO.start], usual[:, : NEXT_TO.start], atol=1e-6)
    if len(rows) >= NEAREST:
        asked = pictured(len(queries))
        np.testing.assert_array_equal(order[other[asked, NEXT_TO].astype(int)], usual[asked, NEXT_TO])


@settings(deadline=None, max_examples=25)
@given(drawn.filter(lambda sizes: sizes[3] > 1))
def test_a_training_row_is_no_neighbour_of_itself(sizes) -> None:
    """It is read as if it had not been there."""
    rows, target, _, _ = made(*sizes)
    own = Gallery(target).read(rows, None, target)
    for one in range(len(rows)):
        others = np.arange(len(rows)) != one
        left = Gallery(target[others]).read(rows[others], rows[[one]], target[[one]])
        assert left[0, 0] == own[one, 0]


@given(st.integers(2, 200), st.integers(1, 8))
@settings(deadline=None, max_examples=25)
def test_embeddings_that_are_all_alike_have_no_spread_and_decide_for_the_first_class(classes, each) -> None:
    """Top k is then k of the classes, as of a constant predictor."""
    target = np.repeat(np.arange(classes), each)
    readings = Gallery(target).read(np.ones((len(target), 3)), np.ones((classes, 3)), np.arange(classes))
    prediction = predict(readings[None], "embedding", "embedding")
    asked = np.arange(classes)[None]
    assert spread(asked, prediction) < COLLAPSED
    for score, k in ((top_1, 1), (top_5, TOP), (probe_top_1, 1), (probe_top_5, TOP)):
        np.testing.assert_allclose(score(asked, prediction), min(k, classes) / classes)


def test_what_is_not_finite_has_no_reading() -> None:
    """A diverged network has no score, whichever of its rows is no number."""
    rows, target, queries, wanted = made(0, 3, 4, 5)
    for spoilt in (rows, queries):
        kept, spoilt[0, 0] = spoilt[0, 0], np.inf
        readings = Gallery(target).read(rows, queries, wanted)
        assert readings.shape == (len(queries), READINGS)
        assert np.isnan(readings).all()
        spoilt[0, 0] = kept


@given(st.integers(0, 1000))
@settings(deadline=None, max_examples=25)
def test_places_are_those_of_a_sorted_list(seed) -> None:
    """The right class comes behind all that have more, and behind equals of a lower number."""
    random = np.random.default_rng(seed)
    scores, target = random.integers(4, size=(6, 7)).astype(float), random.integers(7, size=6)
    ranked = np.argsort(-scores, axis=1, kind="stable")
    np.testing.assert_array_equal(before(scores, target), np.argmax(ranked == target[:, None], axis=1))


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if "embedding" in metric.tasks])
def test_top_five_is_never_below_top_one(name) -> None:
    """A class that comes first is among the first five."""
    readings = np.random.default_rng(0).integers(9, size=(1, 50, 3)).astype(float)
    prediction = predict(readings, "embedding", "embedding")
    target = np.zeros((1, 50), dtype=int)
    assert top_5(target, prediction) >= top_1(target, prediction)
    assert probe_top_5(target, prediction) >= probe_top_1(target, prediction)
    assert METRICS[name].greater_is_better
