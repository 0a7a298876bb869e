"""Which trainings each shard of an experiment has: a pure function of the plan, so that shards need not talk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from lossbench.errors import BadValue
from lossbench.plan.experiment import Experiment
from lossbench.plan.search import ADAPTIVE
from lossbench.plan.shard import Shard
from lossbench.run.packs import Trained
from lossbench.run.runner import in_training_order, work
from lossbench.run.scoring import failed_rows
from lossbench.run.state import Ledger
from lossbench.training.pack import Pack
from lossbench.training.packing import make_packs
from lossbench.training.trial import Trial


def shards(experiment: Experiment, count: int) -> list[tuple[Trial, ...]]:
    """Return the trials of each shard, in the order of the experiment, tuning trials last.

    A shard has consecutive seeds of the schedule, so that a lost shard costs few seeds. A seed with more trials
    than fit a pack is cut into packs. All work is cut into equal parts, and a pack goes to the part in which the
    middle of its work falls: no shard has more than its part and one pack. With fewer packs than shards, some
    shards are empty.
    """
    wanted = experiment.trials + experiment.tuning
    packs = in_training_order(experiment, list(packs_of_seeds(experiment, wanted)))
    whole, before, owner = sum(map(work, packs)), 0.0, dict[Trial, int]()
    for pack in packs:
        middle = (before + work(pack) / 2) / whole
        owner |= dict.fromkeys(pack.trials, min(count - 1, int(count * middle)))
        before += work(pack)
    cut: list[list[Trial]] = [[] for _ in range(count)]
    for trial in wanted:
        cut[owner[trial]].append(trial)
    return [tuple(trials) for trials in cut]


def packs_of_seeds(experiment: Experiment, trials: Iterable[Trial]) -> Iterator[Pack]:
    """Yield packs of one data set and seed each."""
    seeds: defaultdict[tuple[str, int], list[Trial]] = defaultdict(list)
    for trial in trials:
        seeds[trial.dataset, trial.seed].append(trial)
    setups = {setup.dataset.name: setup for setup in experiment.setups}
    for (dataset, _), mine in seeds.items():
        yield from make_packs(setups[dataset], mine)


def part_of(experiment: Experiment, shard: Shard) -> Experiment:
    """Return an experiment with the trials of one shard only; all else stays that of the whole.

    Raises:
        BadValue: the search is adaptive, so its later trials depend on the results of all shards.
    """
    if experiment.settings.adaptive:
        raise BadValue(
            f"--sampler {ADAPTIVE} proposes settings by the results of earlier ones, and a shard does not know "
            "those of the other shards; leave --shard out, or search by --sampler sobol"
        )
    mine = set(shards(experiment, shard.count)[shard.number - 1])
    trials, tuning = (
        tuple(filter(mine.__contains__, wanted)) for wanted in (experiment.trials, experiment.tuning)
    )
    return replace(experiment, trials=trials, tuning=tuning)


def failures(ledger: Ledger) -> dict[Trial, str]:
    """Return why trials failed; the store keeps no failed trials, since they are tried again."""
    trials, rows = list(ledger.places), ledger.rows()
    failed = rows[rows.status == "failed"]
    return {trials[place]: str(reason) for place, reason in zip(failed.index, failed.failure, strict=True)}


def enter_failures(ledger: Ledger, reasons: Mapping[Trial, str]) -> None:
    """Enter trials that failed elsewhere, with the same rows as if they had failed here."""
    for setup in ledger.experiment.setups:
        for pack in make_packs(setup, (trial for trial in reasons if trial.dataset == setup.dataset.name)):
            rows = failed_rows(pack, [reasons[trial] for trial in pack.trials], ledger.fingerprint)
            count, tested = len(pack.trials), len(pack.folds[pack.trials[0].seed].test.rows)
            curves = [np.full((1 + len(loss.record.parts), pack.epochs), np.nan) for loss in pack.losses]
            outputs = np.full((count, tested, pack.shown), np.nan, dtype=np.float32)
            ledger.add(pack.trials, Trained(rows, curves, outputs, 0.0, {}, {}))
