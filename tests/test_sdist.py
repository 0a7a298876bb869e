"""What is packed with the source: the tests can be run from it."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKED = {name.strip("/") for name in PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]}
ALWAYS = {"pyproject.toml"}  # whatever the list says


def named_in_paths(tree: ast.Module) -> set[str]:
    """Return every text that a path is extended by, as in `ROOT / "docs"`."""
    steps = (node.right for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    return {str(step.value).partition("/")[0] for step in steps if isinstance(step, ast.Constant)}


def test_the_sdist_has_what_the_tests_read() -> None:
    """Every file or folder of the checkout's root that a test names in a path is packed beside the tests."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    named = set[str]().union(*(named_in_paths(ast.parse(source)) for source in sources))
    read = {name for name in named if (ROOT / name).exists()}
    assert {"docs", "results", "README.md"} <= read <= PACKED | ALWAYS


def test_the_sdist_names_nothing_that_is_not_there() -> None:
    """A line of the list that matches nothing would pack less than it says."""
    assert [name for name in PACKED if not (ROOT / name).exists()] == []
