"""A choice in words: what to take, on what evidence, and the line of PyTorch. Never more than the verdicts say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lossbench.losses import Loss
from lossbench.metrics.scores import primary_score
from lossbench.plan.candidates import Sign
from lossbench.plan.choosing import Plan
from lossbench.report.answer.place import places
from lossbench.report.answer.run import plain
from lossbench.report.answer.table import by, dirty, paragraph, unsized
from lossbench.report.figures import interval
from lossbench.report.tables import heading
from lossbench.report.threshold import threshold_lines
from lossbench.report.words.english import joined, listed, many, upper
from lossbench.results.choosing import Choice
from lossbench.schema import METRICS
from lossbench.spec import title
from lossbench.stats.answer.decision import Decision
from lossbench.stats.answer.looks import planned
from lossbench.task import VALUED
from lossbench.training.module.model import ModuleModel

SHOWS = {
    "imbalance": "only {share} of the rows are of the rarest class",
    "outliers": "{share} of the rows are outliers to a linear model",
    "tails": "errors of a linear model have heavy tails",
    "counts": "the target is of whole numbers from 0 up, as counts are",
    "zeros": "{share} of the targets are zero",
    "positive": "the target is positive, its largest value {value:.0f} times the smallest",
}
"""What a table shows, by the kind of sign."""

LABELS = "only {share} of the labels are present"
"""The same of several labels."""

READ = {
    "identity": "the raw output is the prediction",
    "softplus": "softplus(raw output) is the prediction",
    "location": "the first half of the raw outputs is the prediction",
    "sigmoid": "sigmoid(raw output) is read as the probability",
    "softmax": "softmax(raw outputs) are read as the probabilities",
    "clip": "the raw output, cut to [0, 1], is read as the probability",
    "signed": "(1 + raw output) / 2, cut to [0, 1], is read as the probability",
    "margin": "a raw output above 0 is the positive class; it is no probability",
    "embedding": "what the network puts out is the embedding of a row, of length one where it is scored",
}
"""How raw outputs are read, by the link of a loss."""

READ_LARGEST = "the largest raw output is the class; none is a probability"
"""Likewise, of a loss of several classes that says nothing of a probability."""

FEW = 10
"""Rows of a test part: of fewer, no score says much."""


def choice_lines(choice: Choice) -> list[str]:
    """Return the answer as paragraphs: the choice, its evidence, what comes second, dirty data, what was tried."""
    made = choice.decision
    table = unsized(made.table) if rows_in_all(choice) else made.table
    evidence = paragraph(table, places([table])[0], units_of(choice))
    more = () if tiny(choice) else (second(made), soiled(choice))
    said = " ".join([verdict(choice), *ending(choice)])
    return [said, evidence, *filter(None, [*more, shown(choice.plan), *threshold_lines(choice), scope(choice)])]


def tiny(choice: Choice) -> int:
    """Return the rows of a test part where they are so few that nothing was decided; 0 otherwise."""
    table, rows = choice.decision.table, int(choice.comparison.trials.test_rows.min())
    return rows if rows < FEW and len(table.open) == len(table.others) else 0


def verdict(choice: Choice) -> str:
    """Say which loss to choose, and whether it is shown to be better than the usual one."""
    made = choice.decision
    where, usual = f"On {made.table.dataset},", f"{made.usual}, the usual loss"
    if made.end == "nothing":
        return f"{where} nothing can be chosen: trainings of no loss ended well."
    if rows := tiny(choice):
        return f"{where} nothing can be decided with test parts of {many(rows, 'row')}; stay with {usual}."
    if made.chosen == made.usual:
        return f"{where} choose {usual}: no other candidate is shown to be better."
    beaten = dict(made.table.beaten).get(made.usual, ())
    if made.chosen in beaten:
        other = next(one for one in made.table.others if one.loss == made.usual)
        within = "" if other.verdict == "worse" else ", which is within the margin"
        how = f"in {heading(made.table.score)} by {by(other, made.table.score)}{within}"
        return f"{where} choose {made.chosen}: {usual}, is worse {how}."
    why = f"is worse than {listed(beaten)}" if beaten else "did not end well in every training"
    return f"{where} choose {made.chosen}: {usual}, {why}."


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
    if made.rows_needed is None or made.end == "budget" or by_seeds or not units:
        return None
    return rounded(made.rows_needed * max(units / made.table.units, 1.0))


def ending(choice: Choice) -> Iterator[str]:
    """Yield whether the choice is settled, and if not, against how many others, and what would settle it."""
    made = choice.decision
    seeds, left, others = made.looks[-1], len(made.table.open), len(made.table.others)
    unspent = made.most - seeds
    spent = f"{seeds} of at most {made.most} seeds" if unspent else many(seeds, "seed")
    if made.end == "settled":
        yield f"That is settled, after {spent}."
    elif made.end == "budget":
        yield f"The budget ended after {spent}, before that was settled; the same command goes on from there."
    elif made.end != "nothing":
        whom = f"{left} of {others} other candidates" if left < others else f"any of {others} other candidates"
        more = f", and {unspent} more would not settle it" if made.end == "bound" else ""
        needed = rows_in_all(choice)
        some = f"about {needed} {made.table.unit}s like these in all would, and there are {units_of(choice)}"
        rows = f"; {some}" if needed else ""
        whom = whom if others > 1 else "the other candidate"
        yield f"That is not settled against {whom} after {spent}{more}{rows}."


def rounded(rows: float) -> int:
    """Return a rough number with the two figures that it has, rounded up: it is more than there are.

    Example:
        >>> rounded(5456), rounded(301), rounded(87)
        (5500, 310, 87)
    """
    step = int(10 ** max(len(str(math.ceil(rows))) - 2, 0))
    return math.ceil(rows / step) * step


def second(made: Decision) -> str:
    """Say what comes second, and with which score, beside that of the choice."""
    if made.second is None or made.end == "nothing":
        return ""
    means = " and ".join(f"{loss} has {interval(*made.means[loss])}" for loss in (made.chosen, made.second))
    seeds = many(made.looks[-1], "seed")
    return f"Second choice: {made.second}. In {heading(made.table.score)} on {seeds}, {means}."


def soiled(choice: Choice) -> str:
    """Say what the choice costs if the data are dirtier than thought; or why that was not tried."""
    made, why = choice.decision, choice.plan.undirtied or "there was no time left"
    if made.end == "nothing":
        return ""
    if made.dirty is None:
        return f"Dirtier data were not tried: {why}."
    if math.isnan(made.dirty.reference):
        share = f"{100 * made.dirty.share:g} %"
        return f"If the data were dirtier than these, by {share}, no training of {made.chosen} would end well."
    where = f"tried on {many(made.dirty_seeds, 'seed')}"
    loses = f"{made.chosen} goes from {interval(made.clean)} to {interval(made.dirty.reference)} there"
    sign = METRICS[made.table.score].sign
    safer = {loss: sign * mean for loss, mean in made.dirty.told(1) if loss in made.table.best}
    instead = f"; if you expect that, take {max(safer, key=safer.__getitem__)}" if safer else ""
    return f"If the data were dirtier than these ({where}): {dirty(made.dirty, made.chosen)}; {loses}{instead}."


def shown(plan: Plan) -> str:
    """Say what the table shows, and what follows from it."""
    return " ".join(f"{upper(said(plan, sign))}." for sign in plan.signs)


def said(plan: Plan, sign: Sign) -> str:
    """Say what one sign is, which candidates it adds, and what is judged for it."""
    losses = {title(spec) for spec in plan.experiment.setups[0].losses}
    text = LABELS if plan.dataset.task == "multilabel" else SHOWS[sign.kind]
    seen = text.format(share=f"{100 * sign.value:.2g} %", value=sign.value)
    added = [loss for loss in sign.losses if loss in losses]
    follows = [f"{joined(added)} {'is a candidate' if len(added) == 1 else 'are candidates'}"] if added else []
    if sign.score and sign.score == primary_score(plan.dataset):
        follows.append(f"{heading(sign.score)} is judged")
    return f"{seen}{', so ' * bool(follows)}{joined(follows)}"


def scope(choice: Choice) -> str:
    """Say of what all of this is."""
    (spec,) = choice.plan.settings.models
    model = choice.plan.experiment.setups[0].models[spec]
    if isinstance(model, ModuleModel) and model.code:
        return f"All of this is of rows like these, and of your network ({spec})."
    return f"All of this is of rows like these, and of a small network ({spec}): yours may differ."


def paste(choice: Choice) -> list[str]:
    """Return the lines of Python for the chosen loss, with what it wants of the data as comments."""
    if choice.decision.end == "nothing":
        return []
    loss = chosen_loss(choice)
    call = f'lossbench.get_loss("{loss.spec}", task="{loss.task}").module({shares(choice, loss)})'
    return [*(f"# {line}" for line in wants(choice, loss)), f"criterion = {call}"]


def chosen_loss(choice: Choice) -> Loss:
    """Return the loss that is chosen."""
    losses = choice.plan.experiment.setups[0].losses
    return next(loss for spec, loss in losses.items() if title(spec) == choice.decision.chosen)


def shares(choice: Choice, loss: Loss) -> str:
    """Return the argument of a loss that depends on the shares of the classes: those of the table."""
    if not loss.record.prior:
        return ""
    dataset = choice.plan.dataset
    positive = float(dataset.target.mean())
    counts = [(dataset.target == index).mean() for index in range(len(dataset.classes))]
    return f"prior=[{', '.join(f'{share:.3g}' for share in ([positive] if dataset.task == 'binary' else counts))}]"


def wants(choice: Choice, loss: Loss) -> Iterator[str]:
    """Yield what was so of the networks that were trained, and is wanted of one's own."""
    dataset, rate = choice.plan.dataset, dict(choice.decision.table.rates).get(choice.decision.chosen)
    if rate is not None:
        yield f"here: {choice.comparison.trials.optimizer.iloc[0]}, step size {rate:g}, features standardised"
    if loss.record.natural_zero:
        yield "the target is divided by its standard deviation, and not centred"
    elif loss.task in VALUED:
        yield "the target is standardised: parameters are in its standard deviations"
    several = dataset.targets > 1 and loss.task not in ("multiclass", "embedding")
    target = f"(batch, {dataset.targets})" if several else "(batch,)"
    raw = f"(batch, {loss.record.width(dataset.targets)})"
    yield f"call it with the raw outputs, {raw}, and the target, {target}"
    read = READ_LARGEST if loss.link == "margin" and loss.task == "multiclass" else READ[loss.link]
    yield f"{read}; estimated: {loss.facts.estimates}" if loss.facts else read


def record(choice: Choice) -> dict[str, Any]:
    """Return the choice as plain data: the sentences, the facts, and the lines to paste."""
    said, made = choice_lines(choice), asdict(choice.decision)
    means = {
        loss: dict(zip(("mean", "low", "high"), figure, strict=True))
        for loss, figure in choice.decision.means.items()
    }
    return {
        "answer": said,
        "paste": paste(choice),
        "second": choice.decision.second,
        **plain(made | {"means": means, "rows_needed": rows_in_all(choice)}),
        "signs": plain(tuple(asdict(sign) for sign in choice.plan.signs)),
    }


def plan_choice_lines(plan: Plan) -> Iterator[str]:
    """Yield what a choice would do, before the lines of what would be trained."""
    yield from filter(None, [shown(plan)])
    if plan.weighing is not None:
        optimisers = ", ".join(plan.weighing.setups[0].optimisers)
        yield f"first, one of {optimisers} is chosen on validation for {title(plan.usual)}, for all losses"
    counts = joined(map(str, planned(len(plan.settings.seeds))))
    yield f"then it is looked after {counts} seeds, until it is settled; this is all that might be trained:"
