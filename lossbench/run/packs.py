"""One pack, trained and scored. What fails of a user's is left out, and all else is trained without it."""

from __future__ import annotations

import importlib
import sys
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lossbench.apart import Ended, Unending, apart
from lossbench.errors import LossFailed, ModelFailed, ScoreFailed
from lossbench.losses.custom.contain import Seen, contained, meddles
from lossbench.losses.custom.drift import MANY, PURE
from lossbench.losses.custom.endless import LIMIT
from lossbench.metrics.score import Asked
from lossbench.plan.request import Engine
from lossbench.run.provenance import fingerprint
from lossbench.run.scoring import failed_rows, kept, rows_of
from lossbench.spec import title
from lossbench.training.module.model import ModuleModel
from lossbench.training.pack import Pack
from lossbench.training.torch_threads import one_thread_of_torch
from lossbench.training.trial import Trial

if TYPE_CHECKING:
    from lossbench.training.trace import Trace


@dataclass(frozen=True)
class Trained:
    """What came of a pack.

    Args:
        rows: one a trial; as columns, since a table of dictionaries takes ten times the memory.
        curves: (1 + parts, epochs) of each trial, its validation curve; under it, of a sum of losses, how long the
            gradient of each part was, see `Trace.slopes`.
        outputs: (trials, test rows, outputs) float32, raw outputs of each at the last epoch, as
            `lossbench.run.scoring.kept` returns them; NaN where it failed.
        seconds: of training.
        moved: by the spec of a loss that hangs on what ran before, how that was seen.
        warned: by what a loss warned of in training, the specs that it may have been.
    """

    rows: pd.DataFrame
    curves: list[np.ndarray]
    outputs: np.ndarray
    seconds: float
    moved: Mapping[str, str]
    warned: Mapping[str, tuple[str, ...]]


def train_pack(pack: Pack, engine: Engine, device: str) -> Trained:
    """Train and score a pack; with code of the user's own in a process of its own, which that may end.

    Where a metric of the user's own raises, or the process ends, parts are trained apart, and so on, until one is
    left, which fails: numbers are the same in a pack of any size, and what is no fault of its own is kept.
    """
    work = partial(trained_at_once, pack, engine, device)
    try:
        if device != "cpu" or not is_users_own(pack):
            return work()
        import_ahead()
        return apart(work, silence=LIMIT)
    except (ScoreFailed, Ended) as error:
        parts = parts_of(pack, error)
        if len(parts) == 1:
            return undone(pack, error, fingerprint(engine, device))
        return joined(pack, parts, [train_pack(part, engine, device) for part in parts])


def parts_of(pack: Pack, error: ScoreFailed | Ended) -> list[Pack]:
    """Return the halves of a pack, or its losses one by one where one has no end: that takes a while each."""
    if isinstance(error, Unending):
        losses = dict.fromkeys(trial.loss for trial in pack.trials)
        return [part_of(pack, (trial for trial in pack.trials if trial.loss == loss)) for loss in losses]
    middle = len(pack.trials) // 2
    return [part_of(pack, half) for half in (pack.trials[:middle], pack.trials[middle:]) if half]


def import_ahead() -> None:
    """Import once here what every copy of this process would import as it trains and scores, for two seconds."""
    importlib.import_module("sklearn.linear_model")  # for the baselines
    if "torch" in sys.modules:
        with suppress(ImportError):  # imported at the first gradient of a user's loss; another torch may have none
            importlib.import_module("torch.fx.experimental.symbolic_shapes")


def is_users_own(pack: Pack) -> bool:
    """Say whether a loss, the model or the score of a pack is code of the user's own."""
    model, judge = pack.model, pack.dataset.judged
    own = isinstance(model, ModuleModel) and bool(model.code)
    return own or isinstance(judge, Asked) or any(loss.record.code for loss in pack.losses)


