"""`choose`: decide which loss suits a table, from Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lossbench.api.answer import prepare_targets, write_files
from lossbench.api.arguments import Texts, as_list, given_once, is_specs, model_name, tables_of
from lossbench.api.gate import REPR
from lossbench.api.result import Comparison
from lossbench.errors import BadValue
from lossbench.losses import Loss
from lossbench.plan.choosing import Plan, plan_choice
from lossbench.plan.request import Manner, Request
from lossbench.report.decision import choice_lines, chosen_loss, lines_to_paste
from lossbench.report.words.english import wrapped
from lossbench.results import choosing
from lossbench.results.advice import Advice
from lossbench.store import Store, open_store


class Choice(choosing.Choice):
    """A choice on one table: what was trained, the decision, and the line of PyTorch for it.

    In a notebook it shows the answer and the page of the report.
    """

    comparison: Comparison

    def __repr__(self) -> str:
        """Return the answer, as `lossbench choose` prints it."""
        return "\n".join([*wrapped(choice_lines(self), REPR), *lines_to_paste(self)])

    def _repr_html_(self) -> str:
        """Return the answer, and the page of the report."""
        return self.comparison._repr_html_()

    @property
    def answer(self) -> str:
        """The choice, what it rests on, and how far it goes, a paragraph each."""
        return "\n".join(choice_lines(self))

    @property
    def loss(self) -> Loss:
        """The chosen loss; `loss.module()` is the criterion for a training loop, as the text has it to paste."""
        return chosen_loss(self)

    @property
    def lr(self) -> float | None:
        """The learning rate at which the chosen loss was judged; None where nothing ended well."""
        return dict(self.decision.table.rates).get(self.decision.chosen)

    @property
    def notes(self) -> list[str]:
        """Notes on the run: how the table was read, what diverged."""
        return self.comparison.notes

    def save(self, folder: str | Path) -> None:
        """Write what `lossbench choose -o folder` writes; `lossbench.load(folder)` reads it back.

        Raises:
            OutputError: the folder cannot be written.
        """
        self.comparison.save(folder)


def choose(
    X: Any = None,
    y: Any = None,
    *,
    dataset: str | None = None,
    losses: Texts | None = None,
    task: str | None = None,
    weight: Any = None,
    score: Texts | None = None,
    costs: Iterable[Iterable[float]] | str | None = None,
    margins: Mapping[str, float] | None = None,
    model: Any = None,
    seeds: int | None = None,
    jobs: int | None = None,
    cache: bool = False,
    budget: float = math.inf,
    progress: choosing.StageProgress = lambda stage, done, total: None,
) -> Choice:
    """Decide which loss suits a table: seeds are added until it is settled, each loss at its own step size.

    Args:
        X: the features, a data frame or an array (rows, columns). Or the spec of a data set, such as
            "sales.csv:target=price" or "iris"; then the losses come next.
        y: the target, a series or an array (rows,), or the name of a column of X.
        dataset: the spec, by name.
        losses: the candidates, the first is the usual one; None for those of `lossbench.plan.candidates`.
        task: of X and y, where it cannot be inferred.
        weight: of X, how much each row counts in training, an array (rows,) or the name of a column of X.
        score: what judges and tunes: the first of these that the task has, or a function of your own.
        costs: for the score "cost", what a decision costs, one row per true class: [[0, 1], [10, 0]].
        margins: by score, the difference that is too small to matter, such as {"r2": 0.02}.
        model: the network, as one of the `models` of `lossbench.compare`; None for a small one.
        seeds: how many at most; None for 40.
        jobs: processes; None for one per core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one, as the command line does.
        budget: seconds after which no more training is begun.
        progress: is called with the stage, the number of its trainings that are finished, and their total.

    Returns:
        The choice; its text is the answer in sentences.

    Raises:
        UsageError: anything that cannot be carried out, before training starts.
        OutOfTime: the budget ended before a seed was finished.

    Example:
        >>> import lossbench
        >>> choice = lossbench.choose("iris", ["ce", "mse"], seeds=2)
        >>> choice.decision.chosen, choice.decision.looks
        ('ce', (2,))
        >>> choice.loss.module()
        MeanLoss(ce, task=multiclass)
    """
    if is_specs(X):
        X, y, dataset, losses = None, None, given_once("data sets", X, dataset), given_once("losses", y, losses)
    tables = tables_of(X, y, None, task, weight)
    names = [*tables, *(as_list(dataset) or ())]
    if len(names) != 1:
        raise BadValue(f"a choice is on one table, and {len(names)} are given; give X and y, or one spec")
    network = model_name(model)
    plan = plan_choice(names[0], as_list(losses), as_list(score), margins, seeds, tables, costs, network)
    request = Request(Manner(jobs), cache, budget)
    return decide(plan, request, progress)[0]


def decide(plan: Plan, request: Request, watch: choosing.StageProgress) -> tuple[Choice, str]:
    """Choose, and write the files.

    Returns:
        The choice, and the errors of files that could not be written; empty if all were.
    """
    prepare_targets(request)
    with choice_store(request.cache) as store:
        work = choosing.Work(request.manner, request.began, store, request.budget, watch)
        chosen = choosing.choose(plan, work)
    advice = Advice.of(choice_lines(chosen), lines_to_paste(chosen))
    comparison = Comparison.of(chosen.comparison, advice=advice)
    choice = Choice(plan=chosen.plan, comparison=comparison, decision=chosen.decision)
    return choice, write_files(comparison, request)


@contextmanager
def choice_store(persistent: bool) -> Iterator[Store]:
    """Open the user's store, or a temporary one, so that each look reuses the trainings of the looks before."""
    with TemporaryDirectory() as folder, open_store() if persistent else open_store(folder) as store:
        yield store
