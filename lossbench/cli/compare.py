"""`lossbench compare`: train the same networks under each loss and compare them."""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lossbench.cli import completion
from lossbench.cli.ending import print_again, print_and_exit, print_part_and_exit, print_plan
from lossbench.cli.grouped import GroupedCommand
from lossbench.cli.options import (
    FILE,
    MODELS,
    NUMBERS,
    PATH,
    SCORES,
    TABLES,
    budget_option,
    costs_option,
    csv_option,
    jobs_option,
    loss_option,
    margin_option,
    output_option,
    repeatable,
)
from lossbench.cli.process.progress import busy, training_progress
from lossbench.cli.process.streams import surface
from lossbench.cli.report import FORMATS
from lossbench.plan.cluster import BACKENDS
from lossbench.plan.config import SHIPPED

if TYPE_CHECKING:
    from lossbench.plan.experiment import Experiment
    from lossbench.plan.request import Engine, Request
    from lossbench.plan.settings import Settings
    from lossbench.plan.shard import Shard


GROUPS = {
    "What is compared": ("dataset", "loss", "outliers", "outlier-kind", "seeds"),
    "How it is trained": (
        "model",
        "optimizer",
        "schedule",
        "lr",
        "tune",
        "sampler",
        "l1",
        "l2",
        "epochs",
        "batch-size",
    ),
    "What is judged": ("score", "costs", "threshold", "margin", "baseline", "baseline-if-exists", "fail-on"),
    "What comes out": ("output", "csv", "format", "dry-run", "quiet"),
    "How it runs": ("config", "quick", "jobs", "engine", "device", "no-cache", "budget"),
    "On several machines": ("backend", "address", "shard"),
}
EXAMPLES = (
    ("compare", "every core task"),
    ("compare -d sales.csv:target=price -l mse,huber", "your own table"),
    ("compare -d moons -l bce,my_losses.py:mine", "your own loss"),
    ("compare -d wine --lr 0.003,0.01,0.03 --tune", "each loss at its own rate"),
    ("compare -d diabetes --score mae --outliers 0,0.2", "another score, dirty data"),
)


