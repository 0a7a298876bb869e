"""`compare`: compare losses from Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from numbers import Real
from pathlib import Path
from typing import Any

from lossbench.api.answer import Progress, answer
from lossbench.api.arguments import Numbers, Texts, as_list, given_once, is_specs, model_names, tables_of
from lossbench.api.result import Comparison
from lossbench.plan.experiment import planned
from lossbench.plan.request import Engine, Manner, Request, choose_device, usual_engine
from lossbench.plan.settings import make_settings
from lossbench.plan.where import cluster_for


def compare(
    X: Any = None,
    y: Any = None,
    *,
    data: Mapping[str, Any] | None = None,
    task: str | None = None,
    weight: Any = None,
    datasets: Texts | None = None,
    losses: Texts | Mapping[str, Texts] | None = None,
    config: str | Path | None = None,
    models: Any = None,
    optimizers: Texts | None = None,
    schedule: Texts | None = None,
    lr: Numbers | None = None,
    tune: bool | str | None = None,
    sampler: str | None = None,
    l1: Numbers | None = None,
    l2: Numbers | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    seeds: int | str | Iterable[int] | None = None,
    outliers: Numbers | None = None,
    outlier_kind: str | None = None,
    score: Texts | None = None,
    costs: Iterable[Iterable[float]] | str | None = None,
    threshold: str | None = None,
    margins: Mapping[str, float] | None = None,
    jobs: int | None = None,
    engine: Engine | None = None,
    device: str = "cpu",
    backend: str | None = None,
    address: str | None = None,
    cache: bool = False,
    budget: float = math.inf,
    progress: Progress = lambda dataset, trials: None,
) -> Comparison:
    """Train the same networks under each loss, on the same data, and say what differs.

    What is left out is taken from the config, and what the config leaves out from `configs/default.toml`. A table
    of your own is read as it would be from a file (`docs/own-table.md`); what was done to it is in `notes`.

    Code of your own runs in this process, unlike in a command, since a notebook cannot always be copied.
    Code that raises, exits or never ends fails alone; a crash ends the process, and only with `cache=True` is kept
    what was finished before.

    Args:
        X: the features of a table of your own, a data frame or an array (rows, columns). Or specs of data sets, as
            `datasets`; then `y` is as `losses`.
        y: its target, a series or an array (rows,), or the name of a column of X.
        data: several tables by name: (X, y), or a data frame whose target is in the name. A name may be a spec, as
            "visits:target=pain:group=patient".
        weight: of X, how much each row counts in training: an array (rows,) of numbers from 0 up, or the name of a
            column of X; see `docs/own-table.md`.
        task: of these tables, "regression", "binary" or "multiclass"; None to infer it from the target.
        datasets: specs such as "iris", "imbalanced:positives=0.05", "sales.csv:target=price".
        losses: specs such as "huber:delta=1.35", "sum:bce+0.5*dice"; one list, or one for each task. The first is
            the reference.
        config: path of a TOML file, or the name of a shipped one, such as "quick".
        models: "linear", "mlp:WIDTHS[:ACTIVATION]", "cnn:8,16" or "resmlp:64x2"; or networks of your own,
            as "nets.py:Net:width=32", or a class or a function that makes a `torch.nn.Module`
            (`docs/own-model.md`).
        optimizers: "sgd", "sgd:momentum=0.9", "adam", "adamw", "adamw:weight_decay=0.1".
        schedule: how the rate moves over the epochs, "constant", "cosine" or "step:step_size=20:gamma=0.5"; each
            with a warm-up, clipped gradients or an early end, as "cosine:warmup=5:clip=1:patience=10".
        lr: learning rates, above 0.
        tune: also show each loss at its own of these rates, chosen on validation over seeds that are not reported;
            or at the best of so many settings between them, "budget=64".
        sampler: how such settings are chosen: "grid", "sobol" or "tpe", which learns (the extra `optuna`).
        l1: weights of Σ|w| in the cost, at least 0.
        l2: weights of Σw² in the cost, at least 0.
        batch_size: rows per step, at least 1.
        epochs: passes over the training rows, at least 1.
        seeds: how many, or a range "10:20", or which.
        outliers: contaminated shares of the training part (or of the test part, by the kind), in [0, 1).
        outlier_kind: "auto", or one of `lossbench.data.KINDS`, such as "label" or "target_symmetric".
        score: what judges and tunes: the first of these that a data set's task has, such as "mape"; or a
            function of your own, "metrics.py:mine:lower" (`docs/own-metric.md`).
        costs: for the score "cost", what a decision costs, one row per true class: [[0, 1], [10, 0]].
        threshold: by which score class thresholds are chosen on validation, each training's own: on binary data
            sets "f1", "accuracy", "balanced_accuracy" or "matthews_corrcoef", on masks "dice", "iou" or
            "accuracy"; "link" for each link's own.
        margins: by score, the difference that is too small to matter, such as {"r2": 0.02}.
        jobs: processes; None for one per core where the work is worth it.
        engine: "native", compiled; "fused", in torch; or "loop", the slow oracle in plain PyTorch. None for the
            compiled one where there is one, and else the fused.
        device: "cpu", "cuda", or "auto".
        backend: "local", this machine; or "dask" or "ray", the workers of a cluster that is there already; None
            for what the config says, and where it says nothing, this machine.
        address: of that cluster, such as "tcp://10.0.0.5:8786" (dask) or "10.0.0.5:6379" (ray).
        cache: take over finished trainings of earlier runs, and keep those of this one, as the command line does.
        budget: seconds after which no more training is begun; what is left out then stands in `gaps`.
        progress: is called with a data set's name and a number of trials as they finish.

    Returns:
        The trials and what they say, as data frames.

    Raises:
        UsageError: anything that cannot be carried out, before training starts.

    Example:
        >>> import lossbench
        >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
        >>> list(result.summary.loss), len(result.trials)
        (['ce', 'mse'], 4)
    """
    if is_specs(X):
        X, y, datasets, losses = None, None, given_once("datasets", X, datasets), given_once("losses", y, losses)
    tables = tables_of(X, y, data, task, weight)
    settings = make_settings(
        config,
        datasets=[*tables, *(as_list(datasets) or ())] or as_list(datasets),
        losses=losses if isinstance(losses, Mapping) else as_list(losses),
        models=model_names(models),
        optimizers=as_list(optimizers),
        schedule=as_list(schedule),
        lr=as_list(lr),
        tune=tune,
        sampler=sampler,
        l1=as_list(l1),
        l2=as_list(l2),
        batch_size=batch_size,
        epochs=epochs,
        seeds=seeds if isinstance(seeds, str | Real) else as_list(seeds),
        outliers=as_list(outliers),
        outlier_kind=outlier_kind,
        score=as_list(score),
        costs=costs,
        threshold=threshold,
        margins=margins,
    )
    device = choose_device(device)
    manner = Manner(jobs, engine or usual_engine(device), device, cluster_for(config, backend, address, jobs))
    request = Request(manner, cache, budget)
    experiment = planned(settings, config, margins, tables)
    return answer(experiment, request, nullcontext(progress), nullcontext()).comparison
