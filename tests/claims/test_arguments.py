from __future__ import annotations

from lossbench.claims.arguments import parameters_of, required_by


def test_a_signature_tells_what_is_wanted():
    """Keywords are the arguments; those without a default are required."""

    def experiment(claim: str, *, arms: tuple[str, ...], lr: float = 0.1) -> None: ...

    assert parameters_of(experiment) == {"arms": tuple[str, ...], "lr": float}
    assert required_by(experiment) == ["arms"]