@click.command(
    cls=GroupedCommand,
    groups=GROUPS,
    examples=EXAMPLES,
    short_help="Train the same networks under each loss and say what differs.",
)
@repeatable(
    "-d",
    "--dataset",
    "datasets",
    kind=TABLES,
    metavar="SPEC",
    help="Data sets: names, or tables of yours as file.csv:target=column.",
)
@loss_option(
    "Losses; the others are compared with the first. Parameters: huber:delta=1.35, or tuned, delta=0.1..10."
)
@repeatable(
    "-m",
    "--model",
    "models",
    kind=MODELS,
    metavar="SPEC",
    help="Networks: linear, mlp:64,32, cnn:8,16, resmlp:64x2, or one of yours, nets.py:Net.",
)
@repeatable(
    "--optimizer",
    "optimizers",
    metavar="SPEC",
    help="sgd, adam, adamw, or es, which needs no gradients; with parameters as sgd:momentum=0.9.",
)
@repeatable(
    "--schedule",
    "schedule",
    metavar="SPEC",
    help="Learning rate by epoch: constant, cosine or step; with :warmup=5, :clip=1, :patience=10.",
)
@repeatable("--lr", kind=NUMBERS, metavar="RATE", help="Learning rates.")
@click.option(
    "--tune",
    is_flag=False,
    flag_value="",
    metavar="[budget=N]",
    callback=lambda _, __, value: True if value == "" else value,
    help="Also show each loss at the best of several --lr, or of N settings between them.",
)
@click.option(
    "--sampler",
    shell_complete=completion.completer(completion.samplers),
    metavar="NAME",
    help="How --tune budget=N finds settings: grid, sobol, or tpe, which learns.",
)
@repeatable("--l1", kind=NUMBERS, metavar="STRENGTH", help="Weight of Σ|w| in the cost.")
@repeatable("--l2", kind=NUMBERS, metavar="STRENGTH", help="Weight of Σw² in the cost.")
@click.option("--epochs", type=int, metavar="N", help="Passes over the training rows.")
@click.option("--batch-size", type=int, metavar="N", help="Rows per step.")
@click.option("--seeds", metavar="N|FROM:TO", help="How many repetitions, or which ones.")
@repeatable(
    "--outliers",
    kind=NUMBERS,
    metavar="SHARE",
    help="Shares of the training rows (or of the test rows, by kind) to contaminate, such as 0,0.1,0.2.",
)
@click.option(
    "--outlier-kind",
    metavar="KIND",
    help="How they are contaminated: label[_by_class], target[_symmetric], feature[_one_sided][_at_test], or "
    "auto, by task.",
)
@repeatable(
    "--score",
    kind=SCORES,
    metavar="NAME",
    help="The score that judges and tunes: the first of these that the task has, or metrics.py:mine.",
)
@costs_option
@click.option(
    "--threshold",
    shell_complete=completion.completer(completion.thresholds),
    metavar="SCORE",
    help="Choose class thresholds on validation by this score, such as f1.",
)
@margin_option
@click.option("-c", "--config", type=FILE, metavar="FILE", help=f"A TOML file, or one of {', '.join(SHIPPED)}.")
@click.option("--quick", is_flag=True, help="The same as --config quick.")
@output_option
@csv_option("trials", "csv")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the printed summary  [default: table]."
)
@jobs_option
@click.option(
    "--backend", type=click.Choice(BACKENDS), help="Train on this machine or on a cluster  [default: local]."
)
@click.option(
    "--address", metavar="URL", help="Address of the cluster: tcp://HOST:PORT for dask, HOST:PORT for ray."
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "auto", "cuda"]),
    default="cpu",
    help="cuda is experimental: lossbench was never run on a GPU.",
)
@click.option(
    "--engine",
    type=click.Choice(["native", "fused", "loop"]),
    help="native is compiled, fused runs in torch, loop is plain PyTorch and slow.",
)
@click.option("--baseline", metavar="FILE", type=PATH, help="Compare with the trials.csv of an earlier run.")
@click.option(
    "--baseline-if-exists",
    "baseline_to_be",
    metavar="FILE",
    type=PATH,
    help="Likewise, but nothing fails if there is no such file yet, as in a first run.",
)
@repeatable(
    "--fail-on",
    "rules",
    metavar="RULE",
    help="Exit with 3 if a score is worse by more, as f1:-0.02  [default: what is judged, by its margin].",
)
@click.option("--no-cache", is_flag=True, help="Train everything anew, and keep nothing for later runs.")
@budget_option
@click.option(
    "--shard",
    metavar="I/N",
    help="Train only part I of N, into the folder of -o; lossbench merge puts them together.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be trained, and stop.")
@click.option("--quiet", is_flag=True, help="Print nothing but what --csv - or --format asks for.")
def compare(form: str | None, dry_run: bool, quiet: bool, **options: Any) -> None:
    """Train the same networks under each loss, on the same data, and say what differs.

    Without options: configs/default.toml, every core task, with the files in results/default.
    """
    began = time.perf_counter()
    with busy("reading the data", quiet):
        from lossbench.results.again import recall

        settings, request, plan = parse_options(began, **options)
        shown = form, quiet, *surface()
        kept = None if dry_run or form not in (None, "table") else recall(request, settings, shown)
        if kept is None:
            experiment = part_asked(plan(), request.shard, form)
    if kept is not None:
        print_again(kept, request, quiet)
    elif dry_run:
        print_rehearsal(experiment, request)
    else:
        run_and_print(experiment, request, form, quiet, shown)


def part_asked(experiment: Experiment, shard: Shard | None, form: str | None) -> Experiment:
    """Return what is to be trained of an experiment."""
    from lossbench.run.shards import part_of

    if shard is None:
        return experiment
    refuse_format(form, shard)
    return part_of(experiment, shard)


