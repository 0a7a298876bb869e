"""The tables of a run in LaTeX, with the rules of booktabs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from lossbench.data.contamination import AT_TEST
from lossbench.report.answer.place import places
from lossbench.report.escape import latex
from lossbench.report.figures import NOT_DEFINED, Spread, column
from lossbench.report.table import Table
from lossbench.report.tables import SHARE, answered, heading, make_table, rank_table, ranks_by_task, setting
from lossbench.report.words.english import joined, plural
from lossbench.stats.answer.facts import TableAnswer
from lossbench.stats.findings import Findings
from lossbench.visible import visible

HEAD = "% needs \\usepackage{booktabs}"

DROPPED = ("plateau", "n")
"""Columns too many for a paper: `plateau` is in the CSV, `n` in the caption."""

HALF = "± half of the 95 % interval over them"

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?(?: \$\\pm\$\d+(?:\.\d+)?(?:e[+-]\d+)?)?")
"""A number in LaTeX with its half interval."""

WRAPPED = 24  # characters; a column with longer cells is prose and wraps
LETTER, GAP, LEAST = 0.0145, 0.035, 0.12
"""Shares of a line of 345 pt: a letter, the gap between columns, and the least width of a prose column."""

POWER = re.compile(r"e([+-]\d+)")

SIGNS = {
    "+": ("$+$", "better"),
    "+=": ("$+_=$", "better, within the margin"),
    "-": ("$-$", "worse"),
    "-=": ("$-_=$", "worse, within the margin"),
    "=": ("$=$", "equivalent"),
    "~": (r"$\sim$", "open"),
}
"""By verdict, its sign in a table and its meaning."""


def latex_tables(findings: Findings, said: Iterable[str] = ()) -> str:
    """Return all tables of a run in LaTeX: one for each data set and setting, and those over several data sets."""
    groups, answers = zip(*answered(findings), strict=True)
    made = [
        float_of(differences(make_table(group), group), caption(one), f"tab:{slug(name)}")
        for group, one, name in zip(groups, answers, places(answers), strict=True)
    ]
    for ranks in ranks_by_task(findings.ranks):
        label = f"tab:{slug(str(ranks.task.iloc[0]))}-ranks"
        made.append(float_of(rank_table(ranks), over_data_sets(ranks), label))
    return "\n".join(["\n".join([HEAD, *(f"% {visible(one)}" for one in said)]), *made])


def differences(table: Table, group: pd.DataFrame) -> Table:
    """Return a table with the differences from the reference, without the columns dropped for a paper."""
    spreads = map(Spread, group.difference, group.difference_low, group.difference_high)
    cells = {name: [row[place] for row in table.rows] for place, name in enumerate(table.columns)}
    cells["difference"] = ["" if text == NOT_DEFINED else text for text in column(spreads)]
    score = table.columns[table.columns.index("vs") + 1]
    first = [name for name in ("loss", score, "abc", "difference", "vs") if name in cells]
    told = [name for name in table.columns if set(cells[name]) != {NOT_DEFINED}]
    names = [*first, *(name for name in told if name not in (*first, *DROPPED))]
    rows = zip(*(cells[name] for name in names), strict=True)
    return Table(table.title, tuple(names), tuple(rows), table.best, texts=table.texts)


def caption(one: TableAnswer) -> str:
    """Return the caption of a table, in LaTeX."""
    place, score = one.setting, spelled(one.score)
    what = f"{score[:1].upper()}{score[1:]} on {one.dataset}: mean over {plural(one.seeds, 'seed')}"
    half = f"± half of the 95 % interval over {plural(one.units, one.unit)}" if one.unit != "seed" else HALF
    kind = place["outlier_kind"]
    part = "test" if kind in AT_TEST else "training"
    dirt = f"; {100 * place[SHARE]:g} % of the {part} part contaminated ({kind})" if place[SHARE] else ""
    shared = setting(pd.Series({**place, "view": one.view}))
    against = f"Difference and sign: against {one.reference}, on rows like these, by corrected paired tests."
    return prose(f"{what}, {half} ({shared}{dirt}). {against}")


def over_data_sets(ranks: pd.DataFrame) -> str:
    """Return the caption of a table of ranks, in LaTeX."""
    first = ranks.iloc[0]
    needed = ranks.data_sets_needed.max()
    few = pd.notna(needed) and first.data_sets < needed
    silent = f" With {first.data_sets} data sets no difference can be significant; {needed} could." if few else ""
    shown = f"Losses over {first.data_sets} {first.task} data sets ({setting(first)})."
    return prose(f"{shown} Rank 1 is the best; skill is the mean of the middle half of all trainings.{silent}")


def spelled(score: str) -> str:
    """Return the name of a score for a sentence."""
    return heading(score) if len(score) < 5 else score.replace("_", " ")


def prose(text: str) -> str:
    r"""Return sentences in LaTeX.

    Example:
        >>> print(prose("a 95 % interval"))
        a 95\,\% interval
    """
    return latex(text).replace(r" \%", r"\,\%")


def float_of(table: Table, said: str, label: str) -> str:
    """Return a table float in LaTeX; an explanation of signs and letters is added to its caption."""
    apart = "abc" in table.columns and any(row[table.columns.index("abc")] for row in table.rows)
    kept = [number for number, name in enumerate(table.columns) if name != "abc" or apart]
    columns = [table.columns[number] for number in kept]
    kinds = "".join("l" if name in table.texts else "c" if name == "vs" else "r" for name in columns)
    body = [
        line_of([latex_cell(row[number], columns[at]) for at, number in enumerate(kept)]) for row in table.rows
    ]
    lines = [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{' '.join([said, *sign_notes(table, apart)])}}}",
        rf"  \label{{{label}}}",
        rf"  \begin{{tabular}}{{@{{}}{kinds}@{{}}}}",
        r"    \toprule",
        f"    {line_of([HEADS.get(name, latex(name)) for name in columns])}",
        r"    \midrule",
        *(f"    {line}" for line in body),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "".join(f"{line}\n" for line in lines)


HEADS: Mapping[str, str] = {"abc": "", "vs": "", "to target": "epochs to target", "robust": "robustness"}


def sign_notes(table: Table, apart: bool) -> Iterator[str]:
    """Yield the meaning of the signs in a table, and of its letters if they tell losses apart."""
    there = dict.fromkeys(row[table.columns.index("vs")] for row in table.rows)
    signs = [f"{SIGNS[sign][0]} {SIGNS[sign][1]}" for sign in SIGNS if sign in there]
    if signs:
        yield f"{joined(signs)}."
    if apart:
        yield "Losses that share a letter cannot be told apart."
    if "to target" in table.columns and any("/" in row[table.columns.index("to target")] for row in table.rows):
        yield "After epochs, $a$/$b$: reached by $a$ of $b$ seeds."


def latex_cell(text: str, name: str) -> str:
    r"""Return a cell in LaTeX, with its numbers in math mode.

    Example:
        >>> print(latex_cell("-0.041 ±0.019", "difference"), latex_cell("a_b", "loss"))
        $-0.041 \pm 0.019$ a\_b
    """
    if name == "vs":
        return SIGNS[text][0] if text in SIGNS else "ref." if text == "ref" else latex(text)
    if name in ("loss", "abc"):
        return latex(text)
    return "--" if text == NOT_DEFINED else NUMBER.sub(mathematics, latex(text))


def mathematics(found: re.Match[str]) -> str:
    """Return a number with its half interval in math mode."""
    number = POWER.sub(lambda power: rf" \times 10^{{{int(power[1])}}}", found[0])
    return "$" + number.replace(r"$\pm$", r"\pm ") + "$"


def line_of(cells: Iterable[str]) -> str:
    """Return a row of a table in LaTeX."""
    return " & ".join(cells) + r" \\"


def slug(text: str) -> str:
    """Return a text as part of a label.

    Example:
        >>> slug("sales.csv:target=price")
        'sales-csv-target-price'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "run"


