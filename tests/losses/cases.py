"""The table that drives the shared tests: every loss on every task, by default and with other parameters."""

from __future__ import annotations

import torch

from lossbench.checks.case import Case
from lossbench.losses import Loss, LossRecord, catalogue, get_loss
from lossbench.spec import Parameter

OTHERS = {  # values where something special happens
    "pinball": ["pinball:tau=0.9"],
    "epsilon_insensitive": ["epsilon_insensitive:epsilon=0"],
    "barron": ["barron:alpha=2", "barron:alpha=0", "barron:alpha=-50"],
    "focal": ["focal:gamma=0"],
    "asymmetric": ["asymmetric:gamma_pos=0:gamma_neg=0:m=0", "asymmetric:gamma_neg=0:m=0.3"],
    "poly1": ["poly1:epsilon=-1", "poly1:epsilon=0", "poly1:epsilon=5"],
    "mse_logits": ["mse_logits:k=3:M=2"],
    "label_smoothing": ["label_smoothing:epsilon=0"],
    "gce": ["gce:q=1", "gce:q=0.05"],
    "taylor_ce": ["taylor_ce:t=1", "taylor_ce:t=9.5"],
    "bi_tempered": ["bi_tempered:t1=0:t2=1", "bi_tempered:t1=0.5:t2=4", "bi_tempered:t1=1:t2=1"],
    "weighted_bce": ["weighted_bce:pos_weight=1", "weighted_bce:pos_weight=5"],
    "class_balanced": ["class_balanced:beta=0"],
}
OUTPUTS = {
    **{"regression": 2, "binary": 1, "multiclass": 4, "multilabel": 3},
    **{"segmentation": 3, "distribution": 2, "anomaly": 3, "embedding": 4},
}


def specs(record: LossRecord) -> list[str]:
    """Return the specs of a record under test: the default one, one more for each parameter, and those above."""
    moved = [f"{record.name}:{p.name}={away(p):g}" for p in record.parameters]
    return list(dict.fromkeys([record.name, *moved, *(OTHERS.get(record.name, []) if record.parameters else [])]))


def away(parameter: Parameter) -> float:
    """Return an allowed value of a parameter that is not its default."""
    default = parameter.default
    candidates = (0.6 * default, 1.4 * default, default + 0.25, default - 0.25)
    return next(value for value in candidates if value != default and parameter.accepts(value))


def case_of(loss: Loss, alone: bool = False) -> Case:
    """Return a loss with the number of outputs that the tests give it."""
    return Case(loss, OUTPUTS[loss.task], alone)


def cases(record: LossRecord, alone: bool = False) -> list[Case]:
    """Return the cases of one record."""
    return [case_of(get_loss(spec, record.task), alone) for spec in specs(record)]


def kind(record: LossRecord) -> tuple[object, ...]:
    """Return what the code around a loss goes by: its task, its link, the shapes of what it takes and gives."""
    shapes = record.encoding, record.outputs_per_target, record.whole_batch, record.headless
    return record.task, record.link, *shapes, bool(record.prior), bool(record.parameters), bool(record.slope)


RECORDS = catalogue()
CASES = [case for record in RECORDS for case in cases(record)]
KINDS = list({kind(case.loss.record): case for case in CASES}.values())
"""One case of each kind, with a parameter moved where it has any: for laws that do not hang on the formula."""


def name(record: LossRecord) -> str:
    """Return the name of a record in a test report."""
    return f"{record.task}-{record.name}"


def close(left: torch.Tensor, right: torch.Tensor) -> None:
    """Require two results in double precision to be the same but for rounding."""
    torch.testing.assert_close(left, right, rtol=1e-10, atol=1e-10)
