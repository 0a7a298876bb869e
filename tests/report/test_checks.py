from __future__ import annotations

from lossbench.checks import Observation
from lossbench.checks.run import Report
from lossbench.report.checks import check_lines, check_tables, plain_report

REPORT = Report(
    "mine.py:f",
    {"regression": "classes only"},
    {
        "binary": (("gradient", Observation("pass", "right")), ("kinks", Observation("fail", "nan"))),
        "multiclass": (("gradient", Observation("pass", "right")), ("scale", Observation("note", "small"))),
    },
)


def test_tables_hold_every_finding() -> None:
    """A table a task, a row a check, the failed ones to be seen first."""
    tables = list(check_tables(REPORT))
    assert [table.title for table in tables] == ["mine.py:f (binary)", "mine.py:f (multiclass)"]
    assert tables[0].rows == (("gradient", "pass", "right"), ("kinks", "fail", "nan"))
    assert [table.best for table in tables] == [(1,), ()]


def test_lines_count_and_name_what_failed() -> None:
    """How many passed, were noted and failed on each task, which failed, and why other tasks are not there."""
    assert list(check_lines(REPORT)) == [
        "binary: 1 passed, 1 failed (kinks)",
        "multiclass: 1 passed, 1 noted",
        "not for regression: classes only",
    ]


def test_what_was_not_checked_is_named() -> None:
    """What was given up is neither passed nor noted."""
    given_up = Observation("open", "not checked: given up")
    report = Report("mine.py:f", {}, {"binary": (("kinks", given_up), ("learns", Observation("pass", "right")))})
    assert list(check_lines(report)) == ["binary: 1 passed, 1 not checked (kinks)"]


def test_plain_data_hold_the_same() -> None:
    """The observations one after the other, whether any failed, and where the loss does not fit."""
    data = plain_report(REPORT)
    assert (data["loss"], data["failed"], data["unfit"]) == ("mine.py:f", True, {"regression": "classes only"})
    assert len(data["checks"]) == 4
    assert data["checks"][1] == {"task": "binary", "check": "kinks", "result": "fail", "saw": "nan"}
