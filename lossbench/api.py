"""What `import lossbench` offers; the command line is its first user."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, fields
from functools import cached_property, partial
from numbers import Real
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lossbench.errors import BadValue, OutputError
from lossbench.metrics.scores import primary_score
from lossbench.plan.choosing import Plan, plan_choice
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.judged import refuse_idle_margins
from lossbench.plan.request import Engine, Manner, Request, choose_device, usual_engine
from lossbench.plan.settings import Settings, make_settings, placed
from lossbench.report.answer import lead, wrapped
from lossbench.report.decision import choice_lines, paste
from lossbench.report.save import save
from lossbench.report.words import words
from lossbench.results import choosing, comparison
from lossbench.results.folder import other_run
from lossbench.results.read import read_baseline
from lossbench.results.remarks import notes, remarks
from lossbench.results.write import prepare_file, prepare_folder, trials_csv, write_text
from lossbench.run.runner import Forecast, forecast
from lossbench.stats.answer.facts import RunAnswer
from lossbench.stats.gate import GateReport, gate, refuse_judged_apart, refuse_unscored
from lossbench.store import Store, open_store, storage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from lossbench.claims import Verdicts
    from lossbench.data import Dataset


class Told(RunAnswer):
    """What the verdicts say over all tables of a run; as text, what `lossbench compare` begins with."""

    def __str__(self) -> str:
        return "\n".join(lead(self))

    __repr__ = __str__


class Comparison(comparison.Comparison):
    """A finished comparison: its trials, what they say as data frames, and the files that it can leave.

    In a notebook it shows the answer and the page of the report.
    """

    def __repr__(self) -> str:
        """Return the answers, as `lossbench compare` prints them first, and what a reader must know besides."""
        paragraphs = wrapped([*lead(self.answer), *self.notes], REPR)
        return "\n".join([f"Comparison of {len(self.trials)} trainings", *paragraphs])

    def _repr_html_(self) -> str:
        """Return the answer, and the page of the report."""
        from lossbench.report.html.run import page
        from lossbench.report.notebook import framed
        from lossbench.report.save import manifest
        from lossbench.results.manifest import Manifest

        return framed(lead(self.answer), page(self, self.curves, remarks(self), Manifest(manifest(self, ""))))

    @cached_property
    def answer(self) -> Told:
        """What the verdicts say over all tables; as text, a paragraph for the run and one for each table."""
        found = super().answer
        return Told(found.tables, found.tallies)

    @property
    def notes(self) -> list[str]:
        """What a reader must know besides: how tables were read, what was not run, what diverged."""
        return [*map(words, notes(self))]

    def plot(self, kind: str, on: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw a chart with matplotlib, the extra `plots`.

        Args:
            kind: "forest", the differences from the first loss; "curves", the validation score by epoch;
                "robustness", the test score by contaminated share; "ranks", mean ranks over data sets.
            on: the data set, or where it has several tables, the one of these as its answer calls it; for "ranks"
                the task. None where there is one only.
            ax: axes to draw on; None for some on a figure of their own.

        Returns:
            The axes.

        Raises:
            UsageError: there is nothing to draw, or more than one thing; or matplotlib is not installed.

        Example:
            >>> import lossbench
            >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
            >>> result.plot("forest").get_xlabel()  # doctest: +SKIP
            'accuracy minus that of ce  (better →)'
        """
        from lossbench.report.paper.plots import plot

        return plot(self, self.curves, kind, on, ax)

    def to_latex(self) -> str:
        r"""Return every table in LaTeX, with the rules of booktabs.

        Example:
            >>> import lossbench
            >>> result = lossbench.compare("iris", ["ce", "mse"], seeds=2, epochs=3, outliers=0)
            >>> r"\label{tab:iris}" in result.to_latex()
            True
        """
        from lossbench.report.paper.latex import latex_tables

        return latex_tables(self, self.notes)

    def save(self, folder: str | Path, command: str = "") -> None:
        """Write `trials.csv`, all tables that are made of it, `curves.csv`, the reports and `manifest.json`.

        Raises:
            OutputError: the folder cannot be written.
        """
        save(self, Path(folder), command)


