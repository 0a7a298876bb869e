"""What the checks saw of a loss, as tables and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lossbench.checks.finding import Verdict
from lossbench.checks.tasks import in_words
from lossbench.report.tables import Table
from lossbench.report.words import written

if TYPE_CHECKING:
    from lossbench.checks.run import Report

COLUMNS = ("check", "result", "what it saw")
WORDS: dict[Verdict, str] = {"pass": "passed", "note": "noted", "fail": "failed"}


def finding_tables(report: Report) -> Iterator[Table]:
    """Yield a table of the findings on each task."""
    for task, mine in report.findings.items():
        rows = tuple((check, found.verdict, written(found.saw)) for check, found in mine)
        failed = tuple(index for index, row in enumerate(rows) if row[1] == "fail")
        yield Table(f"{report.spec} ({task})", COLUMNS, rows, best=failed, texts=COLUMNS)


def verdict_lines(report: Report) -> Iterator[str]:
    """Yield what came of the checks as a whole, and why the loss does not fit the other tasks."""
    for task, mine in report.findings.items():
        counts = Counter(found.verdict for _, found in mine)
        told = ", ".join(f"{counts[verdict]} {words}" for verdict, words in WORDS.items() if counts[verdict])
        failed = ", ".join(check for check, found in mine if found.verdict == "fail")
        yield f"{task}: {told}{f' ({failed})' if failed else ''}"
    if report.unfit:
        yield f"not for {in_words(report.unfit)}"


def plain_report(report: Report) -> dict[str, Any]:
    """Return the findings as plain data."""
    checks = [
        {"task": task, "check": check, "result": found.verdict, "saw": written(found.saw)}
        for task, mine in report.findings.items()
        for check, found in mine
    ]
    return {"loss": report.spec, "failed": report.failed, "unfit": dict(report.unfit), "checks": checks}
