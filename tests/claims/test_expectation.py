from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.claims import Claim, Judgement
from lossbench.claims.evidence import VERDICTS
from lossbench.claims.expectation import ChangedVerdict, changes, read_expected
from lossbench.claims.files import claims_csv
from lossbench.errors import DataError

verdicts = st.dictionaries(st.text("abc", min_size=1, max_size=2), st.sampled_from(VERDICTS))


def found(verdicts):
    """Return judgements with these verdicts."""
    return [Judgement(Claim(name, "y"), (), verdict, "", "") for name, verdict in verdicts.items()]


@given(verdicts)
def test_a_run_is_as_it_was(verdicts):
    """Held to itself, nothing has changed."""
    assert changes(verdicts, found(verdicts)) == []


@given(verdicts, verdicts)
def test_every_claim_that_differs_or_is_missing_is_named(before, after):
    """And none that is new."""
    changed = {change.id: (change.before, change.after) for change in changes(before, found(after))}
    assert changed == {
        name: (verdict, after.get(name, "missing"))
        for name, verdict in before.items()
        if after.get(name) != verdict
    }


@given(verdicts, verdicts, st.sets(st.text("abc", min_size=1, max_size=2), min_size=1))
def test_only_what_was_asked_for_is_compared(before, after, ids):
    """A claim that was not to be tried is not missing."""
    assert {change.id for change in changes(before, found(after), sorted(ids))} <= ids


def test_what_was_written_is_read(tmp_path):
    """claims.csv is the file that a later run is held to."""
    file = tmp_path / "claims.csv"
    file.write_text(claims_csv(found({"T3": "depends", "A1": "reproduced"})), encoding="utf-8")
    assert read_expected(file) == {"T3": "depends", "A1": "reproduced"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("", "holds no verdict"),
        ("id,verdict\nT3,good\n", "claim T3 has the verdict 'good', which is none"),
        ("name,verdict\nT3,depends\n", "claim None"),
        ("id\nT3\n", "claim T3 has the verdict None"),
    ],
)
def test_what_is_no_claims_csv_is_refused(tmp_path, text, message):
    """It says what is wrong and what to give."""
    file = tmp_path / "claims.csv"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_expected(file)


def test_a_change_is_said_in_words():
    """For the end of the report."""
    assert str(ChangedVerdict("T3", "depends", "contradicted")) == "T3: depends is now contradicted"
