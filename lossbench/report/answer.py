"""The answer in words: one sentence for a run and a few for each table, and never more than the verdicts say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from textwrap import TextWrapper
from typing import Any

from lossbench.data.contamination import AT_TEST
from lossbench.report.figures import amount, interval
from lossbench.report.tables import BARE, SHARE, heading, label, varying
from lossbench.schema import METRICS
from lossbench.stats.answer.facts import Against, Contaminated, Limit, RunAnswer, TableAnswer, Unfinished
from lossbench.stats.verdicts import APART, BETTER, WORSE
from lossbench.task import Task
from lossbench.visible import visible

SHORT = {"inconclusive": "open", "equivalent": "as good as the reference"}
SIDES = (("better", 1), ("worse", -1))

NAMED = 4
"""How many losses are named in a row; of more, three are, and the others are counted."""

DIRT = {
    "label": "of the training labels wrong",
    "target": "of the training targets too large",
    "target_symmetric": "of the training targets far off",
    "feature": "of the training rows with features far off",
    "feature_one_sided": "of the training rows with features too large",
    "noise": "of the training rows replaced by noise",
    "label_by_class": "of each class labelled as one other",
    "feature_at_test": "of the test rows with features far off",
    "feature_one_sided_at_test": "of the test rows with features too large",
}

LIMITS: dict[Limit, str] = {
    "": "",
    "one seed": "one seed shows no spread, so give more",
    "rows": "{seeds} would not tell {which}, more rows may",
    "seeds": "{seeds} would not tell {which}",
    "tuning": "{seeds} alone would not tell {which}, since rates were chosen on few seeds",
}


def lead(answer: RunAnswer) -> list[str]:
    """Return what stands before everything else: the run's paragraph, then one for each table."""
    names = places(answer.tables)
    return [overall(answer), *(paragraph(one, name) for one, name in zip(answer.tables, names, strict=True))]


def records(answer: RunAnswer, tables: Iterable[TableAnswer]) -> dict[str, Any]:
    """Return the answers as plain data: the run's sentence, and for each table its sentences and its facts."""
    tables = list(tables)
    said = zip(tables, places(tables), strict=True)
    return {
        "answer": overall(answer),
        "tables": [{"answer": paragraph(one, name)} | plain(asdict(one)) for one, name in said],
    }


