"""What is ray's alone: its other ports, and its tokens."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from .conftest import Python, RayCluster, made


def test_where_a_node_listens_and_no_head(ray: RayCluster, python: Python) -> None:
    """Another port of the same cluster speaks as the head does; it is given up within a bound."""
    ray.worker()  # once it is up, all ports of the cluster are
    logs = Path(ray.files, "session_latest", "logs").glob("raylet*.out")
    found = re.search(r"NodeManager server started, listening on port (\d+)", next(logs).read_text())
    began, address = time.monotonic(), f"127.0.0.1:{found[1]}"
    done = python("-m", "lossbench", "compare", "--quick", "--backend", "ray", "--address", address)
    assert time.monotonic() - began < 90
    assert done.returncode == 2
    assert f"no ray cluster answers at '{address}'" in done.stderr.splitlines()[-1]  # behind warnings of ray's


def test_tokens(tmp_path: Path, python: Python, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ray's token in the environment of all, packs are trained; who has none is not let in."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0123456789abcdef" * 3)
    with made("ray", tmp_path) as guarded:
        guarded.worker()
        done = python.compare(guarded, "--quick", "-o", "there", "--no-cache", "--quiet")
        assert (done.returncode, done.stderr) == (0, "")
        monkeypatch.delenv("RAY_AUTH_MODE")
        monkeypatch.delenv("RAY_AUTH_TOKEN")
        refused = python.compare(guarded, "--quick", "-o", "other", "--no-cache", "--quiet")
        assert refused.returncode == 2
        assert "no ray cluster answers" in refused.stderr.splitlines()[-1]
