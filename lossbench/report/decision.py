"""A choice in words: which loss, on what evidence, and its line of PyTorch. It never goes beyond the verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from lossbench.losses import Loss
from lossbench.metrics.scores import primary_score
from lossbench.plan.candidates import Sign
from lossbench.plan.choosing import Plan
from lossbench.report.answer.place import places
from lossbench.report.answer.run import plain
from lossbench.report.answer.table import advantage, paragraph, under_contamination, unsized
from lossbench.report.figures import interval
from lossbench.report.tables import heading
from lossbench.report.threshold import threshold_lines
from lossbench.report.words.english import joined, listed, plural, upper
from lossbench.report.words.links import reading
from lossbench.results.choosing import Choice
from lossbench.schema import METRICS
from lossbench.spec import title
from lossbench.stats.answer.decision import Decision
from lossbench.stats.answer.looks import planned
from lossbench.task import VALUED
from lossbench.training.module.model import ModuleModel

SIGN_TEXTS = {
    "imbalance": "only {share} of the rows are of the rarest class",
    "outliers": "{share} of the rows are outliers to a linear model",
    "tails": "errors of a linear model have heavy tails",
    "counts": "the target is of whole numbers from 0 up, as counts are",
    "zeros": "{share} of the targets are zero",
    "positive": "the target is positive, its largest value {value:.0f} times the smallest",
}
"""By kind of sign, what a table shows."""

RARE_LABELS = "only {share} of the labels are present"
"""The imbalance of a multilabel table."""

LEAST_TEST_ROWS = 10
"""Rows of a test part; with fewer, scores say little."""


def choice_lines(choice: Choice) -> list[str]:
    """Return the answer as paragraphs: choice, evidence, second choice, contaminated data, signs, scope."""
    made = choice.decision
    sized = rows_in_all(choice) is not None or made.table.unlearned is not None
    table = replace(unsized(made.table) if sized else made.table, unlearned=None)  # both are said of the choice
    evidence = paragraph(table, places([table])[0], units_of(choice))
    more = () if too_few_test_rows(choice) else (second_choice(made), with_contaminated_data(choice))
    said = " ".join([choice_sentence(choice), *nothing_learned(made), *how_settled(choice)])
    return [
        said,
        evidence,
        *filter(None, [*more, table_signs(choice.plan), *threshold_lines(choice), scope(choice)]),
    ]


def too_few_test_rows(choice: Choice) -> int:
    """Return the number of test rows if it is so small that nothing was decided; otherwise 0."""
    table, rows = choice.decision.table, int(choice.comparison.trials.test_rows.min())
    return rows if rows < LEAST_TEST_ROWS and len(table.open) == len(table.others) else 0


def choice_sentence(choice: Choice) -> str:
    """Return which loss to choose, and whether it is shown to be better than the usual one."""
    made = choice.decision
    where, usual = f"On {made.table.dataset},", f"{made.usual}, the usual loss"
    if made.end == "nothing":
        return f"{where} nothing can be chosen: trainings of no loss ended well."
    if rows := too_few_test_rows(choice):
        return f"{where} nothing can be decided with test parts of {plural(rows, 'row')}; stay with {usual}."
    if made.chosen == made.usual:
        return f"{where} choose {usual}: no other candidate is shown to be better."
    beaten = dict(made.table.beaten).get(made.usual, ())
    if not beaten or made.usual in {one.loss for one in made.table.unfinished}:
        return f"{where} choose {made.chosen}: {usual}, did not end well in every training."
    if made.chosen in beaten:
        other = next(one for one in made.table.others if one.loss == made.usual)
        within = "" if other.verdict == "worse" else ", which is within the margin"
        how = f"in {heading(made.table.score)} by {advantage(other, made.table.score)}{within}"
        return f"{where} choose {made.chosen}: {usual}, is worse {how}."
    return f"{where} choose {made.chosen}: {usual}, is worse than {listed(beaten)}."


def nothing_learned(made: Decision) -> Iterator[str]:
    """Yield that no candidate is shown to learn from the features, where that is so."""
    if made.table.unlearned is not None and made.end != "nothing":
        yield (
            f"No candidate is shown to do better than a constant answer, which has "
            f"{interval(made.table.unlearned)}: look at the features and the network first."
        )


def units_of(choice: Choice) -> int:
    """Return how many rows the table has, or groups of rows, whichever is counted; 0 where seeds are."""
    table, unit = choice.plan.dataset, choice.decision.table.unit
    if unit == "group" and table.groups is not None:
        return int(table.groups.max()) + 1
    return len(table.target) if unit == "row" else 0


def rows_in_all(choice: Choice) -> int | None:
    """Return about how many rows the table would need; None where more seeds would do, or no number of rows would.

    One remedy is spoken of, and seeds are the cheaper one.
    """
    made = choice.decision
    gone = {one.loss for one in made.table.unfinished}
    by_seeds = all(one.more_seeds is not None for one in made.table.open if one.loss not in gone)
    units = units_of(choice)
    elsewhere = made.end == "budget" or by_seeds or made.table.unlearned is not None
    if made.rows_needed is None or elsewhere or not units:
        return None
    return rounded(made.rows_needed * max(units / made.table.units, 1.0))


def how_settled(choice: Choice) -> Iterator[str]:
    """Yield whether the choice is settled; if not, against how many others, and what would settle it."""
    made = choice.decision
    seeds, undecided, others = made.looks[-1], len(made.table.open), len(made.table.others)
    unspent = made.most - seeds
    spent = f"{seeds} of at most {made.most} seeds" if unspent else plural(seeds, "seed")
    if made.end == "settled":
        yield f"That is settled, after {spent}."
    elif made.end == "budget":
        yield f"The budget ended after {spent}, before that was settled; the same command goes on from there."
    elif made.end != "nothing":
        opponents = (
            f"{undecided} of {others} other candidates"
            if undecided < others
            else f"any of {others} other candidates"
        )
        more = f", and {unspent} more would not settle it" if made.end == "bound" else ""
        needed = rows_in_all(choice)
        some = f"about {needed} {made.table.unit}s like these in all would, and there are {units_of(choice)}"
        rows = f"; {some}" if needed else ""
        opponents = opponents if others > 1 else "the other candidate"
        yield f"That is not settled against {opponents} after {spent}{more}{rows}."


def rounded(rows: float) -> int:
    """Return a rough number with the two figures that it has, rounded up: it is more than there are.

    Example:
        >>> rounded(5456), rounded(301), rounded(87)
        (5500, 310, 87)
    """
    step = int(10 ** max(len(str(math.ceil(rows))) - 2, 0))
    return math.ceil(rows / step) * step


def second_choice(made: Decision) -> str:
    """Return the second choice, with its score and that of the first."""
    if made.second is None or made.end == "nothing":
        return ""
    means = " and ".join(f"{loss} has {interval(*made.means[loss])}" for loss in (made.chosen, made.second))
    seeds = plural(made.looks[-1], "seed")
    return f"Second choice: {made.second}. In {heading(made.table.score)} on {seeds}, {means}."


def with_contaminated_data(choice: Choice) -> str:
    """Return how the choice does on contaminated data, or why that was not tried."""
    decision, why = choice.decision, choice.plan.no_contamination or "there was no time left"
    if decision.end == "nothing":
        return ""
    if decision.dirty is None:
        return f"Dirtier data were not tried: {why}."
    if decision.chosen in {one.loss for one in decision.dirty.unfinished if one.none}:
        share = f"{100 * decision.dirty.share:g} %"
        return f"If the data were dirtier than these, by {share}, no training of {decision.chosen} would end well."
    where = f"tried on {plural(decision.dirty_seeds, 'seed')}"
    loses = f"{decision.chosen} goes from {interval(decision.clean)} to {interval(decision.dirty.reference)} there"
    sign = METRICS[decision.table.score].sign
    safer = {loss: sign * mean for loss, mean in decision.dirty.told(1) if loss in decision.table.best}
    instead = f"; if you expect that, take {max(safer, key=safer.__getitem__)}" if safer else ""
    told = under_contamination(decision.dirty, decision.chosen, decision.table.task)
    return f"If the data were dirtier than these ({where}): {told}; {loses}{instead}."


def table_signs(plan: Plan) -> str:
    """Return the signs found in the table, and what follows from them."""
    return " ".join(f"{upper(sign_clause(plan, sign))}." for sign in plan.signs)


def sign_clause(plan: Plan, sign: Sign) -> str:
    """Return one sign, the candidates that it adds, and the score it leads to."""
    losses = {title(spec) for spec in plan.experiment.setups[0].losses}
    text = RARE_LABELS if plan.dataset.task == "multilabel" else SIGN_TEXTS[sign.kind]
    seen = text.format(share=f"{100 * sign.value:.2g} %", value=sign.value)
    added = [loss for loss in sign.losses if loss in losses]
    follows = [f"{joined(added)} {'is a candidate' if len(added) == 1 else 'are candidates'}"] if added else []
    if sign.score and sign.score == primary_score(plan.dataset):
        follows.append(f"{heading(sign.score)} is judged")
    return f"{seen}{', so ' * bool(follows)}{joined(follows)}"


def scope(choice: Choice) -> str:
    """Return what the answer applies to."""
    (spec,) = choice.plan.settings.models
    model = choice.plan.experiment.setups[0].models[spec]
    if isinstance(model, ModuleModel) and model.code:
        return f"All of this is of rows like these, and of your network ({spec})."
    return f"All of this is of rows like these, and of a small network ({spec}): yours may differ."


def lines_to_paste(choice: Choice) -> list[str]:
    """Return the Python lines for the chosen loss, with notes on its use as comments."""
    if choice.decision.end == "nothing":
        return []
    loss = chosen_loss(choice)
    call = f'lossbench.get_loss("{loss.spec}", task="{loss.task}").module({class_shares(choice, loss)})'
    return [*(f"# {line}" for line in usage_notes(choice, loss)), f"criterion = {call}"]


def chosen_loss(choice: Choice) -> Loss:
    """Return the chosen loss."""
    losses = choice.plan.experiment.setups[0].losses
    return next(loss for spec, loss in losses.items() if title(spec) == choice.decision.chosen)


def class_shares(choice: Choice, loss: Loss) -> str:
    """Return the class shares of the table as an argument, for a loss that depends on them."""
    if not loss.record.prior:
        return ""
    dataset = choice.plan.dataset
    positive = float(dataset.target.mean())
    counts = [(dataset.target == index).mean() for index in range(len(dataset.classes))]
    return f"prior=[{', '.join(f'{share:.3g}' for share in ([positive] if dataset.task == 'binary' else counts))}]"


def usage_notes(choice: Choice, loss: Loss) -> Iterator[str]:
    """Yield how the loss was used in training, and so how to call it in your own code."""
    dataset, rate = choice.plan.dataset, dict(choice.decision.table.rates).get(choice.decision.chosen)
    if rate is not None:
        one = choice.comparison.trials.iloc[0]
        steps = f"{plural(int(one.epochs), 'epoch')} of batches of {one.batch_size}"
        yield f"here: {one.optimizer}, step size {rate:g}, {steps}, features standardised"
    if dataset.weighted:
        factor = "so that classes count alike" if dataset.balanced else "by its weight over the mean weight"
        yield f"here the loss of each row is multiplied {factor}; criterion counts all rows alike"
    if loss.record.natural_zero:
        yield "the target is divided by its standard deviation, and not centred"
    elif loss.task in VALUED:
        yield "the target is standardised: parameters are in its standard deviations"
    several = dataset.targets > 1 and loss.task not in ("multiclass", "embedding")
    target = f"(batch, {dataset.targets})" if several else "(batch,)"
    raw = f"(batch, {loss.record.width(dataset.targets)})"
    yield f"call it with the raw outputs, {raw}, and the target, {target}"
    read = reading(loss.link, loss.task)
    yield f"{read}; estimated: {loss.facts.estimates}" if loss.facts else read


def choice_record(choice: Choice) -> dict[str, Any]:
    """Return the choice as plain data: sentences, facts, and lines to paste."""
    said, made = choice_lines(choice), asdict(choice.decision)
    means = {
        loss: dict(zip(("mean", "low", "high"), figure, strict=True))
        for loss, figure in choice.decision.means.items()
    }
    return {
        "answer": said,
        "paste": lines_to_paste(choice),
        "second": choice.decision.second,
        **plain(made | {"means": means, "rows_needed": rows_in_all(choice)}),
        "signs": plain(tuple(asdict(sign) for sign in choice.plan.signs)),
    }


def plan_choice_lines(plan: Plan) -> Iterator[str]:
    """Yield what a choice would do, to be followed by what would be trained."""
    yield from filter(None, [table_signs(plan)])
    if plan.decay_search is not None:
        optimisers = ", ".join(plan.decay_search.setups[0].optimisers)
        yield f"first, one of {optimisers} is chosen on validation for {title(plan.usual)}, for all losses"
    counts = joined(map(str, planned(len(plan.settings.seeds))))
    yield f"then it is looked after {counts} seeds, until it is settled; this is all that might be trained:"
