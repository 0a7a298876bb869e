from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lossbench.claims import read_catalogue
from lossbench.claims.registry import EXPLANATIONS, arguments_for
from lossbench.claims.report.conditions import condition_lines, share
from lossbench.claims.report.conditions import likeness as likeness_in_words
from lossbench.claims.search.conditions import AXES, Order, largest_distance, likeness
from lossbench.claims.search.found import Share

from ..planted import planted

CATALOGUE = read_catalogue()
T3 = CATALOGUE.claims["T3"]
SMALL = {
    "lr": [0.01, 0.1, 1.0],
    "epochs": [1, 10],
    "optimizers": ["sgd", "adam"],
    "models": ["linear"],
    "prevalence": [0.25, 0.75],
    "label_noise": [0.0, 0.1],
    "seeds": 4,
    "tolerance": 0.02,
}
CLAIM = replace(T3, arguments={**T3.arguments, "search": SMALL})
SETTINGS = 3 * 3 * 2 * 2 * 2 * 2


def lines(study):
    """Return what the search behind `--explain` says."""
    found = EXPLANATIONS["number_table"](CLAIM, study, **arguments_for(CLAIM, "number_table"))
    return list(condition_lines(found))


def under_trained(trial):
    """Return a score: cross-entropy is ahead at a small rate only."""
    return 0.8 + 0.1 * (trial["loss"] == "bce" and trial["lr"] < 0.05) + 0.05 * (trial["lr"] > 0.05)


def test_the_planted_region_is_found_with_its_share():
    """A third of the settings, and all of them where the rate is the smallest."""
    said = "\n".join(lines(planted(under_trained)))
    assert f"bce better than mse in accuracy and f1: {SETTINGS // 3} of {SETTINGS} settings (33.33%)" in said
    assert "where lr 0.01: that is 100% of all settings where it does" in said


def test_what_never_comes_out_has_no_region():
    """Losses that are alike have no order anywhere."""
    said = "\n".join(lines(planted(lambda trial: 0.8)))
    assert f"0 of {SETTINGS} settings (0.00%)" in said
    assert "that is" not in said


def test_a_search_takes_its_seeds_from_the_first_on():
    """What comes out on the first seeds alone is not found on later ones, nor the other way round."""
    early = planted(lambda trial: 0.8 + 0.1 * (trial["loss"] == "bce" and trial["seed"] < 10))
    assert f"{SETTINGS} of {SETTINGS} settings (100.00%)" in "\n".join(lines(early))
    assert f"0 of {SETTINGS} settings (0.00%)" in "\n".join(lines(replace(early, first_seed=10)))


def test_the_order_of_the_rows_says_nothing():
    """Trials that are shuffled say the same."""
    assert lines(planted(under_trained)) == lines(planted(under_trained, shuffled=True))


def table(**columns):
    """Return settings that differ in the rate, with scores of both sides."""
    return pd.DataFrame(dict.fromkeys(AXES, "x") | columns | {"lr": [0.01, 0.1, 1.0]})


def test_an_order_must_be_there_in_every_score_and_beyond_the_margin(study):
    """A lead in one score, or one within the margin, is none; nor is one over a loss that diverged."""
    settings = table(
        **{"accuracy first": [0.9, 0.9, 0.9], "accuracy other": [0.8, 0.895, np.nan]},
        **{"f1 first": [0.9, 0.9, 0.9], "f1 other": [0.8, 0.8, 0.8]},
    )
    order = Order(("accuracy", "f1"), "better", study)
    assert order.claimed(settings).tolist() == [True, False, False]
    assert order.reverse(settings).tolist() == [False] * 3
    assert order.equal(settings).tolist() == [False] * 3


def test_the_farthest_number_decides():
    """All four must be near the reported ones."""
    exact = {"accuracy first": 0.859, "accuracy other": 0.743, "f1 first": 0.912, "f1 other": 0.808}
    missed = table(**{name: [value] * 3 for name, value in exact.items()})
    missed.loc[1, "f1 other"] += 0.05
    missed.loc[2, "accuracy first"] = np.nan
    found = largest_distance(missed, T3, ("bce", "mse"), ("accuracy", "f1"))
    assert found.tolist() == pytest.approx([0, 0.05, np.nan], nan_ok=True)


def test_a_share_is_written_with_its_counts():
    """So many of so many."""
    assert share(Share.where(pd.Series([True, False]))) == "1 of 2 settings (50.00%)"


def test_a_real_search(study):
    """Every setting of the grid is trained and counted."""
    said = lines(study)
    assert said[1].startswith(f"{4 * 2 * 2 * 2 * 3 * 5} trainings on imbalanced")
    assert any(f"of {SETTINGS} settings" in line for line in said)


def test_the_order_of_a_placebo_stands_beside():
    """A loss by another road that scores alike is ahead nowhere, however often the claimed order comes out."""
    score = lambda trial: 0.8 + 0.1 * (trial["loss"] in ("bce", "ce"))  # noqa: E731
    said = " ".join(line.strip() for line in lines(planted(score)))
    assert "the same loss by another road, the zero to read that from: 0 of" in said


def test_a_region_that_the_other_seeds_do_not_know_is_not_confirmed():
    """What comes out on every other seed only has a region there, and none on the rest."""
    said = " ".join(lines(planted(lambda trial: 0.8 + 0.1 * (trial["loss"] == "bce" and trial["seed"] % 2 == 0))))
    assert re.search(r"on the other half of the seeds, there:\s+0 of", said)


def test_the_sentence_on_top_says_what_such_settings_have_in_common():
    """Where none gives the printed numbers, that."""
    settings = pd.DataFrame(
        {
            "model": ["linear", "linear", "mlp:4", "mlp:4"],
            "lr": [0.01, 0.1, 0.01, 0.1],
            "epochs": 1,
            "label noise": 0,
        }
    )
    near = pd.Series([True, False, False, False])
    assert likeness_in_words(likeness(settings, near)) == (
        "The printed table looks like a linear model stopped early: 1 of 4 settings give all printed numbers."
    )
    assert likeness_in_words(likeness(settings, near & False)).startswith("The printed table comes out nowhere")
