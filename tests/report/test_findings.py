from __future__ import annotations

from lossbench.checks.finding import Finding
from lossbench.checks.run import Report
from lossbench.report.findings import finding_tables, plain_report, verdict_lines

REPORT = Report(
    "mine.py:f",
    {"regression": "classes only"},
    {
        "binary": (("gradient", Finding("pass", "right")), ("kinks", Finding("fail", "nan"))),
        "multiclass": (("gradient", Finding("pass", "right")), ("scale", Finding("note", "small"))),
    },
)


def test_tables_hold_every_finding() -> None:
    """A table a task, a row a check, the failed ones to be seen first."""
    tables = list(finding_tables(REPORT))
    assert [table.title for table in tables] == ["mine.py:f (binary)", "mine.py:f (multiclass)"]
    assert tables[0].rows == (("gradient", "pass", "right"), ("kinks", "fail", "nan"))
    assert [table.best for table in tables] == [(1,), ()]


def test_lines_count_and_name_what_failed() -> None:
    """How many passed, were noted and failed on each task, which failed, and why other tasks are not there."""
    assert list(verdict_lines(REPORT)) == [
        "binary: 1 passed, 1 failed (kinks)",
        "multiclass: 1 passed, 1 noted",
        "not for regression: classes only",
    ]


def test_plain_data_hold_the_same() -> None:
    """The findings one after the other, whether any failed, and where the loss does not fit."""
    data = plain_report(REPORT)
    assert (data["loss"], data["failed"], data["unfit"]) == ("mine.py:f", True, {"regression": "classes only"})
    assert len(data["checks"]) == 4
    assert data["checks"][1] == {"task": "binary", "check": "kinks", "result": "fail", "saw": "nan"}