def print_rehearsal(experiment: Experiment, request: Request) -> None:
    """Say what would be trained."""
    from lossbench.api import rehearse

    print_plan(experiment, request.shard, rehearse(experiment, request))


def run_and_print(
    experiment: Experiment, request: Request, form: str | None, quiet: bool, shown: Iterable[object]
) -> None:
    """Train and judge, or train a shard, print the outcome, and exit with its code."""
    from lossbench.api import answer, train_shard
    from lossbench.results.again import remember

    progress = training_progress(Counter(trial.dataset for trial in experiment.trials + experiment.tuning), quiet)
    if request.shard is not None:
        print_part_and_exit(train_shard(experiment, request, progress), quiet)
        return
    settle = busy("testing the differences, writing the report", quiet)
    found = answer(experiment, request, progress, settle)
    said = print_and_exit(found, form, quiet)
    if form in (None, "table"):
        remember(request, shown, found.comparison, said)


def parse_options(
    began: float,
    config: str | None,
    quick: bool,
    output: Path | None,
    no_cache: bool,
    baseline: Path | None,
    baseline_to_be: Path | None,
    rules: list[str] | None,
    csv: str | None,
    jobs: int | None,
    backend: str | None,
    address: str | None,
    device: str,
    engine: Engine | None,
    budget: float,
    shard: str | None,
    margins: list[tuple[str, float]] | None,
    **changes: Any,
) -> tuple[Settings, Request, Callable[[], Experiment]]:
    """Return the settings and the request that the options describe, and a function that plans the experiment.

    `changes` holds the axes and settings of the experiment, see `make_settings`.
    """
    from lossbench.plan.experiment import planned
    from lossbench.plan.gate import parse_rules
    from lossbench.plan.request import Manner, Request, choose_device, usual_engine
    from lossbench.plan.settings import make_settings
    from lossbench.plan.shard import parse_shard
    from lossbench.plan.where import cluster_for

    refuse_conflicts(quick, config, baseline, baseline_to_be)
    config = "quick" if quick else config
    declared = dict(margins or ()) or None
    custom = any(value is not None for value in (declared, *changes.values()))
    settings, device = make_settings(config, margins=declared, **changes), choose_device(device)
    to_file = csv is not None or shard is not None
    request = Request(
        Manner(jobs, engine or usual_engine(device), device, cluster_for(config, backend, address, jobs)),
        cache=not no_cache,
        budget=budget,
        baseline=baseline or baseline_to_be,
        first=baseline_to_be is not None,
        rules=parse_rules(rules or ()),
        folder=output or (None if to_file else default_folder(settings, config, custom)),
        csv=csv,
        shard=None if shard is None else parse_shard(shard),
        command=shlex.join(["lossbench", *sys.argv[1:]]),
        began=began,
    )
    return settings, request, partial(planned, settings, config, declared)


def refuse_conflicts(quick: bool, config: str | None, baseline: Path | None, baseline_to_be: Path | None) -> None:
    """Refuse two options that exclude each other."""
    from lossbench.errors import BadValue

    if quick and config:
        raise BadValue("--quick is --config quick: give one of the two")
    if baseline and baseline_to_be:
        raise BadValue("--baseline requires its file and --baseline-if-exists does not: give one of the two")


def default_folder(settings: Settings, config: str | None, custom: bool) -> Path:
    """Return the default folder: named after the config, or a fresh custom one where options change the config."""
    from lossbench.results.folder import free_folder

    results = Path("results")
    return free_folder(results / "custom", settings) if custom else results / Path(config or "default").stem


def refuse_format(form: str | None, shard: Shard) -> None:
    """Refuse --format for a shard, which has no summary."""
    from lossbench.errors import BadValue

    if form is not None:
        raise BadValue(
            f"--format {form} needs a whole run, and this is shard {shard}; give it to lossbench merge instead"
        )
