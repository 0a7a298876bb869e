"""What `import lossbench` offers; the command line is its first user."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings, placed
from lossbench.results.comparison import Comparison, execute
from lossbench.run.runner import Engine
from lossbench.store import open_store

if TYPE_CHECKING:
    from lossbench.claims import Judgement

Texts = str | Iterable[str]
Numbers = float | Iterable[float]


def compare(
    datasets: Texts | None = None,
    losses: Texts | Mapping[str, Texts] | None = None,
    *,
    config: str | Path | None = None,
    models: Texts | None = None,
    optimizers: Texts | None = None,
    lr: Numbers | None = None,
    tune: bool | None = None,
    l1: Numbers | None = None,
    l2: Numbers | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    seeds: int | str | Iterable[int] | None = None,
    outliers: Numbers | None = None,
    outlier_kind: str | None = None,
    jobs: int | None = None,
    engine: Engine = "fused",
    device: str = "cpu",
    cache: bool = False,
    budget: float = math.inf,
    progress: Callable[[str, int], None] = lambda dataset, trials: None,
) -> Comparison:
    """Train the same networks under each loss, on the same data, and say what differs.

    What is left out is taken from the config, and what the config leaves out from `configs/default.toml`.

    Args:
        datasets: specs such as "iris", "imbalanced:positives=0.05", "sales.csv:target=price".
        losses: specs such as "huber:delta=1.35"; one list, or one for each task. The first is the reference.
        config: path of a TOML file, or "default" or "quick".
        models: "linear" or "mlp:WIDTHS[:ACTIVATION]".
        optimizers: "sgd", "sgd:momentum=0.9", "adam", "adamw", "adamw:weight_decay=0.1".
        lr: learning rates, above 0.
        tune: also show each loss at its own of these rates, chosen on validation over seeds that are not reported.
        l1: weights of Σ|w| in the cost, at least 0.
        l2: weights of Σw² in the cost, at least 0.
        batch_size: rows a step, at least 1.
        epochs: passes over the training rows, at least 1.
        seeds: how many, or a range "10:20", or which.
        outliers: contaminated shares of the training part, in [0, 1).
        outlier_kind: "auto", or one of `lossbench.data.KINDS`, such as "label" or "target_symmetric".
        jobs: processes; None for one a core where the work is worth it.
        engine: "fused", or "loop" for the slow oracle in plain PyTorch.
        device: "cpu", "cuda", or "auto".
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
    start = time.perf_counter()
    settings = make_settings(
        config,
        datasets=listed(datasets),
        losses=losses if isinstance(losses, Mapping) else listed(losses),
        models=listed(models),
        optimizers=listed(optimizers),
        lr=listed(lr),
        tune=tune,
        l1=listed(l1),
        l2=listed(l2),
        batch_size=batch_size,
        epochs=epochs,
        seeds=seeds if isinstance(seeds, str | Real) else listed(seeds),
        outliers=listed(outliers),
        outlier_kind=outlier_kind,
    )
    with placed(config):
        experiment = plan(settings)
    with open_store() if cache else nullcontext() as store:
        return execute(experiment, start, progress, store, budget, jobs=jobs, engine=engine, device=device)


def check_claims(
    ids: Texts = (),
    *,
    config: str | Path | None = None,
    quick: bool = False,
    first_seed: int = 0,
    jobs: int | None = None,
    cache: bool = False,
) -> list[Judgement]:
    """Try claims about loss functions and judge them, as `lossbench claims` does.

    Args:
        ids: such as "T3"; none for all.
        config: a TOML file with claims of your own; None for those of the three documents.
        quick: few seeds and epochs, for a first look.
        first_seed: the seeds are taken from this one on; verdicts should not depend on them.
        jobs: processes; None for one a core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one.

    Returns:
        One judgement a claim: verdict, condition, and every comparison that was made.

    Raises:
        UsageError: a claim that does not exist or cannot be carried out, before training starts.

    Example:
        >>> import lossbench
        >>> [(judgement.claim.id, judgement.verdict) for judgement in lossbench.check_claims("B2")]
        [('B2', 'reproduced')]
    """
    from lossbench.claims import Study, read_catalogue, read_terms, try_claims

    catalogue = read_catalogue(None if config is None else Path(config))
    chosen = catalogue.find(tuple(listed(ids) or ()))
    with open_store() if cache else nullcontext() as store:
        study = Study(read_terms(), quick=quick, first_seed=first_seed, jobs=jobs, store=store)
        return try_claims(catalogue, chosen, study)


def listed(value: Any) -> list[Any] | None:
    """Return one value or several as a list, and None as None."""
    if value is None:
        return None
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
