"""Losses of the user's own stand in a config as tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossbench.errors import BadValue, ConfigError, UnknownName
from lossbench.plan.settings import make_settings
from lossbench.task import TASKS

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
