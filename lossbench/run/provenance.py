"""The origin of a row, as hashes: those of two rows agree where the rows differ in nothing but the loss."""

from __future__ import annotations

import ast
import hashlib
import inspect
import platform
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from lossbench.losses.composed.record import Summed
from lossbench.losses.composed.scaled import Scaled
from lossbench.losses.loss import Loss
from lossbench.losses.record import LossRecord, Part
from lossbench.store.remembered import remembered
from lossbench.training.native.build import source_hash
from lossbench.training.native.library import kind
from lossbench.training.pack import Pack

PROGRAM = ("randomness.py", "schema", "spec.py", "data", "losses", "metrics", "training", "run/scoring.py")
"""The parts of the package that make the numbers of a row; a test follows the imports and finds no other."""

version = cache(metadata.version)
"""Return the version of a package that is installed; looking it up takes milliseconds."""


def hashes(pack: Pack, fingerprint: str) -> dict[str, list[str]]:
    """Return the hashes that must be equal for two rows to differ in nothing but the loss, and that of the loss.

    Rows with another fingerprint were computed by other means, and their last bits may differ.
    """
    orders = {seed: digest(order) for seed, order in pack.orders.items()}
    shape = pack.dataset.features.shape[1], None if pack.embeds else pack.dataset.targets
    weights = {id(first): digest(*pack.model.shared(first, *shape)) for first in pack.weights}
    sources = {loss: source_digest(loss) for loss in dict.fromkeys(pack.losses)}
    return {
        "data_hash": [pack.dataset.digest for _ in pack.trials],
        "split_hash": [pack.folds[trial.seed].digest for trial in pack.trials],
        "weights_hash": [weights[id(first)] for first in pack.weights],
        "order_hash": [orders[trial.seed] for trial in pack.trials],
        "loss_hash": [sources[loss] for loss in pack.losses],
        "fingerprint": [fingerprint] * len(pack.trials),
    }


def fingerprint(engine: str, device: str = "cpu") -> str:
    """Return a hash of everything but the trial that the bits of a row may depend on.

    That is engine and device, versions, the code that trains and scores, the kind of processor, and the BLAS
    library; for the native engine also the sources of its compiled step and its SIMD level.
    """
    return _fingerprint(device, engine, *((kind(), source_hash()) if engine == "native" else ()))


def identity(engine: str, device: str = "cpu") -> dict[str, str]:
    """Return what two processes must agree on to train the same bits, by name, the fingerprint last."""
    python = {"Python": platform.python_version()}
    return {**versions(), **python, "fingerprint": fingerprint(engine, device)}


def versions() -> dict[str, str]:
    """Return the versions of the packages that the bits of a row may depend on."""
    return {name: version(name) for name in ("lossbench", "torch", "numpy", "scipy", "scikit-learn")}


