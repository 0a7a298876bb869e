"""The results of a comparison in Python: one that was just trained, and one that was read back from its folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lossbench.api.arguments import Texts, as_list
from lossbench.api.gate import REPR, GateVerdict, judge_by
from lossbench.plan.gate import Gate, parse_rules
from lossbench.report.answer.run import lead, leading
from lossbench.report.save import manifest, save, save_remade
from lossbench.report.words.english import wrapped
from lossbench.report.words.remark import words
from lossbench.results import comparison
from lossbench.results.manifest import Manifest
from lossbench.results.read import read_trials
from lossbench.results.remake import Remade, remake
from lossbench.results.remarks.run import notes, remarks
from lossbench.stats.answer.facts import RunAnswer
from lossbench.stats.findings import Findings

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from lossbench.remark import Remark
    from lossbench.results.advice import Advice
    from lossbench.run.examples import Examples


INWARD = {"judged", "pools", "arms", "within", "raw_curves", "raw_slopes", "note", "kept", "remarks", "of"}
"""What a result is made of: it is there, but a shell does not offer it."""


class AnswerText(RunAnswer):
    """The answer of a run; its text is what `lossbench compare` prints first."""

    def __str__(self) -> str:
        return "\n".join(lead(self))

    __repr__ = __str__


class Result(Findings):
    """What every result offers besides its tables: text, page, charts, LaTeX, and the gate.

    In a notebook it shows the answer and the page of the report.
    """

    if TYPE_CHECKING:  # the classes below have these, as fields or cached

        @cached_property
        def curves(self) -> Any:
            """Mean validation scores by epoch."""

        @property
        def examples(self) -> Examples:
            """Outputs of some networks, to be drawn."""

        @property
        def advice(self) -> Advice | None:
            """What was chosen, in words."""

        @property
        def _remarks(self) -> Iterator[Remark]: ...

        @property
        def _manifest(self) -> Manifest | None: ...

    @classmethod
    def of(cls, found: Findings, **changes: Any) -> Self:
        """Return a result with the fields of another, which may have cached tables, and some changes."""
        known = {one.name: getattr(found, one.name) for one in fields(found) if one.init}
        return cls(**known | changes)

    @property
    def _policies(self) -> Gate:
        return Gate()

    def __dir__(self) -> list[str]:
        """Return what a shell offers."""
        return [name for name in super().__dir__() if name not in INWARD]

    def __repr__(self) -> str:
        """Return the answers, as `lossbench compare` prints them first, and the notes."""
        paragraphs = wrapped([*leading(self.answer, self.advice), *self.notes], REPR)
        return "\n".join([f"Comparison of {len(self.trials)} trainings", *paragraphs])

    def _repr_html_(self) -> str:
        """Return the answer, and the page of the report."""
        from lossbench.report.html.notebook import framed
        from lossbench.report.html.run import run_page

        said = leading(self.answer, self.advice)
        return framed(said, run_page(self, self.curves, self._remarks, self._manifest, self.examples))

    @cached_property
    def answer(self) -> AnswerText:
        """What the verdicts say over all tables; as text, a paragraph for the run and one for each table."""
        found = super().answer
        return AnswerText(found.tables, found.tallies)

    @property
    def notes(self) -> list[str]:
        """Notes on the run: how tables were read, what was not run, what diverged."""
        return [*map(words, self._remarks)]

    def gate(self, baseline: str | Path | Findings, rules: Texts | None = None) -> GateVerdict:
        """Say whether this run is worse than an earlier one, as `lossbench compare --baseline FILE` does.

        Args:
            baseline: the earlier run: a result, the folder of a saved one, or its `trials.csv`.
            rules: how much worse a score may get, such as "f1:-0.02" or "epochs_to_target:+20%"; None for the
                judged score of each data set and its margin.

        Returns:
            The verdict: `passed`, `failed`, its `checks`, and as text what the command prints.

        Raises:
            DataError: the baseline cannot be read.
            UsageError: a rule that is none, or is on a score that cannot be compared.

        Example:
            >>> import lossbench
            >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
            >>> result.gate(result, "accuracy:-0.02").passed
            True
        """
        earlier = baseline.trials if isinstance(baseline, Findings) else read_trials(Path(baseline))
        stated = (*parse_rules(as_list(rules) or ()), *self._policies.rules)
        return judge_by(self, earlier, stated, self._policies)

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


class Comparison(Result, comparison.Comparison):
    """A finished comparison: its trials, the tables made of them as data frames, and its files.

    In a notebook it shows the answer and the page of the report.
    """

    @property
    def _remarks(self) -> Iterator[Remark]:
        return remarks(self)

    @property
    def _manifest(self) -> Manifest:
        return Manifest(manifest(self, ""))

    @property
    def _policies(self) -> Gate:
        return self.experiment.settings.gate

    @property
    def notes(self) -> list[str]:
        """Notes on the run: how tables were read, what was not run, what diverged."""
        return [*map(words, notes(self))]

    def save(self, folder: str | Path, command: str = "") -> None:
        """Write `trials.csv`, all tables that are made of it, `curves.csv`, the reports and `manifest.json`.

        `lossbench.load(folder)` reads them back.

        Raises:
            OutputError: the folder cannot be written.
        """
        save(self, Path(folder), command)


class SavedRun(Result, Remade):
    """A finished run that was read back from its folder: its trials, and the tables made of them.

    In a notebook it shows the answer and the page of the report.
    """

    @property
    def advice(self) -> Advice | None:
        """What was chosen by it, in words; None where nothing was to be chosen."""
        return self.manifest.advice if self.manifest else None

    @property
    def _remarks(self) -> Iterator[Remark]:
        return self.remarks()

    @property
    def _manifest(self) -> Manifest | None:
        return self.manifest

    def save(self, folder: str | Path) -> None:
        """Write its files to another folder, or anew.

        Raises:
            OutputError: the folder cannot be written.
        """
        save_remade(self, Path(folder))


def load(folder: str | Path) -> SavedRun:
    """Read a finished run back: what `result.save(folder)` or `lossbench compare -o folder` wrote.

    Args:
        folder: the folder, or its `trials.csv`; what is not beside the trials, as curves, is missing.

    Returns:
        The trials, the tables and the answer; `plot`, `gate` and `to_latex` work as on a fresh result.

    Raises:
        DataError: there is no run, or a file was damaged; the message names the line.

    Example:
        >>> import lossbench, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0).save(folder)
        ...     list(lossbench.load(folder).summary.loss)
        ['ce', 'mse']
    """
    return SavedRun.of(remake(Path(folder)))
