"""The example of a new loss in the docs is a loss like any other."""

from __future__ import annotations

import doctest
import importlib
import itertools
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from checks import test_run

from lossbench.losses import LossRecord, registry

from . import test_every_loss, test_facts, test_regression
from .cases import cases

ROOT = Path(__file__).parents[2]

HEAD = '''"""The example, in the file of a family."""

from __future__ import annotations

from lossbench.lazy import torch
from lossbench.losses.record import separable
from lossbench.losses.regression import STANDARD, regression_loss
from lossbench.spec import Parameter

'''

SHARED: list[Callable[..., None]] = [
    test_every_loss.test_slope_is_the_derivative,
    test_every_loss.test_models_do_not_see_each_other,
    test_every_loss.test_maps_over_models,
    test_every_loss.test_a_parameter_may_differ_between_models,
    test_every_loss.test_record_is_complete,
    test_every_loss.test_docstring_says_what_the_record_says,
    test_every_loss.test_function_and_record_state_the_same_defaults,
    test_every_loss.test_survives_pickling,
    test_facts.test_facts_are_true_and_so_are_their_denials,
    test_facts.test_gradient_jumps_only_where_declared_and_to_a_subgradient,
    test_facts.test_lipschitz_constant_holds_and_is_sharp,
    test_regression.test_slope_at_the_kinks_is_autograd_s,
    test_run.test_the_catalogue_passes_its_own_checks,
    test_run.test_every_loss_keeps_the_laws_of_the_checks,
]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Write the example into a module."""
    page = (ROOT / "docs" / "add-a-loss.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    module = tmp_path / "talwar.py"
    module.write_text(HEAD + code, encoding="utf-8")
    return module


@pytest.fixture
def talwar(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import that module, and so enter the example into the catalogue for a while."""
    monkeypatch.setattr(registry, "_RECORDS", [*registry._RECORDS])
    monkeypatch.syspath_prepend(written.parent)
    yield importlib.import_module("talwar")
    del sys.modules["talwar"]
    registry.catalogue.cache_clear()


def arguments(law: Any, record: LossRecord) -> Iterator[dict[str, Any]]:
    """Yield the arguments with which a shared test is called for one record."""
    of_one = {"record": [record], "case": cases(record)}
    axes = {mark.args[0]: of_one.get(mark.args[0], mark.args[1]) for mark in law.pytestmark}
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def test_the_example_keeps_the_laws_of_every_loss(talwar: ModuleType) -> None:
    """It passes its own example and the tests that all losses of a regression share."""
    assert doctest.testmod(talwar) == (0, 2)
    record = registry.find("talwar")
    for law in SHARED:
        for given in arguments(law, record):
            law(**given)


@pytest.mark.parametrize("tool", ["mypy --strict", "ruff check", "ruff format --check"])
def test_the_example_passes_the_checks_of_the_code(written: Path, tool: str) -> None:
    """It is typed, documented and formatted as strictly as the package."""
    config = "--config" if tool.startswith("ruff") else "--config-file"
    command = [sys.executable, "-m", *tool.split(), config, ROOT / "pyproject.toml", written]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
