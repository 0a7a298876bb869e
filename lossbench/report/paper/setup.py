"""What was compared and how it was trained, sentence by sentence, in LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import cast

from lossbench.data import records
from lossbench.data.contamination import AT_TEST
from lossbench.losses import catalogue
from lossbench.report.escape import latex
from lossbench.report.paper.known import Known, names, number
from lossbench.report.tables import listed_seeds
from lossbench.report.words.english import joined, many
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


def compared(known: Known) -> Iterator[str]:
    """Yield what was compared, task by task."""
    yield "We trained the same networks under each loss, on the same data, so that nothing but the loss differs."
    sources = {(name, one.task): one.source for one in catalogue() for name in (one.name, *one.aliases)}
    for task, rows in known.trials.groupby("task", sort=False):
        kind = TASKS[cast("Task", task)]
        losses = [
            latex(loss) + known.cite(sources.get((split_spec(loss)[0], cast("Task", task)), ""))
            for loss in rows.loss.drop_duplicates()
        ]
        first = "; differences are from the first" if len(losses) > 1 else ""
        yield f"For {kind} ({names(rows.dataset.drop_duplicates())}) we compared {joined(losses)}{first}."


def data(known: Known) -> Iterator[str]:
    """Yield which data sets are tables and which are drawn."""
    sources, about = {one.name: one.source for one in records()}, known.part("datasets")
    told: dict[str, list[str]] = {"resplit": [], "redrawn": []}
    for dataset, sampling in known.trials[["dataset", "sampling"]].drop_duplicates().itertuples(index=False):
        source = sources.get(split_spec(dataset)[0], "")
        cited = known.cite("scikit-learn" if source.startswith("scikit-learn") else source)
        rows = about.get(dataset, {}).get("rows") if isinstance(about.get(dataset), dict) else None
        told[sampling].append(latex(dataset) + (f" ({rows} rows)" if isinstance(rows, int) else "") + cited)
    if told["resplit"]:
        yield f"Every seed splits the same rows of {joined(told['resplit'])} anew."
    if told["redrawn"]:
        yield f"Every seed draws rows of its own of {joined(told['redrawn'])} from a law."
    if kept := [name for name, facts in about.items() if isinstance(facts, dict) and facts.get("groups")]:
        yield f"Rows of one group stay on one side of a split ({names(map(str, kept))})."
    yield (
        r"Splits are 60\,\% for training, 20\,\% for validation and 20\,\% for test, stratified by class where "
        "classes are exclusive and have five rows or more; features, and the targets of a regression, are "
        "standardised by the training part."
    )
    if "anomaly" in known.values("task"):
        yield (
            "Where anomalies are to be found, only normal rows are split, all anomalies are tested, and features "
            "stay as they are, since networks learn to give them back; rows are ranked by the squared error of "
            "that, and validation scores are the share of the variance that is explained."
        )


def networks(known: Known) -> Iterator[str]:
    """Yield what was trained, how, and how often."""
    models = joined(map(model, known.values("model")))
    seeds = sorted(known.values("seed"))
    yield (
        f"Under every loss {models} began with the same weights and saw the same rows in the same order, for "
        f"{joined(map(number, known.values('epochs')))} epochs of batches of "
        f"{joined(map(number, known.values('batch_size')))} rows, in {many(len(seeds), 'repetition')} "
        f"({listed_seeds(seeds).replace('-', '--')})."
    )
    rates = known.values("lr")
    apart = ", each compared by itself" if len(rates) > 1 else ""
    yield (
        f"The optimiser is {optimisers(known)}, at a learning rate of {joined(map(number, rates))}{apart}"
        f"{''.join(penalties(known))}."
    )
    if (used := known.values("schedule")) != [CONSTANT]:
        apart = "; each schedule is compared by itself" if len(used) > 1 else ""
        yield f"As epochs pass, {'; or '.join(scheduled(known, spec) for spec in used)}{apart}."


def optimisers(known: Known) -> str:
    """Return the optimisers; one that a data set has of its own stands behind, with the reason for it."""
    why = {one["dataset"]: one["why"] for one in known.listed("protocols", "dataset", "why")}
    used: dict[str, list[str]] = {}
    for dataset, spec in known.trials[["dataset", "optimizer"]].drop_duplicates().itertuples(index=False):
        used.setdefault(spec, []).append(dataset)
    shared = [optimised(known, spec) for spec, where in used.items() if not set(where) <= set(why)]
    own = [
        f"{optimised(known, spec)} on {names(where)}, {latex(why[where[0]])}"
        for spec, where in used.items()
        if set(where) <= set(why)
    ]
    return joined(shared) + (f" ({'; '.join(own)})" if own and shared else "; ".join(own))


def model(spec: str) -> str:
    """Return a network in words.

    Example:
        >>> model("mlp:64,32:tanh"), model("linear")
        ('perceptrons with hidden layers of 64 and 32 units (tanh)', 'linear models')
        >>> model("resmlp:64x2"), model("nets.py:Net")
        ('networks resmlp:64x2', 'networks nets.py:Net')
    """
    if not spec.startswith(LAYERS):
        return f"networks {latex(spec)}"
    found = parse_model(spec)
    if not found.widths:
        return "linear models"
    layers = "a hidden layer" if len(found.widths) == 1 else "hidden layers"
    activation = ACTIVATIONS[found.activation]
    return f"perceptrons with {layers} of {joined(map(str, found.widths))} units ({activation})"


def optimised(known: Known, spec: str) -> str:
    """Return an optimiser in words, with its source."""
    name, hyper = found = parse_optimiser(spec)
    if name == "adam":
        return "Adam" + known.cite("adam")
    if name == "adamw":
        return f"AdamW with a decay of {hyper['weight_decay']:g}" + known.cite("adamw")
    if found.children:
        return f"a (1 + {found.children}) evolution strategy" + known.cite("es")
    momentum = hyper["momentum"]
    cited = known.cite("momentum") if momentum else ""
    return "stochastic gradient descent" + (f" with momentum {momentum:g}{cited}" if momentum else "")


def scheduled(known: Known, spec: str) -> str:
    """Return a schedule in words, with its sources."""
    found = parse_schedule(spec)
    moves = {
        CONSTANT: "the rate is constant",
        "cosine": f"the rate falls along half a cosine{known.cite('cosine')}",
        "step": f"the rate falls to {found.gamma:g} of itself every {found.step_size:g} epochs",
    }
    said = [moves[found.kind]]
    if found.warmup:
        said.append(f"after it has risen in equal steps over {found.warmup:g} epochs")
    if found.clip < math.inf:
        said.append(f"gradients longer than {found.clip:g} are scaled down to that{known.cite('clip')}")
    if found.patience < math.inf:
        said.append(
            f"a training ends after {found.patience:g} epochs without a gain on validation"
            + known.cite("early end")
        )
    return ", ".join(said)


def penalties(known: Known) -> Iterator[str]:
    """Yield the penalties in the cost, where there are some."""
    for column, weights in (("l1", r"$\sum |w|$"), ("l2", r"$\sum w^2$")):
        if any(strengths := known.values(column)):
            yield f", with {joined(map(number, strengths))} times {weights} in the cost"


def tuned(known: Known) -> Iterator[str]:
    """Yield how rates were chosen, where they were."""
    tuning = known.findings.tuning
    if tuning is not None:
        rates, seeds = joined(map(number, known.values("lr"))), many(int(tuning.n.max()), "seed")
        yield (
            f"Each loss is also shown at its own rate, chosen among {rates} by the score that is judged, on the "
            f"validation parts of {seeds} that are not reported; others might have chosen another one: that is "
            "part of the intervals."
        )


def contaminated(known: Known) -> Iterator[str]:
    """Yield what was done to the training parts."""
    dirty = known.trials[known.trials.outlier_fraction > 0]
    if not len(dirty):
        return
    shares = joined(f"{100 * share:g}" for share in sorted(dirty.outlier_fraction.unique()))
    done = [
        KINDS.get(str(kind), latex(str(kind))) + f" ({names(rows.dataset.drop_duplicates())})"
        for kind, rows in dirty.groupby("outlier_kind", sort=False)
    ]
    which, clean = ("test", "training") if set(dirty.outlier_kind) & set(AT_TEST) else ("training", "test")
    yield (
        f"The {which} parts are also contaminated{known.cite('contamination')}: in {shares}\\,\\% of their rows "
        f"{joined(done)}; validation and {clean} parts stay clean."
    )


SETUP: tuple[Callable[[Known], Iterator[str]], ...] = (compared, data, networks, tuned, contaminated)
