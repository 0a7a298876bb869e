from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from functools import wraps

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.claims import Catalogue, Evidence, Study, memory, read_catalogue, read_terms, try_claims
from lossbench.claims.claim import ASPECTS, WORDS
from lossbench.claims.judge import TIMED
from lossbench.claims.memory import cacheable, code_of, environment, key_of, read, written
from lossbench.claims.pieces import in_processes, pieces_of
from lossbench.claims.registry import EXPERIMENTS
from lossbench.run.provenance import processor
from lossbench.store import Store

CATALOGUE = read_catalogue()
T4 = CATALOGUE.claims["T4"]
STUDY = Study(read_terms())
EXACT = CATALOGUE.find(("A1", "B5", "B6", "C4", "F3", "F-round"))

texts = st.text(max_size=9)
numbers = st.none() | st.floats() | st.integers(-(10**6), 10**6)
lines = st.builds(
    Evidence,
    st.sampled_from(WORDS),
    *[texts] * 3,
    arms=st.lists(texts, max_size=2).map(tuple),
    rates=st.lists(st.floats(), max_size=2).map(tuple),
    by_rate=st.booleans(),
    aspect=st.sampled_from(list(ASPECTS)),
    measured=numbers,
    high=numbers,
    n=st.none() | st.integers(0, 99),
    p_value=numbers,
    note=texts,
)


@pytest.fixture
def store(tmp_path):
    """Give an empty store."""
    with Store(tmp_path / "trials.sqlite") as store:
        yield store


@pytest.fixture
def calls(monkeypatch):
    """Note every call of an experiment."""
    made = []

    def noting(function):
        @wraps(function)
        def called(claim, study, **arguments):
            made.append(claim.id)
            return function(claim, study, **arguments)

        return called

    for name, function in list(EXPERIMENTS.items()):
        monkeypatch.setitem(EXPERIMENTS, name, noting(function))
    return made


@settings(deadline=None, max_examples=25)
@given(st.lists(lines, max_size=4))
def test_evidence_comes_back_as_it_was(evidence):
    """To the last bit of a float, and a whole number stays one; also what is infinite, undefined or missing."""
    assert list(map(repr, read(written(evidence)))) == list(map(repr, evidence))


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        *(("verdict", "true"), ("verdict", ["reproduced"]), ("quantity", None), ("arms", ["a", 1])),
        *(("rates", [0.1, "b"]), ("by_rate", 1), ("measured", "0.5"), ("n", 0.5)),
    ],
)
def test_a_cell_of_another_kind_is_refused(name, cell):
    """By the name of its field, as is a line with a cell too few or many, or what is no line at all."""
    cells = json.loads(written([Evidence("reproduced", "f1", arms=("a", "b"), rates=(0.1,), measured=0.5)]))[0]
    assert read(json.dumps([cells]))
    place = [field.name for field in fields(Evidence)].index(name)
    spoilt = [*cells[:place], cell, *cells[place + 1 :]]
    with pytest.raises(ValueError, match=name):
        read(json.dumps([spoilt]))
    for none in (cells[1:], [*cells, 1], {}, 1, "text"):
        with pytest.raises(ValueError, match=r"zip|iterable|verdict"):
            read(json.dumps([none]))


def test_what_is_remembered_is_what_would_be_found(store, study, calls):
    """The same judgements without a store, at the first time with one, and from it; then nothing is tried."""
    alone, first = (try_claims(CATALOGUE, EXACT, replace(study, store=where)) for where in (None, store))
    calls.clear()
    again = try_claims(CATALOGUE, EXACT, replace(study, store=store))
    assert calls == []
    assert alone == first == again
    assert repr([judgement.evidence for judgement in again]) == repr([judgement.evidence for judgement in alone])
    deciding = {one.id for claim in EXACT for one in CATALOGUE.deciding(claim) if one.experiments}
    assert store.claims() == len(deciding)


def test_of_a_remembered_claim_nothing_is_trained_or_looked_up(store, study, monkeypatch):
    """Not a single trial of its curves is asked for."""
    small = replace(T4, arguments={**T4.arguments, "datasets": "moons", "losses": "ce"})
    catalogue = replace(CATALOGUE, claims={"T4": small})
    found = try_claims(catalogue, [small], replace(study, store=store))
    monkeypatch.setattr(Study, "compare", lambda *_, **__: pytest.fail("trials were asked for"))
    assert try_claims(catalogue, [small], replace(study, store=store)) == found


def test_pieces_tried_side_by_side_leave_their_trials_in_a_store_that_was_empty(store, study):
    """So that another claim, or the next run, finds them there."""
    small = replace(T4, arguments={**T4.arguments, "datasets": "moons", "losses": "ce"})
    pieces = list(pieces_of(small, study))[:2]
    made = [attempted for _, attempted in in_processes(pieces, replace(study, store=store, jobs=2))]
    assert [attempted.failure for attempted in made] == ["", ""]
    trained = len(store)
    assert trained > 0
    list(in_processes(pieces, replace(study, store=store, jobs=2)))
    assert len(store) == trained


def test_evidence_is_shared_by_claims_that_are_the_same(store, study, calls):
    """A claim that others decide takes over what was found on them."""
    (same,) = CATALOGUE.find(("F-round",))
    deciding = CATALOGUE.find(same.same_as)
    alone = try_claims(CATALOGUE, [same], study)
    try_claims(CATALOGUE, deciding, replace(study, store=store))
    calls.clear()
    assert try_claims(CATALOGUE, [same], replace(study, store=store)) == alone
    assert calls == []


