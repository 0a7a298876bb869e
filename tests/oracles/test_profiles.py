"""Skills and profiles over data sets are those of the authors of the paper."""

from __future__ import annotations

import numpy as np
import pytest
from stats.synthetic import over

from lossbench.stats.findings import Findings
from lossbench.stats.profiles import LEVELS, interquartile_mean

from .packages import oracle

metrics = oracle("rliable.metrics")
library = oracle("rliable.library")

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs
LOSSES = 3


def skills(findings: Findings) -> dict[str, np.ndarray]:
    """Return the skills of each loss as they take them, (seeds, data sets); a constant predictor has 0.25."""
    trials = findings.trials.assign(skill=(findings.trials.accuracy.clip(lower=0.25) - 0.25) / 0.75)
    return {
        str(loss): rows.pivot_table(index="seed", columns="dataset", values="skill").to_numpy()
        for loss, rows in trials.groupby("loss", sort=False)
    }


@pytest.mark.parametrize(("data_sets", "seeds"), [(2, 3), (3, 10), (8, 5)])
def test_the_interquartile_mean_is_theirs(data_sets: int, seeds: int) -> None:
    """Of all runs together, however many there are."""
    findings = Findings(over(data_sets, LOSSES, seeds))
    expected = [metrics.aggregate_iqm(table) for table in skills(findings).values()]
    np.testing.assert_allclose(findings.ranks.skill, expected)
    table = np.random.default_rng(0).random((seeds, data_sets))
    np.testing.assert_allclose(interquartile_mean(table.ravel()), metrics.aggregate_iqm(table))


@pytest.mark.parametrize(("data_sets", "seeds"), [(3, 10), (8, 5)])
def test_its_interval_is_their_stratified_bootstrap(data_sets: int, seeds: int) -> None:
    """Both ends, but for the chance of drawing: a tenth of the width."""
    findings = Findings(over(data_sets, LOSSES, seeds))
    random = np.random.RandomState(0)
    _, expected = library.get_interval_estimates(
        skills(findings), lambda table: np.array([metrics.aggregate_iqm(table)]), reps=4000, random_state=random
    )
    for row in findings.ranks.itertuples():
        low, high = expected[row.loss].ravel()
        np.testing.assert_allclose([row.skill_low, row.skill_high], [low, high], rtol=0, atol=0.1 * (high - low))


@pytest.mark.parametrize(("data_sets", "seeds"), [(3, 10), (8, 5)])
def test_profiles_and_their_bands_are_theirs(data_sets: int, seeds: int) -> None:
    """The profile at every level; the band, of shares that are counted, but for one run more or less."""
    findings = Findings(over(data_sets, LOSSES, seeds))
    expected, bands = library.create_performance_profile(skills(findings), LEVELS)
    for loss, rows in findings.profiles.groupby("loss", sort=False):
        np.testing.assert_allclose(rows.share, expected[loss])
        ends = np.stack([rows.share_low, rows.share_high])
        np.testing.assert_allclose(ends, bands[loss], rtol=0, atol=1.0 / (data_sets * seeds) + 1e-12)
