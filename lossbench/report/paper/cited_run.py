"""A run for the methods paragraph, which collects the sources that the paragraph cites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from lossbench.report.escape import latex
from lossbench.report.paper.sources import METHODS, Source, read_sources
from lossbench.report.words.english import joined
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings


@dataclass(frozen=True)
class CitedRun:
    """A run, and the sources cited so far.

    Args:
        findings: of the run.
        manifest: the other facts, by the keys of `manifest.json`; empty where nothing is.
        cited: by key, in the order of the text.
    """

    findings: Findings
    manifest: Mapping[str, Any] = field(repr=False)
    cited: dict[str, Source] = field(default_factory=dict)

    @property
    def trials(self) -> pd.DataFrame:
        """All reported trials."""
        return self.findings.trials

    @property
    def tables(self) -> list[TableAnswer]:
        """The answers of all tables."""
        return self.findings.answers

    def part(self, name: str) -> Mapping[str, Any]:
        """Return an object of the manifest; empty if it has none."""
        found = self.manifest.get(name)
        return found if isinstance(found, dict) else {}

    def listed(self, name: str, *needed: str) -> list[Mapping[str, Any]]:
        """Return those objects of a list in the manifest whose `needed` keys are texts."""
        found = self.manifest.get(name)
        objects = [one for one in found if isinstance(one, dict)] if isinstance(found, list | tuple) else []
        return [one for one in objects if all(isinstance(one.get(key), str) for key in needed)]

    def values(self, column: str) -> list[Any]:
        """Return the distinct values of a column of the trials, in order."""
        return list(self.trials[column].drop_duplicates().tolist())

    def cite(self, *texts: str) -> str:
        """Return a citation of sources, by names in METHODS or texts of records; empty if none can be cited."""
        found = [source for text in texts for source in read_sources(METHODS.get(text, text))]
        self.cited.update((source.key, source) for source in found)
        return rf"~\citep{{{','.join(dict.fromkeys(source.key for source in found))}}}" if found else ""


def latex_names(texts: Iterable[str]) -> str:
    """Return names in LaTeX, with commas and an "and" between them."""
    return joined(map(latex, texts))


def number(value: float) -> str:
    """Return a number in short form."""
    return f"{value:g}"
