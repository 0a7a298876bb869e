"""Special functions are scipy's own, and scipy is whole for whoever imports it later."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import pytest
from scipy import special as package

from lossbench import special as module

NAMES = ("bdtr", "fdtrc", "ndtr", "stdtr", "stdtrit")

ALONE = f"""
import sys
from lossbench.special import special
found = special()
assert "scipy.special" not in sys.modules and "scipy._lib._array_api" not in sys.modules
import scipy.special, scipy.stats
assert all(getattr(scipy.special, name) is getattr(found, name) for name in {NAMES})
assert scipy.stats.norm.cdf(0.0) == scipy.special.expit(0.0) == 0.5
"""


def test_the_package_is_not_imported_and_comes_whole_when_it_is() -> None:
    """Both have the same functions, so numbers do not hang on which was first."""
    subprocess.run([sys.executable, "-c", ALONE], check=True)


def test_where_the_compiled_module_is_gone_the_package_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another scipy may have its functions elsewhere."""

    def imported(name: str) -> ModuleType:
        if name != "scipy.special":
            raise ImportError(name)
        return package

    monkeypatch.setattr(module, "import_module", imported)
    monkeypatch.delitem(sys.modules, "scipy.special")
    assert module.special.__wrapped__() is package
