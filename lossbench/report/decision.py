"""A choice in words: what to take, on what evidence, and the line of PyTorch for it. Never more than the verdicts say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from lossbench.losses import Loss
from lossbench.metrics.scores import primary_score
from lossbench.plan.candidates import Sign
from lossbench.plan.choosing import Plan
from lossbench.report.answer import by, dirty, joined, listed, many, paragraph, plain, upper
from lossbench.report.figures import interval
from lossbench.report.tables import heading
from lossbench.results.choosing import Choice
from lossbench.spec import title
from lossbench.stats.answer.decision import Decision
from lossbench.stats.answer.looks import planned

SHOWS = {
    "imbalance": "only {share} of the rows are of the rarest class",
    "outliers": "{share} of the rows are outliers to a linear model",
    "tails": "errors of a linear model have heavy tails",
    "counts": "the target is of whole numbers from 0 up, as counts are",
    "zeros": "{share} of the targets are zero",
    "positive": "the target is positive, its largest value {value:.0f} times the smallest",
}
"""What a table shows, by the kind of sign."""

CLASSES = {"multilabel": "only {share} of the labels are present"}
"""The same of imbalance, where a task has no classes."""

FEW = 10
"""Rows of a test part: of fewer, no score says much."""


def choice_lines(choice: Choice) -> list[str]:
    """Return the answer as paragraphs: the choice, its evidence, what comes second, dirty data, what was tried."""
    made = choice.decision
    return [
        " ".join([verdict(made), *ending(made)]),
        paragraph(made.table),
        *filter(None, [second(made), soiled(choice), tried(choice.plan), scope(choice)]),
    ]


def verdict(made: Decision) -> str:
    """Say which loss to choose, and whether it is shown to be better than the usual one."""
    table = made.table
    where = f"On {table.dataset}"
    if made.end == "nothing":
        return f"{where} nothing can be chosen: trainings of no loss ended well."
    if made.chosen == made.usual:
        return f"{where} choose {made.chosen}, the usual loss: no other candidate is shown to be better."
    usual = next(one for one in table.others if one.loss == made.usual)
    if usual.verdict in ("worse", "worse, within the margin"):
        small = ", which is within the margin" if usual.verdict != "worse" else ""
        amount = by(usual, table.score)
        return (
            f"{where} choose {made.chosen}: it is better than {made.usual}, the usual loss, by {amount} "
            f"{heading(table.score)}{small}."
        )
    beaten = dict(table.beaten).get(made.usual)
    why = f"is worse than {listed(beaten)}" if beaten else "did not end well in every training"
    return f"{where} choose {made.chosen}: {made.usual}, the usual loss, {why}."


def ending(made: Decision) -> Iterator[str]:
    """Yield whether the choice is settled, and if not, why no more seeds were added, and what would settle it."""
    seeds, total = made.looks[-1], len(made.table.open)
    spent = f"{seeds} of at most {made.most} seeds"
    if made.end == "settled":
        yield f"That is settled, after {spent}."
    elif made.end == "bound":
        yield f"Whether the {many(total, 'open one')} differ from it is not settled after {spent}, and more would not do it."
    elif made.end == "budget":
        yield f"The budget ended after {spent}, before it was settled; the same command goes on from there."
    elif made.end == "seeds":
        yield f"Whether the {many(total, 'open one')} differ from it is not settled after all {many(seeds, 'seed')}."
    if made.rows_needed is not None and made.end != "nothing":
        yield f"About {made.rows_needed} rows like these would tell."


def second(made: Decision) -> str:
    """Say what comes second, and with which score, beside that of the choice."""
    if made.second is None or made.end == "nothing":
        return ""
    means = " and ".join(f"{loss} has {interval(*made.means[loss])}" for loss in (made.chosen, made.second))
    return f"Second choice: {made.second}. In {heading(made.table.score)}, {means}."


def soiled(choice: Choice) -> str:
    """Say what the choice costs if the data are dirtier than thought; or why that was not tried."""
    made = choice.decision
    if made.dirty is None:
        why = choice.plan.undirtied
        return f"Dirtier data were not tried: {why}." if why else ""
    loses = f"{made.chosen} goes from {interval(made.clean)} to {interval(made.dirty.reference)}"
    return f"If the data were dirtier than these: {dirty(made.dirty, made.chosen)}; {loses}."


def tried(plan: Plan) -> str:
    """Say what the table shows, and what follows from it."""
    if not plan.signs:
        return ""
    named = {title(spec) for spec in plan.experiment.setups[0].losses}
    return " ".join(f"{upper(one)}." for one in (said(plan, sign, named) for sign in plan.signs))


def said(plan: Plan, sign: Sign, named: set[str]) -> str:
    """Say what one sign is, which candidates it adds, and what is judged for it."""
    text = CLASSES.get(plan.dataset.task, SHOWS[sign.kind]) if sign.kind == "imbalance" else SHOWS[sign.kind]
    shown = text.format(share=f"{100 * sign.value:.2g} %", value=sign.value)
    added = [loss for loss in sign.losses if loss in named]
    follows = [f"{joined(added)} {'is a candidate' if len(added) == 1 else 'are candidates'}"] if added else []
    if sign.score and sign.score == primary_score(plan.dataset):
        follows.append(f"{heading(sign.score)} is judged")
    return f"{shown}{', so ' * bool(follows)}{joined(follows)}"


def scope(choice: Choice) -> str:
    """Say of what all of this is."""
    settings, trials = choice.plan.settings, choice.comparison.trials
    test = int(trials.test_rows.min())
    few = f"With test parts of {many(test, 'row')} next to nothing can be decided. " if test < FEW else ""
    return f"{few}All of it is said of rows like these and of a network {settings.models[0]}; try it on your own."


def paste(choice: Choice) -> list[str]:
    """Return the lines of Python for the chosen loss, with what it wants of the data as comments."""
    made = choice.decision
    if made.end == "nothing":
        return []
    loss = chosen_loss(choice)
    rate = dict(made.table.rates).get(made.chosen)
    return [f"# {line}" for line in wants(loss, rate)] + [
        f'criterion = lossbench.get_loss("{loss.spec}", task="{loss.task}").module({shares(choice, loss)})'
    ]


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


def wants(loss: Loss, rate: float | None) -> Iterator[str]:
    """Yield what holds of the networks that were trained, and so for one's own."""
    if rate is not None:
        yield f"Adam, step size {rate:g} here; features standardised"
    if loss.record.natural_zero:
        yield "target divided by its standard deviation, not centred"
    elif loss.task == "regression":
        yield "target standardised: parameters are in its standard deviations"
    yield f"called with raw outputs (batch, {loss.record.width(2) if loss.task == 'multiclass' else loss.record.width(1)})"


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
        **plain(made | {"means": means}),
        "signs": plain(tuple(asdict(sign) for sign in choice.plan.signs)),
    }


def plan_choice_lines(plan: Plan) -> Iterator[str]:
    """Yield what a choice would do, before the lines of what would be trained."""
    yield from filter(None, [tried(plan)])
    counts = joined(map(str, planned(len(plan.settings.seeds))))
    yield f"looks after {counts} seeds, and no more once it is settled; all that might be trained:"
