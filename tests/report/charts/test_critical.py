"""The picture of mean ranks: each loss where it belongs, and bars over exactly those that are not told apart."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from hypothesis import given, settings

from lossbench.report.charts.critical import critical
from lossbench.report.charts.look import looks
from lossbench.report.critical import Place, tied
from report.test_critical import standings

few = settings(max_examples=25, deadline=None)


def marks(places: list[Place]) -> list[ET.Element]:
    """Return the marks of a picture."""
    chart = ET.fromstring(critical(places, looks([[one.name for one in places]])))
    return [group for group in chart.iter("g") if "mark" in group.get("class")]


@few
@given(standings())
def test_a_picture_is_well_formed_and_in_order(places: list[Place]) -> None:
    """Every loss has its name and its marker, and no better rank is farther to the right or below."""
    rows = marks(places)[: len(places)]
    assert [row.findtext("text") for row in rows] == [one.name for one in places]
    ends = [
        tuple(map(float, re.match(r"M([\d.]+) ([\d.]+)", row.findall("path")[-1].get("d")).groups()))
        for row in rows
    ]
    assert [across for across, _ in ends] == sorted(across for across, _ in ends)
    assert [down for _, down in ends] == sorted(down for _, down in ends)


@few
@given(standings())
def test_a_bar_has_a_knot_at_each_loss_it_joins(places: list[Place]) -> None:
    """And at no other, though it may pass some."""
    bars = marks(places)[len(places) :]
    found = [(bar.findtext("title"), bar.find("path").get("d").count("h6")) for bar in bars]
    assert found == [
        (f"not told apart: {', '.join(places[row].name for row in rows)}", len(rows)) for rows in tied(places)
    ]