@cache
def _fingerprint(device: str, *engine: str) -> str:
    parts = [*engine, *versions().values(), *processor(device), program()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def processor(device: str) -> list[str]:
    """Return the kind of processor that does the arithmetic, and the BLAS library of numpy.

    For the CPU numpy is asked, since importing torch takes longer than many reruns.
    """
    built = np.show_config(mode="dicts")
    blas = built["Build Dependencies"]["blas"]
    kind = [platform.machine(), *built["SIMD Extensions"]["found"], blas["name"], str(blas.get("version"))]
    if device == "cpu":
        return kind
    import torch

    return [*kind, torch.cuda.get_device_name()]


@cache
def program() -> str:
    """Return a hash of the code that trains and scores.

    Reading all files takes as long as all else in a rerun. So the hash is cached for files of the same marks.
    """
    files = program_files()
    described = platform.python_version(), file_marks(files)
    stamp = hashlib.sha256(repr(described).encode()).hexdigest()
    return remembered("program.txt", stamp, partial(code_hash, files))


def file_marks(files: Iterable[Path]) -> list[tuple[str, int, int, int]]:
    """Return name, size and times of files, by which Python too knows whether compiled code is still theirs."""
    stats = ((str(file), file.stat()) for file in files)
    return [(name, found.st_size, found.st_mtime_ns, found.st_ctime_ns) for name, found in stats]


def code_hash(files: list[Path]) -> str:
    """Return a hash of the code in some files."""
    code = "\n".join(stripped(file.read_text(encoding="utf-8")) for file in files)
    return hashlib.sha256(code.encode()).hexdigest()


def program_files() -> list[Path]:
    """Return the files of the code that trains and scores."""
    parts = [Path(__file__).parents[1] / part for part in PROGRAM]
    return [file for part in parts for file in ([part] if part.is_file() else sorted(part.rglob("*.py")))]


def digest(*arrays: np.ndarray) -> str:
    """Return a hash of arrays, twelve hexadecimal digits."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(f"{array.shape}{array.dtype.str}".encode() + np.ascontiguousarray(array).tobytes())
    return content.hexdigest()[:12]


def source_digest(loss: Loss) -> str:
    """Return a hash of a loss's code and the values of its parameters, twelve hexadecimal digits.

    The code is that of the function, of its derivative and of what they call; for a custom loss, that of its file,
    see `lossbench.losses.custom.source`. A file may hold several losses, so the name is hashed too; for a constant
    times a loss, also the name of that loss.
    """
    record = loss.record
    multiplied = f":loss={record.placebo}" if isinstance(record.fn, Scaled) else ""
    text = all_code(record) + loss.name + multiplied + repr(sorted(loss.parameters.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def all_code(record: LossRecord) -> str:
    """Return the code of a loss: for a sum, that of all its losses; for a custom loss, that of its file."""
    if record.parts:
        return "".join(map(own_code, record.parts))
    functions = filter(None, (record.fn, record.slope))
    return record.code or "".join(code_of(plain) for function in functions for plain in unwrapped(function))


def own_code(part: Part) -> str:
    """Return the code of a loss in a sum."""
    return part.record.code or "".join(map(code_of, unwrapped(part.record.fn)))


def unwrapped(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return the functions inside a multiple or a sum of losses, or a plain function itself."""
    if isinstance(function, Scaled):
        return unwrapped(function.multiplied)
    if isinstance(function, Summed):
        return [plain for part in function.parts for plain in unwrapped(part.record.fn)]
    return [function]


@cache
def code_of(function: Callable[..., Any]) -> str:
    """Return the code of a function and of what it calls, and the constants that it takes from its module.

    Decorators are left out: what a record says about a loss changes none of its values.

    Example:
        >>> from lossbench.losses.regression import mae, mse
        >>> code_of(mse) == code_of(mse) != code_of(mae)
        True
    """
    waiting, found = [function], {}
    while waiting:
        current = waiting.pop()
        name = f"{current.__module__}.{current.__qualname__}"
        if name in found:
            continue
        tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(current)))
        for definition in tree.body:
            definition.decorator_list = []  # type: ignore[attr-defined]
        found[name] = dump(tree)
        for value in references(current, tree):
            if inspect.isfunction(value) and value.__module__.startswith("lossbench."):
                waiting.append(value)
            elif isinstance(value, int | float):
                found[name] += repr(value)
    return "".join(found[name] for name in sorted(found))


def references(function: Callable[..., Any], tree: ast.AST) -> Iterator[Any]:
    """Yield the objects that a function takes from its module, or from modules that are imported there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield function.__globals__.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = function.__globals__.get(node.value.id)
            if inspect.ismodule(owner) and owner.__name__.startswith("lossbench."):
                yield getattr(owner, node.attr)


def stripped(source: str) -> str:
    """Return code without comments, docstrings and layout.

    Example:
        >>> stripped("x = 1  # one") == stripped("x  =  1")
        True
    """
    return dump(ast.parse(source))


def dump(tree: ast.Module) -> str:
    """Return a tree of code as text, without its docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)
