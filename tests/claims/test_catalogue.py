from __future__ import annotations

import re
from pathlib import Path

import pytest

from lossbench.claims import read_catalogue, read_terms
from lossbench.claims.registry import EXPERIMENTS, arguments_for
from lossbench.errors import ConfigError, UnknownName
from lossbench.schema import METRICS
from lossbench.task import TASKS

IDS = [
    *(f"A{n}" for n in range(1, 16)),
    *(f"B{n}" for n in range(1, 14)),
    *("C1", "C2", "C3", "C4", "C5", "C6", "C7a", "C7b", "C7c"),
    *(f"T{n}" for n in range(3, 11)),
    *(f"C{n}" for n in range(16, 27)),
    *("F3", "F6", "F10", "F-round"),
]
FOCAL = """
[claims.focal]
claim = "Focal loss beats cross-entropy."
arms = ["focal", "bce"]
score = "f1"
direction = "better"
"""


def test_every_claim_of_the_documents_is_there():
    """The IDs are those of the inventory, each once, with a place in one of the documents."""
    catalogue = read_catalogue()
    assert list(catalogue.claims) == IDS
    for claim in catalogue.claims.values():
        assert claim.document in catalogue.documents
        assert claim.place
        assert claim.sentence.endswith(".")


def test_every_claim_is_decided_or_says_why_not():
    """A claim has experiments, or is the same as others, or says why it is not tried yet; never two of them."""
    for claim in read_catalogue().claims.values():
        assert [bool(way) for way in (claim.experiments, claim.same_as, claim.not_yet)].count(True) == 1
        for name in claim.experiments:
            if name in EXPERIMENTS:
                arguments_for(claim, name)


def test_the_terms_are_whole():
    """Three protocols with rates for every task, several only for the tuned one; margins of known scores."""
    terms = read_terms()
    assert list(terms.protocols) == ["sgd", "adam", "tuned"]
    for protocol in terms.protocols.values():
        assert set(protocol.lr) == set(TASKS)
        assert all((len(rates) > 1) == protocol.tune for rates in protocol.lr.values())
    assert set(terms.margins) <= {*METRICS, "epochs_to_target"}
    assert terms.seeds > terms.quick_seeds


def test_a_contest_takes_a_sentence_two_arms_a_score_and_a_direction(written):
    """Nothing else has to be said, and the claim needs no document."""
    claim = written(FOCAL).claims["focal"]
    assert claim.experiments == ("contest",)
    assert arguments_for(claim, "contest") == {"arms": ("focal", "bce"), "score": ("f1",), "direction": "better"}


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ConfigError, "holds no claim; write a table such as [claims.mine]"),
        ("[claims", ConfigError, "mine.toml is no valid TOML"),
        ("[claims.mine]\narms = 3", ConfigError, "line 1, key 'claims.mine': 'claim' is missing"),
        (
            FOCAL + "plase = 'p. 3'",
            UnknownName,
            "line 7, key 'claims.focal.plase': unknown key 'plase'; did you mean 'place'",
        ),
        (
            FOCAL.replace('"better"', '"beter"'),
            UnknownName,
            "line 6, key 'claims.focal.direction': unknown value 'beter'; did you mean 'better'",
        ),
        (FOCAL.replace('"f1"', "3"), ConfigError, "line 5, key 'claims.focal.score': 3 is not a text in quotes"),
        (FOCAL.replace("arms", "arm"), UnknownName, "unknown key 'arm'; did you mean 'arms'"),
        (
            FOCAL.replace('score = "f1"\n', ""),
            ConfigError,
            "key 'claims.focal': experiment 'contest' needs 'score'",
        ),
        (FOCAL + "experiment = 'contests'", UnknownName, "unknown experiment 'contests'; did you mean 'contest'"),
        (FOCAL + "document = 'A'", UnknownName, "unknown document 'A'"),
        (FOCAL + "same_as = 'focl'", UnknownName, "unknown claim 'focl'; did you mean 'focal'"),
        (FOCAL + "reported_in = 'T3'", UnknownName, "unknown claim 'T3'"),
        (FOCAL + "reported = { bce = 'high' }", ConfigError, '"high" is no number'),
        ("[claims]\nother = 3", ConfigError, "3 is not a table; write [claims.other]"),
        (FOCAL + "[protocols.sgd]\nlr = 0.1", UnknownName, "unknown table 'protocols'. Known: documents, claims"),
    ],
)
def test_a_mistake_in_a_users_file_is_named(written, text, error, message):
    """File, line, claim and key, and what would have been right."""
    with pytest.raises(error, match=re.escape(message)):
        written(text)


def test_a_claim_may_not_be_the_same_as_one_without_evidence_of_its_own(written):
    """So no circle can be written."""
    text = "[claims.a]\nclaim = 'a'\nsame_as = 'b'\n[claims.b]\nclaim = 'b'\nsame_as = 'a'\n"
    with pytest.raises(ConfigError, match="b is the same as a; name that"):
        written(text)


@pytest.mark.parametrize("table", ["{ bce = { f1 = '0.920' } }", "{ 'bce f1' = '0.920' }"])
def test_reported_numbers_are_read_by_row_and_column_with_their_digits(written, table):
    """From a table of tables or one, and 0.920 keeps its zero; another claim may lend its numbers."""
    catalogue = written(
        FOCAL + f"reported = {table}\n" + FOCAL.replace("focal]", "other]") + "reported_in = 'focal'"
    )
    assert [dict(claim.reported) for claim in catalogue.claims.values()] == [{("bce", "f1"): "0.920"}] * 2


def test_a_file_that_is_not_there_is_refused():
    """It says so and what to give."""
    with pytest.raises(ConfigError, match=r"no config at 'nowhere.toml'"):
        read_catalogue(Path("nowhere.toml"))


def test_an_unknown_claim_is_refused():
    """The nearest ID is offered."""
    with pytest.raises(UnknownName, match="unknown claim 'F_round'; did you mean 'F-round'"):
        read_catalogue().find(("F_round",))
