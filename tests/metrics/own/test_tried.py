"""What is no metric is refused before anything is trained, and what is one says whether its rows add up."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lossbench.data import load_dataset
from lossbench.errors import BadValue, ScoreFailed, UnknownName
from lossbench.metrics.own.made_up import made_up
from lossbench.metrics.own.tried import own_score
from lossbench.metrics.prediction import predict

FILE = """
    import numpy as np

    def right(y_true, y_pred): return np.mean(y_true == y_pred)
    def wrong(y_true, y_pred): return np.mean(y_true != y_pred)
    def nan(y_true, y_pred): return float("nan")
    def array(y_true, y_pred): return y_true == y_pred
    def text(y_true, y_pred): return "good"
    def raises(y_true, y_pred): return 1 / 0
    def leaves(y_true, y_pred): raise SystemExit(0)
    def sorts(y_true, y_pred): y_pred.sort(); return np.mean(y_true == y_pred)
    def draws(y_true, y_pred): return np.random.default_rng().random()
    def counts(y_true, y_pred, seen=[]): seen.append(1); return len(seen)
    def idle(y_true, y_pred): return np.mean(y_true)
    def one(y_true): return 0.5
    def three(a, b, c): return 0.5
    def swapped(y_pred, y_true): return np.mean(y_true == y_pred)
    number = 3

    def root(y_true, y_pred): return np.sqrt(np.mean((y_true - y_pred) ** 2))
    def total(y_true, y_pred): return np.sum((y_true - y_pred) ** 2)
    def middle(y_true, y_pred): return np.median(np.abs(y_true - y_pred))
    def most(y_true, y_pred): return np.abs(y_true - y_pred).max()
    def steps(y_true, y_pred): return np.abs(np.diff(y_true - y_pred)).mean()
    def sure(y_true, y_prob): return np.mean(y_prob[y_true == 1])
    def loud(y_true, y_pred): print("heard"); return np.mean(y_true == y_pred)
    def positive(y_true, y_pred):
        if (y_pred < 0).any(): raise ValueError("below zero")
        return np.mean(np.log1p(y_pred))
