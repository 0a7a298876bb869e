from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest

from lossbench.claims import Evidence, Judgement, Study, find, read_catalogue, read_terms, try_claims
from lossbench.claims.claim import CLEAN_SKILL
from lossbench.claims.design import judged
from lossbench.claims.report.pictures import over_rates, over_shares, pictures, trade_offs
from lossbench.claims.trained.robustness import by_dataset, trade_offs_in
from lossbench.report.terminal import WIDTH

from ..made_up import made_up
from ..planted import planted

ALONE = Evidence(
    *("not testable", "f1", "sgd", "moons"), arms=("ce",), rates=(1.0,), by_rate=True, aspect="level", measured=0.5
)


@pytest.fixture
def catalogue():
    """Read the claims of the documents."""
    return read_catalogue()


def test_the_curves_of_a_claim_on_rates_are_drawn(catalogue):
    """A panel for each data set and protocol, every loss with a mark, and the reported curve."""
    (judgement,) = try_claims(catalogue, catalogue.find(("T4",)), planted(lambda trial: trial["lr"]))
    lines = list(pictures(judgement))
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(lines)
    for dataset, protocol in product(("breast_cancer", "moons", "digits"), ("sgd", "adam")):
        assert f"{protocol} accuracy on {dataset}" in text
    for said in ("a=ce", "b=mse", "c=mse_logits", "d=mse_pm1", "e=reported"):
        assert said in text


def test_every_rate_of_a_loss_has_a_point(catalogue):
    """As high as it was measured; what diverged everywhere is undefined."""
    (judgement,) = try_claims(catalogue, catalogue.find(("T4",)), planted(lambda trial: trial["lr"]))
    drawn = [point for point in over_rates(judgement.evidence) if point.name != "reported"]
    assert len(drawn) == 9 * 2 * (4 + 4 + 3)
    assert all(point.y == pytest.approx(point.x, abs=0.01) for point in drawn)
    (gone,) = over_rates([replace(ALONE, measured=None)])
    assert math.isnan(gone.y)


def test_every_loss_is_drawn_by_its_two_skills():
    """Each where it was measured; one that diverged has no place."""
    clean, dirty = {"a": 0.9, "b": 0.7, "c": 0.5}, {"a": 0.1, "b": 0.3, "c": 0.2}
    cell = made_up(lambda loss, share: (dirty if share else clean)[loss], list(clean), [0.0, 0.2])
    lines = list(by_dataset(judged(trade_offs_in(cell, Study(read_terms())))))
    found = [(point.name, round(point.x, 1), round(point.y, 1)) for point in trade_offs(lines)]
    assert found == [("a", 0.9, 0.1), ("b", 0.7, 0.3), ("c", 0.5, 0.2)]
    drawn = list(pictures(Judgement(read_catalogue().claims["C25"], tuple(lines), None, "", "")))
    assert "sgd on made up" in drawn[0]
    assert drawn[-1].endswith("a=a, b=b, c=c")


@pytest.mark.parametrize("width", [60, 80, 100])
def test_what_contamination_costs_is_drawn_over_its_share(catalogue, width):
    """A panel a data set, a mark for each kind; only what decides is drawn, in the width there is."""
    unit = Evidence(
        "reproduced", "change of skill", "tuned", "moons", ("a", "b"), contamination="target", measured=0.5
    )
    lines = [
        replace(unit, shares=(share,), dataset=dataset, contamination=kind, role=role)
        for share, dataset, kind, role in product(
            (0.1, 0.3), ("moons", "iris"), ("target", "feature"), ("unit", "sensitivity")
        )
    ]
    assert len(list(over_shares(lines))) == 8
    drawn = list(pictures(Judgement(catalogue.claims["C1"], tuple(lines), find("tendency", lines), "", ""), width))
    assert max(map(len, drawn)) <= width
    assert "moons a minus b" in drawn[0]
    assert "a=targets moved up" in " ".join(drawn[-2:])


def test_what_draws_nothing_has_no_picture(catalogue, study):
    """Other evidence, a single rate, a single loss that beats all others."""
    (judgement,) = try_claims(catalogue, catalogue.find(("B5",)), study)
    assert list(pictures(judgement)) == []
    half = replace(ALONE, quantity=CLEAN_SKILL, rates=(), by_rate=False)
    judgement = Judgement(catalogue.claims["T4"], (ALONE, half), None, "", "")
    assert list(pictures(judgement)) == []
