"""The facts that a record declares about the shape of a loss, each as a law that a loss keeps or breaks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from lossbench.checks import Observation, observed
from lossbench.checks.case import Case, gradient, row_by_row
from lossbench.losses.custom.calls import alike
from lossbench.task import AVERAGED, VALUED

ROWS = 300
FEWER = 60
"""The number of samples if the loss is called once per sample."""


def _rows(case: Case) -> int:
    return FEWER if case.one_by_one else ROWS


def convex(case: Case, rows: int = 0) -> bool:
    """Between two points the loss lies below the chord."""
    scale = 8 if case.loss.link == "softplus" else 4  # far enough to reach the flat part of softplus
    raw, target = case.draw(rows or _rows(case), scale=scale)
    other, _ = case.draw(len(raw), scale=scale, seed=1)
    middle = case.value((raw + other) / 2, target)
    chord = (case.value(raw, target) + case.value(other, target)) / 2
    return bool((middle <= chord + case.rounding * (1 + chord.abs())).all())


def bounded(case: Case, rows: int = 0) -> bool:
    """At very large raw outputs the loss hardly grows any more."""
    far, farther = (case.value(*case.draw(rows or _rows(case), scale=scale)) for scale in (1e5, 1e10))
    return bool((farther.isfinite() & (farther <= 1.5 * far + 0.5)).all())


def symmetric(case: Case) -> bool:
    """Errors of both signs cost the same, and so do exchanged classes."""
    raw, target = case.draw(50)
    there, back = case.value(raw, target), case.value(*exchanged(case, raw, target))
    return alike(there, back, case.rounding, 1e-8)


def exchanged(case: Case, raw: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the mirror image of an error, or the same sample with the classes exchanged; shapes stay."""
    if case.loss.task in VALUED:
        targets = target.shape[-1]
        return torch.cat([2 * target - raw[..., :targets], raw[..., targets:]], dim=-1), target
    if case.loss.record.encoding == "index":
        return raw.roll(1, -1), (target + 1) % raw.shape[-1]
    return (1 - raw if case.loss.link == "clip" else -raw), 1 - target


def separable(case: Case) -> bool:
    """The slope in one output does not depend on the others, where there are others."""
    raw, target = case.draw(50)
    other, _ = case.draw(50, seed=1)
    other[..., 0] = raw[..., 0]
    here, there = (gradient(case, given, target)[..., 0] for given in (raw, other))
    return alike(here, there, 1e-5, max(1e-8, case.rounding))


def nonnegative(case: Case, rows: int = 0) -> bool:
    """No value is negative, apart from rounding of a zero."""
    return float(case.value(*case.draw(rows or _rows(case))).min()) >= -1e-3 * case.rounding


LAWS: Mapping[str, Callable[[Case], bool]] = {
    "convex": convex,
    "bounded": bounded,
    "symmetric": symmetric,
    "separable": separable,
    "nonnegative": nonnegative,
}
"""The law of each fact in `lossbench.losses.Facts`; for differentiability see `lossbench.checks.kinks`."""


def steepness(case: Case, outputs: int, scale: float, rows: int = 0) -> torch.Tensor:
    """Return the gradient norm of many samples, (samples,); for a separable loss, that of each term."""
    raw, target = case.draw(rows or _rows(case), scale=scale, outputs=outputs)
    slope = gradient(case, raw, target)
    facts = case.loss.facts
    if facts is None or not facts.separable:
        sizes: torch.Tensor = slope.norm(dim=-1)
        return sizes
    terms: torch.Tensor = slope.abs().flatten() * (outputs if case.loss.task in AVERAGED else 1)
    return terms


def check_facts(case: Case) -> Observation:
    """Check the loss against the facts that its record declares; without facts, report what seems to be true."""
    case = row_by_row(case)
    found = [name for name, law in LAWS.items() if law(case)]
    steepest = max(float(steepness(case, case.outputs, scale).max()) for scale in (0.3, 3, 30))
    seen = f"gradient up to {steepest:.3g}"
    facts = case.loss.facts
    if facts is None:
        missed = [f"not {name}" for name in LAWS if name not in found]
        return observed(f"it seems {', '.join([*found, *missed])}; {seen}")
    broken = [name for name in LAWS if getattr(facts, name) and name not in found]
    if case.is_default and facts.lipschitz is not None and not steepest <= facts.lipschitz * (1 + 1e-6):
        broken.append(f"lipschitz {facts.lipschitz:g}")
    limit = "" if facts.lipschitz is None else f", by default at most {facts.lipschitz:.3g}"
    declared = ", ".join(name for name in LAWS if getattr(facts, name))
    saw = f"declared {', '.join(broken)}, but it is not" if broken else f"{declared}: as declared"
    return observed(f"{saw}; {seen}{limit}", failed=bool(broken))
