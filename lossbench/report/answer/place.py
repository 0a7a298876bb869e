"""Names of tables: their data set, and the settings that tell them apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lossbench.report.tables import SHARE, VALUE_ONLY, label, varying
from lossbench.stats.answer.facts import TableAnswer


def places(tables: Sequence[TableAnswer]) -> list[str]:
    """Return the name of each table: its data set, and the settings that differ between tables."""
    names = [name for name in varying(one.setting for one in tables) if name not in protocol(tables)]
    return [place(one, names) for one in tables]


def protocol(tables: Sequence[TableAnswer]) -> tuple[str, ...]:
    """Return the settings that differ between data sets but not within one, and so tell no tables apart."""
    within = [
        name
        for dataset in dict.fromkeys(one.dataset for one in tables)
        for name in varying(one.setting for one in tables if one.dataset == dataset)
    ]
    return tuple(name for name in varying(one.setting for one in tables) if name not in within)


def place(table: TableAnswer, names: Sequence[str]) -> str:
    """Return the name of a table: its data set, view and some of its settings."""
    own = [] if table.view == "fixed" else ["each loss at its own lr"]
    share = table.setting[SHARE]
    own += (
        [f"trained on {100 * share:g} % {table.setting['outlier_kind']}"] if share and SHARE not in names else []
    )
    shown = [name for name in names if name in VALUE_ONLY or not undefined(table.setting[name])]
    return ", ".join(filter(None, [table.dataset, label(table.setting, shown), *own]))


def undefined(value: object) -> bool:
    """Say whether a setting or a figure has no value."""
    return isinstance(value, float) and math.isnan(value)
