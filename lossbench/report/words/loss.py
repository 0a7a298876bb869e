"""The text of remarks on a custom loss."""

from __future__ import annotations

from collections.abc import Mapping

from lossbench.remark import Topic

LOSS: Mapping[Topic, str] = {
    Topic.MODEL_BY_MODEL: "it is evaluated model by model, which is slow: torch.func.vmap cannot map it, since "
    "{fault}",
    Topic.VALUES_APART: "each value of {parameters} is evaluated apart, which is slower: as a tensor "
    "(models, 1, 1), to be used before the last axis is reduced, it fails, since {fault}",
    Topic.SINGLE_ROW: "on a batch of a single row {fault}: choose a batch size that leaves no single row over",
    Topic.ANY_ORDER: "its value does not depend on which row a target belongs to: if that is not meant, shapes "
    "(batch) and (batch, 1) were broadcast to (batch, batch)",
    Topic.TORCH_WARNS: "it warns: {warning}",
    Topic.FILE_WARNS: "its file warns as it is read: {warning}",
    Topic.CLAMPED: "its gradient is zero where a raw output is below 0 or above 1, as of a loss of probabilities: "
    "if it is one, state :@gets=probability",
    Topic.UNDONE: "its file changes {settings}; that is undone, since other losses run in the same process",
    Topic.TARGET_FIRST: "it is called with the target first, f({names}), as the names of its parameters say",
}
