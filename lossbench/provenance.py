"""Where a row comes from, as hashes: what must be equal for two rows to differ in nothing but the loss."""

from __future__ import annotations

import ast
import hashlib
import inspect
import platform
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

import numpy as np

from lossbench.losses.loss import Loss
from lossbench.training.pack import Pack

HASHES = ("data_hash", "split_hash", "weights_hash", "order_hash", "loss_hash", "fingerprint")

PLUMBING = ("lossbench.losses.record", "lossbench.losses.registry")  # describe losses and compute none

PROGRAM = ("randomness.py", "scoring.py", "data", "measures", "training")
"""The parts of the package that make the numbers of a row, beside its loss."""


def hashes(pack: Pack, fingerprint: str) -> dict[str, list[str]]:
    """Return what must be equal for two rows to differ in nothing but the loss, and the hash of the loss.

    Rows of another fingerprint were computed elsewhere, and their last bits may differ.
    """
    orders = {seed: digest(order) for seed, order in pack.orders.items()}
    weights = {id(layers): digest(*_shared(pack, layers)) for layers in pack.weights}
    sources = {loss: source_digest(loss) for loss in dict.fromkeys(pack.losses)}
    return {
        "data_hash": [pack.dataset.digest for _ in pack.trials],
        "split_hash": [pack.folds[trial.seed].digest for trial in pack.trials],
        "weights_hash": [weights[id(layers)] for layers in pack.weights],
        "order_hash": [orders[trial.seed] for trial in pack.trials],
        "loss_hash": [sources[loss] for loss in pack.losses],
        "fingerprint": [fingerprint] * len(pack.trials),
    }


@cache
def fingerprint(engine: str, device: str = "cpu") -> str:
    """Return a hash of all that the bits of a row may depend on beside its trial.

    That is engine and device, versions, the code of what trains and scores, and the kind of processor.
    """
    versions = [version(name) for name in ("lossbench", "torch", "numpy", "scipy", "scikit-learn")]
    return hashlib.sha256("\n".join([engine, *versions, *processor(device), program()]).encode()).hexdigest()[:12]


def processor(device: str) -> list[str]:
    """Return what kind of processor does the arithmetic; to ask torch for it takes longer than many a rerun."""
    kind = [platform.machine(), *np.show_config(mode="dicts")["SIMD Extensions"]["found"]]
    if device == "cpu":
        return kind
    import torch

    return [*kind, torch.cuda.get_device_name()]


@cache
def program() -> str:
    """Return a hash of the code that trains and scores."""
    root = Path(__file__).parent
    files = [
        root / "scoring.py",
        *(file for part in PROGRAM for file in sorted(root.joinpath(part).rglob("*.py"))),
    ]
    return hashlib.sha256("\n".join(bare(file.read_text(encoding="utf-8")) for file in files).encode()).hexdigest()


def _shared(pack: Pack, layers: list[np.ndarray]) -> list[np.ndarray]:
    # A loss with more outputs than the task has (two-class softmax) shares the task's own with the others.
    return [*layers[:-1], layers[-1][: pack.dataset.targets]]


def digest(*arrays: np.ndarray) -> str:
    """Return a hash of arrays, twelve hexadecimal digits."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(f"{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:12]


def source_digest(loss: Loss) -> str:
    """Return a hash of a loss's code and the values of its parameters, twelve hexadecimal digits.

    The code is that of its module and of the other modules of losses which that one uses, but for comments and
    docstrings; of a loss of the user's own, the code of its file, see `lossbench.losses.source`.
    """
    code = loss.record.code or code_of(loss.record.fn.__module__)
    text = code + loss.name + repr(sorted(loss.parameters.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def code_of(module: str) -> str:
    """Return the code of a module of losses, and of those that it takes functions from."""
    waiting, sources = [module], {}
    while waiting:
        name = waiting.pop()
        if name not in sources and name.startswith("lossbench.losses.") and name not in PLUMBING:
            sources[name] = bare(inspect.getsource(sys.modules[name]))
            waiting += [getattr(value, "__module__", "") or "" for value in vars(sys.modules[name]).values()]
            waiting += [value.__name__ for value in vars(sys.modules[name]).values() if inspect.ismodule(value)]
    return "".join(sources[name] for name in sorted(sources))


def bare(source: str) -> str:
    """Return code without comments, docstrings and layout.

    Example:
        >>> bare("x = 1  # one") == bare("x  =  1")
        True
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
