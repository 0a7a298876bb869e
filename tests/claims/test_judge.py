from __future__ import annotations

from dataclasses import replace

import pytest

from lossbench.claims import Design, Evidence, read_catalogue, try_claims
from lossbench.claims.judge import MANY, untried
from lossbench.claims.registry import EXPERIMENTS
from lossbench.errors import BadValue, ConfigError

TWO = """
[claims.first]
claim = "One."
experiment = "count"
[claims.second]
claim = "The same."
same_as = "first"
[claims.third]
claim = "Another."
experiment = "count"
[claims.both]
claim = "Both."
same_as = ["first", "third"]
[claims.later]
claim = "Later."
not_yet = "there is no such task yet"
[claims.laters]
claim = "As later."
same_as = "later"
"""


@pytest.fixture
def calls(monkeypatch):
    """Enter an experiment that notes its calls."""
    made = []

    def count(claim, study):
        """Count."""
        made.append(claim.id)
        return [Evidence("reproduced", "f1", detail="here")]

    monkeypatch.setitem(EXPERIMENTS, "count", count)
    return made


def test_an_experiment_runs_once_for_all_claims_that_it_decides(written, study, calls):
    """Claims that are the same share their evidence; one that several decide says of each line whose it is."""
    catalogue = written(TWO)
    first, second, both = try_claims(catalogue, catalogue.find(("first", "second", "both")), study)
    assert calls == ["first", "third"]
    assert first.evidence == second.evidence
    assert [line.case for line in both.evidence] == ["first here", "third here"]
    assert [judgement.verdict for judgement in (first, second, both)] == ["holds"] * 3


def test_many_claims_are_tried_side_by_side_and_found_the_same(written, study, monkeypatch):
    """In two processes or one after another, every claim has the same evidence to the last bit."""
    monkeypatch.setattr("lossbench.claims.judge.MANY", 2)
    entry = "[claims.{0}]\nclaim = '.'\narms = ['{0}', 'bce']\nscore = 'f1'\ndatasets = 'moons'\n"
    catalogue = written("".join(entry.format(arm) + "direction = 'better'\n" for arm in ("mse", "focal")))
    quick = replace(study, quick=True, terms=replace(study.terms, quick_seeds=2))
    together = try_claims(catalogue, catalogue.find(), replace(quick, jobs=2))
    assert together == [try_claims(catalogue, [claim], quick)[0] for claim in catalogue.find()]


@pytest.mark.parametrize("others", [1, MANY])
def test_a_claim_that_fails_costs_no_other(written, study, monkeypatch, calls, others):
    """Its judgement says what went wrong; tried alone, it raises."""

    def fail(claim, study):
        raise ZeroDivisionError("by nought")

    monkeypatch.setitem(EXPERIMENTS, "fail", fail)
    good = "".join(f"[claims.c{i}]\nclaim = '.'\nexperiment = 'count'\n" for i in range(others))
    catalogue = written(f"[claims.bad]\nclaim = '.'\nexperiment = 'fail'\n{good}")
    bad, *found = try_claims(catalogue, catalogue.find(), study)
    assert [judgement.verdict for judgement in found] == ["holds"] * others
    assert (bad.verdict, bad.failed, bad.answer) == ("not yet", True, "Failed: ZeroDivisionError: by nought.")
    with pytest.raises(ZeroDivisionError):
        try_claims(catalogue, catalogue.find(("bad",)), study)


def test_what_is_not_tried_says_why(written, study, calls):
    """A reason in the catalogue counts for the claims that are the same, too."""
    catalogue = written(TWO)
    for judgement in try_claims(catalogue, catalogue.find(("later", "laters")), study):
        assert (judgement.verdict, judgement.left) == ("not yet", "there is no such task yet")
        assert judgement.answer == "Not tried yet: there is no such task yet."
        assert judgement.evidence == ()


