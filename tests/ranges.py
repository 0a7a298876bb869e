"""Tries the allowed range of every dependency at both ends: `python tests/ranges.py [lowest|newest] [for pytest]`.

Each end gets a virtual environment of its own, of the Python that runs this. torch stays at the version at hand,
since another one is gigabytes. Without arguments for pytest, all tests run but those of the rooms `APART`, which
hang on torch alone or take minutes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
APART = ("training", "claims", "selftest", "endurance")
FREE = ("torch", "pandas-stubs", "mypy", "ruff")  # torch as above; the others run no test


def lowest() -> list[str]:
    """Return each dependency at the lowest version that `pyproject.toml` allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [re.sub(r"\[.*\]", "", name).replace(">=", "==") for name in named if not name.startswith(FREE)]


def install(folder: str, pins: list[str]) -> str:
    """Make a virtual environment with lossbench in it; return its Python."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(Path(folder, "bin", "python"))
    torch = f"torch=={version('torch').partition('+')[0]}"
    subprocess.run([python, "-m", "pip", "install", "-q", "-e", f"{ROOT}[test]", torch, *pins], check=True)
    subprocess.run([python, "-m", "pip", "freeze", "--exclude-editable"], check=True)
    return python


def main(ends: list[str], arguments: list[str]) -> int:
    """Try the ends; return how many failed."""
    rooms = [f"tests/{path.name}" for path in sorted(ROOT.glob("tests/*/")) if path.name not in APART]
    failed = 0
    for end in ends:
        with tempfile.TemporaryDirectory() as folder:
            python = install(folder, lowest() if end == "lowest" else [])
            command = [python, "-m", "pytest", "-p", "no:cacheprovider", *(arguments or rooms)]
            failed += bool(subprocess.run(command, cwd=ROOT, check=False).returncode)
    return failed


if __name__ == "__main__":
    given = [name for name in sys.argv[1:2] if name in ("lowest", "newest")]
    sys.exit(main(given or ["lowest", "newest"], sys.argv[1 + len(given) :]))
