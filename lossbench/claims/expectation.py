"""Verdicts held to those of an earlier run: the gate of `lossbench claims --expect`."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lossbench.claims.evidence import VERDICTS, Judgement
from lossbench.errors import DataError

MISSING = "missing"


@dataclass(frozen=True)
class ChangedVerdict:
    """A claim whose verdict is not the expected one.

    Args:
        id: of the claim.
        before: the verdict expected.
        after: the verdict found, or "missing" where the claim was not tried.
    """

    id: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.id}: {self.before} is now {self.after}"


def read_expected(file: Path) -> dict[str, str]:
    """Read the verdicts of an earlier run, by ID.

    Args:
        file: a `claims.csv`.

    Raises:
        DataError: a file that cannot be read, lacks a column, or holds a verdict that does not exist.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"'{file}' cannot be read: {error}; give the claims.csv of an earlier run") from None
    expected = {row.get("id"): row.get("verdict") for row in rows}
    for name, verdict in expected.items():
        if name is None or verdict not in VERDICTS:
            raise DataError(
                f"'{file}': claim {name} has the verdict {verdict!r}, which is none; give the claims.csv of an "
                "earlier run, with the columns id and verdict"
            )
    if not expected:
        raise DataError(f"'{file}' holds no verdict; give the claims.csv of an earlier run")
    return {str(name): str(verdict) for name, verdict in expected.items()}


def changes(
    expected: Mapping[str, str], judgements: Sequence[Judgement], ids: Sequence[str] = ()
) -> list[ChangedVerdict]:
    """Return where the verdicts are not the expected ones, in their order; a claim that is new is no change.

    Args:
        expected: verdicts by ID.
        judgements: what was found.
        ids: the claims that were asked for; without any, all, so that each one expected must be there.

    Example:
        >>> changes({"T3": "depends"}, [])
        [ChangedVerdict(id='T3', before='depends', after='missing')]
    """
    found = {judgement.claim.id: judgement.verdict for judgement in judgements}
    return [
        ChangedVerdict(name, before, found.get(name, MISSING))
        for name, before in expected.items()
        if (name in ids or not ids) and found.get(name) != before
    ]
