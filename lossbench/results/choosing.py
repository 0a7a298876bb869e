"""A choice on one table: seeds are added, and looked at, until it is settled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lossbench.plan.choosing import DIRTY_SEEDS, Plan, judged_by, part, weighed
from lossbench.plan.experiment import Experiment
from lossbench.plan.request import Manner
from lossbench.results.comparison import Comparison, execute
from lossbench.schema import METRICS
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
        total, done = len(experiment.trials) + len(experiment.tuning), 0

        def progress(_: str, trials: int) -> None:
            nonlocal done
            done += trials
            self.watch(stage, done, total)

        self.watch(stage, 0, total)
        found = execute(experiment, self.manner, self.began, progress, self.store, self.left)
        self.trained += done - found.cached
        self.seconds += found.seconds["training"]
        fresh = min(self.trained, total)
        return replace(found, cached=total - fresh, seconds={**found.seconds, "training": self.seconds})


def choose(plan: Plan, work: Work) -> Choice:
    """Add seeds until a choice is settled, more of them are of no use, or the budget ends; then try dirty data.

    Raises:
        BadValue: a budget in which no seed was done.
    """
    if plan.weighing is not None:
        plan = weighed(plan, best_optimiser(work.do("weights", plan.weighing)))
    comparison, decision = until_settled(plan, work)
    if plan.undirtied or decision.end in ("budget", "nothing") or work.left <= 0:
        return Choice(plan, comparison, decision)
    return with_dirt(Choice(plan, comparison, decision), work)


def best_optimiser(found: Comparison) -> str:
    """Return the optimiser with the best mean validation score; of equals, that with the least decay."""
    sign = METRICS[found.trials.score.iloc[0]].sign
    means = (sign * found.trials.groupby("optimizer", sort=False).validation_score.mean()).fillna(float("-inf"))
    return str(means.index[int(means.to_numpy().argmax())])


def until_settled(plan: Plan, work: Work) -> tuple[Comparison, Decision]:
    """Look after more and more seeds; return what was seen last."""
    seen = None
    for seen in looks(plan, work):
        if seen[1].end != "seeds":
            break
    assert seen is not None  # the first look is always made, or a budget without a seed was refused
    return seen


def looks(plan: Plan, work: Work) -> Iterator[tuple[Comparison, Decision]]:
    """Yield what is seen at each look, the last one where the budget ends."""
    most, margin = len(plan.settings.seeds), plan.settings.margins.get(judged_by(plan))
    counts: tuple[int, ...] = ()
    seen: tuple[Comparison, Decision] | None = None
    for count in planned(most):
        if seen is not None and work.left <= 0:
            yield seen[0], replace(seen[1], end="budget")
            return
        found = work.do(f"{count} seeds", part(plan.experiment, count))
        before, done = counts[-1] if counts else 0, found.trials.seed.nunique()
        if seen is not None and done <= before:
            yield seen[0], replace(seen[1], end="budget")
            return
        counts = (*counts, done)
        found = replace(found, correction=correction(before, done, most))
        made = decide(tuned(found), margin, counts, most)
        seen = found, replace(made, end="budget") if found.gaps and made.end == "seeds" else made
        yield seen


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
