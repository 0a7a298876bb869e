"""What is printed for a paper compiles; where there is no LaTeX, these are skipped."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import lossbench
from lossbench.report.paper.latex import latex_tables
from lossbench.report.paper.methods import methods
from lossbench.results.remake import remake

REFERENCE = Path(__file__).parents[3] / "results" / "reference"

pytestmark = pytest.mark.skipif(not (shutil.which("pdflatex") and shutil.which("bibtex")), reason="no LaTeX here")

PAPER = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,longtable,natbib}
\begin{document}
%s
\bibliographystyle{plainnat}\bibliography{sources}
\end{document}
"""


def compiled(folder: Path, body: str, sources: str = "") -> str:
    """Return what LaTeX says of a paper; it must come to its end."""
    (folder / "paper.tex").write_text(PAPER % body, encoding="utf-8")
    (folder / "sources.bib").write_text(sources, encoding="utf-8")
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper"]
    for command in (latex, ["bibtex", "paper"], latex, latex) if sources else (latex, latex):
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        said = done.stdout.decode(errors="replace")
        assert done.returncode == 0, said[-2000:]
    return said


def test_methods_and_tables_compile_and_every_source_is_found(tmp_path: Path) -> None:
    """Of the reference run: no error, and no citation without its entry."""
    run = remake(REFERENCE)
    assert run.manifest is not None
    text, _, entries = methods(run, run.manifest.content).partition("\n@")
    said = compiled(tmp_path, text + latex_tables(run), f"@{entries}")
    assert "undefined" not in said


def test_tables_of_claims_fit_the_page(tmp_path: Path) -> None:
    """Sentences wrap in the room that the other columns leave, to within three points."""
    said = compiled(tmp_path, lossbench.check_claims(["B4", "B5", "F3"]).to_latex())
    assert max([0.0, *map(float, re.findall(r"Overfull \\hbox \(([\d.]+)pt", said))]) < 3
