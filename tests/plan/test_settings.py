from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from lossbench.data import load_dataset
from lossbench.losses.registry import core_losses
from lossbench.plan.config import SHIPPED, read_config
from lossbench.plan.settings import Settings, make_settings
from lossbench.task import TASKS

NAMES = [field.name for field in fields(Settings)]


def shipped(name: str) -> dict[str, object]:
    """Return a shipped config as it stands."""
    return read_config(name)[1]


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
