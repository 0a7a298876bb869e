"""Train and score one pack. Where a user's code fails, its trials are left out and the others are trained."""

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
    """The results of a pack.

    Args:
        rows: one row per trial; a data frame, since a list of dictionaries takes ten times the memory.
        curves: (1 + parts, epochs) for each trial, its validation curve; for a sum of losses, below it, the
            gradient norm of each part, see `Trace.slopes`.
        outputs: (trials, test rows, outputs) float32, raw outputs of each trial at the last epoch, as
            `lossbench.run.scoring.kept` returns them; NaN where it failed.
        seconds: time spent in training.
        impure: the losses whose values depend on what ran before, and how that was seen, by spec.
        warned: the warnings that losses gave in training, each with the specs that may have caused it.
    """

    rows: pd.DataFrame
    curves: list[np.ndarray]
    outputs: np.ndarray
    seconds: float
    impure: Mapping[str, str]
    warned: Mapping[str, tuple[str, ...]]


def train_pack(pack: Pack, engine: Engine, device: str) -> Trained:
    """Train and score a pack; one with a user's code in a fork, which that code may crash.

    Where a user's metric raises, or the fork ends, the pack is split and its parts are trained, again and again,
    until only the trials at fault fail. All others have the same numbers as in the whole pack.
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
            return all_failed(pack, error, fingerprint(engine, device))
        return joined(pack, parts, [train_pack(part, engine, device) for part in parts])


def parts_of(pack: Pack, error: ScoreFailed | Ended) -> list[Pack]:
    """Return the halves of a pack, or a part per loss where one hangs: every attempt then costs the time limit."""
    if isinstance(error, Unending):
        losses = dict.fromkeys(trial.loss for trial in pack.trials)
        return [part_of(pack, (trial for trial in pack.trials if trial.loss == loss)) for loss in losses]
    middle = len(pack.trials) // 2
    return [part_of(pack, half) for half in (pack.trials[:middle], pack.trials[middle:]) if half]


def import_ahead() -> None:
    """Import here, once, what every fork of this process would import as it trains and scores: it takes 2 s."""
    importlib.import_module("sklearn.linear_model")  # for the baselines
    if "torch" in sys.modules:
        with suppress(ImportError):  # the first gradient of a user's loss needs it; some versions of torch lack it
            importlib.import_module("torch.fx.experimental.symbolic_shapes")


def is_users_own(pack: Pack) -> bool:
    """Say whether a loss, the model or the score of a pack is a user's code."""
    model, judge = pack.model, pack.dataset.judged
    own = isinstance(model, ModuleModel) and bool(model.code)
    return own or isinstance(judge, Asked) or any(loss.record.code for loss in pack.losses)


def all_failed(pack: Pack, error: ScoreFailed | Ended, mark: str) -> Trained:
    """Return the results of a pack of one loss in which a user's code makes every trial fail."""
    trial = pack.trials[0]
    said = f"{trial.dataset}: {error}"
    if isinstance(error, Ended):
        network = "" if pack.losses[0].record.code else f" with {trial.model}"
        said = f"{title(trial.loss)}{network} on {trial.dataset} {error}"
    return Trained(*tabulated(pack, None, {trial.loss: said}, mark), seconds=0.0, impure={}, warned={})


def joined(pack: Pack, parts: Sequence[Pack], results: Sequence[Trained]) -> Trained:
    """Join the results of the parts of a pack, in the order of the pack."""
    places = {trial: place for place, trial in enumerate(chain.from_iterable(part.trials for part in parts))}
    order = [places[trial] for trial in pack.trials]
    curves = list(chain.from_iterable(one.curves for one in results))
    return Trained(
        pd.concat([one.rows for one in results]).iloc[order].reset_index(drop=True),
        [curves[place] for place in order],
        np.concatenate([one.outputs for one in results])[order],
        sum(one.seconds for one in results),
        dict(ChainMap(*(dict(one.impure) for one in results))),
        dict(ChainMap(*(dict(one.warned) for one in results))),
    )


def trained_at_once(pack: Pack, engine: Engine, device: str) -> Trained:
    """Train and score a whole pack at once.

    Raises:
        ScoreFailed: a user's metric raises for some training.
    """
    pack = replace(pack)  # a copy, so that its cached splits, weights and orders are freed with it
    begun, impure = time.perf_counter(), impure_losses(pack)
    reasons, traced, seen = dict(impure), None, Seen()
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
        late = impure_losses(part, MANY)
        impure, reasons = impure | late, reasons | late
        traced = None if late else (part, trace)
    rows, curves, outputs = tabulated(pack, traced, reasons, fingerprint(engine, device))
    return Trained(rows, curves, outputs, time.perf_counter() - begun, impure, seen.warnings)


