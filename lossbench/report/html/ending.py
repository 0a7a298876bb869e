"""The last sections of the page of a run: what was not run, notes, how to read it, and the run itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lossbench.remark import Remark, Topic
from lossbench.report.html.document import Section, pairs
from lossbench.report.tables import setting
from lossbench.report.words.english import joined, plural
from lossbench.report.words.legend import ACROSS, LEGEND, Entry
from lossbench.report.words.remark import worded
from lossbench.results.manifest import Manifest
from lossbench.stats.findings import Findings

MISSING = frozenset(
    {
        *(Topic.PARTIAL, Topic.SKIPPED, Topic.FAILED, Topic.DIVERGED, Topic.UNDEFINED, Topic.COLLAPSED),
        *(Topic.NO_CURVES, Topic.NO_TUNING, Topic.NO_ROWS),
    }
)
"""Topics of remarks on missing results."""

SHOWN_ELSEWHERE = frozenset({Topic.RANKS, Topic.SKILLS, Topic.PLACES})
"""Topics of remarks that are shown in other sections, or as a picture."""

NOTHING_MISSING = "<p>All that was asked for was run, and every score has a value.</p>\n"

COUNTED = (("loss", "loss", "es"), ("dataset", "data set", "s"), ("seed", "seed", "s"))

ESTIMAND = (
    "rows like these: other rows of the same table, or further draws from the same law; not these very rows, and "
    "not other data sets, for which there are ranks"
)
PROTOCOL = (
    "a seed fixes split, first weights, batch order and contamination, alike for every loss; only the loss moves. "
    "Contamination is of training data alone, validation and test stay clean"
)


def closing_sections(remarks: Sequence[Remark], across: bool) -> Iterator[Section]:
    """Yield the sections on what was not run, on further remarks, and on how to read the page."""
    told = [(one.topic in MISSING, *worded(one)) for one in remarks if one.topic not in SHOWN_ELSEWHERE]
    missing = pairs((name, text) for gone, name, text in told if gone)
    title = "What was not run, or has no value"
    yield Section("missing", "What was not run", title, missing or NOTHING_MISSING)
    rest = [(name, text) for gone, name, text in told if not gone]
    if rest:
        yield Section("notes", "Notes", "Notes", pairs(rest))
    legend = legend_list([*LEGEND, *(ACROSS if across else ())])
    yield Section("legend", "How to read it", "How to read it", legend)


def legend_list(legend: Iterable[Entry]) -> str:
    """Return a legend as a definition list."""
    return pairs((entry.name, entry.meaning) for entry in legend)


def run_section(findings: Findings, manifest: Manifest | None) -> Section:
    """Return the section on the run itself."""
    rows = [
        *(manifest_entries(manifest) if manifest else [("run", "no manifest.json says how it was made")]),
        *protocol_entries(findings),
    ]
    return Section("run", "The run", "The run", pairs(rows))


def manifest_entries(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the entries of a manifest as (name, text)."""
    yield "date", manifest.date or "not recorded"
    yield "command", manifest.command or "from Python"
    for name in ("versions", "machine"):
        yield name, manifest.one_line(name) or "not recorded"
    yield "engine", manifest.engine or "not recorded"
    for name in manifest.datasets:
        yield "data", f"{name}: {manifest.one_line('datasets', name)}"


def protocol_entries(findings: Findings) -> Iterator[tuple[str, str]]:
    """Yield protocol, estimand and unit as (name, text)."""
    trials = findings.trials
    counts = (plural(trials[name].nunique(), what, end) for name, what, end in COUNTED)
    yield "trainings", f"{len(trials)}: {', '.join(counts)}"
    shown = dict.fromkeys(setting(row) for _, row in findings.summary.iterrows())
    yield "protocol", PROTOCOL + "."
    for one in shown:
        yield "protocol", one
    yield "estimand", ESTIMAND + "."
    units: dict[str, dict[str, None]] = {}
    for table in findings.answers:
        units.setdefault(table.unit, {})[table.dataset] = None
    counted = (f"{unit}s on {joined(datasets)}" for unit, datasets in units.items())
    yield "unit", f"what is counted as independent: {'; '.join(counted)}"