REPR = 100
"""Columns of the text of a comparison."""

Texts = str | Iterable[str]
Numbers = float | Iterable[float]
Progress = Callable[[str, int], None]


def compare(
    X: Any = None,
    y: Any = None,
    *,
    data: Mapping[str, Any] | None = None,
    task: str | None = None,
    datasets: Texts | None = None,
    losses: Texts | Mapping[str, Texts] | None = None,
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
    score: Texts | None = None,
    margins: Mapping[str, float] | None = None,
    jobs: int | None = None,
    engine: Engine | None = None,
    device: str = "cpu",
    cache: bool = False,
    budget: float = math.inf,
    progress: Progress = lambda dataset, trials: None,
) -> Comparison:
    """Train the same networks under each loss, on the same data, and say what differs.

    What is left out is taken from the config, and what the config leaves out from `configs/default.toml`. A table
    of your own is read as it would be from a file (`docs/own-table.md`); what was done to it is in `notes`.

    Args:
        X: the features of a table of your own, a data frame or an array (rows, columns). Or specs of data sets, as
            `datasets`; then `y` is as `losses`.
        y: its target, a series or an array (rows,), or the name of a column of X.
        data: several tables by name: (X, y), or a data frame whose target the name tells. A name may be a spec, as
            "visits:target=pain:group=patient".
        task: of these tables, "regression", "binary" or "multiclass"; None to infer it from the target.
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
        score: what is judged, and tuned by: the first of these that a data set's task has, such as "mape".
        margins: by score, the difference that is too small to matter, such as {"r2": 0.02}.
        jobs: processes; None for one a core where the work is worth it.
        engine: "native", compiled; "fused", in torch; or "loop", the slow oracle in plain PyTorch. None for the
            compiled one where there is one, and else the fused.
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
    if is_specs(X):
        X, y, datasets, losses = None, None, both("datasets", X, datasets), both("losses", y, losses)
    tables = tables_of(X, y, data, task)
    settings = make_settings(
        config,
        datasets=[*tables, *(listed(datasets) or ())] or listed(datasets),
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
        score=listed(score),
        margins=margins,
    )
    device = choose_device(device)
    request = Request(Manner(jobs, engine or usual_engine(device), device), cache, budget)
    return answer(planned(settings, config, margins, tables), request, nullcontext(progress)).comparison


def is_specs(value: Any) -> bool:
    """Say whether what stands first is specs of data sets, and no table."""
    several = isinstance(value, list | tuple | set) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) or several


def tables_of(X: Any, y: Any, data: Mapping[str, Any] | None, task: str | None) -> dict[str, Dataset]:
    """Return the data sets that are given as arrays or frames, by their specs."""
    if X is None and y is None and task is None and (data is None or len(data) == 0):
        return {}
    from lossbench.data.given import given_tables

    return given_tables(X, y, {} if data is None else data, task)


def both(name: str, first: Any, named: Any) -> Any:
    """Return an argument that may stand in one of two places.

    Raises:
        BadValue: it stands in both.
    """
    if first is not None and named is not None:
        raise BadValue(f"{name} are given twice, by place and by name; leave one out")
    return named if first is None else first


@dataclass(frozen=True)
class Answer:
    """What comes of a request.

    Args:
        request: what was asked for.
        comparison: the results.
        verdict: what came of the gate; None where there is no baseline.
        unwritten: which files could not be written, why, and what to do; empty where all could.
        replaced: the command of another run whose files lay in the folder; empty where there was none.
    """

    request: Request
    comparison: Comparison
    verdict: GateReport | None
    unwritten: str
    replaced: str = ""

    @property
    def folder(self) -> Path | None:
        """Where the files lie; None where there are none."""
        return None if self.unwritten else self.request.folder


class Choice(choosing.Choice):
    """A choice on one table: what was trained, the decision, and the line of PyTorch for it."""

    def __repr__(self) -> str:
        """Return the answer, as `lossbench choose` prints it."""
        return "\n".join([*wrapped(choice_lines(self), REPR), *paste(self)])


def choose(
    dataset: str,
    losses: Texts | None = None,
    *,
    score: Texts | None = None,
    margins: Mapping[str, float] | None = None,
    seeds: int | None = None,
    jobs: int | None = None,
    cache: bool = False,
    budget: float = math.inf,
    progress: choosing.Watch = lambda stage, done, total: None,
) -> Choice:
    """Decide which loss suits a table: seeds are added until it is settled, each loss at its own step size.

    Args:
        dataset: a spec, such as "sales.csv:target=price" or "iris".
        losses: the candidates, the first is the usual one; None for those of `lossbench.plan.candidates`.
        score: what is judged, and tuned by: the first of these that the task has.
        margins: by score, the difference that is too small to matter, such as {"r2": 0.02}.
        seeds: how many at most; None for 40.
        jobs: processes; None for one a core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one, as the command line does.
        budget: seconds after which no more training is begun.
        progress: is called with what is done, how many trainings of it are finished, and of how many.

    Returns:
        The choice; its text is the answer in sentences.

    Raises:
        UsageError: anything that cannot be carried out, before training starts.
        BadValue: a budget in which no seed was done.

    Example:
        >>> import lossbench
        >>> choice = lossbench.choose("iris", ["ce", "mse"], seeds=2)
        >>> choice.decision.chosen, choice.decision.looks
        ('ce', (2,))
    """
    plan = plan_choice(dataset, listed(losses), listed(score), margins, seeds)
    request = Request(Manner(jobs), cache, budget)
    return decide(plan, request, progress)[0]


def decide(plan: Plan, request: Request, watch: choosing.Watch) -> tuple[Choice, str]:
    """Choose, and write the files.

    Returns:
        The choice, and why files could not be written; empty where they could.
    """
    prepare_targets(request)
    with held(request.cache) as store:
        work = choosing.Work(request.manner, request.began, store, request.budget, watch)
        made = choosing.choose(plan, work)
    found = Comparison(**{one.name: getattr(made.comparison, one.name) for one in fields(made.comparison)})
    return Choice(plan=made.plan, comparison=found, decision=made.decision), write_files(found, request)


@contextmanager
def held(wanted: bool) -> Iterator[Store]:
    """Open the user's own store, or one for this call: each look takes over what those before have trained."""
    with TemporaryDirectory() as folder, open_store() if wanted else open_store(folder) as store:
        yield store


