"""The losses that a document recommends, against every other loss that there is for the task."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lossbench.claims.claim import Claim
from lossbench.claims.contest import Bout, Fight, axes_of, fights, matches_of, obstacle, readings
from lossbench.claims.evidence import Evidence
from lossbench.claims.match import Match, judge_all
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.data import Dataset, load_dataset
from lossbench.errors import BadValue, UnknownName
from lossbench.losses.registry import losses_of, names
from lossbench.measures.scores import MEASURES, primary_score
from lossbench.task import Task


def check_best_of(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    score: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
) -> None:
    """Refuse what cannot be trained.

    Raises:
        UsageError: a loss, data set or score that does not exist, or a data set that none of the losses is for.
    """
    for arm in arms:
        if arm not in names():
            raise UnknownName("loss", arm, names())
    for dataset in map(load_dataset, datasets):
        named = recommended(arms, dataset.task, study)
        if not named:
            raise BadValue(f"none of {', '.join(arms)} is for '{dataset.name}', a {dataset.task} data set")
        error = obstacle(dataset, named, score, study)
        if error is not None:
            raise error


@experiment("best_of", check=check_best_of)
def best_of(
    claim: Claim,
    study: Study,
    *,
    arms: tuple[str, ...],
    datasets: tuple[str, ...],
    score: tuple[str, ...] = (),
    outliers: tuple[float, ...] = (0.0,),
) -> list[Evidence]:
    """Compare the best of the recommended losses with every other loss of the task, all corrected together.

    Reproduced where it is not worse by more than the margin, contradicted where another is better. Which of
    several is the best is chosen by the score on validation, under each protocol, so the test part that decides
    has not been looked at. Losses that are another one by another name are left out.

    arms: the recommended losses; on each data set those that serve its task are tried, in all their readings.
    score: on test; the data set's primary score without any.
    outliers: contaminated shares of the training part.
    """
    loaded = [load_dataset(spec) for spec in datasets]
    tasks = dict.fromkeys(dataset.task for dataset in loaded)
    return judge_all(
        [
            match
            for task in tasks
            for fight in best_fights(study, make_bout(arms, task, loaded, study), score, outliers)
            for match in told(fight, claim, study, several=len(arms) > 1)
        ]
    )


def recommended(arms: tuple[str, ...], task: Task, study: Study) -> tuple[str, ...]:
    """Return the readings of the arms that serve a task."""
    known = {name for record in losses_of(task) for name in (record.name, *record.aliases)}
    return tuple(loss for arm in arms if arm in known for loss in readings(arm, task, study))


def make_bout(arms: tuple[str, ...], task: Task, loaded: list[Dataset], study: Study) -> Bout:
    """Return the recommended losses on one side, and all others of the task on the other."""
    named = recommended(arms, task, study)
    rest = tuple(r.name for r in losses_of(task) if r.name not in named and r.placebo is None)
    datasets = tuple(dataset.name for dataset in loaded if dataset.task == task)
    return Bout(task, datasets, named, rest, {loss: loss for loss in (*named, *rest)})


def best_fights(study: Study, bout: Bout, score: tuple[str, ...], outliers: tuple[float, ...]) -> Iterator[Fight]:
    """Train under every protocol and yield who meets the best of the recommended losses."""
    scores = score or tuple({load_dataset(name).score or primary_score(bout.task): None for name in bout.datasets})
    for protocol in study.protocols:
        for fight in fights(study, bout, protocol, scores, axes_of(outliers)):
            if fight.pair[0] == chosen(fight, bout.first) and (score or fight.score == fight.about.score):
                yield fight


def chosen(fight: Fight, named: tuple[str, ...]) -> str:
    """Return which of some losses has the best primary score on validation, averaged over the seeds."""
    mine = fight.trials[fight.trials.loss.isin(named)]
    means = mine.groupby("loss", sort=False).validation_score.mean()
    sign = 1 if MEASURES[fight.about.score].greater_is_better else -1
    return str((sign * means).idxmax())


def told(fight: Fight, claim: Claim, study: Study, several: bool) -> Iterator[Match]:
    """Yield the comparison of a fight; where the first arm was chosen among several, its note says how."""
    for match in matches_of(fight, claim, study, "not worse"):
        note = f"{fight.pair[0]} was the best of the recommended losses on validation"
        said = "; ".join(filter(None, [note, match.line.note])) if several else match.line.note
        yield replace(match, line=replace(match.line, note=said))
