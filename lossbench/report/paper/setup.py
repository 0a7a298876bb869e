"""Sentences of the methods paragraph on what was compared and how it was trained, in LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import cast

from lossbench.data import records
from lossbench.data.contamination import AT_TEST
from lossbench.losses import catalogue
from lossbench.report.escape import latex
from lossbench.report.paper.cited_run import CitedRun, latex_names, number
from lossbench.report.tables import listed_seeds
from lossbench.report.words.english import joined, plural
from lossbench.spec import split_spec
from lossbench.task import Task
from lossbench.training.network import LAYERS, parse_model
from lossbench.training.optimisers import parse_optimiser
from lossbench.training.schedule import CONSTANT, parse_schedule

TASKS: dict[Task, str] = {
    "binary": "binary classification",
    "multiclass": "classification with several classes",
    "multilabel": "multilabel classification",
    "segmentation": "segmentation",
    "embedding": "embedding of several classes",
    "regression": "regression",
    "distribution": "imitating a distribution",
    "anomaly": "anomaly detection",
}

KINDS = {
    "label": "labels were replaced by wrong ones, at random",
    "target": "targets were moved up by five standard deviations, all to one side",
    "target_symmetric": "targets were moved up or down by five standard deviations",
    "feature": "features were moved by five standard deviations, to either side",
    "feature_one_sided": "features were moved by five standard deviations, all to one side",
    "noise": "rows were replaced by numbers from 0 to 1, all equally likely",
    "label_by_class": "labels were replaced by that of the next class, of two classes only positive ones",
    "feature_at_test": "features were moved by five standard deviations, to either side",
    "feature_one_sided_at_test": "features were moved by five standard deviations, all to one side",
}
"""What each kind of contamination does to its share of the training part, or of the test part."""

ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid", "gelu": "GELU"}


def compared(run: CitedRun) -> Iterator[str]:
    """Yield what was compared, task by task."""
    yield "We trained the same networks under each loss, on the same data, so that nothing but the loss differs."
    sources = {(name, one.task): one.source for one in catalogue() for name in (one.name, *one.aliases)}
    for task, rows in run.trials.groupby("task", sort=False):
        kind = TASKS[cast("Task", task)]
        losses = [
            latex(loss) + run.cite(sources.get((split_spec(loss)[0], cast("Task", task)), ""))
            for loss in rows.loss.drop_duplicates()
        ]
        first = "; differences are from the first" if len(losses) > 1 else ""
        yield f"For {kind} ({latex_names(rows.dataset.drop_duplicates())}) we compared {joined(losses)}{first}."


def data(run: CitedRun) -> Iterator[str]:
    """Yield which data sets are tables and which are laws."""
    sources, about = {one.name: one.source for one in records()}, run.part("datasets")
    told: dict[str, list[str]] = {"resplit": [], "redrawn": []}
    for dataset, sampling in run.trials[["dataset", "sampling"]].drop_duplicates().itertuples(index=False):
        source = sources.get(split_spec(dataset)[0], "")
        cited = run.cite("scikit-learn" if source.startswith("scikit-learn") else source)
        rows = about.get(dataset, {}).get("rows") if isinstance(about.get(dataset), dict) else None
        told[sampling].append(latex(dataset) + (f" ({rows} rows)" if isinstance(rows, int) else "") + cited)
    if told["resplit"]:
        yield f"Every seed splits the same rows of {joined(told['resplit'])} anew."
    if told["redrawn"]:
        yield f"Every seed draws rows of its own of {joined(told['redrawn'])} from a law."
    if kept := [name for name, facts in about.items() if isinstance(facts, dict) and facts.get("groups")]:
        yield f"Rows of one group stay on one side of a split ({latex_names(map(str, kept))})."
    yield (
        r"Splits are 60\,\% for training, 20\,\% for validation and 20\,\% for test, stratified by class where "
        "classes are exclusive and have five rows or more; features, and the targets of a regression, are "
        "standardised by the training part."
    )
    if "anomaly" in run.values("task"):
        yield (
            "Where anomalies are to be found, only normal rows are split, all anomalies are tested, and features "
            "stay as they are, since networks learn to give them back; rows are ranked by the squared error of "
            "that, and validation scores are the share of the variance that is explained."
        )


def networks(run: CitedRun) -> Iterator[str]:
    """Yield what was trained, how, and how often."""
    models = joined(map(model, run.values("model")))
    seeds = sorted(run.values("seed"))
    yield (
        f"Under every loss {models} began with the same weights and saw the same rows in the same order, for "
        f"{joined(map(number, run.values('epochs')))} epochs of batches of "
        f"{joined(map(number, run.values('batch_size')))} rows, in {plural(len(seeds), 'repetition')} "
        f"({listed_seeds(seeds).replace('-', '--')})."
    )
    rates = run.values("lr")
    apart = ", each compared by itself" if len(rates) > 1 else ""
    yield (
        f"The optimiser is {optimisers(run)}, at a learning rate of {joined(map(number, rates))}{apart}"
        f"{''.join(penalties(run))}."
    )
    if (used := run.values("schedule")) != [CONSTANT]:
        apart = "; each schedule is compared by itself" if len(used) > 1 else ""
        yield f"As epochs pass, {'; or '.join(scheduled(run, spec) for spec in used)}{apart}."


def optimisers(run: CitedRun) -> str:
    """Return the optimisers; those of single data sets come last, with the reason."""
    why = {one["dataset"]: one["why"] for one in run.listed("protocols", "dataset", "why")}
    used: dict[str, list[str]] = {}
    for dataset, spec in run.trials[["dataset", "optimizer"]].drop_duplicates().itertuples(index=False):
        used.setdefault(spec, []).append(dataset)
    shared = [optimised(run, spec) for spec, where in used.items() if not set(where) <= set(why)]
    own = [
        f"{optimised(run, spec)} on {latex_names(where)}, {latex(why[where[0]])}"
        for spec, where in used.items()
        if set(where) <= set(why)
    ]
    return joined(shared) + (f" ({'; '.join(own)})" if own and shared else "; ".join(own))


def model(spec: str) -> str:
    """Return a network in words.

    Example:
        >>> model("mlp:64,32:tanh"), model("linear")
        ('perceptrons with hidden layers of 64 and 32 units (tanh)', 'linear models')
    """
    if not spec.startswith(LAYERS):
        return f"networks {latex(spec)}"
    found = parse_model(spec)
    if not found.widths:
        return "linear models"
    layers = "a hidden layer" if len(found.widths) == 1 else "hidden layers"
    activation = ACTIVATIONS[found.activation]
    return f"perceptrons with {layers} of {joined(map(str, found.widths))} units ({activation})"


def optimised(run: CitedRun, spec: str) -> str:
    """Return an optimiser in words, with its source."""
    name, hyper = found = parse_optimiser(spec)
    if name == "adam":
        return "Adam" + run.cite("adam")
    if name == "adamw":
        return f"AdamW with a decay of {hyper['weight_decay']:g}" + run.cite("adamw")
    if found.children:
        return f"a (1 + {found.children}) evolution strategy" + run.cite("es")
    momentum = hyper["momentum"]
    cited = run.cite("momentum") if momentum else ""
    return "stochastic gradient descent" + (f" with momentum {momentum:g}{cited}" if momentum else "")


def scheduled(run: CitedRun, spec: str) -> str:
    """Return a schedule in words, with its sources."""
    found = parse_schedule(spec)
    moves = {
        CONSTANT: "the rate is constant",
        "cosine": f"the rate falls along half a cosine{run.cite('cosine')}",
        "step": f"the rate falls to {found.gamma:g} of itself every {found.step_size:g} epochs",
    }
    said = [moves[found.kind]]
    if found.warmup:
        said.append(f"after it has risen in equal steps over {found.warmup:g} epochs")
    if found.clip < math.inf:
        said.append(f"gradients longer than {found.clip:g} are scaled down to that{run.cite('clip')}")
    if found.patience < math.inf:
        said.append(
            f"a training ends after {found.patience:g} epochs without a gain on validation" + run.cite("early end")
        )
    return ", ".join(said)


def penalties(run: CitedRun) -> Iterator[str]:
    """Yield the penalties in the cost, if there are any."""
    for column, weights in (("l1", r"$\sum |w|$"), ("l2", r"$\sum w^2$")):
        if any(strengths := run.values(column)):
            yield f", with {joined(map(number, strengths))} times {weights} in the cost"


def tuned(run: CitedRun) -> Iterator[str]:
    """Yield how rates were chosen, if they were tuned."""
    tuning = run.findings.tuning
    if tuning is not None:
        rates, seeds = joined(map(number, run.values("lr"))), plural(int(tuning.n.max()), "seed")
        yield (
            f"Each loss is also shown at its own rate, chosen among {rates} by the score that is judged, on the "
            f"validation parts of {seeds} that are not reported; others might have chosen another one: that is "
            "part of the intervals."
        )


def contaminated(run: CitedRun) -> Iterator[str]:
    """Yield how data were contaminated."""
    dirty = run.trials[run.trials.outlier_fraction > 0]
    if not len(dirty):
        return
    shares = joined(f"{100 * share:g}" for share in sorted(dirty.outlier_fraction.unique()))
    done = [
        KINDS.get(str(kind), latex(str(kind))) + f" ({latex_names(rows.dataset.drop_duplicates())})"
        for kind, rows in dirty.groupby("outlier_kind", sort=False)
    ]
    which, clean = ("test", "training") if set(dirty.outlier_kind) & set(AT_TEST) else ("training", "test")
    yield (
        f"The {which} parts are also contaminated{run.cite('contamination')}: in {shares}\\,\\% of their rows "
        f"{joined(done)}; validation and {clean} parts stay clean."
    )


SETUP: tuple[Callable[[CitedRun], Iterator[str]], ...] = (compared, data, networks, tuned, contaminated)