def planned(
    settings: Settings,
    config: str | Path | None,
    margins: Mapping[str, float] | None = None,
    tables: Mapping[str, Dataset] = MappingProxyType({}),
) -> Experiment:
    """Return what is trained; a name that is refused is found in the config, see `make_settings`.

    Margins that are declared beside the config are refused where nothing is judged by their score.
    """
    with placed(config):
        experiment = plan(settings, tables)
    refuse_idle_margins(margins or {}, experiment.datasets)
    return experiment


def rehearse(experiment: Experiment, request: Request) -> Forecast:
    """Return what the trainings of an experiment would take."""
    with storage(request.cache) as store:
        return forecast(experiment, request.manner, store)


def answer(experiment: Experiment, request: Request, watch: AbstractContextManager[Progress]) -> Answer:
    """Do what is asked for: prepare the gate and the files, train, write, judge.

    Args:
        experiment: what is trained.
        request: how, and what comes of the results.
        watch: opens what is told a data set's name and a number of trials as they finish.

    Raises:
        UsageError: anything that cannot be carried out, before training starts.
    """
    judge = prepare_gate(experiment, request)
    prepare_targets(request)
    replaced = "" if request.folder is None else other_run(request.folder, experiment.settings)
    with storage(request.cache) as store, watch as progress:
        done = comparison.execute(experiment, request.manner, request.began, progress, store, request.budget)
    found = Comparison(**vars(done))
    return Answer(request, found, judge(found.trials), write_files(found, request), replaced)


