from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossbench
from lossbench.data import load_dataset
from lossbench.errors import BadValue, ConfigError, UnknownName, UsageError
from lossbench.losses.registry import core_losses
from lossbench.plan.config import SHIPPED
from lossbench.plan.settings import Settings, make_settings
from lossbench.plan.toml import read_toml
from lossbench.task import TASKS

NAMES = [field.name for field in fields(Settings)]


def shipped(name: str) -> dict[str, object]:
    """Return a shipped config as it stands."""
    return read_toml(name, SHIPPED)[1]


def test_the_default_says_everything() -> None:
    """The keys of default.toml are the fields of Settings, each once: there is one place where defaults stand."""
    assert sorted(shipped("default")) == sorted(NAMES)


def test_the_default_losses_are_of_the_catalogue() -> None:
    """Each task of the main job has losses, of the catalogue, each once, the catalogue's first as the reference.

    Another task has its core losses.
    """
    losses = shipped("default")["losses"]
    assert set(losses) == {load_dataset(name).task for name in shipped("default")["datasets"]}
    for task in set(TASKS) - losses.keys():
        assert make_settings().losses_for(task) == core_losses(task)
    for task in losses:
        assert set(losses[task]) <= set(core_losses(task))
        assert len(set(losses[task])) == len(losses[task])
        assert losses[task][0] == core_losses(task)[0]


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_config_can_be_read(name: str) -> None:
    """A config that is shipped is valid, and changes no more than it says."""
    settings, default = make_settings(name), make_settings()
    for key in set(NAMES) - shipped(name).keys():
        assert getattr(settings, key) == getattr(default, key)


def test_a_config_changes_only_what_it_names(tmp_path: Path) -> None:
    """Missing keys come from default.toml, and so do the missing tasks of [losses]."""
    path = tmp_path / "mine.toml"
    path.write_text("epochs = 7\n[losses]\nbinary = ['mse', 'bce']\n")
    settings, default = make_settings(path), make_settings()
    assert settings.epochs == 7
    assert settings.losses_for("binary") == ("mse", "bce")
    assert settings.losses_for("multiclass") == default.losses_for("multiclass")
    assert settings.seeds == default.seeds


def test_options_win_over_the_config(tmp_path: Path) -> None:
    """What the caller gives counts most, None counts nothing; a list of losses holds for every task."""
    path = tmp_path / "mine.toml"
    path.write_text("epochs = 7\nlr = 0.5\n[losses]\nbinary = ['mse']\n")
    settings = make_settings(path, epochs=9, lr=None, losses=["ce"])
    assert (settings.epochs, settings.lr) == (9, (0.5,))
    assert {settings.losses_for(task) for task in TASKS} == {("ce",)}


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """A file that an editor began with a mark reads like one without."""
    path = tmp_path / "mine.toml"
    path.write_text("epochs = 7\n", encoding="utf-8-sig")
    assert make_settings(path).epochs == 7


@given(st.integers(0, 50), st.integers(1, 50))
def test_seeds(first: int, count: int) -> None:
    """A count, as a number or a text, is the seeds from 0; a range is half open; a list stays as it is."""
    listed = list(range(first, first + count))
    assert make_settings(seeds=f"{first}:{first + count}").seeds == tuple(listed)
    assert make_settings(seeds=listed).seeds == make_settings(seeds=list(np.array(listed))).seeds == tuple(listed)
    assert make_settings(seeds=count).seeds == make_settings(seeds=str(count)).seeds == tuple(range(count))


@given(st.lists(st.floats(1e-6, 0.9), min_size=1, max_size=5))
def test_values_named_twice_count_once(values: list[float]) -> None:
    """An axis holds each of its values once, in the order given; one number is a list of one."""
    wanted = tuple(dict.fromkeys(values))
    for name in ("lr", "l1", "l2", "outliers"):
        assert getattr(make_settings(**{name: values + values}), name) == wanted
        assert getattr(make_settings(**{name: values[0]}), name) == (values[0],)