def undone(pack: Pack, error: ScoreFailed | Ended, mark: str) -> Trained:
    """Return a pack of one loss that its metric, or code of the user's own, lets come to nothing."""
    trial = pack.trials[0]
    said = f"{trial.dataset}: {error}"
    if isinstance(error, Ended):
        network = "" if pack.losses[0].record.code else f" with {trial.model}"
        said = f"{title(trial.loss)}{network} on {trial.dataset} {error}"
    return Trained(*tabulated(pack, None, {trial.loss: said}, mark), seconds=0.0, moved={}, warned={})


def joined(pack: Pack, parts: Sequence[Pack], came: Sequence[Trained]) -> Trained:
    """Return what came of the parts of a pack as what came of the whole, in its order."""
    places = {trial: place for place, trial in enumerate(chain.from_iterable(part.trials for part in parts))}
    order = [places[trial] for trial in pack.trials]
    curves = list(chain.from_iterable(one.curves for one in came))
    return Trained(
        pd.concat([one.rows for one in came]).iloc[order].reset_index(drop=True),
        [curves[place] for place in order],
        np.concatenate([one.outputs for one in came])[order],
        sum(one.seconds for one in came),
        dict(ChainMap(*(dict(one.moved) for one in came))),
        dict(ChainMap(*(dict(one.warned) for one in came))),
    )


def trained_at_once(pack: Pack, engine: Engine, device: str) -> Trained:
    """Train and score a pack whole.

    Raises:
        ScoreFailed: a metric of the user's own raises for some training.
    """
    pack = replace(pack)  # its splits, weights and orders are made once, and forgotten with this copy
    begun, moved = time.perf_counter(), moved_losses(pack)
    reasons, traced, seen = dict(moved), None, Seen()
    while traced is None and (healthy := [trial for trial in pack.trials if trial.loss not in reasons]):
        part = part_of(pack, healthy)
        try:
            trace, seen = train(part, engine, device)
        except LossFailed as error:
            reasons |= dict.fromkeys(error.losses, str(error))
            continue
        except ModelFailed as error:
            reasons |= dict.fromkeys((trial.loss for trial in healthy), str(error))
            continue
        late = moved_losses(part, MANY)
        moved, reasons = moved | late, reasons | late
        traced = None if late else (part, trace)
    rows, curves, outputs = tabulated(pack, traced, reasons, fingerprint(engine, device))
    return Trained(rows, curves, outputs, time.perf_counter() - begun, moved, seen.warnings)


def tabulated(
    pack: Pack, traced: tuple[Pack, Trace] | None, reasons: Mapping[str, str], mark: str
) -> tuple[pd.DataFrame, list[np.ndarray], np.ndarray]:
    """Return the rows, the curves and the raw outputs of a pack, see `Trained`.

    Args:
        pack: the trials.
        traced: those that were trained, and what was recorded of them; None where every loss failed.
        reasons: why, by the spec of a loss that failed.
        mark: the fingerprint of what they were trained by.
    """
    told: list[pd.DataFrame] = []
    places = {trial: place for place, trial in enumerate(pack.trials)}
    parts = [1 + len(loss.record.parts) for loss in pack.losses]
    curves = {trial: np.full((n, pack.epochs), np.nan) for trial, n in zip(pack.trials, parts, strict=True)}
    nothing = np.full((len(pack.folds[pack.trials[0].seed].test.rows), pack.shown), np.nan)
    outputs = dict.fromkeys(pack.trials, nothing)
    failed = {trial: reasons[trial.loss] for trial in pack.trials if trial.loss in reasons}
    if traced is not None:
        part, trace = traced
        spoiled = spoilt(part, trace)
        sound = [place for place, trial in enumerate(part.trials) if trial not in spoiled]
        curves |= {part.trials[place]: course(part, trace, place) for place in sound}
        outputs |= {part.trials[place]: trace.last[place] for place in sound}
        failed |= spoiled
        told = [rows_of(part, trace, mark).iloc[sound]]
    if failed:
        told.append(failed_rows(part_of(pack, failed), list(failed.values()), mark))
    came = [*(trial for trial in pack.trials if trial not in failed), *failed]
    frame = pd.concat(told).set_axis([places[trial] for trial in came]).sort_index()
    raw = kept(pack, np.stack([outputs[trial] for trial in pack.trials])).astype(np.float32)
    return frame, [curves[trial] for trial in pack.trials], raw


