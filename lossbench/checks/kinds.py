"""Check whether a loss depends on the classes of the rows, and whether rows of every kind have a gradient."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lossbench.checks.case import NEGLIGIBLE, Case, gradient, value_and_gradient
from lossbench.losses.custom.calls import alike

ROWS = 24
SCALES = (0.5, 2.0, 5.0)
"""The sizes of the raw outputs at which gradients are evaluated."""


def kinds(case: Case) -> Iterator[tuple[int, int, str]]:
    """Yield each kind of row: the column of its class or label, 1 if that is present and 0 if not, and its name.

    Example:
        >>> from lossbench.losses import get_loss
        >>> [name for _, _, name in kinds(Case(get_loss("bce", "binary"), 1))]
        ['class 0', 'class 1']
    """
    if case.loss.task == "multiclass":
        yield from ((k, 1, f"class {k}") for k in range(case.targets))
    elif case.loss.task == "binary":
        yield from ((0, value, f"class {value}") for value in (0, 1))
    else:
        labels = ((label, value) for label in range(case.targets) for value in (0, 1))
        thing, states = (
            ("column", ("at 0", "at 1")) if case.loss.task == "anomaly" else ("label", ("absent", "present"))
        )
        yield from ((label, value, f"{thing} {label} {states[value]}") for label, value in labels)


def ignores_class_names(case: Case) -> str:
    """Report that renaming the classes changes nothing: then the loss treats raw outputs as embeddings."""
    if case.loss.task != "multiclass":
        return ""
    raw, target = case.draw(ROWS)
    first, renamed = (value_and_gradient(case, raw, named) for named in (target, (target + 1) % case.targets))
    if not all(alike(*pair, 1e-5, 1e-7) for pair in zip(first, renamed, strict=True)):
        return ""
    return (
        "it compares embeddings: with the classes renamed it is the same, so it says which rows are alike, but "
        "not which class they are; it trains no class scores, so use it for the task embedding"
    )


def without_gradient(case: Case) -> str:
    """Report a kind of row without a gradient, whatever is predicted for it; empty if there is none."""
    drawn = [case.draw(ROWS, seed=seed, scale=scale) for seed, scale in enumerate(SCALES)]
    slopes = [gradient(case, *each).double().abs().nan_to_num() for each in drawn]
    sizes = [slope / slope.max().clamp(min=1e-300) for slope in slopes]
    for column, value, name in kinds(case):
        pairs = zip(sizes, drawn, strict=True)
        felt = torch.cat([_of_kind(case, size, target, column, value) for size, (_, target) in pairs])
        if len(felt) and float(felt.max()) < NEGLIGIBLE:
            return f"{name} has no say: its rows have no gradient, whatever is predicted for them"
    return ""


def _of_kind(case: Case, size: torch.Tensor, target: torch.Tensor, column: int, value: int) -> torch.Tensor:
    """Return the sizes (n,) of the gradients (rows, outputs) that belong to one kind of row."""
    if case.loss.task == "multiclass":
        return size[target == column].amax(-1)
    if case.loss.record.encoding == "index":
        return size[target == value].amax(-1)
    return size[target[:, column] == value, column]
