"""Runs the notebooks of `docs/` as Jupyter would: `python tests/notebook.py` writes what their cells show.

Jupyter's own way (nbclient, ipykernel) is more than thirty packages and a kernel in a process of its own. The
cells are plain Python without magic, so they are run here, one after the other in one namespace: the value of a
last expression is shown, and so is every figure that a cell leaves open.
"""

from __future__ import annotations

import ast
import base64
import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells with code, in their order."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def run_cell(source: str, space: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Run a cell and yield what it shows, in the form of a notebook.

    Args:
        source: of the cell.
        space: the names that the cells share.
        name: of the cell, for errors.
    """
    from matplotlib import pyplot

    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with redirect_stdout(printed):
        exec(compile(tree, name, "exec"), space)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
    if printed.getvalue():
        yield {"output_type": "stream", "name": "stdout", "text": lines(printed.getvalue())}
    for number in pyplot.get_fignums():
        file = io.BytesIO()
        pyplot.figure(number).savefig(file, format="png", dpi=100, metadata={"Software": None})
        image = base64.b64encode(file.getvalue()).decode()
        data = {"image/png": image, "text/plain": ["<Figure>"]}
        yield {"output_type": "display_data", "data": data, "metadata": {}}
    if value is not None and not pyplot.get_fignums():
        yield {"output_type": "execute_result", "data": shown(value), "metadata": {}}
    pyplot.close("all")


def shown(value: Any) -> dict[str, Any]:
    """Return a value as text, and a data frame as HTML too; a page in HTML would be most of the file."""
    found = {"text/plain": lines(repr(value))}
    html = getattr(value, "_repr_html_", lambda: None)()
    assert html is None or html.startswith("<div>")
    return found | ({"text/html": lines(html)} if html and "<iframe" not in html else {})


def lines(text: str) -> list[str]:
    """Return a text as a notebook holds it."""
    return text.splitlines(keepends=True)


def run_notebook(path: Path) -> dict[str, Any]:
    """Run a notebook and return it with what its cells show."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    space: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(code_cells(notebook), start=1):
        outputs = [*run_cell("".join(cell["source"]), space, f"{path.name} cell {number}")]
        results = [
            {"execution_count": number} if one["output_type"] == "execute_result" else {} for one in outputs
        ]
        cell["outputs"] = [one | count for one, count in zip(outputs, results, strict=True)]
        cell["execution_count"] = number
    return notebook


def write(path: Path) -> None:
    """Run a notebook and write what its cells show into it."""
    path.write_text(json.dumps(run_notebook(path), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("agg")
    for name in sys.argv[1:] or sorted(DOCS.glob("*.ipynb")):
        write(Path(name))
