"""A look belongs to one loss, and stands out in both schemes."""

from __future__ import annotations

import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.report.charts.look import COLOURS, DASHES, MARKERS, looks
from lossbench.report.html.document import asset

groups = st.lists(st.lists(st.text("abcdefghijkl", min_size=1, max_size=2), max_size=12), max_size=4)
LIGHTEST = 3.0  # WCAG 2.2, 1.4.11: what graphics need to stand out from what is around them


@given(groups)
def test_no_two_losses_look_alike(drawn: list[list[str]]) -> None:
    """Those of a group differ in colour as far as there are enough, all of a page in colour or dash."""
    found = looks(drawn)
    assert found.keys() == {loss for group in drawn for loss in group}
    for group in drawn:
        company = [set().union(*(other for other in drawn if loss in other)) for loss in group]
        if max(map(len, company), default=0) <= COLOURS:
            assert len({found[loss].colour for loss in group}) == len(set(group))
    if len(found) <= COLOURS * len(DASHES) // 4:
        rules = [(one.colour, one.turn % len(DASHES)) for one in found.values()]
        assert len(set(rules)) == len(rules)
    assert all(0 <= one.shape < len(MARKERS) for one in found.values())


def luminance(colour: str) -> float:
    """Return how light a colour is, by WCAG's formula."""
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = (int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_stands_out(scheme: int) -> None:
    """From the page, on which it is drawn."""
    blocks = re.findall(r":root \{(.*?)\}", asset("style.css"), re.DOTALL)
    colours = dict(re.findall(r"--(\w+): #(\w+)", blocks[scheme]))
    page = luminance(colours["page"])
    for number in range(COLOURS):
        lighter, darker = sorted((page, luminance(colours[f"p{number}"])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= LIGHTEST, number
    for one, other in combinations(range(COLOURS), 2):
        assert colours[f"p{one}"] != colours[f"p{other}"]
