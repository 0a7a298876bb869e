"""A choice on one table: seeds are added, with a look at the results after each step, until it is settled."""

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

StageProgress = Callable[[str, int, int], None]
"""Called with the stage, the number of its finished trainings, and their total."""


@dataclass(frozen=True)
class Choice:
    """A choice, and what it rests on."""

    plan: Plan
    comparison: Comparison
    decision: Decision


@dataclass
class Work:
    """How the stages of a plan are trained, within one budget.

    Args:
        manner: how networks are trained.
        began: when the call began, by `time.perf_counter`.
        store: lets each stage reuse the trainings of the stages before.
        budget: seconds after which no more training is begun.
        watch: called with the progress.
    """

    manner: Manner
    began: float
    store: Store
    budget: float
    watch: StageProgress
    trained: int = 0
    seconds: float = 0.0

    @property
    def seconds_left(self) -> float:
        """What remains of the budget, in seconds."""
        return self.budget - (time.perf_counter() - self.began)

    def train(self, stage: str, experiment: Experiment) -> Comparison:
        """Train the missing trials of a stage, and return its comparison."""
        total, done = len(experiment.trials) + len(experiment.tuning), Counter[str]()

        def progress(dataset: str, trials: int) -> None:
            done[dataset] += trials
            self.watch(stage, done.total(), total)

        self.watch(stage, 0, total)
        found = execute(experiment, self.manner, self.began, progress, self.store, self.seconds_left)
        self.trained += done.total() - found.cached
        self.seconds += found.seconds["training"]
        seconds = {**found.seconds, "training": self.seconds}
        return replace(found, cached=max(0, done.total() - self.trained), seconds=seconds)


def choose(plan: Plan, work: Work) -> Choice:
    """Add seeds until a choice is settled, more would not help, or the budget ends; then try contaminated data.

    Raises:
        OutOfTime: the budget ended before a seed was finished.
    """
    if plan.decay_search is not None:
        plan = with_optimiser(plan, best_optimiser(work.train("weights", plan.decay_search)))
    comparison, decision = until_settled(plan, work)
    if plan.no_contamination or decision.end in ("budget", "nothing") or work.seconds_left <= 0:
        return Choice(plan, comparison, decision)
    return with_contaminated_data(Choice(plan, comparison, decision), work)


def best_optimiser(found: Comparison) -> str:
    """Return the optimiser with the least decay that validation cannot tell from the best one.

    This is the one-standard-error rule: the first optimiser whose mean is within one standard error of the paired
    difference from the best mean (Breiman, Friedman, Olshen and Stone 1984, Classification and Regression Trees,
    section 3.4.3).
    """
    trials, sign = found.trials, METRICS[watched(found.trials.task.iloc[0], found.trials.score.iloc[0])].sign
    names = trials.optimizer.unique()
    scores = sign * trials.pivot(index="seed", columns="optimizer", values="validation_score")[names].to_numpy()
    means = np.where(np.isnan(scores).any(axis=0), -np.inf, scores.mean(axis=0))
    shortfall = scores[:, [int(means.argmax())]] - scores
    error = shortfall.std(axis=0, ddof=1) / np.sqrt(len(shortfall))
    return str(names[int(((shortfall.mean(axis=0) <= error) | (means == means.max())).argmax())])


def until_settled(plan: Plan, work: Work) -> tuple[Comparison, Decision]:
    """Add seeds and look again until a choice is settled; return the last comparison and decision."""
    first, *later = planned(len(plan.settings.seeds))
    found, decision = look(plan, work, first)
    for count in later:
        if decision.end != "seeds":
            break
        more, next_decision = (
            look(plan, work, count, decision.looks) if work.seconds_left > 0 else (found, decision)
        )
        if next_decision.looks == decision.looks:
            return found, replace(decision, end="budget")
        found, decision = more, next_decision
    return found, decision


def look(plan: Plan, work: Work, seeds: int, before: tuple[int, ...] = ()) -> tuple[Comparison, Decision]:
    """Train on this many seeds, and decide on those that finished; with no new seed, the old decision stands."""
    most_seeds, margin = len(plan.settings.seeds), plan.settings.margins.get(judged_by(plan))
    found = work.train(f"{seeds} seeds", part(plan.experiment, seeds))
    done, last = found.trials.seed.nunique(), before[-1] if before else 0
    counts = (*before, done) if done > last else before
    found = replace(found, correction=correction(last, max(done, last + 1), most_seeds))
    made = decide(at_own_rates(found), margin, counts, most_seeds)
    return found, replace(made, end="budget") if found.gaps and made.end == "seeds" else made


def at_own_rates(found: Comparison) -> Judged:
    """Return the losses, each at its own rate."""
    return next(one for one in found.judged if one.group.view == "tuned")


def with_contaminated_data(choice: Choice, work: Work) -> Choice:
    """Add results on contaminated data for the leading losses; without enough budget, return the choice as is."""
    plan, made = choice.plan, choice.decision
    specs = [spec for spec in plan.experiment.setups[0].losses if title(spec) in made.front]
    seeds = made.looks[-1]
    found = work.train("dirty data", part(plan.experiment, seeds, specs, min(seeds, DIRTY_SEEDS)))
    if found.gaps:
        return choice
    found = replace(found, correction=choice.comparison.correction)
    return Choice(plan, found, in_dirt(at_own_rates(found).group, made, plan.settings.margins))
