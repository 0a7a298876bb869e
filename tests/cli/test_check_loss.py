from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lossbench.checks.run import CHECKS
from lossbench.cli.process.progress import status_line
from lossbench.task import TASKS


def test_a_built_in_loss_passes(inside: Callable) -> None:
    """Every check has a row, within 100 columns, and the exit code is 0."""
    outcome = inside("check-loss", "huber:delta=1.35")
    first = [line.split()[0] for line in outcome.out.splitlines() if line.strip()]
    assert all(first.count(name) == 1 for name in CHECKS)
    assert f"regression: {len(CHECKS)} passed" in outcome.out
    assert f"not for {', '.join(TASKS[1:])}: numbers only" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100
    assert (outcome.code, outcome.err) == (0, "")


def test_a_failed_check_exits_with_four(inside: Callable, tmp_path: Path) -> None:
    """The report is printed, and the check that failed is named."""
    (tmp_path / "mine.py").write_text("def f(p, t): return -(t * p.sigmoid().log()).mean()")
    outcome = inside("check-loss", "mine.py:f", "--task", "binary")
    assert outcome.code == 4
    assert "2 failed (learns, finite)" in outcome.out


def test_a_loss_that_fits_nowhere_exits_with_four(inside: Callable, tmp_path: Path) -> None:
    """What changes its inputs has failed before any other check."""
    (tmp_path / "mine.py").write_text("def f(p, t):\n    p -= t\n    return p.square()")
    outcome = inside("check-loss", "mine.py:f", "--task", "regression")
    assert outcome.code == 4
    assert "changes its prediction or its target in place" in " ".join(outcome.out.split())


def test_only_the_task_asked_for_is_checked(inside: Callable) -> None:
    """One table, and nothing of the other tasks; a task that does not fit is a failure with its reason."""
    outcome = inside("check-loss", "hinge", "--task", "binary")
    assert outcome.out.count("gradient before, at and after") == 1
    assert "not for" not in outcome.out
    other = inside("check-loss", "hinge", "--task", "regression")
    assert (other.code, other.out) == (4, "not for regression: classes only\n")


def test_json_and_markdown_hold_every_finding(inside: Callable) -> None:
    """A program reads the same observations, and so does a pull request."""
    data = json.loads(inside("check-loss", "mae", "--task", "binary", "--format", "json").out)
    assert [row["check"] for row in data["checks"]] == list(CHECKS)
    assert {row["task"] for row in data["checks"]} == {"binary"}
    assert data["failed"] is False
    markdown = inside("check-loss", "mae", "--task", "binary", "--format", "markdown").out
    assert "### mae (binary)" in markdown
    assert all(f"| {name} | " in markdown for name in CHECKS)


def test_quiet_leaves_the_exit_code(inside: Callable, tmp_path: Path) -> None:
    """Nothing is printed unless a format asks for it."""
    (tmp_path / "mine.py").write_text("def f(p, t): return -(t * p.sigmoid().log()).mean()")
    for spec, code in (("bce", 0), ("mine.py:f", 4)):
        outcome = inside("check-loss", spec, "--task", "binary", "--quiet")
        assert (outcome.code, outcome.out, outcome.err) == (code, "", "")
    assert json.loads(inside("check-loss", "bce", "--task", "binary", "--quiet", "--format", "json").out)


def test_what_is_being_checked_is_shown_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line on standard error, which changes; nothing of it elsewhere, on standard output or when quiet."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for quiet, lines, shown in ((False, False, True), (True, False, False)):
        screen = Terminal()
        monkeypatch.setattr("sys.stderr", screen)
        with status_line(quiet, lines) as say:
            say("binary: kinks")
            time.sleep(0.2)  # it is drawn some ten times a second
        assert ("binary: kinks" in screen.getvalue()) == shown
    assert capsys.readouterr().out == ""


def test_what_is_not_there_is_a_usage_error(refusal: Callable, tmp_path: Path) -> None:
    """A loss, a file, a name in it, a parameter or a task that does not exist: nothing was checked."""
    (tmp_path / "mine.py").write_text("def loss(p, t): return (p - t).square()")
    assert "did you mean 'huber'" in refusal("check-loss", "hubber")
    assert "elsewhere.py" in refusal("check-loss", "elsewhere.py:loss")
    assert "did you mean 'loss'" in refusal("check-loss", "mine.py:los")
    assert "unknown parameter 'alpha'" in refusal("check-loss", "huber:alpha=2")
    assert "did you mean 'binary'" in refusal("check-loss", "bce", "--task", "binry")


@pytest.mark.parametrize("name", ["bounded", "Angle"])
def test_the_losses_of_the_documentation_pass(inside: Callable, tmp_path: Path, name: str) -> None:
    """The example losses of docs/own-loss.md keep the laws that the same page recommends to check."""
    page = (Path(__file__).parents[2] / "docs" / "own-loss.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n# my_losses\.py\n(.*?)```", page, re.DOTALL)
    (tmp_path / "my_losses.py").write_text(code, encoding="utf-8")
    outcome = inside("check-loss", f"my_losses.py:{name}")
    assert outcome.code == 0, outcome.out
    assert "fail" not in outcome.out.split()
