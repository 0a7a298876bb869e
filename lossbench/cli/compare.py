"""`lossbench compare`: the main job."""

from __future__ import annotations

import math
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from lossbench.cli.progress import progress
from lossbench.cli.report import FORMATS, print_findings

if TYPE_CHECKING:
    import pandas as pd

    from lossbench.plan.experiment import Experiment
    from lossbench.results.comparison import Comparison
    from lossbench.stats.gate import GateReport
    from lossbench.store import Store


class Listed(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A value, or several separated by commas.

    Args:
        item: reads one value.
        separator: where to cut; a comma inside `mlp:64,32` is no separator.
    """

    def __init__(self, item: Callable[[str], Any] = str, separator: str = ",") -> None:
        self.item, self.separator, self.name = item, separator, "number" if item is float else "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[Any]:
        """Cut the text and read each piece."""
        pieces = [piece.strip() for piece in re.split(self.separator, value) if piece.strip()]
        if not pieces:
            self.fail(f"'{value}' names nothing; give a value or leave the option out", param, ctx)
        try:
            return [self.item(piece) for piece in pieces]
        except ValueError:
            self.fail(f"'{value}' is not a number, or several separated by commas", param, ctx)


class Duration(click.ParamType):  # type: ignore[type-arg]  # older click's takes no argument
    """A time in seconds, minutes or hours: 90, 90s, 5m, 1.5h."""

    name = "time"
    units: ClassVar[dict[str, float]] = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the time in seconds."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+\.?\d*)([smh]?)", value.strip())
        if not match:
            self.fail(f"'{value}' is no time; write 90s, 5m or 1.5h", param, ctx)
        return float(match[1]) * self.units[match[2]]


DURATION = Duration()
TEXTS, MODELS, NUMBERS = Listed(), Listed(separator=r",\s*(?=[A-Za-z])"), Listed(float)


def many(*names: str, kind: Listed = TEXTS, **options: Any) -> Callable[[Any], Any]:
    """Return an option that may be repeated, and takes several values separated by commas each time."""
    return click.option(*names, type=kind, multiple=True, callback=flatten, **options)


def flatten(_: click.Context, __: click.Parameter, values: tuple[list[Any], ...]) -> list[Any] | None:
    """Join the values of a repeated option; None where it was not given."""
    return [item for value in values for item in value] or None


@click.command(short_help="Train the same networks under each loss and say what differs.")
@many("-d", "--dataset", "datasets", metavar="SPEC", help="Data sets: names, or file.csv:target=column.")
@many("-l", "--loss", "losses", metavar="SPEC", help="Losses, such as mse,huber:delta=1.35; first: reference.")
@many("-m", "--model", "models", kind=MODELS, metavar="SPEC", help="linear, or mlp:WIDTHS[:ACTIVATION].")
@many("--optimizer", "optimizers", metavar="SPEC", help="sgd, adam or adamw, such as sgd:momentum=0.9.")
@many("--lr", kind=NUMBERS, metavar="RATE", help="Learning rates.")
@click.option("--tune", is_flag=True, default=None, help="Also show each loss at its own of several --lr.")
@many("--l1", kind=NUMBERS, metavar="STRENGTH", help="Weights of Σ|w| in the cost.")
@many("--l2", kind=NUMBERS, metavar="STRENGTH", help="Weights of Σw² in the cost.")
@click.option("--epochs", type=int, metavar="N", help="Passes over the training rows.")
@click.option("--batch-size", type=int, metavar="N", help="Rows a step.")
@click.option("--seeds", metavar="N|FROM:TO", help="How many repetitions, or which.")
@many(
    "--outliers",
    kind=NUMBERS,
    metavar="SHARE",
    help="Contaminated shares of the training rows, such as 0,0.1,0.2.",
)
@click.option(
    "--outlier-kind", metavar="KIND", help="label, target[_symmetric], feature[_one_sided]; or auto, by task."
)
@click.option("-c", "--config", metavar="FILE", help="A TOML file, or default, or quick.")
@click.option("--quick", is_flag=True, help="The same as --config quick.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder for the files.")
@click.option(
    "--csv", "csv_target", metavar="FILE|-", help="Write the trials there as CSV, - for standard output."
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="How the summary is printed  [default: table].")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes  [default: one a core].")
@click.option("--device", type=click.Choice(["cpu", "auto", "cuda"]), default="cpu", help="Where to train.")
@click.option("--engine", type=click.Choice(["fused", "loop"]), default="fused", help="loop: the slow oracle.")
@click.option("--baseline", metavar="FILE", type=click.Path(path_type=Path), help="trials.csv to be held against.")
@click.option("--fail-on", "rules", multiple=True, metavar="RULE", help="Exit 3 if worse, such as f1:-0.02.")
@click.option("--no-cache", is_flag=True, help="Train everything anew, and keep nothing for other runs.")
@click.option("--budget", type=DURATION, default=math.inf, metavar="TIME", help="Stop after 90s, 5m or 1h.")
@click.option("--dry-run", is_flag=True, help="Say what would be trained, and stop.")
@click.option("--quiet", is_flag=True, help="Print nothing but what --csv - or --format asks for.")
def compare(**options: Any) -> None:
    """Train the same networks under each loss, on the same data, and say what differs.

    Without options: configs/default.toml, every core task, with the files in results/default.
    """
    start = time.perf_counter()
    from lossbench.errors import BadValue
    from lossbench.plan.experiment import plan
    from lossbench.plan.settings import Settings, make_settings, placed

    if options["quick"] and options["config"]:
        raise BadValue("--quick is --config quick: give one of the two")
    config = "quick" if options["quick"] else options["config"]
    changes = {field.name: options.get(field.name) for field in fields(Settings)}
    settings = make_settings(config, **changes)
    with placed(config):
        experiment = plan(settings)
    if options["dry_run"]:
        print_plan(experiment, options)
        return
    from lossbench.run.runner import choose_device

    options["device"] = choose_device(options["device"])
    judge = prepare_gate(experiment, options["baseline"], options["rules"])
    folder = choose_folder(options, config, custom=any(value is not None for value in changes.values()))
    check_targets(folder, options["csv_target"])
    from lossbench.results.comparison import execute

    with storage(options) as store, progress(experiment, options["quiet"]) as say:
        manner = {name: options[name] for name in MANNER}
        comparison = execute(experiment, start, say, store, options["budget"], **manner)
    verdict = publish(comparison, judge, folder, options)
    if verdict is not None and verdict.failed:
        raise click.exceptions.Exit(WORSE)
    if comparison.gaps or (comparison.trials.status == "failed").any():
        raise click.exceptions.Exit(UNFINISHED)


WORSE, UNFINISHED = 3, 4
MANNER = ("jobs", "engine", "device")


def choose_folder(options: dict[str, Any], config: str | None, custom: bool) -> Path | None:
    """Return where the files go: as told; else nowhere if --csv says where; else by the config's name."""
    output: Path | None = options["output"]
    if output or options["csv_target"] is not None:
        return output
    return Path("results") / ("custom" if custom else Path(config or "default").stem)


def check_targets(folder: Path | None, csv_target: str | None) -> None:
    """See that the results can be written, before anything is trained."""
    from lossbench.results.write import prepare_file, prepare_folder

    if csv_target not in (None, "-"):
        prepare_file(Path(csv_target))
    if folder is not None:
        prepare_folder(folder)


def prepare_gate(
    experiment: Experiment, path: Path | None, texts: Sequence[str]
) -> Callable[[pd.DataFrame], GateReport | None]:
    """Read the baseline and the rules before anything is trained, and return what judges the trials by them."""
    from lossbench.errors import BadValue
    from lossbench.results.read import read_baseline
    from lossbench.stats.gate import Policies, gate, parse_rules

    policies = dict(experiment.settings.gate)
    stated = [parse_rules([rule.pop("rule")], **rule) for rule in map(dict, policies.pop("rules", []))]
    rules = [*parse_rules(texts), *chain.from_iterable(stated)]
    if path is None:
        if texts:
            raise BadValue(f"--fail-on {texts[0]} needs something to be worse than; give --baseline FILE")
        return lambda trials: None
    return partial(gate, baseline=read_baseline(path), rules=rules, policies=Policies(**policies))


def publish(
    comparison: Comparison,
    judge: Callable[[pd.DataFrame], GateReport | None],
    folder: Path | None,
    options: dict[str, Any],
) -> GateReport | None:
    """Write the files, hold the trials to the baseline, and print what was asked for."""
    from lossbench.errors import OutputError

    unwritten = write_files(comparison, folder, options)
    verdict = judge(comparison.trials)
    with printing():
        print_all(comparison, verdict, None if unwritten else folder, options)
    if unwritten:
        kept = not (options["no_cache"] or comparison.note)
        raise OutputError("; ".join(unwritten) + ". The trainings are kept: run the command again" * kept)
    return verdict


def write_files(comparison: Comparison, folder: Path | None, options: dict[str, Any]) -> list[str]:
    """Write the files, and return why some could not be written: what can be said is said all the same."""
    from lossbench.errors import OutputError
    from lossbench.report.save import save
    from lossbench.results.write import trials_csv, write_text

    writers: list[Callable[[], None]] = []
    if folder is not None:
        writers.append(partial(save, comparison, folder, command=shlex.join(["lossbench", *sys.argv[1:]])))
    if options["csv_target"] not in (None, "-"):
        writers.append(partial(write_text, Path(options["csv_target"]), trials_csv(comparison.trials)))
    refusals = []
    for write in writers:
        try:
            write()
        except OutputError as error:
            refusals.append(str(error))
    return refusals


@contextmanager
def printing() -> Iterator[None]:
    """Say what is wrong where what is printed goes to a disk without room; a reader that left is no error."""
    from lossbench.errors import OutputError

    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write to standard output: {error.strerror}; make room, or send it to another place"
        ) from None


