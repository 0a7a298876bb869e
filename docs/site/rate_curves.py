"""A score against the learning rate, where a claim has measured it."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pictures import svg

from lossbench.report.charts.lines import Line, Lines
from lossbench.report.charts.look import Look, looks
from lossbench.report.charts.overlay import overlay

CASE = r"^(?P<loss>.+): rate (?P<rate>\S+)$"
"""How the evidence names a loss at a rate."""

LEVEL = "level of "
"""Before the name of a score, where it is that of one loss and no difference."""


def rate_curves(name: str, lines: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield a picture for each data set and protocol, with the name of its file.

    Args:
        name: of the claim.
        lines: its evidence.
    """
    levels = lines[lines.what.str.startswith(LEVEL, na=False)]
    named = levels.assign(**levels["case"].str.extract(CASE)).dropna(subset=["rate"])
    named = named.assign(rate=named.rate.astype(float)).sort_values("rate", kind="stable")
    for (dataset, protocol, what), mine in named.groupby(["dataset", "protocol", "what"], sort=False):
        found = looks([list(dict.fromkeys(mine.loss))])
        score = what.removeprefix(LEVEL)
        chart = curves(mine, found, f"{score} on {dataset}, {protocol}")
        yield f"{name}-{dataset}-{protocol}-{score}-by-rate.svg".replace(":", "-"), svg(overlay(chart), found)


def curves(mine: pd.DataFrame, found: dict[str, Look], up: str) -> Lines:
    """Return the lines of losses at the rates of one data set and protocol, with the band of each mean."""
    rates = mine.rate.drop_duplicates().to_numpy()
    drawn = []
    for loss, rows in mine.groupby("loss", sort=False):
        at = rows.set_index("rate").reindex(rates)
        drawn.append(Line(loss, found[loss], *(at[end].to_numpy(float) for end in ("measured", "low", "high"))))
    return Lines("p", rates, drawn, "learning rate", up, log=True, dots=True)
