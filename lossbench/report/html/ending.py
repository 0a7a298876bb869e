"""The end of the page of a run: what was not run, notes, how to read it, and what the run was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lossbench.remark import Remark, Topic
from lossbench.report.html.document import Section, pairs
from lossbench.report.tables import setting
from lossbench.report.words.english import joined, many
from lossbench.report.words.legend import ACROSS, LEGEND
from lossbench.report.words.remark import words
from lossbench.results.manifest import Manifest
from lossbench.stats.findings import Findings

NOT_RUN = frozenset(
    {
        *(Topic.PARTIAL, Topic.SKIPPED, Topic.FAILED, Topic.DIVERGED, Topic.UNDEFINED, Topic.COLLAPSED),
        *(Topic.NO_CURVES, Topic.NO_TUNING, Topic.NO_ROWS),
    }
)
"""The remarks on what a reader may look for in vain."""

ELSEWHERE = frozenset({Topic.RANKS, Topic.SKILLS, Topic.PLACES})
"""The remarks that stand with what they are about; a picture stands for that of the places."""

HEAD = 9  # letters of what a remark on a run begins with

WHOLE = "<p>All that was asked for was run, and every score has a value.</p>\n"

COUNTED = (("loss", "loss", "es"), ("dataset", "data set", "s"), ("seed", "seed", "s"))

ESTIMAND = (
    "rows like these: other rows of the same table, or further draws from the same law; not these very rows, and "
    "not other data sets, for which there are ranks"
)
PROTOCOL = (
    "a seed fixes split, first weights, batch order and contamination, alike for every loss; only the loss moves. "
    "Contamination is of training data alone, validation and test stay clean"
)


def endings(remarks: Sequence[Remark], across: bool) -> Iterator[Section]:
    """Yield what was not run, what else there is to know, and how to read it all."""
    told = [(one.topic in NOT_RUN, *headed(one)) for one in remarks if one.topic not in ELSEWHERE]
    missing = pairs((name, text) for gone, name, text in told if gone)
    title = "What was not run, or has no value"
    yield Section("missing", "What was not run", title, missing or WHOLE)
    rest = [(name, text) for gone, name, text in told if not gone]
    if rest:
        yield Section("notes", "Notes", "Notes", pairs(rest))
    yield Section(
        "legend", "How to read it", "How to read it", pairs(reading([*LEGEND, *(ACROSS if across else ())]))
    )


def headed(remark: Remark) -> tuple[str, str]:
    """Return what a remark begins with, and the rest of it."""
    text = words(remark)
    return text[:HEAD].strip(), text[HEAD:]


def reading(legend: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each heading of a legend with what it means."""
    name, parts = "", list[str]()
    for line in legend:
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
    counts = (many(trials[name].nunique(), what, end) for name, what, end in COUNTED)
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