def print_all(
    comparison: Comparison, verdict: GateReport | None, folder: Path | None, options: dict[str, Any]
) -> None:
    """Print what was asked for."""
    from lossbench.results.write import trials_csv

    form, rows = options["form"], options["csv_target"] == "-"
    if rows:
        click.echo(trials_csv(comparison.trials), nl=False)
    if form or not (options["quiet"] or rows):
        print_summary(comparison, verdict, form or "table", folder)
    if options["quiet"]:
        return
    if rows or form in ("csv", "json", "junit"):
        print_alarms(comparison)
    if verdict is not None and form != "junit":
        print_gate(verdict, options["baseline"], to_stderr=form not in (None, "table") or rows)


def print_alarms(comparison: Comparison) -> None:
    """Print on standard error what a reader must know of results in a format that has no room for words."""
    from lossbench.remark import ALARMS
    from lossbench.report.terminal import console, print_lines
    from lossbench.report.words import words
    from lossbench.results.remarks import closing, notes

    said = chain(notes(comparison), closing(comparison, None))
    print_lines(console(stderr=True), (words(remark) for remark in said if remark.topic in ALARMS))


def print_gate(verdict: GateReport, path: Path, to_stderr: bool) -> None:
    """Print what came of the baseline; beside a machine's format on standard error."""
    from lossbench.report.gate import gate_lines, gate_tables
    from lossbench.report.terminal import console, print_lines, print_tables

    screen = console(stderr=to_stderr)
    print_tables(screen, gate_tables(verdict))
    print_lines(screen, gate_lines(verdict, path))


def print_summary(comparison: Comparison, verdict: GateReport | None, form: str, folder: Path | None) -> None:
    """Print the summary in one of the formats; to CI, a gate is more than the summary."""
    from lossbench.report.junit import gate_junit
    from lossbench.results.remarks import closing, remarks

    if form == "junit" and verdict:
        click.echo(gate_junit(verdict, comparison.gaps), nl=False)
        return
    said = [*remarks(comparison), *closing(comparison, folder)]
    print_findings(comparison, comparison.gaps, said, form)


def print_plan(experiment: Experiment, options: dict[str, Any]) -> None:
    """Print what would be trained."""
    from lossbench.report.plan import plan_lines
    from lossbench.run.runner import forecast

    with storage(options) as store:
        expected = forecast(experiment, options["jobs"], options["engine"], options["device"], store)
    for line in plan_lines(experiment, expected):
        click.echo(line)


def storage(options: dict[str, Any]) -> AbstractContextManager[Store | None]:
    """Open the store of finished trials, unless the user wants none."""
    from lossbench.store import open_store

    return nullcontext() if options["no_cache"] else open_store()
