"""`report.html`: the answer of a run, its data sets, its ranks over data sets, and the run itself."""

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
from lossbench.report.html.across import ranks_section
from lossbench.report.html.dataset import section
from lossbench.report.html.document import document
from lossbench.report.html.document import paragraph as shown
from lossbench.report.html.ending import closing_sections, run_section
from lossbench.report.html.run_table import ArmCurves, RunTable
from lossbench.report.tables import answer_key, answered, ranks_by_task, table_groups, table_key
from lossbench.report.words.english import listed
from lossbench.report.words.remark import worded
from lossbench.results.advice import Advice
from lossbench.results.manifest import Manifest
from lossbench.run.examples import Examples
from lossbench.schema import RANKED
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings

RANKS = (Topic.RANKS, Topic.SKILLS)
"""Topics of remarks that are shown with the ranks of their task."""

DEFAULT_SUBTITLE = "lossbench: losses compared on the same networks, data, batches and seeds"


def run_page(
    findings: Findings,
    curves: pd.DataFrame | None,
    remarks: Iterable[Remark] = (),
    manifest: Manifest | None = None,
    examples: Examples = MappingProxyType({}),
) -> str:
    """Return the report of a run.

    Args:
        findings: of the run.
        curves: `curves.csv`; None if there is none.
        remarks: on the run.
        manifest: of the run; None if there is none.
        examples: outputs of some networks on some test rows.
    """
    all_remarks, looks_by_loss = [*remarks], looks_of(findings)
    tables = run_tables(ArmCurves(findings, curves, examples), looks_by_loss)
    across = [
        ranks_section(f"a{number}", rows, findings, mine, rank_sentences(all_remarks, mine))
        for number, rows in enumerate(ranks_by_task(findings.ranks))
        if (mine := tables_of_task(tables, rows.iloc[0]))
    ]
    tasks = {rows.task.iloc[0] for rows in ranks_by_task(findings.ranks)}
    answers, advice = [one for _, one in answered(findings)], manifest.advice if manifest else None
    sections = [
        section(table, name, said(one, name, advice), table.first.task not in tasks)
        for table, one, name in zip(tables, answers, places(answers), strict=True)
    ]
    last = [*closing_sections(all_remarks, bool(across)), run_section(findings, manifest)]
    subtitle = " · ".join(filter(None, (manifest.command, manifest.date))) if manifest else ""
    top = decided(advice) if advice else answer(findings, tables)
    return document(
        title(findings),
        subtitle or DEFAULT_SUBTITLE,
        top,
        [*sections, *across, *last],
        dict.fromkeys(looks_by_loss.values()),
    )


def looks_of(findings: Findings) -> dict[str, Look]:
    """Return the look of each loss of a run; all values of a tuned parameter share one."""
    named = findings.summary.assign(loss=findings.summary.loss.replace(findings.arms))
    found = looks(mine.loss.unique().tolist() for _, mine in named.groupby("task", sort=False))
    return found | {loss: found[arm] for loss, arm in findings.arms.items()}


def run_tables(courses: ArmCurves, every: Mapping[str, Look]) -> list[RunTable]:
    """Return the tables of a run in order."""
    tables = enumerate(table_groups(courses.findings.summary))
    return [RunTable(f"d{number}", group, courses, every) for number, group in tables]


def tables_of_task(tables: Iterable[RunTable], place: pd.Series[Any]) -> list[RunTable]:
    """Return the tables of one task and setting; undefined values of `place` match all tables."""
    known = [name for name in RANKED if pd.notna(place[name])]
    return [table for table in tables if all(table.first[name] == place[name] for name in known)]


def title(findings: Findings) -> str:
    """Return the title of a run: its losses and data sets."""
    losses = findings.summary.loss.replace(findings.arms).unique().tolist()
    datasets = findings.summary.dataset.unique().tolist()
    return f"{listed(losses)} on {listed(datasets)}"


def answer(findings: Findings, tables: Sequence[RunTable]) -> str:
    """Return the answer of the run, then that of each table with a link to it."""
    found = findings.answer
    keys = {table_key(table.first): table.key for table in tables}
    items = []
    for one, name in zip(found.tables, places(found.tables), strict=True):
        text = paragraph(one, name)
        key = keys[answer_key(one)]
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


def rank_sentences(remarks: Iterable[Remark], tables: Sequence[RunTable]) -> list[str]:
    """Return the sentences on ranks and skills of one task; with tuned rates, only for the tuned view."""
    first, tuned = tables[0].first, tables[0].curves_by_arm.findings.tuning is not None
    if tuned and first["view"] != "tuned":
        return []
    return [worded(one).text for one in remarks if one.topic in RANKS and one.facts["task"] == first.task]
