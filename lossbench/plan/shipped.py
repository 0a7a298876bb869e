"""The ready-made experiments, `configs/NAME.toml`; apart, since the help names them and must not read TOML."""

from __future__ import annotations

SHIPPED = ("default", "quick", "segmentation", "distribution", "anomaly", "embedding")
