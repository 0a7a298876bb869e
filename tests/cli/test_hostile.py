"""Names and cells that would drive a terminal, a browser or a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from lossbench.visible import visible

from .conftest import BRIEF

MINE = '''
def mine(raw, target):
    """Evil \x1b[31m <b>."""
    if raw.detach().abs().max() > 5:
        raise ValueError("evil \x1b[31m\u202e|<b>")
    return ((raw - target) ** 2).mean()
'''


def lines(*texts: str) -> list[str]:
    """Return the lines of some texts."""
    return [line for text in texts for line in text.split("\n")]


def test_no_output_and_no_file_holds_what_cannot_be_seen(inside: Callable, tmp_path: Path) -> None:
    """Column, class, file, label and failure are all hostile; every format shows them, and all is read back."""
    size = np.random.default_rng(0).normal(size=60)
    classes = np.where(size > 0, "y\x1b]0;x\x07", "n\u202e")
    frame = pd.DataFrame({"si\x1b[31mze": size, "so\nld": classes})
    frame.to_csv(tmp_path / "=a|<b>.csv", index=False)
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    data, losses = ("-d", r"=a|<b>.csv:target=so\nld"), ("-l", "bce,mse,mine.py:mine:@label=+mine")
    outcomes = [
        inside("compare", *data, *losses, *BRIEF, "--lr", "300", "--optimizer", "sgd", "-o", "out"),
        *(inside("report", "out", "--format", form) for form in ("csv", "json", "markdown", "junit")),
        inside("diff", "out", "out"),
        inside("trend", "out", "--html", "out/trend.html"),
        inside("datasets", data[1]),
        inside("cache", "info"),
    ]
    assert [outcome.code for outcome in outcomes] == [4, *[0] * 8], outcomes[0].err
    written = (file for file in (tmp_path / "out").iterdir() if file.name != "rows.npz")  # which holds no text
    files = [file.read_text(encoding="utf-8") for file in written]
    for line in lines(*files, *(text for outcome in outcomes for text in (outcome.out, outcome.err))):
        assert line == visible(line)
    assert r"evil \x1b[31m\u202e|<b>" in outcomes[0].out
    assert "<b>" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    trials = (tmp_path / "out" / "trials.csv").read_text(encoding="utf-8")
    assert {line[:2] for line in trials.splitlines()[1:]} == {"'="}


ODD = """
import torch


class Image(torch.Tensor):
    pass


def image(raw, target):
    return (raw - target).square().mean().as_subclass(Image)


def coarse(raw, target):
    return (raw - target).square().mean().bfloat16()
"""


def test_a_value_of_another_kind_is_a_value(inside: Callable, tmp_path: Path) -> None:
    """Of a subclass of tensors, or of numbers that numpy has not."""
    (tmp_path / "odd.py").write_text(ODD)
    outcome = inside("compare", "-d", "diabetes", "-l", "mse,odd.py:image,odd.py:coarse", *BRIEF, "-o", "o")
    assert outcome.code == 0, outcome.out
    rows = (tmp_path / "o" / "trials.csv").read_text().splitlines()[1:]
    assert all(",ok," in row for row in rows)
