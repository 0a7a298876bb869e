"""Compiles the training step at an install, into a wheel and into an editable checkout alike.

The libraries are loaded by ctypes and know nothing of Python, so that one wheel serves every version of it.
Without a compiler the install succeeds all the same, and the fused torch engine trains.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import sys_tags

NATIVE = Path("lossbench", "training", "native")


class CompiledStep(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls before it packs a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; a wheel that is no editable one takes the libraries along and is of this platform."""
        builder = builder_of(Path(self.root))
        try:
            files = builder.build()
        except builder.NotBuilt as fault:
            self.app.display_warning(f"lossbench: no compiled step, the fused torch engine takes over: {fault}")
            return
        if version != "editable":
            build_data["force_include"].update({str(file): str(NATIVE / "built" / file.name) for file in files})
            build_data["pure_python"], build_data["tag"] = False, f"py3-none-{platform()}"


def builder_of(root: Path) -> ModuleType:
    """Import the module that compiles, alone: what the package needs is not installed yet."""
    spec = importlib.util.spec_from_file_location("build_native", root / NATIVE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def platform() -> str:
    """Return the tag of this very system, since nobody has tried the wheel on an older one."""
    return next(tag.platform for tag in sys_tags() if "many" not in tag.platform and "musl" not in tag.platform)
