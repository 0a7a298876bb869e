"""The catalogue of data sets, and `load_dataset`, through which every data set is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

from lossbench.data import generators, texts, toy
from lossbench.data.dataset import Dataset, Sampling
from lossbench.data.laws.errors import heavy, uneven
from lossbench.data.laws.events import events
from lossbench.data.laws.shifted import shifted
from lossbench.data.structured import images, imitated, letters, masks
from lossbench.data.table_spec import is_fetched
from lossbench.data.weights import KEY, balanced
from lossbench.errors import UnknownName
from lossbench.spec import Parameter, numbers, split_spec
from lossbench.task import Task


@dataclass(frozen=True)
class DatasetRecord:
    """What is known about a data set before it is loaded.

    Args:
        name: as the user writes it.
        task: what is to be predicted.
        load: makes the data set, given a value for each parameter.
        parameters: what can be set.
        sampling: "redrawn" where `load` draws from a known law and so takes a seed too.
        package: the package that makes it, which an extra of lossbench installs; empty where none is needed.
    """

    name: str
    task: Task
    load: Callable[..., Dataset] = field(repr=False)
    parameters: tuple[Parameter, ...] = ()
    sampling: Sampling = "resplit"
    package: str = ""

    @property
    def installed(self) -> bool:
        """Whether the package that makes it is installed."""
        return not self.package or find_spec(self.package) is not None

    @property
    def summary(self) -> str:
        """The first line of the loader's docstring."""
        return (self.load.__doc__ or "").strip().splitlines()[0]

    @property
    def source(self) -> str:
        """Who collected or defined the data, from the loader's docstring."""
        _, _, rest = (self.load.__doc__ or "").partition("Source: ")
        return " ".join(rest.partition("\n\n")[0].split())


def _rows(default: float) -> Parameter:
    return Parameter("rows", default, low=50, high=1_000_000, meaning="number of samples")


def _noise(default: float, meaning: str) -> Parameter:
    return Parameter("noise", default, low=0, high=100, meaning=meaning)


def _law(
    name: str, task: Task, load: Callable[..., Dataset], *parameters: Parameter, package: str = ""
) -> DatasetRecord:
    return DatasetRecord(name, task, load, parameters, sampling="redrawn", package=package)


_POSITIVES = Parameter("positives", 0.1, low=0, high=0.5, open_low=True, meaning="share of the positive class")

_SHARE = Parameter("positives", 0.82, low=0.05, high=0.95, meaning="share of the positive class")
_MISLABELLED = Parameter("noise", 0.06, low=0, high=0.5, meaning="share of wrong labels")

_MASKS = (
    Parameter("foreground", 0.1, low=0.01, high=0.5, meaning="share of the pixels that are of objects"),
    _noise(0.5, "sd of the texture, where objects stand out by 1"),
    Parameter("empty", 0, low=0, high=1, open_high=True, meaning="share of the images without an object"),
    Parameter("images", 60, low=10, high=100_000, meaning="number of images"),
)

_CLASSES = Parameter("classes", 3, low=3, high=100, meaning="number of clouds")

_ABOUT = "sd about the half circles"
_START = Parameter("start", 0, low=0, high=100, meaning="distance from an untrained network's outputs, in sd")
_DIGIT = Parameter("digit", 0, low=0, high=9, meaning="the one that is to be found")
_PAIRS = (
    Parameter("classes", 100, low=2, high=100, meaning="pairs of digits that are a class"),
    Parameter("rows", 20, low=5, high=1000, meaning="images a class"),
)
_GROWTH = Parameter("growth", 1, low=0, high=3, meaning="of the log of the noise's sd, with x0")
_DF = Parameter("df", 3, low=0.5, high=1000, meaning="degrees of freedom: the fewer, the heavier the tails")
_COUNTS = (
    Parameter("mean", 2, low=0.01, high=1000, meaning="mean count"),
    Parameter("dispersion", 0, low=0, high=10, meaning="variance beyond Poisson's, over the square of the mean"),
)
_SHIFT = Parameter("shift", 0.5, low=0, high=3, meaning="how far the test part lies from the others")
_DRAWN = (
    Parameter("classes", 26, low=2, high=52, meaning="letters, capitals first"),
    Parameter("rows", 20, low=5, high=1000, meaning="images a class"),
    _noise(0.1, "sd of the pixels, where ink is 1"),
    Parameter("jitter", 1, low=0, high=3, meaning="how much letters are turned, sheared, stretched and moved"),
    Parameter("unseen", 0, low=0, high=1, meaning="1 where validation and test have fonts of their own"),
)
_TOGETHER = Parameter("together", images.TOGETHER, low=1, high=100, meaning="images of a class side by side")

