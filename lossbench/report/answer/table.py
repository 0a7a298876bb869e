"""The paragraph of a table: a clause for each verdict against the reference, then further sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lossbench.report.figures import amount, interval
from lossbench.report.tables import heading
from lossbench.report.words.english import MOST_NAMED, is_or_are, joined, listed, plural, shortened_list, upper
from lossbench.schema import METRICS
from lossbench.stats.answer.facts import Against, Contaminated, Limit, TableAnswer, Unfinished
from lossbench.stats.verdicts import APART, BETTER, WORSE
from lossbench.task import Task

SHORT = {"inconclusive": "open", "equivalent": "as good as the reference"}

SIDES = (("better", 1), ("worse", -1))

CONTAMINATION = {
    "label": "of the training labels wrong",
    "target": "of the training targets too large",
    "target_symmetric": "of the training targets far off",
    "feature": "of the training rows with features far off",
    "feature_one_sided": "of the training rows with features too large",
    "noise": "of the training rows replaced by noise",
    "label_by_class": "of the training labels taken for the next class",
    "feature_at_test": "of the test rows with features far off",
    "feature_one_sided_at_test": "of the test rows with features too large",
}

OF_TWO_CLASSES = CONTAMINATION | {"label_by_class": "of the positive training rows labelled negative"}

LIMITS: dict[Limit, str] = {
    "": "",
    "one seed": "one seed shows no spread, so give more",
    "rows": "{seeds} would not decide {which}, more rows may",
    "seeds": "{seeds} would not decide {which}",
    "tuning": "{seeds} alone would not decide {which}, since rates were chosen on few seeds",
}


def paragraph(table: TableAnswer, name: str = "", whole: int = 0) -> str:
    """Return the answer of one table.

    Args:
        table: the facts.
        name: of the table; the default is its data set.
        whole: how many rows or groups the table has, where not all were tested and that is to be said.
    """
    tested = (
        f"{table.units} of {whole} {table.unit}s tested" if whole > table.units else f"{table.units} {table.unit}s"
    )
    counted = f"{tested}, " if table.unit != "seed" else ""
    head = f"{name or table.dataset} ({heading(table.score)}; {counted}{plural(table.seeds, 'seed')})"
    return " ".join([f"{head}: {main_clause(table)}.", *(f"{upper(one)}." for one in further_sentences(table))])


def main_clause(table: TableAnswer) -> str:
    """Return the clauses of the verdicts against the reference; each loss is in that of its verdict."""
    if not table.others:
        return f"{table.reference} alone, so nothing is compared"
    if not table.compared:
        return "nothing is compared, since trainings did not end well"
    if len(table.open) == len(table.others):
        if any(gone.loss == table.reference for gone in table.unfinished):
            return f"no loss can be told apart from {table.reference}, whose trainings did not all end well"
        finding = "" if table.beaten else ", and that is the finding"
        one = len(table.others) == 1
        who = table.others[0].loss if one else f"none of the other {len(table.others)} losses"
        return f"{who} can{'not' if one else ''} be told apart from {table.reference}{finding}"
    return "; ".join(filter(None, clauses(table)))


def clauses(table: TableAnswer) -> Iterator[str]:
    """Yield a clause for each verdict, empty if no loss has it."""
    margin = f", within the margin of {table.margin:g}" if table.margin else ""
    yield told_from_reference(table, BETTER[0], "better")
    yield equivalent(table)
    yield told_from_reference(table, BETTER[1], "better", margin)
    yield told_from_reference(table, WORSE[1], "worse", margin)
    yield told_from_reference(table, WORSE[0], "worse")
    if table.open:
        names = [one.loss for one in table.open]
        yield f"{listed(names)} cannot be told apart from {table.reference}"


def equivalent(table: TableAnswer) -> str:
    """Return which losses are equivalent to the reference, and within which margin."""
    names = [one.loss for one in table.judged("equivalent")]
    within = f"within {table.margin:g} {heading(table.score)}" if table.margin else "within the margin"
    return f"{listed(names)} {is_or_are(names)} as good as {table.reference} ({within})" if names else ""


def told_from_reference(table: TableAnswer, verdict: str, word: str, margin: str = "") -> str:
    """Return which losses are better or worse than the reference, and by how much."""
    found = sorted(table.judged(verdict), key=lambda one: -abs(one.difference))
    if not found:
        return ""
    shown = len(found) if len(found) <= MOST_NAMED else MOST_NAMED - 1
    first, *others = (f"by {advantage(one, table.score)}" for one in found[:shown])
    parts = [f"{found[0].loss} is {word} than {table.reference} {first}"]
    parts += [f"{one.loss} {text}" for one, text in zip(found[1:], others, strict=False)]
    left = len(found) - shown
    return joined([*parts, *([f"{left} more {'is' if left == 1 else 'are'} {word} too"] if left else [])]) + margin


def advantage(one: Against, score: str) -> str:
    """Return how much better or worse a loss is, as a positive number with its interval."""
    sign = METRICS[score].sign * APART[one.verdict]
    low, high = sorted((sign * one.low, sign * one.high))
    return amount(sign * one.difference, low, high)


def further_sentences(table: TableAnswer) -> Iterator[str]:
    """Yield the other sentences: other pairs, what would decide, failures, contamination, tuning."""
    if table.unlearned is not None:
        yield f"no loss is shown to do better than a constant answer, which has {interval(table.unlearned)}"
    yield from filter(None, (beaten_by_others(table), what_would_decide(table)))
    if table.unfinished:
        gone = listed([unfinished_counts(one) for one in table.unfinished])
        yield f"nothing counts in favour of losses whose trainings did not end well: {gone}"
    known = [one for one in table.contaminated if not math.isnan(one.reference)]
    if known and table.others:
        yield across_contamination(known, table.reference, table.task)
    if table.rates and table.best:
        yield f"step sizes: {chosen_rates(table)}"
    if table.disagree:
        changes = [f"{loss} is {SHORT.get(word, word)} at lr {lr:g}" for loss, lr, word in table.disagree]
        yield f"with one step size for all losses the verdict differs: {shortened_list(changes)}"


def chosen_rates(table: TableAnswer) -> str:
    """Return the losses to choose among by their step size, the smallest first."""
    own = {loss: rate for loss, rate in table.rates if loss in table.best}
    mine = {rate: [loss for loss in own if own[loss] == rate] for rate in sorted(set(own.values()))}
    return "; ".join(f"{rate:g} for {joined(losses)}" for rate, losses in mine.items())


def beaten_by_others(table: TableAnswer) -> str:
    """Return which losses are beaten by others only, and not by the reference."""
    worse = {one.loss for one in table.judged(*WORSE)} | {table.reference}
    pairs = [f"{loss} is worse than {listed(winners)}" for loss, winners in table.beaten if loss not in worse]
    return f"among the others, {shortened_list(pairs)}" if pairs else ""


def unfinished_counts(unfinished: Unfinished) -> str:
    """Return how many trainings of a loss diverged or failed."""
    counts = [f"{n} {word}" for n, word in ((unfinished.diverged, "diverged"), (unfinished.failed, "failed")) if n]
    return f"{unfinished.loss} ({joined(counts)} of {unfinished.trainings})"


def what_would_decide(table: TableAnswer) -> str:
    """Return what would decide the open verdicts, except for losses whose trainings diverged or failed.

    Where no loss learns, more of the same is no remedy.
    """
    if table.unlearned is not None:
        return ""
    unfinished = {one.loss for one in table.unfinished}
    undecided = [] if table.reference in unfinished else [one for one in table.open if one.loss not in unfinished]
    known = [one.more_seeds for one in undecided if one.more_seeds is not None]
    stuck, total = len(undecided) - len(known), len(table.open)
    parts = [f"about {plural(max(known), 'more seed')} would decide {pronoun(len(known), total)}"] if known else []
    if stuck:
        rest = ("the other" if stuck == 1 else "the others") if known and len(undecided) == total else ""
        seeds = "1000 more" if known else "1000 more seeds"
        parts.append(LIMITS[table.limit].format(seeds=seeds, which=rest or pronoun(stuck, total)))
    return "; ".join(filter(None, parts))


def unsized(table: TableAnswer) -> TableAnswer:
    """Return the facts of a table without how many more seeds would decide, where other words say what would."""
    return replace(table, others=tuple(replace(one, more_seeds=None) for one in table.others), limit="")


def pronoun(some: int, total: int) -> str:
    """Return the pronoun for some of the open losses."""
    return f"{some} of them" if some < total else "it" if total == 1 else "them"


def corrupted(kind: str, task: Task) -> str:
    """Return of what a contaminated share is one, and what is wrong with it.

    Example:
        >>> corrupted("label_by_class", "binary")
        'of the positive training rows labelled negative'
    """
    return (OF_TWO_CLASSES if task == "binary" else CONTAMINATION).get(kind, kind)


def across_contamination(found: Sequence[Contaminated], reference: str, task: Task) -> str:
    """Return what contamination changes, at the share that tells apart the most losses and at the largest.

    Args:
        found: by contaminated share, ascending, each with a score of the reference.
        reference: the first loss.
        task: of the data set.
    """
    telling, largest = max(found, key=lambda one: len(one.apart)), found[-1]
    if not telling.apart:
        most = f"{'up to ' if len(found) > 1 else ''}{100 * largest.share:g} %"
        said = f"with {most} {corrupted(largest.kind, task)}, no loss can be told apart from {reference}"
        return f"{said}{unfinished_there(largest)}"
    said = under_contamination(telling, reference, task)
    if telling is largest:
        return said
    return f"{said}; with {100 * largest.share:g} %, {verdicts_at_share(largest, reference)}"


def under_contamination(found: Contaminated, reference: str, task: Task) -> str:
    """Return which losses are told apart from the reference at one contaminated share, with their scores."""
    return f"with {100 * found.share:g} % {corrupted(found.kind, task)}, {verdicts_at_share(found, reference)}"


def verdicts_at_share(found: Contaminated, reference: str) -> str:
    """Return the verdicts at one contaminated share; see `under_contamination`."""
    told = {word: [f"{loss} ({interval(mean)})" for loss, mean in found.told(side)] for word, side in SIDES}
    parts = [f"{listed(names)} {is_or_are(names)} {word}" for word, names in told.items() if names]
    if not parts:
        return f"no loss can be told apart from {reference}{unfinished_there(found)}"
    return f"{joined(parts)} than {reference} ({interval(found.reference)}){unfinished_there(found)}"


def unfinished_there(found: Contaminated) -> str:
    """Return which losses did not end well at one contaminated share; empty if all did."""
    gone = listed([unfinished_counts(one) for one in found.unfinished])
    return f", where trainings of {gone} did not end well" if gone else ""