def test_an_experiment_to_come_is_not_yet_until_it_is_entered(monkeypatch, study):
    """The reason is computed: enter the experiment, and it is gone."""
    catalogue = read_catalogue()
    claim = replace(catalogue.claims["A6"], experiments=("to_come",))
    (judgement,) = try_claims(catalogue, [claim], study)
    assert (judgement.verdict, judgement.left) == ("not yet", "no experiment for it in this version: to_come")
    monkeypatch.setitem(EXPERIMENTS, "to_come", lambda claim, study: [Evidence("reproduced", "f1")])
    assert try_claims(catalogue, [claim], study)[0].verdict == "true"


def test_what_is_left_to_come_is_said_beside_a_verdict(written, study, monkeypatch, calls):
    """A claim with two experiments is judged by the one there is, and says that the other is not."""
    catalogue = written(
        "[claims.a]\nclaim = 'a'\nexperiment = ['count', 'influence']\nlosses = 'mse'\ninfluence = 'unbounded'"
    )
    monkeypatch.delitem(EXPERIMENTS, "influence")
    (judgement,) = try_claims(catalogue, catalogue.find(), study)
    assert (judgement.verdict, judgement.left) == ("holds", "no experiment for it in this version: influence")


def test_everything_is_checked_before_anything_is_tried(written, study, monkeypatch, calls):
    """A mistake in the last claim stops the first, and says where it stands."""

    def refuse(claim, study) -> Design:
        raise BadValue("too large; give less")

    monkeypatch.setitem(EXPERIMENTS, "later", refuse)
    catalogue = written(
        "[claims.a]\nclaim = 'a'\nexperiment = 'count'\n[claims.b]\nclaim = 'b'\nexperiment = 'later'"
    )
    with pytest.raises(ConfigError, match=r"line 4, key 'claims\.b': too large; give less"):
        try_claims(catalogue, catalogue.find(), study)
    assert calls == []


def test_the_command_repeats_the_finding(written, study, calls):
    """With the user's file, --quick and --first-seed, where they were given."""
    catalogue = written("[claims.'a b']\nclaim = 'a'\nexperiment = 'count'")
    quick = replace(study, quick=True)
    (judgement,) = try_claims(catalogue, catalogue.find(), quick)
    assert judgement.command == f"lossbench claims 'a b' -c {catalogue.file} --quick"
    (judgement,) = try_claims(catalogue, catalogue.find(), replace(quick, first_seed=7))
    assert judgement.command == f"lossbench claims 'a b' -c {catalogue.file} --quick --first-seed 7"


def test_a_claim_without_a_comparison_is_not_testable(written, study, monkeypatch):
    """An experiment that finds nothing to compare decides nothing."""
    monkeypatch.setitem(EXPERIMENTS, "count", lambda claim, study: [])
    catalogue = written("[claims.a]\nclaim = 'a'\nexperiment = 'count'")
    assert try_claims(catalogue, catalogue.find(), study)[0].verdict == "not testable"


def test_exact_claims_have_the_verdicts_that_arithmetic_gives(study):
    """What needs no training is decided the same on every machine."""
    catalogue = read_catalogue()
    expected = {
        **dict.fromkeys(("A1", "A2", "A4", "A6", "A7", "A14", "A15", "B1", "B2", "B3", "C4"), "true"),
        **dict.fromkeys(("C7a", "C7b"), "true"),
        **dict.fromkeys(("B5", "B6"), "true but for rounding"),
        **dict.fromkeys(("B4", "F3", "F6", "F10", "F-round"), "partly"),
        **dict.fromkeys(("C5", "C18"), "shown"),
        "C7c": "true under another reading",
    }
    found = try_claims(catalogue, catalogue.find(tuple(expected)), study)
    assert {judgement.claim.id: judgement.verdict for judgement in found} == expected


def test_nothing_is_left_untried_without_a_word():
    """No reason where all experiments are there."""
    catalogue = read_catalogue()
    assert untried([catalogue.claims["A1"]]) == ""
    assert "no such task" in untried([replace(catalogue.claims["A1"], not_yet="there is no such task")])
