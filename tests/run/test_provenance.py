"""The hashes of a row say what it was made of, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import lossbench
from lossbench.losses import catalogue, get_loss, multiclass, positive, regression, softmax
from lossbench.run.provenance import PROGRAM, code_of, fingerprint, program_files, source_digest, stripped
from lossbench.task import TASKS

PACKAGE = Path(lossbench.__file__).parent
ENTRIES = ("training/fused/engine.py", "training/native/engine.py", "training/loop/engine.py", "run/scoring.py")
"""Where a row is made: the engines, and what scores their outputs."""

STORE = ("__init__", "cells", "database", "key", "record", "remembered", "store")

WITHOUT_NUMBERS = {
    "apart.py": "processes",
    "errors.py": "messages",
    "home.py": "where a path begins",
    "lazy.py": "imports torch later",
    "looks.py": "what notes say of texts",
    "nearest.py": "what a wrong name meant",
    "remark.py": "what is said of a run",
    "run/__init__.py": "a docstring",
    "run/provenance.py": "hashes",
    **{f"store/{name}.py": "where things are kept" for name in STORE},
    "task.py": "names",
    "visible.py": "how texts are shown",
}
"""Files that these import and that change no number, with what they hold instead."""


def imported(file: Path) -> Iterator[Path]:
    """Yield the files of the package that a file imports, packages with their `__init__.py`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lossbench"):
            home = PACKAGE.joinpath(*node.module.split(".")[1:])
            places = [home.with_suffix(".py"), *(home / f"{name.name}.py" for name in node.names)]
            places += [folder / "__init__.py" for folder in (home, *home.parents) if PACKAGE in folder.parents]
            yield from (place for place in places if place.is_file())


def reached(files: list[Path]) -> set[Path]:
    """Return all files of the package that some files import, directly or not, with these."""
    found, waiting = set(files), list(files)
    while waiting:
        new = set(imported(waiting.pop())) - found
        found |= new
        waiting += new
    return found


def test_the_fingerprint_covers_every_file_that_can_change_a_number() -> None:
    """What engines and scores import is hashed, or named here with the reason why it changes no number."""
    used = {file.relative_to(PACKAGE).as_posix() for file in reached([PACKAGE / entry for entry in ENTRIES])}
    hashed = {file.relative_to(PACKAGE).as_posix() for file in program_files()}
    assert {"randomness.py", "data/fold.py", "schema/trials.py", "training/fused/network.py"} <= used
    assert used - hashed == set(WITHOUT_NUMBERS)


def test_a_room_of_the_program_is_hashed_whole() -> None:
    """A file that is put into it counts, whether anything imports it or not."""
    files = {file for part in PROGRAM for file in (PACKAGE / part).rglob("*.py")}
    assert any(file.parent.name == "schema" for file in files)
    assert files <= set(program_files())


@pytest.mark.parametrize("part", PROGRAM)
def test_every_part_of_the_program_holds_code(part: str) -> None:
    """A part that is one file is hashed as one, and none is misspelt."""
    assert any(file.is_relative_to(PACKAGE / part) for file in program_files())


@pytest.mark.parametrize("task", TASKS)
def test_no_two_losses_share_a_hash(task: str) -> None:
    """Within a task, another loss is another source."""
    names = [record.name for record in catalogue() if record.task == task]
    assert len({source_digest(get_loss(name, task)) for name in names}) == len(names)


def test_the_loss_hash_is_of_the_function_and_its_parameters() -> None:
    """A parameter's value changes the hash; an alias, or a default written out, does not."""
    huber, written, other = (
        source_digest(get_loss(spec, "regression")) for spec in ("huber", "huber:delta=1", "huber:delta=1.35")
    )
    assert huber == written != other
    assert source_digest(get_loss("ce", "multiclass")) == source_digest(get_loss("cce", "multiclass"))


def test_engines_have_fingerprints_of_their_own() -> None:
    """Rows of two engines are never taken for the same; those of one engine share their fingerprint."""
    assert fingerprint("fused") == fingerprint("fused") != fingerprint("loop")


def test_the_loss_hash_is_of_what_the_loss_calls_too() -> None:
    """A loss that calls another holds its code; one of the same file that does not call it, does not."""
    inner, outer = code_of(softmax.one_hot), code_of(multiclass.mse_logits)
    assert inner in outer
    assert inner not in code_of(regression.mse)


def test_a_constant_in_the_module_counts(monkeypatch) -> None:
    """Another number under a name that the loss uses is another loss."""
    before = code_of(positive.positive)
    monkeypatch.setitem(positive.positive.__globals__, "POSITIVE", 1.0)
    code_of.cache_clear()
    assert code_of(positive.positive) != before
    code_of.cache_clear()


def test_a_scaled_loss_holds_the_other_loss() -> None:
    """A constant times a loss has another hash for another loss, and for another constant."""
    specs = ("scaled:loss=mse", "scaled:loss=mae", "scaled:factor=3:loss=mse", "mse")
    assert len({source_digest(get_loss(spec, "regression")) for spec in specs}) == len(specs)


def test_losses_of_one_file_have_hashes_of_their_own(tmp_path: Path) -> None:
    """Alone and multiplied, also where all numbers are equal; the label of one counts for nothing."""
    file = tmp_path / "two.py"
    one = "def {}(raw, target, *, k=1.0):\n    return (k * (raw - target).{}()).mean(-1)\n"
    file.write_text(one.format("a", "abs") + one.format("b", "square"))
    specs = [f"{outer}{file}:{name}" for outer in ("", "scaled:loss=") for name in "ab"]
    hashes = [source_digest(get_loss(spec, "regression")) for spec in specs]
    assert len(set(hashes)) == len(specs)
    assert hashes == [source_digest(get_loss(f"{spec}:@label=other", "regression")) for spec in specs]


@pytest.mark.parametrize("task", TASKS)
def test_multiplied_losses_have_hashes_of_their_own(task: str) -> None:
    """As many as there are losses to multiply, and none is that of a loss alone."""
    names = [record.name for record in catalogue() if record.task == task]
    alone, multiplied = (
        {source_digest(get_loss(prefix + name, task)) for name in names} for prefix in ("", "scaled:loss=")
    )
    assert len(alone | multiplied) == 2 * len(names)


def test_comments_and_docstrings_do_not_count() -> None:
    """Code in another layout and with other words around it is the same code; another number is not."""
    plain = "def f(x):\n    return x + 1\n"
    assert stripped(plain) == stripped('def f(x):\n    """Say."""\n    # why\n    return (x + 1)\n')
    assert stripped(plain) != stripped("def f(x):\n    return x + 2\n")