def course(pack: Pack, trace: Trace, place: int) -> np.ndarray:
    """Return the curves of a trial, (1 + parts, epochs), see `Trained`."""
    parts = len(pack.losses[place].record.parts)
    slopes = np.full((parts, pack.epochs), np.nan) if trace.slopes is None else trace.slopes[place].T[:parts]
    return np.vstack([trace.curve[place], slopes])


def moved_losses(pack: Pack, times: int = 1) -> dict[str, str]:
    """Return, by their specs, the users' losses that answer otherwise than in their trial, and how."""
    found = {}
    for spec, loss in zip((trial.loss for trial in pack.trials), pack.losses, strict=True):
        if spec not in found and loss.record.drift is not None:
            with contained():
                found[spec] = loss.record.drift(times)
    return {
        spec: f"{title(spec)} {fault}: its trainings hang on what ran before them, so all of them fail; {PURE}"
        for spec, fault in found.items()
        if fault
    }


def spoilt(pack: Pack, trace: Trace) -> dict[Trial, str]:
    """Return the trials that no rate would have kept from diverging, and why."""
    gone = [place for place in np.flatnonzero(trace.diverged).tolist() if pack.losses[place].record.code]
    if not gone:
        return {}
    from lossbench.training.spoilt import spoilt_by  # it imports torch

    found = {}
    for place in gone:
        trial, loss = pack.trials[place], pack.losses[place]
        if fault := spoilt_by(pack, place, int(trace.diverged[place])):
            found[trial] = (
                f"{loss.title} on {trial.dataset}, seed {trial.seed}, {fault}; let it give a number there, or "
                "choose another --batch-size"
            )
    return found


def part_of(pack: Pack, trials: Iterable[Trial]) -> Pack:
    """Return some trials of a pack as a pack, with splits, weights and orders of its own; all of them as it is."""
    chosen = tuple(trials)
    return pack if chosen == pack.trials else replace(pack, trials=chosen)


def train(pack: Pack, engine: Engine, device: str) -> tuple[Trace, Seen]:
    """Train one pack by an engine on a device; also return what was seen of users' losses."""
    users = tuple(dict.fromkeys(trial.loss for trial in pack.trials if pack.setup.losses[trial.loss].record.code))
    own = isinstance(pack.model, ModuleModel) and bool(pack.model.code)
    with on(device), contained(limit=LIMIT) if users or own else nullcontext(Seen()) as seen:
        trace = TRAINED_BY[engine](pack, device)
    if seen.altered and users:
        raise LossFailed(f"{' or '.join(users)} on {pack.dataset.name} {meddles(seen.altered)}", users)
    if seen.altered:
        raise ModelFailed(f"model '{pack.trials[0].model}' on {pack.dataset.name} {meddles(seen.altered)}")
    return trace, seen


def on(device: str) -> AbstractContextManager[object]:
    """Make a device the default one: for the loop, and for tensors that a custom loss makes.

    It slows every call into torch, so it is not set where it would be the usual one.
    """
    if device == "cpu":
        return nullcontext()
    import torch

    return torch.device(device)


def by_native(pack: Pack, device: str) -> Trace:
    """Train a pack by the compiled engine, which imports torch only for losses that are not compiled."""
    from lossbench.training import native

    return native.train(pack)


def by_fused(pack: Pack, device: str) -> Trace:
    """Train a pack by the fused engine."""
    one_thread_of_torch()
    from lossbench.training import fused

    return fused.train(pack, device=device)


def by_loop(pack: Pack, device: str) -> Trace:
    """Train a pack by the loop engine."""
    one_thread_of_torch()
    from lossbench.training import loop

    return loop.train(pack)


TRAINED_BY: Mapping[Engine, Callable[[Pack, str], Trace]] = {
    "native": by_native,
    "fused": by_fused,
    "loop": by_loop,
}
