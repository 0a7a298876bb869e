"""Mean ranks on a line of characters: each where it belongs, and which losses are not told apart."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.report.critical import BLANK, Place, number_line, tied

few = settings(max_examples=25, deadline=None)


@st.composite
def standings(draw: st.DrawFn) -> list[Place]:
    """Draw two losses or more, the best first, with letters that they share."""
    count = draw(st.integers(2, 12))
    ranks = sorted(draw(st.lists(st.floats(1, count), min_size=count, max_size=count)))
    letters = st.text("abcd", min_size=1, max_size=4).map(lambda text: "".join(sorted(set(text))))
    return [Place(f"loss {index} <", rank, draw(letters)) for index, rank in enumerate(ranks)]


@few
@given(standings())
def test_a_line_holds_the_letters_in_the_order_of_the_ranks(places: list[Place]) -> None:
    """All of them, apart from each other, on a line of the width that was asked for."""
    line = number_line(places, width=90)
    assert len(line) == 90
    assert re.findall("[a-d]+", line) == [place.letters for place in places]
    assert set(line) <= set(f"{BLANK}0123456789abcd")


def test_a_line_that_is_too_short_is_made_longer() -> None:
    """No loss is lost for want of room."""
    places = [Place(str(index), 1.0, "abc") for index in range(9)]
    assert re.findall("[a-c]+", number_line(places, width=10)) == ["abc"] * 9


@few
@given(standings())
def test_bars_lie_over_losses_that_share_a_letter(places: list[Place]) -> None:
    """Two losses are under one bar exactly if they share a letter; a bar over one alone is not drawn."""
    under = [set(bar) for bar in tied(places)]
    for one, first in enumerate(places):
        for other, second in enumerate(places[:one]):
            together = any({one, other} <= bar for bar in under)
            assert together == bool(set(first.letters) & set(second.letters))