@pytest.mark.parametrize("value", [True, "3", 1.5, 0, -1])
@pytest.mark.parametrize("name", ["epochs", "batch_size"])
def test_counts_are_whole_and_positive(name: str, value: object) -> None:
    """Anything but a whole number above zero is refused, with the name."""
    with pytest.raises((BadValue, ConfigError), match=f"^{name}: "):
        make_settings(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 10**12),
        ("batch_size", 10**25),
        ("seeds", 10**9),
        ("seeds", "1000000000"),
        ("seeds", "0:1000000000"),
        ("seeds", "9" * 18),
        ("seeds", "3000000000:3000000003"),
        ("seeds", [0, 2**31]),
    ],
)
def test_counts_have_an_upper_bound(name: str, value: object) -> None:
    """What no memory holds is refused before anything is made of it, and the message has the bound."""
    with pytest.raises(BadValue, match=f"^{name}: .* is too large; give .* of at most "):
        make_settings(**{name: value})


@pytest.mark.parametrize("text", ["9" * 19, "0:" + "9" * 19])
def test_a_number_without_end_is_no_seed(text: str) -> None:
    """Nor does anybody wait for it to be read."""
    with pytest.raises(ConfigError, match="is not a count, or a range"):
        make_settings(seeds=text)


def test_a_key_that_does_not_exist_is_refused() -> None:
    """From Python too, with the nearest one."""
    with pytest.raises(UnknownName, match="unknown key 'epoch'; did you mean 'epochs'"):
        make_settings(epoch=3)


OWN = """
datasets = ["iris"]

[[loss]]
label = "mine"
loss = "my_losses.py:my_loss:alpha=2"

[[loss]]
label = "their Dice"
loss = "monai.losses:DiceLoss:sigmoid=true"
task = "multilabel"
convention = "pair"
gets = "probability"
target = "values"
link = "sigmoid"
"""
MINE = "my_losses.py:my_loss:alpha=2:@label=mine"
DICE = (
    "monai.losses:DiceLoss:sigmoid=true:@label=their Dice:@task=multilabel:@convention=pair:@gets=probability"
    ":@target=values:@link=sigmoid"
)


def test_a_loss_of_ones_own_is_a_spec_with_all_that_is_said_about_it(tmp_path: Path) -> None:
    """It joins the losses of its task, or of every task, last; a trial needs no more than the spec."""
    (tmp_path / "mine.toml").write_text(OWN)
    settings, default = make_settings(tmp_path / "mine.toml"), make_settings()
    for task in TASKS:
        own = (MINE, DICE) if task == "multilabel" else (MINE,)
        assert settings.losses_for(task) == (*default.losses_for(task), *own)


def test_a_loss_of_ones_own_is_named_by_its_label(tmp_path: Path) -> None:
    """Among the config's losses it stands where it is named; the caller's losses are just those named."""
    (tmp_path / "mine.toml").write_text("losses = ['mine', 'mse']" + OWN)
    assert make_settings(tmp_path / "mine.toml").losses == (MINE, "mse", DICE)
    assert make_settings(tmp_path / "mine.toml", losses=["mse", "their Dice"]).losses == ("mse", DICE)
    assert make_settings(tmp_path / "mine.toml", losses=["mse"]).losses == ("mse",)
    changed = make_settings(tmp_path / "mine.toml", losses={"binary": ["mine"]})
    assert changed.losses_for("binary") == (MINE,)


def test_an_inline_table_is_a_table(tmp_path: Path) -> None:
    """An array of tables within one line says the same."""
    (tmp_path / "mine.toml").write_text("losses = ['mse']\nloss = [{label = 'a', loss = 'huber:delta=2'}]")
    assert make_settings(tmp_path / "mine.toml").losses == ("mse", "huber:delta=2:@label=a")