def text_tables(tables: Iterable[Table], legend: Iterable[str]) -> str:
    """Return tables of sentences in LaTeX; they may be longer than a page."""
    said = " ".join(map(prose, legend))
    return "\n".join([f"{HEAD} and \\usepackage{{longtable}}", *(text_table(table, said) for table in tables)])


def text_table(table: Table, said: str) -> str:
    """Return a table of sentences in LaTeX; prose columns wrap, and the others are as narrow as possible."""
    widths = [max(map(len, column)) for column in zip(table.columns, *table.rows, strict=True)]
    narrow = [width for width in widths if width <= WRAPPED]
    left = 1.0 - LETTER * sum(narrow) - GAP * (len(widths) - 1)
    share = max(LEAST, left / max(len(widths) - len(narrow), 1))
    kinds = "".join("l" if width <= WRAPPED else rf"p{{{share:.2f}\linewidth}}" for width in widths)
    lines = [
        r"\setlength{\LTcapwidth}{\linewidth}",
        rf"\begin{{longtable}}{{@{{}}{kinds}@{{}}}}",
        rf"  \caption{{{prose(table.title.rstrip('.'))}. {said}}} \\",
        r"  \toprule",
        f"  {line_of(map(prose, table.columns))}",
        r"  \midrule",
        r"  \endhead",
        *(f"  {line_of(map(prose, row))}" for row in table.rows),
        r"  \bottomrule",
        r"\end{longtable}",
    ]
    return "".join(f"{line}\n" for line in lines)
