"""The spec of a metric says what it is, and its column says which way it goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.errors import BadValue, UnknownName, UsageError
from lossbench.metrics.own.named import WAYS, names_own, read_named
from lossbench.schema import METRICS, SCORES, at_best, at_link, greater_is_better, is_metric, is_own, own_metric

WORDS = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: word not in (*SCORES, "cost", "score")
)


@given(
    word=WORDS,
    way=st.sampled_from([None, *WAYS]),
    given=st.dictionaries(WORDS, st.integers(0, 9), max_size=2),
    needs=st.sampled_from(["decision", "probability", "ranking"]),
)
def test_a_column_has_what_is_behind_the_path_and_the_direction(word, way, given, needs) -> None:
    """It is that of no built-in score, and all that a reader must know follows from it alone."""
    values = "".join(f":{key}={value}" for key, value in given.items())
    spec = f"metrics.py:{word}{values}:@of={needs}{f':{way}' if way else ''}"
    named = read_named(spec)
    assert names_own(spec)
    assert (named.name, named.needs, named.better) == (f"metrics.py:{word}", needs, way)
    assert named.column == f"{word}{values}:{way or 'higher'}"
    assert is_own(named.column)
    assert is_metric(named.column)
    assert named.column not in SCORES
    for column in (named.column, at_best(named.column), at_link(named.column)):
        assert greater_is_better(column) == (way != "lower") == METRICS[column].greater_is_better
        assert own_metric(column).margin is None
    assert not is_metric(at_best(named.column))


@pytest.mark.parametrize("name", SCORES)
def test_no_built_in_column_is_taken_for_ones_own(name: str) -> None:
    """Nor is its name that of a function."""
    assert not is_own(name)
    assert not names_own(name)


def test_an_unknown_column_stays_unknown() -> None:
    """A slip of the keyboard is no metric of one's own."""
    with pytest.raises(KeyError):
        METRICS["acuracy"]
    assert "mine:higher" not in METRICS


@pytest.mark.parametrize(
    ("spec", "error", "words"),
    [
        ("metrics.py", BadValue, "is a file; name a function in it: metrics.py:NAME"),
        ("metrics.py:f1", BadValue, "f1 is the name of a built-in score; .* metrics.py:f1:@label=my_f1"),
        ("sklearn.metrics:log_loss", BadValue, "name of a built-in score"),
        ("metrics.py:lr", BadValue, "lr is the name of another column"),
        ("metrics.py:mine:@label=two words", BadValue, "cannot be a label"),
        ("metrics.py:mine:@off=probability", UnknownName, "did you mean '@of'"),
        ("metrics.py:mine:@of=probabilty", UnknownName, "did you mean 'probability'"),
    ],
)
def test_a_spec_that_cannot_be_meant_is_refused(spec: str, error: type[UsageError], words: str) -> None:
    """The message says what may stand there."""
    with pytest.raises(error, match=words):
        read_named(spec)
