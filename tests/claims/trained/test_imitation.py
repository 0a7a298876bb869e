"""The experiment on generators."""

from __future__ import annotations

from claims.designs import carry_out
from lossbench.claims import Claim
from lossbench.claims.trained.imitation import imitation


def test_what_is_not_made_for_samples_decides_and_the_others_are_shown(study) -> None:
    """A unit a law and mismatch, by the exact distance, with levels and rates; the rest is sensitivity.

    So is what other protocols say.
    """
    arms = {"imitating": "wasserstein", "instead": ("mse", "kl_histogram"), "alike": ("energy",)}
    lines = carry_out(imitation(Claim("x", "y"), study, **arms, laws=("mixture:rows=100",)), study)
    units, aside = ([line for line in lines if line.role == role] for role in ("unit", "sensitivity"))
    assert [line.arms for line in units] == [("wasserstein", "mse"), ("wasserstein", "kl_histogram")]
    assert {line.protocol for line in units} == {study.terms.primary}
    shown = [line.arms for line in aside if line.protocol == study.terms.primary]
    assert shown == [("energy", "mse"), ("energy", "kl_histogram"), ("wasserstein", "energy")]
    assert {line.protocol for line in aside} == set(study.terms.protocols)
    assert {line.quantity for line in lines} == {"transport"}
    assert all("at rate" in line.note for line in lines)
