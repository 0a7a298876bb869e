"""`lossbench new loss`: what it writes works before a line of it is changed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.cli.new import TASKS

from .conftest import PLAIN


@pytest.mark.parametrize("task", TASKS)
def test_a_new_loss_passes_every_check(inside: Callable, task: str) -> None:
    """For each task it is one that is learnt by, so that what fails later is the user's."""
    assert inside("new", "loss", "mine", "--task", task).code == 0
    assert inside("check-loss", "mine.py:mine", "--task", task).code == 0


def test_its_test_is_picked_up(lossbench: Callable, tmp_path: Path) -> None:
    """As a newcomer does it: the two commands that are printed."""
    said = lossbench("new", "loss", "mine").out
    assert "python -m pytest test_mine.py" in said
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, env=PLAIN, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["loss", "my-loss"], "'my-loss' cannot name a function; take letters, digits and _, such as my_loss"),
        (["loss", "lambda"], "'lambda' cannot name a function"),
        (["loss", "torch"], "'torch' is the name of a module, which torch.py would stand before; take another"),
        (["loss", "there"], "there.py already exists and is not overwritten; choose another name or folder"),
        (["claim", "mine"], "'claim' is not 'loss'"),
        (["loss"], "Missing argument 'NAME'"),
    ],
)
def test_a_mistake_is_refused(refusal: Callable, tmp_path: Path, arguments: list[str], words: str) -> None:
    """One line, exit code 2, and nothing is written over."""
    (tmp_path / "there.py").write_text("")
    assert words in refusal("new", *arguments)
