"""A hostile environment: other people's files, streams that fail, no home, little room: one message, or none."""

from __future__ import annotations

import subprocess
from pathlib import Path

from .conftest import BRIEF, COMMAND, PLAIN

ROOT = Path(__file__).parents[2]
SHADOWS = ("signal", "queue", "joblib", "numpy", "torch", "resource", "struct", "pickle", "rich", "click")
"""Names of modules that a worker, a tracker or a command imports; a user may have a file of such a name."""


def test_files_of_the_current_folder_are_not_run(tmp_path: Path, cache: Path) -> None:
    """Whatever they are called, with several processes too; a loss file still finds what stands beside it."""
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text(f"open('ran-{name}', 'w').close()\nraise SystemExit('{name}.py ran')")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "loss.py").write_text(
        "from power import p\n\ndef f(raw, target):\n    return p(raw - target)\n"
    )
    (tmp_path / "mine" / "power.py").write_text("def p(error):\n    return error.abs().pow(1.5).mean(-1)\n")
    wanted = ("compare", "-d", "diabetes,friedman1", "-l", "mse,mine/loss.py:f", *BRIEF, "--jobs", "2", "--quiet")
    environment = PLAIN | {"LOSSBENCH_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*COMMAND, *wanted], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not list(tmp_path.glob("ran-*"))
