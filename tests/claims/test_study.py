from __future__ import annotations

from dataclasses import replace

import pytest

from lossbench.claims import Study, read_terms
from lossbench.errors import BadValue
from lossbench.stats.tuning import at_own_rate


def test_quick_takes_fewer_seeds_and_the_primary_protocol_alone():
    """It trains no shorter, so that it can only be weaker; the first seed is the study's."""
    terms = read_terms()
    full, quick = Study(terms, first_seed=7), Study(terms, quick=True)
    assert (len(full.seeds), full.seeds[0], full.epochs) == (terms.seeds, 7, terms.epochs)
    assert (list(quick.seeds), quick.epochs) == (list(range(terms.quick_seeds)), terms.epochs)
    assert [protocol.name for protocol in quick.protocols] == [terms.primary]
    assert quick.fixed == full.fixed


def test_seeds_below_zero_are_refused():
    """Before anything is trained, and with what to give instead."""
    with pytest.raises(BadValue, match="the first seed is -1; give a whole number from 0 on"):
        Study(read_terms(), first_seed=-1)


def test_a_protocol_is_what_is_trained(study):
    """Optimiser, rate, network, seeds and epochs are the terms'; axes win over them."""
    trials = study.compare("adam", "binary", datasets=["moons"], losses=["bce"], outliers=[0.1]).trials
    assert set(trials.optimizer) == {"adam"}
    assert set(trials.lr) == {0.01}
    assert set(trials.model) == {study.terms.model}
    assert set(trials.outlier_fraction) == {0.1}
    assert sorted(trials.seed) == [0, 1, 2]


def test_a_tuned_protocol_reports_each_loss_at_its_own_rate_only(study):
    """The rates are those that were chosen on other seeds, and no other is trained on the reported ones."""
    comparison = study.compare("tuned", "binary", datasets=["moons"], losses=["bce", "mse"])
    chosen = comparison.tuning[comparison.tuning.chosen].set_index("loss").lr
    assert len(comparison.trials) == 2 * len(study.seeds)
    for loss, rows in comparison.trials.groupby("loss"):
        assert set(rows.lr) == {chosen[loss]}
    assert len(at_own_rate(comparison.trials, comparison.tuning)) == len(comparison.trials)


def test_a_first_look_tries_every_other_rate_on_three_seeds(study):
    """In one round; only where contamination is asked for do the rates that may be chosen go on to it."""
    quick = replace(study, quick=True, terms=replace(study.terms, quick_seeds=2))
    found = quick.compare("tuned", "binary", datasets=["moons"], losses=["bce"], outliers=[0.0, 0.1])
    rates = study.terms.protocols["tuned"].lr["binary"][::2]
    clean = found.choosing[found.choosing.outlier_fraction == 0]
    assert set(found.tuning.lr) <= set(rates)
    assert set(clean.seed) == {2, 3, 4}
    assert set(found.trials.seed) == {0, 1}
    assert len(found.choosing) == 2 * len(clean) == 2 * 3 * clean.lr.nunique()


def test_what_is_trained_is_said(study):
    """In one line, with the number of trainings; tuning is said for itself."""
    said = []
    study = replace(study, say=said.append)
    study.compare("sgd", "binary", datasets=["moons"], losses=["bce"])
    choosing = study.compare("tuned", "binary", datasets=["moons"], losses=["bce"]).choosing
    later = (choosing.seed > 4).sum()
    assert said == [
        "sgd: 3 trainings on moons",
        "tuned: 12 trainings on moons to choose the rates",
        f"tuned: {later} trainings on moons to choose the rates",
        "tuned: 3 trainings on moons",
    ]
