"""`report.html`: the answer of a run, its data sets, what holds across them, and what the run was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from lossbench.remark import Remark, Topic
from lossbench.report.answer import joined, listed, overall, paragraph, places
from lossbench.report.charts.look import Look, looks
from lossbench.report.escape import html as escape
from lossbench.report.html.across import over_data_sets
from lossbench.report.html.dataset import Courses, Part, section
from lossbench.report.html.document import Section, document, pairs
from lossbench.report.tables import groups, setting, several
from lossbench.report.words import ACROSS, LEGEND, words
from lossbench.results.manifest import Manifest
from lossbench.schema import RANKED, SETTING
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings

NOT_RUN = frozenset(
    {
        *(Topic.PARTIAL, Topic.SKIPPED, Topic.FAILED, Topic.DIVERGED, Topic.UNDEFINED),
        *(Topic.NO_CURVES, Topic.NO_TUNING, Topic.NO_ROWS),
    }
)
"""The remarks on what a reader may look for in vain."""

RANKS = (Topic.RANKS, Topic.SKILLS)
"""The remarks that stand with what they are about; the picture stands for that of the places."""

NAMELESS = "lossbench: losses compared on the same networks, data, batches and seeds"

ESTIMAND = (
    "rows like these: other rows of the same table, or further draws from the same law; not these very rows, and not "
    "other data sets, for which there are ranks"
)
PROTOCOL = (
    "a seed fixes split, first weights, batch order and contamination, alike for every loss; only the loss moves. "
    "Training data are contaminated, validation and test stay clean"
)


def page(
    findings: Findings,
    curves: pd.DataFrame | None,
    remarks: Iterable[Remark] = (),
    manifest: Manifest | None = None,
) -> str:
    """Return the report of a run.

    Args:
        findings: what the trials say.
        curves: `curves.csv`, None where there is none.
        remarks: what a reader must know besides.
        manifest: of the run, None where nothing is known of it.
    """
    told, every = [*remarks], looks_of(findings.summary)
    parts = parts_of(findings, curves, every)
    across = [
        over_data_sets(f"a{number}", rows, findings, mine, ranked(told, mine))
        for number, rows in enumerate(several(findings.ranks))
        if (mine := among(parts, rows.iloc[0]))
    ]
    tasks = {rows.task.iloc[0] for rows in several(findings.ranks)}
    answers = {place(one): one for one in findings.answers}
    sections = [
        section(part, name, said(part, answers, name), part.first.task not in tasks)
        for part, name in zip(parts, names(parts, answers), strict=True)
    ]
    last = [*endings(told, bool(across)), about(findings, manifest)]
    below = " · ".join(filter(None, (manifest.command, manifest.date))) if manifest else ""
    top = answer(findings, parts)
    return document(title(findings), below or NAMELESS, top, [*sections, *across, *last], every.values())


def looks_of(summary: pd.DataFrame) -> dict[str, Look]:
    """Return the look of each loss of a run."""
    return looks(mine.loss.unique().tolist() for _, mine in summary.groupby("task", sort=False))


def parts_of(findings: Findings, curves: pd.DataFrame | None, every: Mapping[str, Look]) -> list[Part]:
    """Return the tables of a run in their order."""
    courses = Courses(findings, curves)
    return [Part(f"d{number}", group, courses, every) for number, group in enumerate(groups(findings.summary))]


def among(parts: Iterable[Part], place: pd.Series[Any]) -> list[Part]:
    """Return the tables of one task and setting; undefined is what each data set has of its own."""
    known = [name for name in RANKED if pd.notna(place[name])]
    return [part for part in parts if all(part.first[name] == place[name] for name in known)]


def title(findings: Findings) -> str:
    """Name a run by its losses and its data sets."""
    losses, datasets = (findings.summary[name].unique().tolist() for name in ("loss", "dataset"))
    return f"{listed(losses)} on {listed(datasets)}"


def place(table: TableAnswer) -> tuple[Any, ...]:
    """Return what tells a table from the others."""
    shared = [table.setting[name] for name in SETTING if name != "lr" or table.view == "fixed"]
    return (table.dataset, table.view, *shared)


def placed(part: Part) -> tuple[Any, ...]:
    """Return the same of a table that is drawn."""
    first = part.first
    return (
        first.dataset,
        first["view"],
        *(first[name] for name in SETTING if name != "lr" or first["view"] == "fixed"),
    )


def names(parts: Sequence[Part], answers: Mapping[tuple[Any, ...], TableAnswer]) -> list[str]:
    """Return the name of each table: its data set, and what else tells it from the others."""
    known = [answers[placed(part)] for part in parts]
    return places(known)


def said(part: Part, answers: Mapping[tuple[Any, ...], TableAnswer], name: str) -> str:
    """Return what the verdicts say of one table."""
    return paragraph(answers[placed(part)], name)


def answer(findings: Findings, parts: Sequence[Part]) -> str:
    """Return the answer of the run, then that of each table, which leads to it."""
    found = findings.answer
    keys = {placed(part): part.key for part in parts}
    items = []
    for one, name in zip(found.tables, places(found.tables), strict=True):
        text = paragraph(one, name)
        key = keys[place(one)]
        items.append(f'<li><a href="#{key}">{escape(name)}</a>{escape(text.removeprefix(name))}</li>\n')
    return (
        f'<section id="answer" class="answer" aria-label="The answer">\n<p class="lead">{escape(overall(found))}</p>\n'
        f"<ul>\n{''.join(items)}</ul>\n</section>\n"
    )


def ranked(remarks: Iterable[Remark], parts: Sequence[Part]) -> list[str]:
    """Return what is said of the ranks and skills of one task, where there is one setting of it."""
    mine = [remark for remark in remarks if remark.topic in RANKS and remark.facts["task"] == parts[0].first.task]
    return [headed(remark)[1] for remark in mine]


def endings(remarks: Sequence[Remark], across: bool) -> Iterator[Section]:
    """Yield what was not run, what else there is to know, and how to read it all."""
    told = [(one.topic in NOT_RUN, *headed(one)) for one in remarks if one.topic not in (*RANKS, Topic.PLACES)]
    missing = [(name, text) for gone, name, text in told if gone] or [("", "Everything that was asked for.")]
    yield Section("missing", "What was not run", "What was not run, or has no value", pairs(missing))
    rest = [(name, text) for gone, name, text in told if not gone]
    if rest:
        yield Section("notes", "Notes", "Notes", pairs(rest))
    yield Section("legend", "How to read it", "How to read it", pairs(legend(across)))


def headed(remark: Remark) -> tuple[str, str]:
    """Return what a remark begins with, and the rest of it."""
    name, _, text = words(remark).partition(" ")
    return name, text.strip()


def legend(across: bool) -> Iterator[tuple[str, str]]:
    """Yield each heading of the tables with what it means."""
    name, parts = "", []
    for line in [*LEGEND, *(ACROSS if across else ())]:
        if line[0] != " " and parts:
            yield name, " ".join(parts)
            parts = []
        name = line[:11].strip() or name
        parts.append(line[11:])
    yield name, " ".join(parts)


def about(findings: Findings, manifest: Manifest | None) -> Section:
    """Return what the run was."""
    rows = [
        *(recorded(manifest) if manifest else [("run", "no manifest.json says how it was made")]),
        *design(findings),
    ]
    return Section("run", "The run", "The run", pairs(rows))


def recorded(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what a manifest says of its run."""
    yield "date", manifest.date or "not recorded"
    yield "command", manifest.command or "from Python"
    for name in ("versions", "machine"):
        yield name, manifest.listed(name) or "not recorded"
    yield "engine", manifest.engine or "not recorded"
    for name in manifest.datasets:
        yield "data", f"{name}: {manifest.listed('datasets', name)}"


def design(findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield protocol and estimand."""
    trials = findings.trials
    yield (
        "trainings",
        f"{len(trials)}: {trials.loss.nunique()} losses, {trials.dataset.nunique()} data sets, {trials.seed.nunique()} seeds",
    )
    shown = dict.fromkeys(setting(row) for _, row in findings.summary.iterrows())
    yield "protocol", PROTOCOL + "."
    for one in shown:
        yield "protocol", one
    yield "estimand", ESTIMAND + "."
    units: dict[str, dict[str, None]] = {}
    for one in findings.answers:
        units.setdefault(one.unit, {})[one.dataset] = None
    counted = (f"{unit}s on {joined(datasets)}" for unit, datasets in units.items())
    yield "unit", f"what is counted as independent: {'; '.join(counted)}"
