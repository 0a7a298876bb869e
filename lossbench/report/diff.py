"""What differs between two runs: a line for each loss of each table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from lossbench.errors import BadValue, UnknownName
from lossbench.report.figures import Spread, column
from lossbench.report.table import Table
from lossbench.report.tables import heading, label, listed_seeds, p_value, varying
from lossbench.report.words.english import differ
from lossbench.schema import PLACE, SCORES, TRIALS, is_score, three
from lossbench.stats.between_runs.change import (
    Change,
    Meeting,
    changes,
    chosen_by,
    follows_judge,
    judged_apart,
    meetings,
    refuse_decided_apart,
    unscored,
)

MARKS = {
    "+": "better",
    "-": "worse",
    "!": "now fails",
    "*": "now works",
    "x": "not comparable",
    "<": "only in A",
    ">": "only in B",
    "~": "not significant",
    "=": "the same",
}
"""The meaning of each mark, for B against A."""

LEGEND = (
    "+ better, - worse, ~ not significant, ! now fails, * now works, x not comparable",
    "< only in A, > only in B, = the same numbers: counted, not shown",
    "change  B minus A over the n seeds of both, ± half of the 95 % interval, on these very rows",
    "p       of a paired t test, corrected by Holm over the losses of a table whose numbers moved",
)

UNSEEN = "=x"
"""Marks of lines that are not shown, or say nothing without their note: their notes stand below the tables."""

LEGEND_INDENT = " " * 8
"""Before a line of the legend that goes on."""

OTHER_FINGERPRINTS = "the fingerprints differ (another processor, engine or version), so last digits may"

COLUMNS = (
    *("mark", "task", *PLACE, "score"),
    *("before", "after", "change", "change_low", "change_high", "n", "p_value", "p_holm", "elsewhere", "note"),
)

HEADINGS = ("", "loss", "setting", "A", "B", "change", "p", "n", "note")
TEXTS, DROPS = ("", "loss", "setting", "note"), ("n", "note", "p", "A", "B")


def differences(before: pd.DataFrame, after: pd.DataFrame, score: str | None = None) -> pd.DataFrame:
    """Return one row for each loss of each table of two runs.

    Args:
        before: the trials of A, as in `trials.csv`.
        after: the trials of B.
        score: what is compared; None for the primary score of each data set.

    Returns:
        Columns `COLUMNS`: the mark, see `MARKS`; means over the shared seeds; their paired change, B minus A, with
        its 95 % interval; in `elsewhere` whether the fingerprints differ; in `note` details beyond the mark.

    Raises:
        UnknownName: no such score.
        BadValue: a score that neither run has, or only one of them.
    """
    if score is not None and not is_score(score):
        raise UnknownName("score", score, SCORES)
    found = meetings(before, after)
    if score is not None:
        found = [meeting for meeting in found if meeting.about.task in TRIALS[score].tasks]
    if not found:
        raise BadValue(f"no data set of either run has the score {score}; name another with --score")
    if score is not None:
        refuse_one_sided(score, before, after)
        refuse_judged_apart(score, found)
    compared = [score or str(meeting.about.score) for meeting in found]
    for meeting, name in zip(found, compared, strict=True):
        if len(meeting.before) and len(meeting.after):
            refuse_decided_apart(meeting.place["dataset"], name, *map(chosen_by, (meeting.before, meeting.after)))
    moved: dict[int, Change] = {}
    for name in dict.fromkeys(compared):
        mine = [index for index, other in enumerate(compared) if other == name]
        moved |= zip(mine, changes([found[index] for index in mine], name), strict=True)
    rows = [diff_row(meeting, moved[index]) for index, meeting in enumerate(found)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def refuse_one_sided(score: str, before: pd.DataFrame, after: pd.DataFrame) -> None:
    """Refuse a score that only one of the runs has, since an older lossbench wrote the other."""
    lacking = [name for name, run in (("A", before), ("B", after)) if unscored(run, score)]
    if len(lacking) == 1:
        raise BadValue(
            f"{lacking[0]} has no value for {score}, an older lossbench may have written it; name another with "
            "--score, or run it again"
        )


def refuse_judged_apart(score: str, found: Sequence[Meeting]) -> None:
    """Refuse a score that depends on the judged one, if the two runs are judged by different scores."""
    for meeting in found if follows_judge(score) else ():
        if len(meeting.before) and len(meeting.after):
            before, after = (str(run.score.iloc[0]) for run in (meeting.before, meeting.after))
            if before != after:
                raise BadValue(judged_apart(meeting.place["dataset"], score, before, after))


def diff_row(meeting: Meeting, moved: Change) -> dict[str, Any]:
    """Return the row of one loss in one table."""
    difference = moved.test.interval
    return {
        "mark": mark_of(meeting, moved),
        "task": meeting.about.task,
        **meeting.place,
        "score": moved.score,
        "before": moved.before,
        "after": moved.after,
        "change": float(difference.mean),
        "change_low": float(difference.low),
        "change_high": float(difference.high),
        "n": int(difference.n),
        "p_value": float(moved.test.p_value),
        "p_holm": moved.adjusted_p,
        "elsewhere": meeting.elsewhere,
        "note": "; ".join(diff_notes(meeting, moved)),
    }


def mark_of(meeting: Meeting, moved: Change) -> str:
    """Return the mark of a loss in one table; a failed seed outweighs the scores of the others."""
    if not meeting.seeds:
        return "x" if len(meeting.before) and len(meeting.after) else "<" if len(meeting.before) else ">"
    if meeting.differing:
        return "x"
    if meeting.failing or moved.lost:
        return "!"
    if meeting.mended or moved.found:
        return "*"
    return "=" if moved.still else {"better": "+", "worse": "-"}.get(moved.verdict, "~")


def diff_notes(meeting: Meeting, moved: Change) -> Iterator[str]:
    """Yield the details behind the mark: which hashes, which seeds."""
    if meeting.differing:
        yield f"{', '.join(meeting.differing)} {differ(meeting.differing)}"
    if len(meeting.before) and len(meeting.after):
        for seeds, run in ((meeting.missing, "A"), (meeting.new, "B")):
            if seeds:
                yield f"{listed_seeds(seeds)} only in {run}"
    for seeds, turn in (
        (meeting.failing or moved.lost, "now fails"),
        (meeting.mended or moved.found, "now works"),
    ):
        if seeds:
            yield f"{turn}: {listed_seeds(seeds)}"


def diff_tables(frame: pd.DataFrame) -> Iterator[Table]:
    """Yield a table for each data set, with the lines that differ between the runs."""
    names = varying(frame.to_dict("records"))
    for dataset, group in frame[frame.mark != "="].groupby("dataset", sort=False):
        first = group.iloc[0]
        lines = group.to_dict("records")
        rows = tuple(_cells(row, names, figures) for row, figures in zip(lines, _figures(lines), strict=True))
        title = f"{dataset} ({first.task}): {heading(first.score)}"
        made = Table(title, HEADINGS, rows, texts=TEXTS, drops=DROPS)
        yield made.without_empty("setting", "note")


def _figures(lines: Sequence[Mapping[Any, Any]]) -> list[list[str]]:
    """Format both means and the change of each line, with common decimals."""
    sides = [[Spread(row["before"]), Spread(row["after"])] for row in lines]
    moved = [Spread(*(row[end] for end in three("change"))) for row in lines]
    written = column([spread for pair, change in zip(sides, moved, strict=True) for spread in (*pair, change)])
    return [written[start : start + 3] for start in range(0, len(written), 3)]


def _cells(row: Mapping[Any, Any], names: tuple[str, ...], figures: Sequence[str]) -> tuple[str, ...]:
    return (
        row["mark"],
        row["loss"],
        label(row, names),
        *figures,
        p_value(row["p_holm"]),
        str(row["n"]),
        row["note"],
    )


def closing_lines(frame: pd.DataFrame) -> Iterator[str]:
    """Yield the lines below the tables: the counts of marks and of notes, and whether fingerprints differ."""
    count = Counter(frame.mark)
    marks = ", ".join(f"{count[mark]} {meaning} ({mark})" for mark, meaning in MARKS.items() if count[mark])
    yield f"{len(frame)} lines: {marks}"
    unseen = Counter(frame.note[frame.mark.isin([*UNSEEN]) & (frame.note != "")])
    yield from (f"{note}: {count} of {len(frame)} lines" for note, count in unseen.items())
    if frame.elsewhere.any():
        yield f"{OTHER_FINGERPRINTS}: {frame.elsewhere.sum()} of {len(frame)} lines"