def plain(value: Any) -> Any:
    """Return a record with None for what is undefined."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return [plain(one) for one in value]
    return None if _undefined(value) else value


def wrapped(paragraphs: Iterable[str], width: int) -> list[str]:
    """Return paragraphs as lines, broken between words; all but the first line of each are indented."""
    wrapper = TextWrapper(width, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
    return [line for one in paragraphs for line in wrapper.wrap(visible(one))]


def places(tables: Sequence[TableAnswer]) -> list[str]:
    """Return the name of each table: its data set, and the settings that differ between tables."""
    names = [name for name in varying(one.setting for one in tables) if name not in protocol(tables)]
    return [place(one, names) for one in tables]


def protocol(tables: Sequence[TableAnswer]) -> tuple[str, ...]:
    """Return the settings that differ between data sets, and nowhere within one: they tell no tables apart."""
    within = [
        name
        for dataset in dict.fromkeys(one.dataset for one in tables)
        for name in varying(one.setting for one in tables if one.dataset == dataset)
    ]
    return tuple(name for name in varying(one.setting for one in tables) if name not in within)


def place(table: TableAnswer, names: Sequence[str]) -> str:
    """Name a table by its data set, view and some of its settings."""
    own = [] if table.view == "fixed" else ["each loss at its own lr"]
    share = table.setting[SHARE]
    own += (
        [f"trained on {100 * share:g} % {table.setting['outlier_kind']}"] if share and SHARE not in names else []
    )
    shown = [name for name in names if name in BARE or not _undefined(table.setting[name])]
    return ", ".join(filter(None, [table.dataset, label(table.setting, shown), *own]))


def _undefined(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def paragraph(table: TableAnswer, name: str = "") -> str:
    """Return what the verdicts say of one table.

    Args:
        table: the facts.
        name: of the table; that of its data set where none is given.
    """
    counted = f"{table.units} {table.unit}s, " if table.unit != "seed" else ""
    head = f"{name or table.dataset} ({heading(table.score)}; {counted}{many(table.seeds, 'seed')})"
    return " ".join([f"{head}: {main(table)}.", *(f"{upper(one)}." for one in besides(table))])


def main(table: TableAnswer) -> str:
    """Return the clause of each verdict against the reference; each loss is in the one of its own verdict."""
    if not table.others:
        return f"{table.reference} alone, so nothing is compared"
    if not table.compared:
        return "nothing is compared, since trainings did not end well"
    if len(table.open) == len(table.others):
        if any(gone.loss == table.reference for gone in table.unfinished):
            return f"no loss can be told from {table.reference}, whose trainings did not all end well"
        finding = "" if table.beaten else ", and that is the finding"
        one = len(table.others) == 1
        who = table.others[0].loss if one else f"none of the other {len(table.others)} losses"
        return f"{who} can{'not' if one else ''} be told from {table.reference}{finding}"
    return "; ".join(filter(None, clauses(table)))


def clauses(table: TableAnswer) -> Iterator[str]:
    """Yield a clause for each verdict, empty where no loss has it."""
    margin = f", within the margin of {table.margin:g}" if table.margin else ""
    yield apart(table, BETTER[0], "better")
    yield alike(table)
    yield apart(table, BETTER[1], "better", margin)
    yield apart(table, WORSE[1], "worse", margin)
    yield apart(table, WORSE[0], "worse")
    if table.open:
        names = [one.loss for one in table.open]
        yield f"{listed(names)} cannot be told from {table.reference}"


def alike(table: TableAnswer) -> str:
    """Return which losses are equivalent to the reference, and within what."""
    names = [one.loss for one in table.judged("equivalent")]
    within = f"within {table.margin:g} {heading(table.score)}" if table.margin else "within the margin"
    return f"{listed(names)} {be(names)} as good as {table.reference} ({within})" if names else ""


def apart(table: TableAnswer, verdict: str, word: str, margin: str = "") -> str:
    """Return which losses have a verdict that tells them from the reference, and by how much."""
    found = sorted(table.judged(verdict), key=lambda one: -abs(one.difference))
    if not found:
        return ""
    shown = len(found) if len(found) <= NAMED else NAMED - 1
    first, *others = (f"by {by(one, table.score)}" for one in found[:shown])
    parts = [f"{found[0].loss} is {word} than {table.reference} {first}"]
    parts += [f"{one.loss} {text}" for one, text in zip(found[1:], others, strict=False)]
    left = len(found) - shown
    return joined([*parts, *([f"{left} more {'is' if left == 1 else 'are'} {word} too"] if left else [])]) + margin


def by(one: Against, score: str) -> str:
    """Write how much better or worse a loss is, above zero, with its interval."""
    sign = METRICS[score].sign * APART[one.verdict]
    low, high = sorted((sign * one.low, sign * one.high))
    return amount(sign * one.difference, low, high)


def besides(table: TableAnswer) -> Iterator[str]:
    """Yield the other sentences: of other pairs, what would help, what went wrong, what dirt and tuning do."""
    yield from filter(None, (among(table), more(table)))
    if table.unfinished:
        gone = listed([ended(one) for one in table.unfinished])
        yield f"nothing counts in favour of losses whose trainings did not end well: {gone}"
    if table.contaminated and table.others and not math.isnan(table.contaminated.reference):
        yield dirty(table.contaminated, table.reference)
    if table.rates and table.best:
        yield f"step sizes: {rates(table)}"
    if table.disagree:
        changes = [f"{loss} is {SHORT.get(word, word)} at lr {lr:g} for all" for loss, lr, word in table.disagree]
        yield f"the views disagree: {several(changes)}"


def rates(table: TableAnswer) -> str:
    """Name the losses that can be chosen at each step size, the smallest first."""
    own = {loss: rate for loss, rate in table.rates if loss in table.best}
    mine = {rate: [loss for loss in own if own[loss] == rate] for rate in sorted(set(own.values()))}
    return "; ".join(f"{rate:g} for {joined(losses)}" for rate, losses in mine.items())


def among(table: TableAnswer) -> str:
    """Say which losses are beaten by another one than the reference, where the reference does not tell them."""
    worse = {one.loss for one in table.judged(*WORSE)} | {table.reference}
    pairs = [f"{loss} is worse than {listed(winners)}" for loss, winners in table.beaten if loss not in worse]
    return f"among the others, {several(pairs)}" if pairs else ""


def ended(gone: Unfinished) -> str:
    """Say how many trainings of a loss did not end well."""
    counts = [f"{n} {word}" for n, word in ((gone.diverged, "diverged"), (gone.failed, "failed")) if n]
    return f"{gone.loss} ({joined(counts)} of {gone.trainings})"


def more(table: TableAnswer) -> str:
    """Say what would decide the open verdicts; nothing of losses whose trainings did not end well."""
    gone = {one.loss for one in table.unfinished}
    undecided = [] if table.reference in gone else [one for one in table.open if one.loss not in gone]
    known = [one.more_seeds for one in undecided if one.more_seeds is not None]
    stuck, total = len(undecided) - len(known), len(table.open)
    parts = [f"about {many(max(known), 'more seed')} would tell {these(len(known), total)}"] if known else []
    if stuck:
        rest = ("the other" if stuck == 1 else "the others") if known and len(undecided) == total else ""
        seeds = "1000 more" if known else "1000 more seeds"
        parts.append(LIMITS[table.limit].format(seeds=seeds, which=rest or these(stuck, total)))
    return "; ".join(filter(None, parts))


def these(some: int, total: int) -> str:
    """Point at some of the losses that were named as open."""
    return f"{some} of them" if some < total else "it" if total == 1 else "them"


def dirty(found: Contaminated, reference: str) -> str:
    """Say which losses are told from the reference at the largest contaminated share, with the scores there."""
    where = f"with {100 * found.share:g} % {DIRT.get(found.kind, found.kind)}"
    told = {word: [f"{loss} ({interval(mean)})" for loss, mean in found.told(side)] for word, side in SIDES}
    parts = [f"{listed(names)} {be(names)} {word}" for word, names in told.items() if names]
    if not parts:
        return f"{where}, no loss can be told from {reference}"
    return f"{where}, {joined(parts)} than {reference} ({interval(found.reference)})"


def overall(answer: RunAnswer) -> str:
    """Return what the verdicts say over all tables: how many are silent, what is beaten where, what is left."""
    if not answer.compared:
        several_losses = any(one.others for one in answer.tables)
        why = "trainings did not end well" if several_losses else "there is one loss"
        return f"Nothing is compared, since {why}."
    sentences = [silence(answer), beaten(answer)]
    if len(answer.silent) < len(answer.compared):
        choices = "; ".join(left(answer, task) for task in answer.tasks())
        sentences.append(f"Choose among those that are beaten nowhere: {choices}.")
    return " ".join(filter(None, [*sentences, unended(answer), under_dirt(answer)]))


def unended(answer: RunAnswer) -> str:
    """Say on which data sets trainings of which losses did not end well."""
    gone: dict[str, dict[str, None]] = {}
    for table in answer.tables:
        for one in table.unfinished:
            gone.setdefault(table.dataset, {})[one.loss] = None
    where = [f"{dataset} ({listed([*losses])})" for dataset, losses in gone.items()]
    return f"Trainings did not end well on {several(where)}." if where else ""


def under_dirt(answer: RunAnswer) -> str:
    """Say which losses the largest share tells from the reference, and where; one table says it by itself."""
    found = [(one.dataset, one.contaminated) for one in answer.compared if one.contaminated]
    told = {word: told_where(found, side) for word, side in SIDES}
    parts = [f"{listed(names)} {be(names)} {word}" for word, names in told.items() if names]
    if not parts or len(answer.compared) == 1:
        return ""
    data = "test" if any(dirt.kind in AT_TEST for _, dirt in found) else "training"
    return f"With contaminated {data} data, {'; '.join([f'{parts[0]} than the reference', *parts[1:]])}."


def told_where(found: Iterable[tuple[str, Contaminated]], side: int) -> list[str]:
    """Name the losses on one side of the reference, each with its data sets; first those told most often."""
    where: dict[str, dict[str, None]] = {}
    for dataset, dirt in found:
        for loss, _ in dirt.told(side):
            where.setdefault(loss, {})[dataset] = None
    often = sorted(where.items(), key=lambda item: -len(item[1]))
    return [f"{loss} (on {listed([*datasets])})" for loss, datasets in often]


def silence(answer: RunAnswer) -> str:
    """Say on how many tables nothing is told apart."""
    silent, total = len(answer.silent), len(answer.compared)
    kind = "data set" if len({one.dataset for one in answer.compared}) == total else "table"
    if silent == total:
        where = f"On {answer.compared[0].dataset}" if total == 1 else f"On all {total} {kind}s"
        return f"{where} no two losses can be told apart, and that is the finding: no choice is shown to matter."
    if silent:
        return (
            f"On {silent} of {many(total, kind)} no two losses can be told apart, and that is the finding there."
        )
    where = answer.compared[0].dataset if total == 1 else f"each of {total} {kind}s"
    return f"On {where} some losses can be told apart."


def beaten(answer: RunAnswer) -> str:
    """Say which losses another one beats, and where."""
    worse = [f"{one.loss} on {listed(one.beaten)}" for one in answer.tallies if one.beaten]
    return f"Beaten by another loss: {several(worse)}." if worse else ""


def left(answer: RunAnswer, task: Task) -> str:
    """Name the losses of a task that are on all its tables, and beaten on none."""
    tables = sum(one.task == task for one in answer.compared)
    whole = [one.loss for one in answer.tasks()[task] if one.tables == tables]
    best, name = answer.recommended(task), f"{task} " if len(answer.tasks()) > 1 else ""
    others = [loss for loss in whole if loss not in best]
    absent = [one.loss for one in answer.tasks()[task] if one.tables < tables]
    aside = f" ({listed(absent)} not on all)" if absent else ""
    if len(best) > NAMED and len(others) < NAMED:
        return f"{name}all {len(whole)}{f' but {listed(others)}' if others else ''}{aside}"
    return f"{name}{listed(best) if best else 'none'}{aside}"


def listed(names: Sequence[str], write: Callable[[Sequence[str]], str] | None = None) -> str:
    """Name a few things; of many the first three, and how many more.

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(list("abcde"))
        ('a', 'a and b', 'a, b, c and 2 more')
    """
    shown = names if len(names) <= NAMED else [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
    return (write or joined)(shown)


def several(parts: Sequence[str]) -> str:
    """Name a few things that may hold commas themselves; of many the first three, and how many more."""
    return listed(parts, "; ".join)


def joined(parts: Iterable[str]) -> str:
    """Return parts of a sentence with commas and an "and" between them.

    Example:
        >>> joined("abc"), joined("a"), joined("")
        ('a, b and c', 'a', '')
    """
    every = list(parts)
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]]))


def many(count: int, what: str, plural: str = "s") -> str:
    """Write a number of things.

    Example:
        >>> many(1, "seed"), many(3, "more seed")
        ('1 seed', '3 more seeds')
    """
    return f"{count} {what}{'' if count == 1 else plural}"


def be(names: Sequence[str]) -> str:
    """Return the verb for one or several."""
    return "is" if len(names) == 1 else "are"


def upper(text: str) -> str:
    """Return a sentence with a capital; a loss at its beginning keeps its name."""
    return text[:1].upper() + text[1:]
