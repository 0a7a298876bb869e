"""Number tables: the printed table beside the measured one, and further tables of its experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from textwrap import wrap

from lossbench.claims.answer import order_of, size_of
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.words import plain
from lossbench.grouped import grouped
from lossbench.report.figures import NOT_DEFINED, interval
from lossbench.report.grid import Column, grid, labelled
from lossbench.report.plot import beside
from lossbench.schema import METRICS

INDENT = 4
SHADES = "░▒▓█"
"""Shades from few epochs to many."""


def number_table(judgement: Judgement, primary: str, width: int) -> Iterator[str]:
    """Yield the report of a number table: its two verdicts, and the printed table beside the measured one."""
    claim, finding = judgement.claim, judgement.finding
    if finding is None:
        return
    yield from labelled("size", size_of(finding), width, INDENT, 7)
    yield from labelled("order", order_of(finding), width, INDENT, 7)
    levels = [line for line in judgement.evidence if line.aspect == "level" and line.role == "shown"]
    for name in claim.experiments:
        if name in TABLES and levels:
            yield ""
            yield from TABLES[name](judgement, levels, primary, width)


def of_protocol(lines: Sequence[Evidence], primary: str) -> list[Evidence]:
    """Return the evidence under the primary protocol; all of it if there is none."""
    mine = [line for line in lines if line.protocol == primary]
    return mine or list(lines)


def scores(judgement: Judgement, levels: Sequence[Evidence], primary: str, width: int) -> Iterator[str]:
    """Yield the printed and measured scores of each loss, one column per data set."""
    for number, (score, mine) in enumerate(
        grouped(of_protocol(levels, primary), lambda line: line.quantity).items()
    ):
        yield from ([""] if number else [])
        yield from printed_beside(judgement.claim, plain(score), mine, lambda line: line.arms[0], width)


def printed_beside(
    claim: Claim, title: str, lines: Sequence[Evidence], row: Callable[[Evidence], str], width: int
) -> Iterator[str]:
    """Yield a table: rows by name, the printed number, and what was measured on each data set."""
    by_row = grouped(lines, row)
    datasets = dict.fromkeys(line.dataset for line in lines)
    printed = [
        next((printed_of(claim, line) for line in mine if line.reported is not None), "")
        for mine in by_row.values()
    ]
    columns = [Column(title, list(by_row)), Column("printed", printed, right=True)]
    for place, dataset in enumerate(datasets):
        cells = [
            next((measured(line) for line in mine if line.dataset == dataset), "") for mine in by_row.values()
        ]
        name = next(label(line) for line in lines if line.dataset == dataset)
        columns.append(Column(name, cells, right=True, drop=place))
    yield from grid(columns, width, INDENT)


def printed_of(claim: Claim, line: Evidence) -> str:
    """Return the reported number of a line as it is printed."""
    texts = {float(text): text for text in claim.reported.values()}
    return "" if line.reported is None else texts.get(line.reported, f"{line.reported:g}")


def measured(line: Evidence) -> str:
    """Format a level: a score with three decimals, epochs with one."""
    if line.measured is None:
        return NOT_DEFINED
    return f"{line.measured:.1f}" if line.quantity not in METRICS else f"{line.measured:.3f}"


def label(line: Evidence) -> str:
    """Name a data set above its column, by its share of positives where the reported rows imply one."""
    return line.dataset if line.positives is None else f"{100 * line.positives:.0f} % positive"


def rates(judgement: Judgement, levels: Sequence[Evidence], primary: str, width: int) -> Iterator[str]:
    """Yield the printed rates beside those of the first loss, then the best rate by loss and optimiser."""
    first, protocol = levels[0].arms[0], levels[0].protocol
    mine = [
        one for one in levels if one.arms[0] == first and one.protocol == protocol and one.reported is not None
    ]
    yield from printed_beside(judgement.claim, "rate", mine, lambda line: f"{line.rates[0]:g}", width)
    yield from note(f"measured: {plain(mine[0].quantity)} of {first} under {protocol}", width)
    yield ""
    curves = grouped(levels, lambda line: (line.dataset, line.protocol, line.arms[0]))
    places = grouped(curves, lambda key: key[:2])
    losses = list(dict.fromkeys(key[2] for key in curves))
    columns = [
        Column("best rate on", [place[0] for place in places]),
        Column("under", [place[1] for place in places]),
    ]
    for loss in losses:
        best = [best_rate(curves.get((*place, loss), [])) for place in places]
        columns.append(Column(loss, best, right=True, drop=losses.index(loss)))
    yield from grid(columns, width, INDENT)
    whole = sum(in_order([one for one in curve if one.reported is not None]) for curve in curves.values())
    yield from note(
        f"By their means, all printed rates are in the printed order in {whole} of {len(curves)} curves.", width
    )


def best_rate(curve: Sequence[Evidence]) -> str:
    """Return the rate with the best score."""
    there = [line for line in curve if line.measured is not None]
    if not there:
        return NOT_DEFINED
    sign = METRICS[there[0].quantity].sign
    return f"{max(there, key=lambda line: sign * (line.measured or 0.0)).rates[0]:g}"


def in_order(lines: Sequence[Evidence]) -> bool:
    """Say whether the measured levels are in the order of the reported ones; a tie is not."""
    ranked = sorted(lines, key=lambda line: line.reported or 0.0)
    values = [line.measured for line in ranked]
    return None not in values and all((a or 0.0) < (b or 0.0) for a, b in pairwise(values))


def penalties(judgement: Judgement, levels: Sequence[Evidence], primary: str, width: int) -> Iterator[str]:
    """Yield the printed arms beside the measured ones, then what the loss and the penalty contribute."""
    mine = of_protocol(levels, primary)
    yield from printed_beside(judgement.claim, plain(mine[0].quantity), mine, lambda line: line.arms[0], width)
    yield ""
    compared = [line for line in judgement.evidence if line.role != "shown" and line.aspect == "outcome"]
    effects = grouped(of_protocol(compared, primary), lambda line: line.dataset)
    for dataset, lines in effects.items():
        loss = [line for line in lines if line.quantity.endswith("effect of the loss")]
        penalty = [line for line in lines if line.quantity.endswith("effect of the penalty")]
        both = [line for line in lines if "effect" not in line.quantity]
        columns = [Column(f"on {dataset}", [" vs ".join(line.arms) for line in loss])]
        for name, some in (("loss", loss), ("penalty", penalty), ("both", both)):
            columns.append(Column(name, list(map(halved, some)), right=True))
        yield from grid(columns, width, INDENT)


def halved(line: Evidence) -> str:
    """Format a difference with the half width of its interval."""
    if line.measured is None or line.low is None or line.high is None:
        return NOT_DEFINED
    return interval(line.measured, line.low, line.high)


def epochs(judgement: Judgement, levels: Sequence[Evidence], primary: str, width: int) -> Iterator[str]:
    """Yield printed and measured epochs, then a map of rate against loss on each data set under each optimiser."""
    own = [line for line in levels if not line.rates]
    yield from printed_beside(judgement.claim, "epochs", own or list(levels), lambda line: line.arms[0], width)
    maps = grouped((line for line in levels if line.rates), lambda line: (line.dataset, line.protocol))
    panels = [heat_map(f"{dataset}, {protocol}", lines) for (dataset, protocol), lines in maps.items()]
    for row in rows_of(panels, width - INDENT):
        yield ""
        yield from (" " * INDENT + line for line in beside(*row))
    yield from note(f"By rate and loss, {SHADES[0]} few epochs to {SHADES[-1]} the whole run.", width)
    settings = grouped(levels, lambda line: (line.dataset, line.protocol, line.rates))
    whole = sum(any(map(in_order, orders(lines))) for lines in settings.values())
    yield from note(f"By their means, all are in the printed order in {whole} of {len(settings)} settings.", width)


def orders(lines: Sequence[Evidence]) -> Iterator[list[Evidence]]:
    """Yield the lines of one setting, once for each reading of an arm that has several."""
    by_number = grouped(lines, lambda line: line.reported)
    most = max(map(len, by_number.values()))
    for turn in range(most):
        yield [mine[min(turn, len(mine) - 1)] for mine in by_number.values()]


def heat_map(title: str, lines: Sequence[Evidence]) -> list[str]:
    """Return a table of the epochs of each loss at each rate, each with a shade."""
    rates = sorted({line.rates[0] for line in lines})
    most = max(line.measured or 0.0 for line in lines) or 1.0
    by_loss = grouped(lines, lambda line: line.arms[0])
    columns = [Column(title, list(by_loss))]
    for rate in rates:
        found = [next((line for line in mine if line.rates[0] == rate), None) for mine in by_loss.values()]
        columns.append(Column(f"{rate:g}", [shaded(line, most) for line in found], right=True))
    return grid(columns, 10**6)


def shaded(line: Evidence | None, most: float) -> str:
    """Format a number of epochs with a shade for its share of the largest number."""
    if line is None or line.measured is None:
        return NOT_DEFINED
    return f"{line.measured:.0f} {SHADES[min(int(len(SHADES) * line.measured / most), len(SHADES) - 1)]}"


def rows_of(panels: Sequence[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Yield rows of panels, as many side by side as fit the width."""
    row: list[list[str]] = []
    for panel in panels:
        if row and sum(max(map(len, one)) + 2 for one in [*row, panel]) - 2 > width:
            yield row
            row = []
        row.append(panel)
    if row:
        yield row


def note(text: str, width: int) -> Iterator[str]:
    """Yield a sentence below a table."""
    yield from wrap(text, width, initial_indent=" " * INDENT, subsequent_indent=" " * INDENT)


TABLES: dict[str, Callable[[Judgement, Sequence[Evidence], str, int], Iterator[str]]] = {
    "number_table": scores,
    "anomalies": scores,
    "rates": rates,
    "loss_by_penalty": penalties,
    "convergence": epochs,
}
"""The function that lays out a number table, by experiment."""
