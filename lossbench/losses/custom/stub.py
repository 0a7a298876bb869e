"""A template for a user's own loss: its file, and a test that passes already."""

from __future__ import annotations

import importlib.util
import keyword
from string import Template

from lossbench.errors import BadValue
from lossbench.task import Task

BODIES: dict[Task, tuple[str, str]] = {
    "regression": ("(..., batch, outputs) values", "(target - raw).square().mean(-1)"),
    "binary": ("(..., batch, 1) of 0 and 1", "torch.nn.functional.softplus((1 - 2 * target) * raw).mean(-1)"),
    "multiclass": (
        "(..., batch) numbers of classes",
        "raw.logsumexp(-1) - raw.gather(-1, target.unsqueeze(-1)).squeeze(-1)",
    ),
    "embedding": (
        "(..., batch) numbers of classes, of the embeddings raw",
        """torch.where(
        target.unsqueeze(-1) == target.unsqueeze(-2),
        1 - torch.cosine_similarity(raw.unsqueeze(-2), raw.unsqueeze(-3), dim=-1),
        torch.cosine_similarity(raw.unsqueeze(-2), raw.unsqueeze(-3), dim=-1).clamp(min=0),
    ).mean(-1)""",
    ),
    "multilabel": (
        "(..., batch, labels) of 0 and 1",
        "torch.nn.functional.softplus((1 - 2 * target) * raw).sum(-1)",
    ),
    "segmentation": (
        "(..., batch, pixels) of 0 and 1",
        "torch.nn.functional.softplus((1 - 2 * target) * raw).mean(-1)",
    ),
    "distribution": (
        "(..., batch, outputs) samples",
        "(target.sort(-2).values - raw.sort(-2).values).abs().mean((-2, -1))",
    ),
    "anomaly": ("(..., batch, columns) from 0 to 1", "(raw.sigmoid() - target).square().sum(-1)"),
}
"""What the targets of a task are, and a loss that fits it: the one to be replaced."""

LOSS = Template('''"""A loss of my own; `lossbench check-loss $name.py:$name --task $task` tries it."""

import torch


def $name(raw, target):
    """Say in one line what it does with errors, small and large.

    raw     (..., batch, outputs)  raw outputs of the networks, all of a pack at once
    target  $target
    result  (..., batch)           summed over classes or labels, averaged over regression targets or pixels

    A parameter stands behind a star with its default, as in `def $name(raw, target, *, c=1.0)`; then it is set by
    `-l $name.py:$name:c=2`.
    """
    return $body
''')

TEST = Template('''"""What the loss must keep; run it with `python -m pytest test_$name.py`."""

from pathlib import Path

from lossbench.cli import run

LOSS = f"{Path(__file__).with_name('$name.py')}:$name"


def test_it_passes_what_every_loss_of_the_catalogue_must() -> None:
    """It leads to the targets, its gradient is that of its value, it is finite, and its shape is right."""
    assert run(["check-loss", LOSS, "--task", "$task", "--quiet"]) == 0


# Add what only this loss promises: where it is zero, what it is for a large parameter, which loss it equals then.
''')


def stub(name: str, task: Task) -> dict[str, str]:
    """Return the files of the template, by their names.

    Args:
        name: of the loss, and of its file.
        task: the task that it is for, one of `BODIES`.

    Raises:
        BadValue: a name that is not usable in Python.

    Example:
        >>> list(stub("bounded", "regression"))
        ['bounded.py', 'test_bounded.py']
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise BadValue(f"'{name}' cannot name a function; take letters, digits and _, such as my_loss")
    if importlib.util.find_spec(name) is not None:
        raise BadValue(f"'{name}' is the name of a module, which {name}.py would stand before; take another")
    target, body = BODIES[task]
    parts = {"name": name, "task": task, "target": target, "body": body}
    loss = LOSS.substitute(parts)
    if "torch." not in body:
        loss = loss.replace("import torch\n\n\n", "\n")
    return {f"{name}.py": loss, f"test_{name}.py": TEST.substitute(parts)}
