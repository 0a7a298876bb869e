"""A page for each claim: its verdict, its answer, its units drawn, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from pictures import svg
from rate_curves import rate_curves

from lossbench.claims.report.drawn import MARKS
from lossbench.claims.report.figures import SIDES
from lossbench.report.charts.units import Unit, intervals, squares

MOST = 60  # rows of a table; evidence.csv has all


def claim_pages(folder: Path) -> dict[str, str]:
    """Return the pages and the pictures of a run of claims, by their paths; the list of the claims first."""
    claims = pd.read_csv(folder / "claims.csv", keep_default_na=False)
    evidence = pd.read_csv(folder / "evidence.csv", low_memory=False)
    pages: dict[str, str] = {}
    for claim in claims.to_dict("records"):
        whole = evidence[evidence.id == claim["id"]]
        lines = whole[whole.role == "unit"]
        drawn = dict([*pictures(claim["id"], lines), *rate_curves(claim["id"], whole)])
        pages |= {f"claims/{file}": text for file, text in drawn.items()}
        pages[f"claims/{claim['id']}.md"] = page(claim, lines, list(drawn))
    rows = "\n".join(
        f"| [{one.id}]({one.id}.md) | {plain(one.claim)} | {one.verdict} |" for one in claims.itertuples()
    )
    head = "# Every claim\n\n[claims.md](../claims.md) says what became of them, document by document."
    return {"claims/index.md": f"{head}\n\n| ID | claim | verdict |\n| --- | --- | --- |\n{rows}\n"} | pages


def page(claim: dict[Any, Any], lines: pd.DataFrame, drawn: list[str]) -> str:
    """Return the page of one claim."""
    images = "\n\n".join(f"![{file.removesuffix('.svg')}]({file})" for file in drawn)
    facts = [("form", claim["form"]), ("place", claim["place"]), ("not tried", claim["left"])]
    told = "\n".join(f"- **{name}**: {plain(str(value))}" for name, value in facts if value)
    parts = [
        f"# {claim['id']}: {plain(claim['claim'])}",
        f"**{claim['verdict']}**. {plain(claim['answer'])}",
        images,
        told,
        f"```sh\n{claim['command']}\n```",
        table(lines),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(lines: pd.DataFrame) -> str:
    """Return the units that count, as a table."""
    if not len(lines):
        return ""
    head = "| data | what | measured | 95 % interval | says |\n| --- | --- | ---: | --- | --- |"
    rows = [
        f"| {plain(text(one.dataset))} | {plain(text(one.what))} | {number(one.measured)} "
        f"| {span(one.low, one.high)} | {SIDES.get(one.verdict, one.verdict)} |"
        for one in lines.head(MOST).itertuples()
    ]
    more = len(lines) - MOST
    rest = f"\n\n{more} more stand in `results/claims/evidence.csv`." if more > 0 else ""
    return "\n".join(["## Its units", "", head, *rows]) + rest


def pictures(name: str, lines: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield what the units say, and the intervals of those that were measured alike, each with its file's name."""
    units = [(text(one.what), unit_of(one)) for one in lines.itertuples()]
    if units:
        order = list(SIDES.values())
        sides = sorted((unit for _, unit in units), key=lambda one: order.index(one.side))
        yield f"{name}-units.svg", svg(squares(sides, MARKS), {})
    for number_, what in enumerate(dict.fromkeys(what for what, _ in units)):
        mine = [unit for name_, unit in units if name_ == what and unit.mean == unit.mean]
        if len(mine) > max(1, len(units) // 20):
            yield f"{name}-{number_}.svg", svg(intervals(what, mine), {})


def unit_of(line: Any) -> Unit:
    """Return a row of evidence as a unit of a picture."""
    named = ", ".join(filter(None, (text(line.dataset), text(line.case))))
    side = SIDES.get(line.verdict, "-")
    ends = (line.measured, line.low, line.high) if not pd.isna([line.measured, line.low, line.high]).any() else ()
    return Unit(named, side, f"{named}: {number(line.measured)}, {side}", *map(float, ends))


def text(cell: Any) -> str:
    """Return a cell, empty where it is undefined."""
    return "" if pd.isna(cell) else str(cell)


def number(value: Any) -> str:
    """Write a number, or what stands for it."""
    return "" if pd.isna(value) else f"{float(value):.3g}" if isinstance(value, int | float) else str(value)


def span(low: Any, high: Any) -> str:
    """Write an interval."""
    return "" if pd.isna(low) else f"[{number(low)}, {number(high)}]"


def plain(said: str) -> str:
    """Return words so that no sign in them is read as Markdown, or ends the cell of a table."""
    for sign in "\\*_|<":
        said = said.replace(sign, f"\\{sign}")
    return said
