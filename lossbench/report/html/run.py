"""`report.html`: the answer of a run, its data sets, what holds across them, and what the run was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pandas as pd

from lossbench.remark import Remark, Topic
from lossbench.report.answer.place import places
from lossbench.report.answer.run import overall
from lossbench.report.answer.table import paragraph, unsized
from lossbench.report.charts.look import Look, looks
from lossbench.report.escape import html as escape
from lossbench.report.html.across import over_data_sets
from lossbench.report.html.dataset import section
from lossbench.report.html.document import document
from lossbench.report.html.document import paragraph as shown
from lossbench.report.html.ending import about, endings, headed
from lossbench.report.html.part import Courses, Part
from lossbench.report.tables import answered, groups, place_of, place_of_answer, several
from lossbench.report.words.english import listed
from lossbench.results.advice import Advice
from lossbench.results.manifest import Manifest
from lossbench.run.examples import Examples
from lossbench.schema import RANKED
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings

RANKS = (Topic.RANKS, Topic.SKILLS)
"""The remarks that stand with the ranks of their task."""

NAMELESS = "lossbench: losses compared on the same networks, data, batches and seeds"


def page(
    findings: Findings,
    curves: pd.DataFrame | None,
    remarks: Iterable[Remark] = (),
    manifest: Manifest | None = None,
    examples: Examples = MappingProxyType({}),
) -> str:
    """Return the report of a run.

    Args:
        findings: what the trials say.
        curves: `curves.csv`, None where there is none.
        remarks: what a reader must know besides.
        manifest: of the run, None where nothing is known of it.
        examples: what some networks make of some test rows.
    """
    told, every = [*remarks], looks_of(findings)
    parts = parts_of(Courses(findings, curves, examples), every)
    across = [
        over_data_sets(f"a{number}", rows, findings, mine, ranked(told, mine))
        for number, rows in enumerate(several(findings.ranks))
        if (mine := among(parts, rows.iloc[0]))
    ]
    tasks = {rows.task.iloc[0] for rows in several(findings.ranks)}
    answers, advice = [one for _, one in answered(findings)], manifest.advice if manifest else None
    sections = [
        section(part, name, said(one, name, advice), part.first.task not in tasks)
        for part, one, name in zip(parts, answers, places(answers), strict=True)
    ]
    last = [*endings(told, bool(across)), about(findings, manifest)]
    below = " · ".join(filter(None, (manifest.command, manifest.date))) if manifest else ""
    top = decided(advice) if advice else answer(findings, parts)
    return document(
        title(findings), below or NAMELESS, top, [*sections, *across, *last], dict.fromkeys(every.values())
    )


def looks_of(findings: Findings) -> dict[str, Look]:
    """Return the look of each loss of a run; the values of a parameter that is tuned share one."""
    named = findings.summary.assign(loss=findings.summary.loss.replace(findings.arms))
    found = looks(mine.loss.unique().tolist() for _, mine in named.groupby("task", sort=False))
    return found | {loss: found[arm] for loss, arm in findings.arms.items()}


def parts_of(courses: Courses, every: Mapping[str, Look]) -> list[Part]:
    """Return the tables of a run in their order."""
    tables = enumerate(groups(courses.findings.summary))
    return [Part(f"d{number}", group, courses, every) for number, group in tables]


def among(parts: Iterable[Part], place: pd.Series[Any]) -> list[Part]:
    """Return the tables of one task and setting; undefined is what each data set has of its own."""
    known = [name for name in RANKED if pd.notna(place[name])]
    return [part for part in parts if all(part.first[name] == place[name] for name in known)]


def title(findings: Findings) -> str:
    """Name a run by its losses and its data sets."""
    losses = findings.summary.loss.replace(findings.arms).unique().tolist()
    datasets = findings.summary.dataset.unique().tolist()
    return f"{listed(losses)} on {listed(datasets)}"


def answer(findings: Findings, parts: Sequence[Part]) -> str:
    """Return the answer of the run, then that of each table, which leads to it."""
    found = findings.answer
    keys = {place_of(part.first): part.key for part in parts}
    items = []
    for one, name in zip(found.tables, places(found.tables), strict=True):
        text = paragraph(one, name)
        key = keys[place_of_answer(one)]
        items.append(f'<li><a href="#{key}">{escape(name)}</a>{escape(text.removeprefix(name))}</li>\n')
    lead = f'<p class="lead">{escape(overall(found))}</p>\n<ul>\n{"".join(items)}</ul>\n'
    return f'<section id="answer" class="answer" aria-label="The answer">\n{lead}</section>\n'


def decided(advice: Advice) -> str:
    """Return what was chosen, and the lines to paste."""
    first, *others = advice.answer
    code = "<pre>{}</pre>\n".format("\n".join(map(escape, advice.paste))) if advice.paste else ""
    lead = f'<p class="lead">{escape(first)}</p>\n{"".join(map(shown, others))}{code}'
    return f'<section id="answer" class="answer" aria-label="The answer">\n{lead}</section>\n'


def said(table: TableAnswer, name: str, advice: Advice | None) -> str:
    """Return what the verdicts say of a table; where something was chosen, the page begins with that of its table.

    How many seeds more would tell is said of the choice alone.
    """
    if advice is None:
        return paragraph(table, name)
    return "" if table.view == "tuned" else paragraph(unsized(table), name)


def ranked(remarks: Iterable[Remark], parts: Sequence[Part]) -> list[str]:
    """Return what is said of the ranks and skills of one task: where rates were tuned, of those at own rates."""
    first, tuned = parts[0].first, parts[0].courses.findings.tuning is not None
    if tuned and first["view"] != "tuned":
        return []
    return [headed(one)[1] for one in remarks if one.topic in RANKS and one.facts["task"] == first.task]
