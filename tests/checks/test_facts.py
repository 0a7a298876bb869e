from __future__ import annotations

import pytest

from lossbench.checks.facts import check_facts

from .made import facts, made, squared


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"bounded": True}, "declared bounded"),
        ({"lipschitz": 1.0}, "declared lipschitz 1"),
    ],
)
def test_a_false_fact_is_found(declared: dict[str, object], told: str) -> None:
    """What is declared of the squared error and not so fails, by name."""
    seen = check_facts(made(squared, facts=facts(**declared)))
    assert seen.grade == "fail"
    assert told in seen.saw


def test_facts_of_other_shapes_are_found_false() -> None:
    """Convex, symmetric and nonnegative are each refuted by a loss that is not."""
    losses = {
        "convex": lambda raw, target: -((target - raw).square() * -0.1).exp().mean(-1) + 1,
        "symmetric": lambda raw, target: (raw - target).exp().mean(-1),
        "nonnegative": lambda raw, target: squared(raw, target) - 1,
    }
    for name, fn in losses.items():
        others = {other: other == name for other in ("convex", "symmetric", "nonnegative")}
        assert f"declared {name}, but it is not" in check_facts(made(fn, facts=facts(**others))).saw


def test_true_facts_pass_and_their_absence_is_filled_in() -> None:
    """The squared error is as declared; without a declaration, what seems true is told."""
    assert check_facts(made(squared, facts=facts())).grade == "pass"
    assert "it seems convex, symmetric, separable, nonnegative, not bounded" in check_facts(made(squared)).saw
