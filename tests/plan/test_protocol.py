"""What a data set has of its own: the same for every loss, said, and overruled by whoever names it later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lossbench.data.fold import make_fold
from lossbench.errors import BadValue, ConfigError, UnknownName, UsageError
from lossbench.metrics.baseline import baselines
from lossbench.plan.config import SHIPPED
from lossbench.plan.experiment import Experiment, plan
from lossbench.plan.protocol import Own
from lossbench.plan.request import Manner
from lossbench.plan.settings import Settings, make_settings
from lossbench.plan.toml import read_toml
from lossbench.results.comparison import execute
from lossbench.schema import METRICS

SMALL = {"seeds": 1, "outliers": [0.0], "epochs": 1}
OWN = {"iris": {"optimizers": ["sgd", "adam"], "l2": [0.1], "why": "so it was chosen"}}


def of(experiment: Experiment, dataset: str) -> set[tuple[str, float, float]]:
    """Return optimiser, l1 and l2 of the trials on a data set."""
    return {(t.optimizer, t.l1, t.l2) for t in experiment.trials if t.dataset == dataset}


def written(folder: Path, text: str) -> Settings:
    """Return the settings of a config with this text."""
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return make_settings(path)


def test_it_holds_on_its_data_set_for_every_loss_and_on_no_other() -> None:
    """Each loss gets the same trials but for itself; another data set has those of all."""
    experiment = plan(make_settings(datasets=["iris", "wine"], protocol=OWN, **SMALL))
    assert of(experiment, "iris") == {("sgd", 0.0, 0.1), ("adam", 0.0, 0.1)}
    assert of(experiment, "wine") == {("adam", 0.0, 0.0)}
    mine = [t for t in experiment.trials if t.dataset == "iris"]
    assert len({replace(t, loss="") for t in mine}) * len(experiment.setups[0].losses) == len(mine)
    assert experiment.own == (Own("iris", "optimizer sgd, adam, l2 0.1", "so it was chosen"),)


def test_a_name_holds_for_its_parameters_and_a_whole_spec_for_itself() -> None:
    """`moons` is meant by `moons:rows=60` too, unless that has a table of its own."""
    protocol = {"moons": {"l2": [0.1]}, "moons:rows=90": {"l2": [0.2]}}
    names = ["moons", "moons:rows=60", "moons:rows=90"]
    experiment = plan(make_settings(datasets=names, protocol=protocol, **SMALL))
    assert [of(experiment, name) for name in names] == [{("adam", 0.0, l2)} for l2 in (0.1, 0.1, 0.2)]


@pytest.mark.parametrize("named", [{"optimizers": ["adam"]}, {"l1": [0.0]}, {"l2": 0.0}])
def test_whoever_names_one_of_them_names_it_for_all(named: dict, tmp_path: Path) -> None:
    """As an option or in a config, on top of a config that has protocols: none of these is left."""
    assert make_settings(**named).protocol == {}
    text = "\n".join(f"{key} = {value!r}" for key, value in named.items())
    assert written(tmp_path, text).protocol == {}
    both = written(tmp_path, f"{text}\n[protocol.wine]\nl1 = 0.5\n")
    assert both.protocol == {"wine": {"l1": (0.5,)}}


def test_what_says_nothing_about_weights_leaves_it() -> None:
    """Rates, epochs, seeds and networks are other questions, and so is the quick config."""
    default = make_settings().protocol
    assert default.keys() == {"diabetes", "blobs", "line"}
    assert make_settings("quick", lr=[0.1], epochs=3, models=["linear"], seeds=2).protocol == default


def test_a_table_replaces_that_of_the_same_data_set(tmp_path: Path) -> None:
    """An empty one leaves the plain settings; the others stay."""
    settings = written(tmp_path, "[protocol.diabetes]\n")
    assert settings.on("diabetes") == settings
    assert settings.protocol["line"] == make_settings().protocol["line"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("protocol = 3", ConfigError, "line 1, key 'protocol': 3 is not a table for each data set"),
        ("[protocol]\niris = 3", ConfigError, "line 2, key 'protocol.iris': 3 is not a table with optimizers"),
        ("[protocol.irs]\nl2 = 1", UnknownName, "key 'protocol.irs': unknown data set 'irs'"),
        ("[protocol.iris]\nepochs = 3", UnknownName, "key 'protocol.iris.epochs'"),
        ("[protocol.iris]\nl2 = -1", BadValue, "line 2, key 'protocol.iris.l2': -1 is out of range"),
        ("[protocol.iris]\nwhy = 1", ConfigError, "line 2, key 'protocol.iris.why': 1 is not a text"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, error: type, message: str, tmp_path: Path) -> None:
    """Each refusal names file, line and key."""
    with pytest.raises(error) as refused:
        written(tmp_path, text)
    assert message in str(refused.value)


def test_an_optimiser_that_does_not_exist_is_refused_before_training() -> None:
    """As one for all data sets is."""
    protocol = {"iris": {"optimizers": ["adamm"]}}
    with pytest.raises(UsageError, match="adamm"):
        plan(make_settings(datasets=["iris"], protocol=protocol, **SMALL))


def test_the_shipped_ones_say_for_which_loss_they_were_chosen() -> None:
    """The first core loss of the task, on validation."""
    for name, own in read_toml("default", SHIPPED)[1]["protocol"].items():
        (setup,) = plan(make_settings(datasets=[name], **SMALL)).setups
        assert own["why"] == f"chosen on validation for {next(iter(setup.losses))}"


@pytest.mark.parametrize("name", ["diabetes", "line", "blobs"])
def test_the_shipped_ones_keep_up_with_a_linear_model(name: str) -> None:
    """After all epochs, on validation over seeds that are not reported; without them, networks fall behind it."""
    behind = {}
    for how, changes in {"own": {}, "plain": {"l2": 0.0}}.items():
        seeds = range(1000, 1008)
        loss = {"blobs": "ce"}.get(name, "mse")
        wanted = {"datasets": [name], "losses": [loss], "seeds": list(seeds), "outliers": [0.0]}
        experiment = plan(make_settings(**wanted | changes))
        trials = execute(experiment, Manner(1), 0.0, lambda dataset, count: None).trials
        (dataset,) = experiment.datasets
        linear = [baselines(make_fold(dataset, s), METRICS[trials.score[0]]).linear_validation for s in seeds]
        behind[how] = float(np.mean(linear) - trials.validation_score.mean())
    assert behind["own"] < 0.02 < behind["plain"]


def test_the_shipped_ones_do_not_look_at_the_size_of_a_loss() -> None:
    """Four times a loss fits as the loss itself; a penalty in the cost would weigh less for it."""
    wanted = {
        "datasets": ["diabetes"],
        "losses": ["mse", "scaled:factor=4:loss=mse"],
        "outliers": [0.0],
        "seeds": 3,
    }
    gaps = []
    for changes in ({}, {"l2": 0.05}):
        experiment = plan(make_settings(**wanted | changes))
        trials = execute(experiment, Manner(1), 0.0, lambda dataset, count: None).trials
        one, four = (trials.train_score[trials.loss == loss].mean() for loss in trials.loss.unique())
        gaps.append(abs(one - four))
    assert gaps[0] < 1e-3 < 0.03 < gaps[1]