def prepare_gate(experiment: Experiment, request: Request) -> Callable[[pd.DataFrame], GateReport | None]:
    """Read the baseline, and return what judges trials by the rules.

    Raises:
        BadValue: rules without a baseline.
        UsageError: a baseline that cannot be read, or a rule on a score that it lacks, or that hangs on what is
            judged where that is another.
    """
    stated = experiment.settings.gate
    if request.baseline is None:
        if request.rules:
            raise BadValue(f"--fail-on {request.rules[0]} needs something to be worse than; give --baseline FILE")
        return lambda trials: None
    rules, baseline = (*request.rules, *stated.rules), read_baseline(request.baseline, request.first)
    if baseline is not None:
        refuse_unscored(rules, baseline)
        judged = {dataset.name: primary_score(dataset) for dataset in experiment.datasets}
        refuse_judged_apart(rules, baseline, judged)
    return partial(gate, baseline=baseline, rules=rules, policies=stated)


def prepare_targets(request: Request) -> None:
    """See that the results can be written."""
    if request.csv_file is not None:
        prepare_file(request.csv_file)
    if request.folder is not None:
        prepare_folder(request.folder)


def write_files(found: Comparison, request: Request) -> str:
    """Write the files, and return why some could not be written; the others are written all the same."""
    writers: list[Callable[[], None]] = []
    if request.folder is not None:
        writers.append(partial(found.save, request.folder, request.command))
    if request.csv_file is not None:
        writers.append(partial(write_text, request.csv_file, trials_csv(found.trials)))
    refusals = []
    for write in writers:
        try:
            write()
        except OutputError as error:
            refusals.append(str(error))
    kept = request.cache and not found.note
    again = ". The trainings are kept: run the command again"
    return "; ".join(refusals) + again * (bool(refusals) and kept)


def check_claims(
    ids: Texts = (),
    *,
    config: str | Path | None = None,
    quick: bool = False,
    first_seed: int = 0,
    jobs: int | None = None,
    cache: bool = False,
) -> Verdicts:
    """Try claims about loss functions and judge them, as `lossbench claims` does.

    Args:
        ids: such as "T3"; none for all.
        config: a TOML file with claims of your own; None for those of the three documents.
        quick: few seeds and epochs, for a first look.
        first_seed: the seeds are taken from this one on; verdicts should not depend on them.
        jobs: processes; None for one a core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one.

    Returns:
        A list of one judgement a claim, with verdict, answer, and every comparison that was made. As text it is
        what `lossbench claims` prints, and `answer` its first sentence; it has `to_latex()` and `save(folder)`.

    Raises:
        UsageError: a claim that does not exist or cannot be carried out, before training starts.

    Example:
        >>> import lossbench
        >>> [(judgement.claim.id, judgement.verdict) for judgement in lossbench.check_claims("B2")]
        [('B2', 'true')]
    """
    from lossbench.claims import Study, Verdicts, read_catalogue, read_terms, try_claims

    catalogue = read_catalogue(None if config is None else Path(config))
    chosen = catalogue.find(tuple(listed(ids) or ()))
    with storage(cache) as store:
        study = Study(read_terms(), quick=quick, first_seed=first_seed, jobs=jobs, store=store)
        return Verdicts(try_claims(catalogue, chosen, study), catalogue, study)


def datasets() -> pd.DataFrame:
    """Return the data sets that have a name, one row each.

    Example:
        >>> import lossbench
        >>> lossbench.datasets().head(2)[["dataset", "task"]].to_numpy().tolist()
        [['breast_cancer', 'binary'], ['moons', 'binary']]
    """
    import pandas as pd

    from lossbench.data import records

    rows = [
        {
            "dataset": record.name,
            "task": record.task,
            "sampling": record.sampling,
            "parameters": ", ".join(f"{one.name}={one.default:g}" for one in record.parameters),
            "summary": record.summary,
            "source": record.source,
        }
        for record in records()
    ]
    return pd.DataFrame(rows)


def listed(value: Any) -> list[Any] | None:
    """Return one value or several as a list, and None as None."""
    if value is None:
        return None
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