_RECORDS = (
    DatasetRecord("breast_cancer", "binary", toy.breast_cancer),
    _law("moons", "binary", generators.moons, _noise(0.3, _ABOUT), _rows(500)),
    _law("imbalanced", "binary", generators.imbalanced, _POSITIVES, _rows(1000)),
    _law("reviews", "binary", texts.reviews, _SHARE, _MISLABELLED, _rows(1000)),
    DatasetRecord("one_digit", "binary", toy.one_digit, (_DIGIT,)),
    DatasetRecord("iris", "multiclass", toy.iris),
    DatasetRecord("wine", "multiclass", toy.wine),
    DatasetRecord("digits", "multiclass", toy.digits),
    _law("letters", "multiclass", letters.letters, *_DRAWN, package="HersheyFonts"),
    _law("blobs", "multiclass", generators.blobs, _CLASSES, _rows(500)),
    _law("multilabel", "multilabel", generators.multilabel, _rows(600)),
    _law("digit_pairs", "embedding", images.digit_pairs, *_PAIRS, _TOGETHER),
    DatasetRecord("digit_images", "embedding", images.digit_images, (_TOGETHER,)),
    _law("letter_images", "embedding", letters.letter_images, *_DRAWN, _TOGETHER, package="HersheyFonts"),
    DatasetRecord("diabetes", "regression", toy.diabetes),
    DatasetRecord("linnerud", "regression", toy.linnerud),
    _law("friedman1", "regression", generators.friedman1, _noise(1, "sd of the target"), _rows(500)),
    _law("line", "regression", generators.line, _noise(1, "sd of the target"), _rows(500)),
    _law("demand", "regression", generators.demand, _noise(0.4, "sd of log target"), _rows(600)),
    _law("uneven", "regression", uneven, _GROWTH, _noise(1, "root mean square of the errors"), _rows(500)),
    _law("heavy", "regression", heavy, _DF, _noise(1, "scale of the errors"), _rows(500)),
    _law("events", "regression", events, *_COUNTS, _rows(500)),
    _law("shifted", "regression", shifted, _SHIFT, _noise(0.3, "sd of the target"), _rows(500)),
    _law("discs", "segmentation", masks.discs, *_MASKS),
    _law("ellipses", "segmentation", masks.ellipses, *_MASKS),
    _law("islands", "segmentation", masks.islands, *_MASKS),
    _law("mixture", "distribution", imitated.mixture, _START, _rows(500)),
    _law("eight_gaussians", "distribution", imitated.eight_gaussians, _START, _rows(500)),
    _law("crescents", "distribution", imitated.crescents, _noise(0.1, _ABOUT), _START, _rows(500)),
    DatasetRecord("digits_but", "anomaly", toy.digits_but, (_DIGIT, toy.ALARMS)),
)


def records() -> tuple[DatasetRecord, ...]:
    """Return the record of every data set that has a name.

    Example:
        >>> [record.name for record in records() if record.task == "binary"]
        ['breast_cancer', 'moons', 'imbalanced', 'reviews', 'one_digit']
    """
    return _RECORDS


def load_dataset(spec: str) -> Dataset:
    """Load a data set by its name, or a user's table by its path.

    A named data set is made once, and its arrays are read-only; of a law, the table of seed 0 is returned. A
    user's table is read anew at every call.

    Args:
        spec: `name`, `name:parameter=value`, or a table: `file.csv:target=column`, where `:task=regression`
            (binary, multiclass) overrides the task inferred from the target. With `:class_weight=balanced` each
            class counts as much as any other in training.

    Raises:
        UnknownName: no such data set, parameter, column or task.
        BadValue: a parameter out of range.
        DataError: a table that cannot be used.

    Example:
        >>> load_dataset("imbalanced:positives=0.05").name
        'imbalanced:positives=0.05'
    """
    record = check_dataset(spec)
    if record is not None:
        return _first_table(spec, record)
    from lossbench.data.table import load_table  # imports pandas, which no other data set needs

    return load_table(spec)


def check_dataset(spec: str) -> DatasetRecord | None:
    """Return the record of the data set that a spec names; None where it names a file.

    Raises:
        UnknownName: the spec names neither.
    """
    name, _ = split_spec(spec)
    known = {record.name: record for record in _RECORDS}
    if name not in known and not is_fetched(name) and not (Path(name).suffix or Path(name).name != name):
        raise UnknownName("data set", name, [*known, "or a file as file.csv:target=column, or openml:31"])
    return known.get(name)


def _table(spec: str, record: DatasetRecord, seed: int) -> Dataset:
    _, given = split_spec(spec)
    asked = given.pop(KEY, None)
    values = numbers(spec, given, record.parameters)
    if record.sampling == "redrawn":
        dataset = replace(record.load(**values, seed=seed), name=spec, draw=partial(_drawn, spec, record))
    else:
        dataset = replace(record.load(**values), name=spec)
    for array in (dataset.features, dataset.target):
        array.setflags(write=False)  # all callers share it
    return balanced(dataset, asked)


_first_table = cache(partial(_table, seed=0))

KEPT = 1 << 26
"""Bytes of tables that a process keeps of those that seeds draw: packs of several shapes ask for the same ones."""

_TABLES: dict[tuple[str, int], Dataset] = {}


def _drawn(spec: str, record: DatasetRecord, seed: int) -> Dataset:
    """Return the table of a seed; recently drawn tables are cached."""
    found = _TABLES.pop((spec, seed), None) or _table(spec, record, seed)
    _TABLES[spec, seed] = found
    while len(_TABLES) > 1 and sum(table.features.nbytes for table in _TABLES.values()) > KEPT:
        del _TABLES[next(iter(_TABLES))]
    return found