def other(value):
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict):
        return dict(list(value.items())[1:]) or {"accuracy": 0.5}
    if isinstance(value, tuple):
        return (*value, "more")
    return value + ("." if isinstance(value, str) else 1)


@pytest.mark.parametrize("name", [field.name for field in fields(T4) if field.name != "source"])
def test_another_claim_has_another_key(name):
    """Whatever of its entry is changed; only where it stands in the file says nothing."""
    assert key_of(replace(T4, **{name: other(getattr(T4, name))}), STUDY) != key_of(T4, STUDY)
    assert key_of(replace(T4, source=CATALOGUE.claims["A1"].source), STUDY) == key_of(T4, STUDY)


@pytest.mark.parametrize("name", [field.name for field in fields(STUDY.terms)])
def test_other_terms_have_another_key(name):
    """Each of them counts for every claim."""
    terms = replace(STUDY.terms, **{name: other(getattr(STUDY.terms, name))})
    assert key_of(T4, replace(STUDY, terms=terms)) != key_of(T4, STUDY)


def test_every_word_on_a_protocol_counts():
    """Its optimiser, its rates, whether they are tuned; and the order in which protocols are tried."""
    protocols = STUDY.terms.protocols
    sgd = protocols["sgd"]
    changed = [protocols | {"sgd": replace(sgd, **{f.name: other(getattr(sgd, f.name))})} for f in fields(sgd)]
    changed += [protocols, dict(reversed(protocols.items()))]
    keys = {key_of(T4, replace(STUDY, terms=replace(STUDY.terms, protocols=each))) for each in changed}
    assert len(keys) == len(changed)


def test_how_a_claim_is_tried_counts_but_not_by_how_many_processes():
    """Quick or not, and which seeds."""
    ways = [STUDY, replace(STUDY, quick=True), replace(STUDY, first_seed=1)]
    assert len({key_of(T4, way) for way in ways}) == len(ways)
    assert key_of(T4, replace(STUDY, jobs=3, say=print)) == key_of(T4, STUDY)


@pytest.mark.parametrize("place", range(len(environment())))
def test_other_environments_have_another_key(place, monkeypatch):
    """Each of them: the code, the configs, Python, every library, the processor."""
    before, around = key_of(T4, STUDY), list(environment())
    around[place] += "."
    monkeypatch.setattr(memory, "environment", lambda: around)
    assert key_of(T4, STUDY) != before


def test_a_changed_byte_of_code_is_other_code(tmp_path):
    """Also in a comment, in a config, or in the name of a file; what Python leaves beside it is no code."""
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "one.py").write_text("x = 1\n")
    hashes = [code_of(tmp_path)]
    (tmp_path / "below" / "one.cpython-311.pyc").write_bytes(b"compiled")
    assert code_of(tmp_path) == hashes[0]
    (tmp_path / "below" / "one.py").write_text("x = 1 \n")
    hashes.append(code_of(tmp_path))
    (tmp_path / "two.toml").write_text("x = 1\n")
    hashes.append(code_of(tmp_path))
    (tmp_path / "two.toml").rename(tmp_path / "three.toml")
    hashes.append(code_of(tmp_path))
    assert len(set(hashes)) == 4


def test_the_key_is_the_same_in_another_process(monkeypatch):
    """Else nothing would ever be remembered. The code is left out: somebody may be editing it."""
    program = (
        "from lossbench.claims import Study, memory, read_catalogue, read_terms\n"
        "around = memory.environment()[2:]\n"
        "memory.environment = lambda: around\n"
        "print(memory.key_of(read_catalogue().claims['T4'], Study(read_terms())))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    monkeypatch.setattr(memory, "environment", lambda: environment()[2:])
    assert done.stdout.strip() == key_of(T4, STUDY)


def test_only_claims_of_the_documents_are_remembered(written, study, store, calls):
    """A user's claim is tried every time, since its losses and data may change under their names."""
    catalogue = written("[claims.A1]\nclaim = 'a'\nexperiment = 'definition'\nloss = 'mse'\nformula = '(y - p)²'")
    for _ in range(2):
        try_claims(catalogue, catalogue.find(), replace(study, store=store))
    assert calls == ["A1", "A1"]
    assert store.claims() == 0


def test_a_claim_that_was_changed_in_python_is_not_one_of_the_documents():
    """Nor one of another catalogue that has its name."""
    assert cacheable(T4, CATALOGUE)
    assert not cacheable(replace(T4, place="elsewhere"), CATALOGUE)
    assert not cacheable(T4, Catalogue({}, {}))


def test_what_was_timed_is_remembered_by_the_kind_of_processor():
    """A claim about times hangs on the machine, and no more than others on the moment."""
    timed = [claim for claim in CATALOGUE.claims.values() if set(claim.experiments) & set(TIMED)]
    assert timed
    assert all(cacheable(claim, CATALOGUE) for claim in timed)
    assert set(processor("cpu")) <= set(environment())


def test_foreign_experiments_are_found_anew(monkeypatch):
    """No key holds code that is not lossbench's."""
    monkeypatch.setitem(EXPERIMENTS, "rates", lambda claim, study: [])
    assert not cacheable(T4, CATALOGUE)
    monkeypatch.delitem(EXPERIMENTS, "rates")
    assert not cacheable(T4, CATALOGUE)


def test_a_store_that_cannot_be_written_stops_nothing(store, study):
    """The judgements are there, and the message is told."""
    said = []
    store._connection.execute("PRAGMA query_only = ON")
    found = try_claims(CATALOGUE, EXACT[:1], replace(study, store=store, say=said.append))
    assert found == try_claims(CATALOGUE, EXACT[:1], study)
    assert len(said) == 1
    assert "cannot write the store" in said[0]
