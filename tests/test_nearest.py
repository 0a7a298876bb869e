from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.data.catalogue import records
from lossbench.data.contamination import KINDS
from lossbench.losses.registry import names
from lossbench.nearest import ELSEWHERE, nearest
from lossbench.schema import METRICS
from lossbench.training.network import MODELS

KNOWN = {
    "loss": [*names()],
    "score": [*METRICS],
    "data set": [record.name for record in records()],
    "model": [*MODELS],
    "contamination": [*KINDS],
}


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_what_others_call_it_leads_to_a_name_that_exists(kind: str) -> None:
    """Each name is written once, is not one of ours, and leads to one that is in the catalogue."""
    others = [other for forms in ELSEWHERE[kind] for other in forms.split()]
    assert len(others) == len(set(others))
    assert not set(others) & set(KNOWN[kind])
    for forms, ours in ELSEWHERE[kind].items():
        assert {nearest(kind, other, KNOWN[kind]) for other in forms.split()} == {ours}


@pytest.mark.parametrize("kind", KNOWN)
def test_a_known_name_is_its_own_nearest(kind: str) -> None:
    """In any case, with hyphens or spaces between its words, and with what other libraries put around it."""
    for name in KNOWN[kind]:
        for written in (name, name.upper(), name.replace("_", "-"), name.title().replace("_", " ")):
            assert nearest(kind, written, KNOWN[kind]) == name, written


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("MSELoss", "mse"),
        ("L1Loss", "mae"),
        ("SmoothL1Loss", "smooth_l1"),
        ("HuberLoss", "huber"),
        ("CrossEntropyLoss", "ce"),
        ("NLLLoss", "ce"),
        ("BCEWithLogitsLoss", "bce"),
        ("KLDivLoss", "kl"),
        ("PoissonNLLLoss", "poisson"),
        ("GaussianNLLLoss", "gaussian_nll"),
        ("MultiMarginLoss", "multi_margin"),
        ("BinaryCrossentropy", "bce"),
        ("log-cosh", "log_cosh"),
        ("focal loss", "focal"),
    ],
)
def test_class_names_of_torch_and_keras_are_understood(written: str, meant: str) -> None:
    """Someone who knows a loss by its class in a library of networks is led to its name here."""
    assert nearest("loss", written, KNOWN["loss"]) == meant


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("data set", "boston"),
        ("data set", "titanic"),
        ("data set", "circles"),
        ("loss", "ldam"),
        ("optimiser", "lion"),
    ],
)
def test_nothing_is_suggested_for_what_is_not_there(kind: str, name: str) -> None:
    """A far-fetched guess sends the reader the wrong way."""
    assert nearest(kind, name, KNOWN.get(kind, ["sgd", "adam", "adamw", "es"])) is None


@given(st.sampled_from(sorted(name for name in KNOWN["loss"] if len(name) > 5)), st.data())
def test_one_wrong_letter_is_forgiven(name: str, data: st.DataObject) -> None:
    """The suggestion has no more letters wrong than the name that was meant."""
    place = data.draw(st.integers(1, len(name) - 2))
    written = name[:place] + name[place + 1 :]
    found = nearest("loss", written, KNOWN["loss"])
    assert found is not None
    assert found == name or abs(len(found) - len(written)) <= 1