def test_two_losses_of_one_title_are_refused() -> None:
    """In a table nobody could tell them apart, wherever the labels come from."""
    with pytest.raises(BadValue, match="2 of them are called 'a'; give them different labels"):
        make_settings(losses=["huber:delta=2:@label=a", "mae:@label=a"])


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("loss = 'mse'", ConfigError, ["line 1, key 'loss'", "'mse' is no [[loss]] table", "losses = [...]"]),
        ("loss = ['mse']", ConfigError, ["line 1, key 'loss'", "no [[loss]] table"]),
        ("[[loss]]\nlabel = 'a'", ConfigError, ["line 1, key 'loss'", "'loss' is missing", "add loss = ..."]),
        ("[[loss]]\nloss = 'mse'", ConfigError, ["'label' is missing"]),
        (
            f"{OWN}[[loss]]\nlabel = 'b'\nlos = 'mse'",
            UnknownName,
            ["line 18, key 'loss.los'", "did you mean 'loss'?"],
        ),
        ("[[loss]]\nlabel = 3\nloss = 'mse'", ConfigError, ["line 2, key 'loss.label'", "a text in quotes"]),
        (
            f"{OWN}[[loss]]\nlabel = 'mine'\nloss = 'mse'",
            BadValue,
            ["line 17, key 'loss.label'", "'mine' already"],
        ),
        ("[[loss]]\nlabel = 'mae'\nloss = 'mse'", BadValue, ["line 2, key 'loss.label'", "a built-in loss"]),
        ("[[loss]]\nlabel = 'a:b'\nloss = 'mse'", BadValue, ["line 2, key 'loss.label'", "cannot be the name"]),
        (
            "[[loss]]\nlabel = 'a'\nloss = 'mse'\ntask = 'binry'",
            UnknownName,
            ["line 4, key 'loss.task'", "did you mean 'binary'?"],
        ),
    ],
)
def test_a_table_of_ones_own_loss_that_cannot_be_read(
    tmp_path: Path, text: str, error: type[Exception], words: list[str]
) -> None:
    """The message has the line of that very table, and the key."""
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(error) as caught:
        make_settings(tmp_path / "mine.toml")
    for word in ["mine.toml", *words]:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            "epochs = 3\n[losses]\nbinary = ['bce', 'foocal']\n",
            "line 3, key 'losses.binary': unknown loss",
        ),
        ("epochs = 3\nmodels = ['linear', 'mpl:4']\n", "line 2, key 'models': 'mpl:4': unknown model 'mpl'"),
        ("datasets = 'irs'\n", "line 1, key 'datasets': unknown data set 'irs'"),
        ("\noptimizers = ['sgd:momentum=2']\n", "line 2, key 'optimizers': "),
        (
            "[losses]\nregression = ['mse', 'hinge']\n",
            "line 2, key 'losses.regression': loss 'hinge'",
        ),
        ("datasets = ['iris', 'none.csv:target=y']\n", "line 1, key 'datasets': no file "),
        (OWN + "[losses]\nbinary = ['mse']\n", "line 5, key 'loss.label': no file "),
    ],
)
def test_a_name_that_is_refused_is_found_in_the_config(tmp_path: Path, text: str, place: str) -> None:
    """File, line and key stand before the message; what the caller gives himself has no line."""
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        lossbench.compare(config=path)
    assert str(caught.value).startswith(f"{path} {place}")
    with pytest.raises(UsageError, match=r"^unknown loss 'mze'"):
        lossbench.compare("iris", "mze", config=path, models="linear", optimizers="sgd")


def test_a_gate_is_checked_where_it_is_read(tmp_path: Path) -> None:
    """A rule that tolerates an improvement, or a policy that is none, is refused with its line."""
    path = tmp_path / "mine.toml"
    for line, words in (
        ("rules = ['f1:0.02']", "gate.rules': rule 'f1:0.02'"),
        ("new = 'warm'", "unknown value 'warm'"),
    ):
        path.write_text(f"[gate]\n{line}\n")
        with pytest.raises(UsageError, match=r"mine\.toml line 2, key 'gate\.") as caught:
            make_settings(path)
        assert words in str(caught.value)
