"""The real tables of the package lossbench-data, which is installed separately: `shipped:penguins`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from io import BytesIO

from lossbench.data.files.fetched import Fetched
from lossbench.errors import DataError, UnknownName
from lossbench.task import Task

PACKAGE = "lossbench_data"
SOURCE = "shipped"
"""What stands before the colon of such a table's name."""


@dataclass(frozen=True)
class Shipped:
    """The record of a table.

    Args:
        summary: what it is, in a sentence.
        target: the column to predict.
        task: the task that this makes.
        source: who collected it.
        statement: the sentence by which it is free to ship.
        taken_from: where that sentence stands.
        changed: what was done to it.
        group: the column that groups rows; None where there is none.
    """

    summary: str
    target: str
    task: Task
    source: str
    statement: str
    taken_from: str
    changed: str
    group: str | None = None


@cache
def tables() -> Mapping[str, Shipped]:
    """Return the records of the tables, by name; none where the package is not installed."""
    try:
        place = files(PACKAGE) / "tables"
    except ModuleNotFoundError:
        return {}
    found = {file.name.removesuffix(".toml"): file for file in place.iterdir() if file.name.endswith(".toml")}
    return {name: Shipped(**tomllib.loads(found[name].read_text(encoding="utf-8"))) for name in sorted(found)}


def ship(name: str) -> Fetched:
    """Return a table of the package.

    Raises:
        DataError: the package is not installed, or the table does not have its checksum.
        UnknownName: the package has no such table.
    """
    import pandas as pd  # imported here, so that listing the tables need not wait for it

    known, which = tables(), name.partition(":")[2]
    if not known:
        raise DataError(
            f"'{name}' is a table of the package lossbench-data; install it: pip install lossbench-data"
        )
    if which not in known:
        raise UnknownName("table of lossbench-data", which, known, where=f"'{name}'")
    place = files(PACKAGE) / "tables"
    content = (place / f"{which}.parquet").read_bytes()
    code = sha256(content).hexdigest()
    if f"{code}  {which}.parquet" not in (place / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        raise DataError(
            f"'{name}' is not the table that was put into lossbench-data; install that anew: "
            "pip install --force-reinstall lossbench-data"
        )
    version = f"lossbench-data {import_module(PACKAGE).__version__}, {which}, sha256 {code[:16]}"
    return Fetched(pd.read_parquet(BytesIO(content)), (known[which].target,), version, known[which].group)
