"""English: nothing is lost on the way into lines."""

from __future__ import annotations

import pytest
from stats.synthetic import over

from lossbench.report.answer.run import lead
from lossbench.report.words.english import wrapped
from lossbench.stats.findings import Findings


@pytest.mark.parametrize("width", [60, 80, 100])
def test_paragraphs_fit_the_width(width: int) -> None:
    """No line is longer, and no word is lost or broken."""
    paragraphs = lead(Findings(over(4, 3)).answer)
    lines = wrapped(paragraphs, width)
    assert max(map(len, lines)) <= width
    assert " ".join(lines).split() == " ".join(paragraphs).split()
