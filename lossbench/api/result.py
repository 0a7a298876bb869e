"""`Comparison`: the result of a comparison in Python."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.report.answer.run import lead, leading
from lossbench.report.save import save
from lossbench.report.words.english import wrapped
from lossbench.report.words.remark import words
from lossbench.results import comparison
from lossbench.results.remarks.run import notes, remarks
from lossbench.stats.answer.facts import RunAnswer

if TYPE_CHECKING:
    from matplotlib.axes import Axes


REPR = 100
"""Width of the text form of a result, in columns."""


class AnswerText(RunAnswer):
    """The answer of a run; its text is what `lossbench compare` prints first."""

    def __str__(self) -> str:
        return "\n".join(lead(self))

    __repr__ = __str__


class Comparison(comparison.Comparison):
    """A finished comparison: its trials, the tables made of them as data frames, and its files.

    In a notebook it shows the answer and the page of the report.
    """

    def __repr__(self) -> str:
        """Return the answers, as `lossbench compare` prints them first, and the notes."""
        paragraphs = wrapped([*leading(self.answer, self.advice), *self.notes], REPR)
        return "\n".join([f"Comparison of {len(self.trials)} trainings", *paragraphs])

    def _repr_html_(self) -> str:
        """Return the answer, and the page of the report."""
        from lossbench.report.html.notebook import framed
        from lossbench.report.html.run import run_page
        from lossbench.report.save import manifest
        from lossbench.results.manifest import Manifest

        told = Manifest(manifest(self, ""))
        said = leading(self.answer, self.advice)
        return framed(said, run_page(self, self.curves, remarks(self), told, self.examples))

    @cached_property
    def answer(self) -> AnswerText:
        """What the verdicts say over all tables; as text, a paragraph for the run and one for each table."""
        found = super().answer
        return AnswerText(found.tables, found.tallies)

    @property
    def notes(self) -> list[str]:
        """Notes on the run: how tables were read, what was not run, what diverged."""
        return [*map(words, notes(self))]

    def plot(self, kind: str, on: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw a chart with matplotlib, the extra `plots`.

        Args:
            kind: "forest", the differences from the first loss; "curves", the validation score by epoch;
                "robustness", the test score by contaminated share; "ranks", mean ranks over data sets.
            on: the data set, or where it has several tables, the one of these as its answer calls it; for "ranks"
                the task. None where there is one only.
            ax: axes to draw on; None for some on a figure of their own.

        Raises:
            UsageError: there is nothing to draw, or more than one thing; or matplotlib is not installed.

        Example:
            >>> import lossbench
            >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
            >>> result.plot("forest").get_xlabel()  # doctest: +SKIP
            'accuracy minus that of ce  (better →)'
        """
        from lossbench.report.paper.plots import plot

        return plot(self, self.curves, kind, on, ax)

    def to_latex(self) -> str:
        r"""Return every table in LaTeX, with the rules of booktabs.

        Example:
            >>> import lossbench
            >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
            >>> r"\label{tab:iris}" in result.to_latex()
            True
        """
        from lossbench.report.paper.latex import latex_tables

        return latex_tables(self, self.notes)

    def save(self, folder: str | Path, command: str = "") -> None:
        """Write `trials.csv`, all tables that are made of it, `curves.csv`, the reports and `manifest.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        save(self, Path(folder), command)
