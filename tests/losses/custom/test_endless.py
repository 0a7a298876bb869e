"""A loss that does not come to an end."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from lossbench import get_loss
from lossbench.errors import UsageError
from lossbench.losses.custom import endless

LOOPS = """
import time
import torch

def spins(raw, target):
    while True:
        try:
            time.time()
        except Exception:
            pass

def waits(raw, target):
    time.sleep(1000)

class Back(torch.autograd.Function):
    @staticmethod
    def forward(ctx, raw):
        return raw.clone()

    @staticmethod
    def backward(ctx, slope):
        while True:
            pass

def back(raw, target):
    return (Back.apply(raw) - target).square().mean()

def slow(raw, target):
    time.sleep(0.05)
    return (raw - target).square().mean()
"""


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endless, "TICK", 0.1)


@pytest.mark.parametrize("name", ["spins", "waits", "back"])
def test_a_call_without_an_end_is_broken_off(tmp_path: Path, name: str) -> None:
    """Forward, backward or asleep; the message says how long it was waited for, and the alarm is off again.

    It names the line, but in a backward pass.
    """
    (tmp_path / "loops.py").write_text(LOOPS)
    line = "" if name == "back" else r".*loops\.py line \d+"
    with pytest.raises(UsageError, match=f"Endless: no result after 8 s{line}"):
        get_loss(f"{tmp_path / 'loops.py'}:{name}", "regression")
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_many_short_calls_are_no_endless_one(tmp_path: Path) -> None:
    """What is counted is the time of one call, and the trial of a slow loss takes several."""
    (tmp_path / "loops.py").write_text(LOOPS)
    begun = time.monotonic()
    get_loss(f"{tmp_path / 'loops.py'}:slow", "regression")
    assert time.monotonic() - begun > 0.8


def test_a_call_without_a_processor_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the same call takes longer, for which it is not to blame."""
    spins = "import time\nend = time.monotonic() + 1\nwhile time.monotonic() < end: pass\n"
    (tmp_path / "long.py").write_text(spins + "def f(raw, target): return (raw - target).square().mean()")
    with pytest.raises(UsageError, match="Endless"):
        get_loss(f"{tmp_path / 'long.py'}:f", "regression")
    monkeypatch.setattr(endless, "starved", time.monotonic)  # as if other processes had all processors
    get_loss(f"{tmp_path / 'long.py'}:f", "regression")


def test_a_file_without_an_end_is_broken_off(tmp_path: Path) -> None:
    """As a script that trains when it is imported."""
    (tmp_path / "script.py").write_text("while True: pass\n")
    with pytest.raises(UsageError, match=r"cannot be imported: Endless.*script.py line 1"):
        get_loss(f"{tmp_path / 'script.py'}:f", "regression")


def test_an_alarm_of_somebody_else_stays(tmp_path: Path) -> None:
    """Then nothing is broken off by us, and their clock runs on."""
    (tmp_path / "loops.py").write_text("def f(raw, target): return (raw - target).square().mean()")
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        get_loss(f"{tmp_path / 'loops.py'}:f", "regression")
        assert 900 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
