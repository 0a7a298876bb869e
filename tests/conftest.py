"""What all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

import lossbench
from lossbench.apart import GARBAGE
from lossbench.cli import SINGLE_THREADED

# A law is no law about time, and the machine may be busy. Twenty-five examples, the same on every run: a change
# that is green stays green. The other two draw new ones each time, see CONTRIBUTING.md.
settings.register_profile("lossbench", deadline=None, max_examples=25, derandomize=True)
settings.register_profile("new", deadline=None, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=2000)
settings.load_profile("lossbench")

# Computed in one thread, as by a command: on arrays this small, the threads of OpenBLAS and OpenMP wait for each
# other. They look as they are loaded, so nothing above may import numpy.
os.environ |= SINGLE_THREADED

# The processes that tests start share their bytecode, also where Python was told to write none: to compile the
# package again takes each of them longer than most commands.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


# Twelve thousand tests are many objects that last: to look through them for garbage takes a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Collect garbage again, as seldom as a command does, and not among what was there before the first test."""
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def single_threaded() -> None:
    """Compute in one thread of torch too, as a backend does.

    `one_thread` would also flush subnormal numbers to zero, which Hypothesis does not allow.
    """
    import torch  # which imports numpy, see above

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def comparison() -> lossbench.Comparison:
    """Give a comparison of three losses on two data sets, where one loss does not fit and one rate diverges."""
    return lossbench.compare(
        ["diabetes", "iris"],
        ["mse", "mae", "huber:delta=1.35"],
        models="linear",
        optimizers="sgd",
        lr=[0.01, 1e6],
        seeds=3,
        epochs=4,
        outliers=[0, 0.2],
    )


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write Python files into an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)

    def write_file(text: str, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return write_file
