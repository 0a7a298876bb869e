"""The answer of a run: a sentence over all tables, before the paragraph of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from lossbench.data.contamination import AT_TEST
from lossbench.report.answer.place import places, undefined
from lossbench.report.answer.table import SIDES, paragraph
from lossbench.report.words.english import MOST_NAMED, is_or_are, listed, plural, shortened_list
from lossbench.results.advice import Advice
from lossbench.stats.answer.facts import Contaminated, RunAnswer, TableAnswer
from lossbench.task import Task


def lead(answer: RunAnswer) -> list[str]:
    """Return the opening paragraphs: one for the run, then one for each table."""
    names = places(answer.tables)
    return [overall(answer), *(paragraph(one, name) for one, name in zip(answer.tables, names, strict=True))]


def leading(answer: RunAnswer, advice: Advice | None) -> list[str]:
    """Return what stands before everything else: where something was to be chosen, the decision."""
    return advice.paragraphs if advice else lead(answer)


def records(answer: RunAnswer, tables: Iterable[TableAnswer], advice: Advice | None = None) -> dict[str, Any]:
    """Return the answers as plain data: the run's sentence, and for each table its sentences and its facts.

    Where something was to be chosen, the decision stands in place of the run's sentence; all of it is in `choice`.
    """
    tables = list(tables)
    said = zip(tables, places(tables), strict=True)
    return {
        "answer": advice.answer[0] if advice else overall(answer),
        **({"choice": plain(asdict(advice))} if advice else {}),
        "tables": [{"answer": paragraph(one, name)} | plain(asdict(one)) for one, name in said],
    }


def plain(value: Any) -> Any:
    """Return a record as plain data, None where undefined."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return None if undefined(value) else value


def overall(answer: RunAnswer) -> str:
    """Return the answer over all tables: where losses differ, which are beaten, and which to choose among."""
    if not answer.compared:
        several_losses = any(one.others for one in answer.tables)
        why = "trainings did not end well" if several_losses else "there is one loss"
        return f"Nothing is compared, since {why}."
    sentences = [where_losses_differ(answer), beaten(answer)]
    if len(answer.silent) < len(answer.compared):
        choices = "; ".join(unbeaten(answer, task) for task in answer.tasks())
        sentences.append(f"Choose among those that are beaten nowhere: {choices}.")
    return " ".join(filter(None, [*sentences, did_not_finish(answer), with_contamination(answer)]))


def where_losses_differ(answer: RunAnswer) -> str:
    """Return on how many tables losses can be told apart."""
    silent, total = len(answer.silent), len(answer.compared)
    kind = "data set" if len({one.dataset for one in answer.compared}) == total else "table"
    if silent == total:
        every = f"both {kind}s" if total == 2 else f"all {total} {kind}s"
        where = f"On {answer.compared[0].dataset}" if total == 1 else f"On {every}"
        if all(one.verdict == "equivalent" for table in answer.compared for one in table.others):
            return f"{where} all losses are as good as the first, within the margin."
        return f"{where} no two losses can be told apart, and that is the finding{conditions(answer)}."
    if silent:
        return (
            f"On {silent} of {plural(total, kind)} no two losses can be told apart, and that is the finding there."
        )
    where = answer.compared[0].dataset if total == 1 else f"each of {total} {kind}s"
    return f"On {where} some losses can be told apart."


def conditions(answer: RunAnswer) -> str:
    """Return under which data and rates nothing is told apart, if the report has verdicts under others too."""
    dirt = (one for table in answer.compared for one in table.contaminated)
    clean = " on clean training data" * any(one.apart for one in dirt)
    own = ", each loss at its own step size" * any(one.view == "tuned" for one in answer.compared)
    return f"{clean}{own}"


def beaten(answer: RunAnswer) -> str:
    """Return which losses are beaten by another by more than the margin, and where."""
    worse = [f"{one.loss} on {listed(one.beaten)}" for one in answer.tallies if one.beaten]
    return f"Beaten by another loss: {shortened_list(worse)}." if worse else ""


def unbeaten(answer: RunAnswer, task: Task) -> str:
    """Name the losses of a task that are on all its tables, and beaten on none by more than the margin."""
    tables = sum(one.task == task for one in answer.compared)
    whole = [one.loss for one in answer.tasks()[task] if one.tables == tables]
    best, name = answer.recommended(task), f"{task} " if len(answer.tasks()) > 1 else ""
    others = [loss for loss in whole if loss not in best]
    absent = [one.loss for one in answer.tasks()[task] if one.tables < tables]
    aside = f" ({listed(absent)} not on all)" if absent else ""
    if len(best) > MOST_NAMED and len(others) < MOST_NAMED:
        return f"{name}all {len(whole)}{f' but {listed(others)}' if others else ''}{aside}"
    return f"{name}{listed(best) if best else 'none'}{aside}"


def did_not_finish(answer: RunAnswer) -> str:
    """Return on which data sets trainings of which losses failed or diverged."""
    unfinished: dict[str, dict[str, None]] = {}
    for table in answer.tables:
        for one in table.unfinished:
            unfinished.setdefault(table.dataset, {})[one.loss] = None
    where = [f"{dataset} ({listed([*losses])})" for dataset, losses in unfinished.items()]
    return f"Trainings did not end well on {shortened_list(where)}." if where else ""


def with_contamination(answer: RunAnswer) -> str:
    """Return which losses differ from the reference at some contaminated share; empty for a single table."""
    found = [(one.dataset, one.contaminated) for one in answer.compared if one.contaminated]
    told = {word: losses_on_side(found, side) for word, side in SIDES}
    parts = [f"{listed(names)} {is_or_are(names)} {word}" for word, names in told.items() if names]
    if not parts or len(answer.compared) == 1:
        return ""
    data = "test" if any(dirt.kind in AT_TEST for _, shares in found for dirt in shares) else "training"
    return f"With contaminated {data} data, {'; '.join([f'{parts[0]} than the reference', *parts[1:]])}."


def losses_on_side(found: Iterable[tuple[str, Sequence[Contaminated]]], side: int) -> list[str]:
    """Name the losses on one side of the reference, each with its data sets; first those told most often.

    One that is better at some share of a data set and worse at another is on neither side there.
    """
    where: dict[str, dict[str, None]] = {}
    for dataset, shares in found:
        there, across = ([loss for dirt in shares for loss, _ in dirt.told(which)] for which in (side, -side))
        for loss in [one for one in there if one not in across]:
            where.setdefault(loss, {})[dataset] = None
    often = sorted(where.items(), key=lambda item: -len(item[1]))
    return [f"{loss} (on {listed([*datasets])})" for loss, datasets in often]
