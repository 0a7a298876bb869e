"""The results of the checks on a loss, as tables and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lossbench.checks import Grade
from lossbench.checks.tasks import in_words
from lossbench.report.table import Table
from lossbench.report.words.remark import fact_text

if TYPE_CHECKING:
    from lossbench.checks.run import Report

COLUMNS = ("check", "result", "what it saw")
WORDS: dict[Grade, str] = {"pass": "passed", "note": "noted", "fail": "failed", "open": "not checked"}


def check_tables(report: Report) -> Iterator[Table]:
    """Yield a table of the observations on each task."""
    for task, mine in report.observations.items():
        rows = tuple((check, found.grade, fact_text(found.saw)) for check, found in mine)
        failed = tuple(index for index, row in enumerate(rows) if row[1] == "fail")
        yield Table(f"{report.spec} ({task})", COLUMNS, rows, best=failed, texts=COLUMNS)


def check_lines(report: Report) -> Iterator[str]:
    """Yield the counts of results for each task, and why the loss does not fit the other tasks."""
    for task, mine in report.observations.items():
        counts = Counter(found.grade for _, found in mine)
        named = {
            grade: ", ".join(check for check, found in mine if found.grade == grade) for grade in ("fail", "open")
        }
        told = ", ".join(
            f"{counts[grade]} {words}{f' ({named[grade]})' if named.get(grade) else ''}"
            for grade, words in WORDS.items()
            if counts[grade]
        )
        yield f"{task}: {told}"
    if report.unfit:
        yield f"not for {in_words(report.unfit)}"


def plain_report(report: Report) -> dict[str, Any]:
    """Return the observations as plain data."""
    checks = [
        {"task": task, "check": check, "result": found.grade, "saw": fact_text(found.saw)}
        for task, mine in report.observations.items()
        for check, found in mine
    ]
    return {"loss": report.spec, "failed": report.failed, "unfit": dict(report.unfit), "checks": checks}