"""


@pytest.fixture(autouse=True)
def file(write: Callable[..., Path]) -> Path:
    """Give a file of metrics, good ones and others."""
    return write(FILE, "metrics.py")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nan", "returned nan for made-up predictions that are mostly right"),
        ("array", r"returned an array of shape \(60,\); let it give one number"),
        ("text", "returned str; let it give one number"),
        (
            "raises",
            r"raised ZeroDivisionError: division by zero \(metrics.py line \d+\), called with target \(60,\)",
        ),
        ("leaves", "raised SystemExit: 0"),
        ("sorts", "changes the prediction that it is given"),
        ("draws", "and then .* for the same predictions"),
        ("counts", "gave 1 and then 2 for the same predictions"),
        ("idle", "for right, wrong and constant predictions alike"),
        ("one", r"takes \(y_true\), and is called with two"),
        ("three", r"takes \(a, b, c\), and is called with two"),
        ("swapped", r"reads f\(y_pred, y_true\), and is called with the target first"),
        ("number", "number is int; name a function"),
        ("wrong", "say which way is the better: metrics.py:wrong:lower, or metrics.py:wrong:higher"),
    ],
)
def test_what_is_no_metric_is_refused(name: str, words: str) -> None:
    """The message says what it did, and what to do."""
    with pytest.raises(ScoreFailed, match=words):
        own_score(f"metrics.py:{name}", load_dataset("moons"))


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("metrix.py:right", ScoreFailed, "did you mean metrics.py"),
        ("metrics.py:rihgt", UnknownName, "unknown score 'rihgt'; did you mean 'right'"),
        ("nowhere.at_all:right", ScoreFailed, "module nowhere.at_all cannot be imported"),
        ("mse:right", ScoreFailed, "module mse cannot be imported"),
        ("sklearn.metrics:fbeta_score", BadValue, "needs a value for beta"),
        ("sklearn.metrics:fbeta_score:bta=2", UnknownName, "did you mean 'beta'"),
    ],
)
def test_what_is_not_there_is_refused(spec: str, error: type[Exception], words: str) -> None:
    """The nearest name is offered."""
    with pytest.raises(error, match=words):
        own_score(spec, load_dataset("moons"))


def test_a_metric_must_serve_the_task() -> None:
    """It may raise for what it is not made for, or be asked what there is not."""
    with pytest.raises(ScoreFailed, match="Target is multiclass but average='binary'"):
        own_score("sklearn.metrics:fbeta_score:beta=2", load_dataset("iris"))
    with pytest.raises(BadValue, match="regression has nothing but values"):
        own_score("metrics.py:root:@of=probability:lower", load_dataset("diabetes"))
    with pytest.raises(BadValue, match="'discs' is segmentation"):
        own_score("metrics.py:right", load_dataset("discs"))
    with pytest.raises(ScoreFailed, match="raised ValueError: below zero"):  # as a network's values may be
        own_score("metrics.py:positive:lower", load_dataset("diabetes"))


@pytest.mark.parametrize(
    ("spec", "dataset", "add_up"),
    [
        *((f"metrics.py:{name}:lower", "diabetes", True) for name in ("root", "total")),
        *((f"metrics.py:{name}:lower", "diabetes", False) for name in ("middle", "most", "steps")),
        ("sklearn.metrics:mean_pinball_loss:alpha=0.9:lower", "friedman1", True),
        ("sklearn.metrics:max_error:lower", "friedman1", False),
        ("metrics.py:right", "moons", True),
        ("metrics.py:sure:@of=probability", "imbalanced", True),
        ("sklearn.metrics:fbeta_score:beta=2:average=macro", "digits", True),
        ("sklearn.metrics:hamming_loss:lower", "multilabel", True),
    ],
)
def test_rows_are_the_unit_where_they_explain_the_score(spec: str, dataset: str, add_up: bool) -> None:
    """Means, and smooth functions of means; not a maximum, nor a median, nor what hangs on the order of rows."""
    assert own_score(spec, load_dataset(dataset)).by_rows is add_up


@pytest.mark.parametrize("needs", ["decision", "probability", "ranking"])
@pytest.mark.parametrize("name", ["moons", "iris", "multilabel", "diabetes", "linnerud"])
def test_made_up_rows_look_like_those_of_a_network(name: str, needs: str) -> None:
    """Shapes and types are those that a metric gets in training; probabilities are some."""
    dataset = load_dataset(name)
    if dataset.task == "regression" and needs != "decision":
        return
    rows, width = made_up(dataset, needs, 0), {"multilabel": 5, "linnerud": 3}.get(name)
    n = len(rows.target)
    assert rows.target.shape == ((n, width) if width else (n,))
    assert np.issubdtype(rows.target.dtype, np.integer) == (dataset.task != "regression")
    shown = (n, 3) if name == "iris" and needs != "decision" else rows.target.shape
    for seen in (rows.good, rows.bad, rows.constant, rows.perfect):
        assert seen.shape == shown
        assert np.issubdtype(seen.dtype, np.integer) == (needs == "decision" and dataset.task != "regression")
        if needs == "probability":
            assert ((seen >= 0) & (seen <= 1)).all()
            if name == "iris":
                np.testing.assert_allclose(seen.sum(axis=1), 1.0)


def test_a_metric_gets_what_scikit_learn_gives_and_no_model_that_diverged(write: Callable[..., Path]) -> None:
    """Classes are whole numbers, probabilities those of the positive class, a single target is one column."""
    write(
        """
        seen = []
        def noted(y_true, y_pred):
            seen.append((y_true.shape, y_true.dtype.kind, y_pred.shape, y_pred.dtype.kind))
            return float((y_true * y_pred).sum())
        """,
        "noted.py",
    )
    target = np.array([[0, 1, 1]])
    raw = np.array([[[1.0], [2.0], [-1.0]], [[np.nan], [0.0], [0.0]]])
    for needs, kind in (("decision", "i"), ("probability", "f"), ("ranking", "f")):
        score = own_score(f"noted.py:noted:@of={needs}", load_dataset("moons")).function
        notes = score.found.function.__globals__["seen"]
        notes.clear()
        found = score(target, predict(raw, "sigmoid", "binary"))
        np.testing.assert_array_equal(np.isnan(found), [False, True])
        assert notes == [((3,), "i", (3,), kind)]
    score = own_score("noted.py:noted", load_dataset("diabetes")).function
    notes = score.found.function.__globals__["seen"]
    notes.clear()
    score(raw[:1], predict(raw[:1], "identity", "regression"))
    assert notes == [((3,), "f", (3,), "f")]
    margin = own_score("noted.py:noted:@of=probability", load_dataset("moons")).function
    assert np.isnan(margin(target, predict(raw[:1], "margin", "binary")))


def test_it_travels_as_its_spec_and_not_with_other_code(file: Path) -> None:
    """A process that trains finds the same function, or refuses what has changed since."""
    made = own_score("metrics.py:right", load_dataset("moons"))
    target, prediction = np.array([[0, 1]]), predict(np.array([[[1.0], [1.0]]]), "sigmoid", "binary")
    sent = pickle.dumps(made.function)
    np.testing.assert_array_equal(pickle.loads(sent)(target, prediction), [0.5])
    file.write_text(file.read_text().replace("np.mean(y_true == y_pred)", "np.mean(y_pred)"))
    with pytest.raises(ScoreFailed, match="changed during the run"):
        pickle.loads(sent)
    assert own_score("metrics.py:wrong:lower", load_dataset("moons")).code != made.code


def test_what_it_prints_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is the report's alone, and it would print at every model."""
    own_score("metrics.py:loud", load_dataset("moons"))
    assert capsys.readouterr() == ("", "")