def tabulated(
    pack: Pack, traced: tuple[Pack, Trace] | None, reasons: Mapping[str, str], mark: str
) -> tuple[pd.DataFrame, list[np.ndarray], np.ndarray]:
    """Return the rows, the curves and the raw outputs of a pack, see `Trained`.

    Args:
        pack: the trials.
        traced: the trials that were trained, and their trace; None where every loss failed.
        reasons: why a loss failed, by its spec.
        mark: the fingerprint of the training.
    """
    frames: list[pd.DataFrame] = []
    places = {trial: place for place, trial in enumerate(pack.trials)}
    parts = [1 + len(loss.record.parts) for loss in pack.losses]
    curves = {trial: np.full((n, pack.epochs), np.nan) for trial, n in zip(pack.trials, parts, strict=True)}
    nothing = np.full((len(pack.folds[pack.trials[0].seed].test.rows), pack.shown), np.nan)
    outputs = dict.fromkeys(pack.trials, nothing)
    failed = {trial: reasons[trial.loss] for trial in pack.trials if trial.loss in reasons}
    if traced is not None:
        part, trace = traced
        unusable = diverging_at_any_rate(part, trace)
        usable = [place for place, trial in enumerate(part.trials) if trial not in unusable]
        curves |= {part.trials[place]: curves_of(part, trace, place) for place in usable}
        outputs |= {part.trials[place]: trace.last[place] for place in usable}
        failed |= unusable
        frames = [rows_of(part, trace, mark).iloc[usable]]
    if failed:
        frames.append(failed_rows(part_of(pack, failed), list(failed.values()), mark))
    order = [*(trial for trial in pack.trials if trial not in failed), *failed]
    frame = pd.concat(frames).set_axis([places[trial] for trial in order]).sort_index()
    raw = kept(pack, np.stack([outputs[trial] for trial in pack.trials])).astype(np.float32)
    return frame, [curves[trial] for trial in pack.trials], raw


def curves_of(pack: Pack, trace: Trace, place: int) -> np.ndarray:
    """Return the curves of a trial, (1 + parts, epochs), see `Trained`."""
    parts = len(pack.losses[place].record.parts)
    slopes = np.full((parts, pack.epochs), np.nan) if trace.slopes is None else trace.slopes[place].T[:parts]
    return np.vstack([trace.curve[place], slopes])


def impure_losses(pack: Pack, times: int = 1) -> dict[str, str]:
    """Return the users' losses that no longer give the values of their first check, by spec, and the reasons."""
    found = {}
    for spec, loss in zip((trial.loss for trial in pack.trials), pack.losses, strict=True):
        if spec not in found and loss.record.drift is not None:
            with contained():
                found[spec] = loss.record.drift(times)
    return {
        spec: f"{title(spec)} {fault}: its trainings depend on what ran before them, so all of them fail; {PURE}"
        for spec, fault in found.items()
        if fault
    }


def diverging_at_any_rate(pack: Pack, trace: Trace) -> dict[Trial, str]:
    """Return the trials that would have diverged at any learning rate, and why."""
    diverged = [place for place in np.flatnonzero(trace.diverged).tolist() if pack.losses[place].record.code]
    if not diverged:
        return {}
    from lossbench.training.spoilt import spoilt_by  # here, since it imports torch

    found = {}
    for place in diverged:
        trial, loss = pack.trials[place], pack.losses[place]
        if fault := spoilt_by(pack, place, int(trace.diverged[place])):
            found[trial] = f"{loss.title} on {trial.dataset}, seed {trial.seed}, {fault}"
    return found


def part_of(pack: Pack, trials: Iterable[Trial]) -> Pack:
    """Return some trials of a pack as a new pack without cached splits; for all of its trials, the pack itself."""
    chosen = tuple(trials)
    return pack if chosen == pack.trials else replace(pack, trials=chosen)


def train(pack: Pack, engine: Engine, device: str) -> tuple[Trace, Seen]:
    """Train one pack by an engine on a device; also return what users' losses were seen doing."""
    users = tuple(dict.fromkeys(trial.loss for trial in pack.trials if pack.setup.losses[trial.loss].record.code))
    own = isinstance(pack.model, ModuleModel) and bool(pack.model.code)
    with default_device(device), contained(limit=LIMIT) if users or own else nullcontext(Seen()) as seen:
        trace = TRAINED_BY[engine](pack, device)
    if seen.altered and users:
        raise LossFailed(f"{' or '.join(users)} on {pack.dataset.name} {meddles(seen.altered)}", users)
    if seen.altered:
        raise ModelFailed(f"model '{pack.trials[0].model}' on {pack.dataset.name} {meddles(seen.altered)}")
    return trace, seen


def default_device(device: str) -> AbstractContextManager[object]:
    """Make a device torch's default: for the loop engine, and for tensors that a custom loss makes.

    A default device slows every call into torch, so none is set for the CPU, torch's own default.
    """
    if device == "cpu":
        return nullcontext()
    import torch

    return torch.device(device)


def by_native(pack: Pack, device: str) -> Trace:
    """Train a pack by the native engine, which imports torch only for losses that are not compiled."""
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
