"""Names on the command line, and values of options."""

from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from lossbench import get_loss
from lossbench.data import load_dataset
from lossbench.losses.registry import names
from lossbench.plan.settings import make_settings
from lossbench.task import TASKS
from lossbench.training.module.named import find_model
from lossbench.training.optimisers import parse_optimiser

from .strategies import BAD, scalars, specs, texts
from .survives import FEW, command, survives

OWN = ("torch.nn:L1Loss", "torch.nn:CrossEntropyLoss", "math:sqrt", "json:loads", "none.py:f", "none")
LOSSES = (*names(), "scaled", *OWN)
LOSS_KEYS = ("delta", "alpha", "gamma", "loss", "factor", "reduction", "weight", "beta")
DATA = ("iris", "moons", "imbalanced", "friedman1", "no.csv", "no.parquet", ".")
FIELDS = ("datasets", "losses", "models", "optimizers", "lr", "tune", "l1", "batch_size", "outliers", "margins")
OPTIONS = ("--lr", "-m", "--outliers", "--l1", "--epochs", "--seeds", "--budget")


@given(specs(LOSSES, LOSS_KEYS, ("mse", "2", "mean", "none")), st.sampled_from(TASKS))
def test_any_loss_is_found_or_refused(spec: str, task: str) -> None:
    """Of the catalogue, of a module, or none."""
    survives(lambda: get_loss(spec, task))


@given(specs(DATA, ("rows", "noise", "positives", "target", "task"), ("60", "0.1")))
def test_any_data_set_is_loaded_or_refused(spec: str) -> None:
    """With a name, a file, or none."""
    survives(lambda: load_dataset(spec))


MODELS = (
    "linear",
    "mlp:4",
    "mlp:4,2:tanh",
    "mlp",
    "cnn:2",
    "resmlp:4x1",
    "torch.nn:Linear",
    "none.py:f",
    "math:pi",
)


@given(specs(MODELS, ("a", "bias")), specs(("sgd", "adam"), ("momentum",)))
def test_any_model_and_optimiser_is_found_or_refused(model: str, optimiser: str) -> None:
    """Each has a grammar of its own."""
    survives(lambda: find_model(model))
    survives(lambda: parse_optimiser(optimiser))


@given(st.dictionaries(st.sampled_from(FIELDS) | texts, scalars | st.lists(scalars, max_size=3), max_size=3))
def test_any_settings_from_python_are_taken_or_refused(changes: dict[str, object]) -> None:
    """Of any type."""
    survives(lambda: make_settings(**changes))


@FEW
@given(st.lists(st.tuples(st.sampled_from(OPTIONS), st.sampled_from(["0.1", "3", "mlp:4", *BAD])), max_size=2))
def test_any_options_are_rehearsed_or_refused(options: list[tuple[str, str]]) -> None:
    """What would be trained is said, whatever the options are set to."""
    words = chain.from_iterable(options)
    command("compare", "-d", "iris", "-l", "ce", "--dry-run", "--no-cache", *words)
