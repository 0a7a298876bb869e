from __future__ import annotations

import pytest

from lossbench.claims import Claim
from lossbench.claims.registry import (
    EXPERIMENTS,
    EXPLANATIONS,
    arguments_for,
    check_arguments,
    experiment,
    explanation,
    missing,
)
from lossbench.errors import ConfigError, UnknownName


def toss(claim, study, *, coin: str, times: float = 1.0) -> list:
    """Toss a coin."""
    return []


@pytest.fixture(autouse=True)
def entered(monkeypatch):
    """Enter an experiment and its search for the time of a test."""
    for table in (EXPERIMENTS, EXPLANATIONS):
        monkeypatch.setitem(table, "toss", None)
    assert experiment("toss")(toss) is explanation("toss")(toss) is toss


def test_an_experiment_is_entered_under_its_name():
    """So is the search that explains it."""
    assert (EXPERIMENTS["toss"], EXPLANATIONS["toss"]) == (toss, toss)


def test_arguments_come_in_the_types_of_the_signature():
    """What the claim leaves out is left to the default; what another experiment takes is left to that."""
    claim = Claim(
        "x", "y", experiments=("toss", "contest"), arguments={"coin": "penny", "times": 3, "arms": "mse"}
    )
    assert arguments_for(claim, "toss") == {"coin": "penny", "times": 3.0}


def test_what_is_missing_or_too_much_is_refused():
    """A key that none of the experiments takes, and one that is not there."""
    with pytest.raises(ConfigError, match="experiment 'toss' needs 'coin'"):
        check_arguments(Claim("x", "y", experiments=("toss",)))
    with pytest.raises(UnknownName, match="unknown key 'coins'; did you mean 'coin'"):
        check_arguments(Claim("x", "y", experiments=("toss",), arguments={"coin": "a", "coins": "b"}))


def test_a_claim_may_have_keys_for_an_experiment_to_come():
    """Which keys those are, this version cannot know."""
    claim = Claim("x", "y", experiments=("toss", "throw"), arguments={"coin": "penny", "height": 3})
    assert missing(claim) == ("throw",)
    check_arguments(claim)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name != "toss"])
def test_every_experiment_is_documented(name):
    """A claim in full says what its experiment does, by the first sentence."""
    assert (EXPERIMENTS[name].__doc__ or "").strip()
