"""The grammar of the reviews, read back from their words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.cli import run
from lossbench.data import load_dataset
from lossbench.data.texts import BLAME, JOINED, PRAISE, STRENGTHS, review, vectoriser
from lossbench.errors import BadValue


def value(text: str) -> float:
    """Return what a review says, by the grammar of the docstring, from its words alone."""
    first, second, joint = text, "", ""
    for word in ("and", "but"):
        if f" {word} " in text:
            first, second = text.split(f" {word} ")
            joint = word
    return said(first) + (JOINED[joint] * said(second) if joint else 0.0)


def said(clause: str) -> float:
    """Return the value of a clause."""
    _, _, was, *before, adjective = clause.split()
    assert was == "was"
    assert (adjective in PRAISE) != (adjective in BLAME)
    sign = 1 if adjective in PRAISE else -1
    return -sign if before == ["not"] else sign * STRENGTHS["".join(before)]


@settings(deadline=None, max_examples=200)
@given(seed=st.integers(0, 10**6), positive=st.booleans())
def test_a_review_says_what_was_asked(seed: int, positive: bool) -> None:
    """Its words add up to more than zero where it was to praise, and to less where it was to blame."""
    text = review(np.random.default_rng(seed), positive)
    assert (value(text) > 0) == positive
    assert value(text) != 0


@settings(deadline=None, max_examples=20)
@given(positives=st.floats(0.1, 0.9), noise=st.floats(0, 0.08), seed=st.integers(0, 50))
def test_the_share_of_positives_stays_under_noise(positives: float, noise: float, seed: int) -> None:
    """It is as asked, to within half a row, whatever share of labels is wrong."""
    table = load_dataset(f"reviews:positives={positives}:noise={noise}:rows=300").sample(seed)
    assert abs(table.target.sum() - positives * 300) <= 0.5 + 1e-9


def test_noise_changes_labels_and_nothing_else() -> None:
    """The reviews are the same with and without, in another order; a tenth of the labels differs."""
    tables = [load_dataset(f"reviews:positives=0.5:rows=400:noise={noise}") for noise in (0.0, 0.1)]
    clean, noisy = (table.features[np.lexsort(table.features.T)] for table in tables)
    np.testing.assert_array_equal(clean, noisy)


def test_words_and_weights_belong_to_the_law() -> None:
    """Every table has the same columns, those of the vocabulary, and rows of length one."""
    first, other = load_dataset("reviews"), load_dataset("reviews:positives=0.4:noise=0:rows=90").sample(7)
    assert first.feature_names == other.feature_names == tuple(vectoriser().get_feature_names_out())
    assert {"not", "very good", "not good"} & set(first.feature_names)
    for table in (first, other):
        np.testing.assert_allclose(np.linalg.norm(table.features, axis=1), 1)


def test_counting_praise_does_not_do() -> None:
    """A linear model on the words and pairs beats always answering positive, and stays below the clean labels."""
    from sklearn.linear_model import LogisticRegression

    train, test = (load_dataset("reviews:rows=2000").sample(seed) for seed in (1, 2))
    model = LogisticRegression(C=10, max_iter=1000).fit(train.features, train.target)
    assert 0.84 < model.score(test.features, test.target) < 0.94


@pytest.mark.parametrize("spec", ["reviews:rows=50:positives=0.95", "reviews:positives=0.95:noise=0.5"])
def test_too_few_of_a_class_are_refused(spec: str) -> None:
    """What is left of the class, and what to change, is in the message."""
    with pytest.raises(BadValue, match=r"reviews: positives=0\.95 .* in a class.*give more rows"):
        load_dataset(spec)


def test_the_command_runs_on_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compare trains on the texts like on any data set, and has a row for each loss."""
    monkeypatch.chdir(tmp_path)
    options = "-d reviews:rows=100 -l bce,ce --seeds 2 --epochs 2 --outliers 0 --jobs 1 --no-cache --format csv"
    assert run(["compare", *options.split()]) == 0
    assert capsys.readouterr().out.count("reviews:rows=100,binary") == 2
