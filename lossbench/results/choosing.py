"""A choice on one table: seeds are added, and looked at, until it is settled."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lossbench.plan.choosing import DIRTY_SEEDS, Plan, judged_by, part, with_optimiser
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.results.comparison import Comparison, execute
from lossbench.schema import METRICS, watched
from lossbench.spec import title
from lossbench.stats.answer.decision import Decision, decide, in_dirt
from lossbench.stats.answer.looks import correction, planned
from lossbench.stats.pairs import Judged
from lossbench.store import Store

Watch = Callable[[str, int, int], None]
"""Is told what is done, how many trainings of it are finished, and of how many."""


@dataclass(frozen=True)
class Choice:
    """What came of it.

    Args:
        plan: what might have been trained.
        comparison: what was trained, and what it says.
        decision: the choice, and what it rests on.
    """

    plan: Plan
    comparison: Comparison
    decision: Decision


@dataclass
class Work:
    """How parts of a plan are trained, within one budget.

    Args:
        manner: of training.
        began: when the call began, by `time.perf_counter`.
        store: where each part finds what those before it have trained.
        budget: seconds after which no more training is begun.
        watch: is told of progress.
    """

    manner: Manner
    began: float
    store: Store
    budget: float
    watch: Watch
    trained: int = 0
    seconds: float = 0.0

    @property
    def left(self) -> float:
        """The seconds that are left of the budget."""
        return self.budget - (time.perf_counter() - self.began)

    def do(self, stage: str, experiment: Experiment) -> Comparison:
        """Train what is not trained yet of a part, and return what it says."""
        total, done = len(experiment.trials) + len(experiment.tuning), Counter[str]()

        def progress(dataset: str, trials: int) -> None:
            done[dataset] += trials
            self.watch(stage, done.total(), total)

        self.watch(stage, 0, total)
        found = execute(experiment, self.manner, self.began, progress, self.store, self.left)
        self.trained += done.total() - found.cached
        self.seconds += found.seconds["training"]
        seconds = {**found.seconds, "training": self.seconds}
        return replace(found, cached=total - min(self.trained, total), seconds=seconds)


def choose(plan: Plan, work: Work) -> Choice:
    """Add seeds until a choice is settled, more of them are of no use, or the budget ends; then try dirty data.

    Raises:
        BadValue: a budget in which no seed was done.
    """
    if plan.decay_search is not None:
        plan = with_optimiser(plan, best_optimiser(work.do("weights", plan.decay_search)))
    comparison, decision = until_settled(plan, work)
    if plan.no_contamination or decision.end in ("budget", "nothing") or work.left <= 0:
        return Choice(plan, comparison, decision)
    return with_dirt(Choice(plan, comparison, decision), work)


def best_optimiser(found: Comparison) -> str:
    """Return the first optimiser, which has the least decay, that is not told from the best on validation.

    the first whose mean falls short of the best mean by no more than one standard error of their paired difference
    (Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees, section 3.4.3)
    """
    trials, sign = found.trials, METRICS[watched(found.trials.task.iloc[0], found.trials.score.iloc[0])].sign
    names = trials.optimizer.unique()
    scores = sign * trials.pivot(index="seed", columns="optimizer", values="validation_score")[names].to_numpy()
    means = np.where(np.isnan(scores).any(axis=0), -np.inf, scores.mean(axis=0))
    short = scores[:, [int(means.argmax())]] - scores
    error = short.std(axis=0, ddof=1) / np.sqrt(len(short))
    return str(names[int(((short.mean(axis=0) <= error) | (means == means.max())).argmax())])


def until_settled(plan: Plan, work: Work) -> tuple[Comparison, Decision]:
    """Look after more and more seeds until a choice is settled; return what was seen last."""
    first, *later = planned(len(plan.settings.seeds))
    found, made = look(plan, work, first)
    for count in later:
        if made.end != "seeds":
            break
        more, then = look(plan, work, count, made.looks) if work.left > 0 else (found, made)
        if then.looks == made.looks:
            return found, replace(made, end="budget")
        found, made = more, then
    return found, made


def look(plan: Plan, work: Work, seeds: int, before: tuple[int, ...] = ()) -> tuple[Comparison, Decision]:
    """Train on so many seeds, and decide on what was done of it; as before, where the budget left no seed more.

    Args:
        plan: what may be trained.
        work: how.
        seeds: how many are wanted.
        before: after how many it was looked before.
    """
    most, margin = len(plan.settings.seeds), plan.settings.margins.get(judged_by(plan))
    found = work.do(f"{seeds} seeds", part(plan.experiment, seeds))
    done, last = found.trials.seed.nunique(), before[-1] if before else 0
    counts = (*before, done) if done > last else before
    found = replace(found, correction=correction(last, max(done, last + 1), most))
    made = decide(tuned(found), margin, counts, most)
    return found, replace(made, end="budget") if found.gaps and made.end == "seeds" else made


def tuned(found: Comparison) -> Judged:
    """Return the losses at their own rates."""
    return next(one for one in found.judged if one.group.view == "tuned")


def with_dirt(choice: Choice, work: Work) -> Choice:
    """Try the first few losses on contaminated data; where the budget ends before, the choice is as it was."""
    plan, made = choice.plan, choice.decision
    specs = [spec for spec in plan.experiment.setups[0].losses if title(spec) in made.front]
    seeds = made.looks[-1]
    found = work.do("dirty data", part(plan.experiment, seeds, specs, min(seeds, DIRTY_SEEDS)))
    if found.gaps:
        return choice
    found = replace(found, correction=choice.comparison.correction)
    return Choice(plan, found, in_dirt(tuned(found).group, made, plan.settings.margins))
