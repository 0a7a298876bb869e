"""A place is named by what varies, and seeds by their runs."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.place import label, listed_seeds, varying
from lossbench.schema import SETTING

PLACE = dict.fromkeys(SETTING, 1) | {"model": "linear", "outlier_kind": "label", "outlier_fraction": 0.0}


def test_only_what_varies_is_named() -> None:
    """A setting that all places share is not said; one that differs anywhere is, in the order of the columns."""
    places = [PLACE, PLACE | {"lr": 0.5}, PLACE | {"model": "mlp:4", "outlier_fraction": 0.25}]
    names = varying(places)
    assert names == ("model", "lr", "outlier_fraction")
    assert [label(place, names) for place in places] == [
        "linear, lr 1, clean",
        "linear, lr 0.5, clean",
        "mlp:4, lr 1, 25 % label",
    ]
    assert varying([PLACE, PLACE]) == ()


@settings(max_examples=25, deadline=None)
@given(seeds=st.sets(st.integers(0, 20), min_size=1).map(sorted))
def test_every_seed_is_named_and_no_other(seeds: list[int]) -> None:
    """The runs, read back, are the seeds."""
    said = listed_seeds(seeds).split(" ", 1)[1]
    ends = [[int(end) for end in piece.split("-")] for piece in said.split(", ")]
    assert [seed for run in ends for seed in range(run[0], run[-1] + 1)] == seeds
