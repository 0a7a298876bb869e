"""The list of judgements that a program gets is the list that the command prints and writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from report.paper.tex import balanced, shown

import lossbench
from lossbench.claims import Verdicts
from lossbench.claims.report.tables import tally

EXACT = ("A1", "A2", "B2")


@pytest.fixture(scope="module")
def verdicts() -> Verdicts:
    """Give the judgements of three claims that need no training."""
    return lossbench.check_claims(EXACT)


def test_it_is_a_sequence_of_judgements(verdicts: Verdicts) -> None:
    """It has an item a claim, in the order asked for and by the claim's ID; some of them are verdicts too."""
    assert [one.claim.id for one in verdicts] == [*EXACT]
    assert verdicts[EXACT[-1]] is verdicts[-1]
    assert isinstance(verdicts[1:], Verdicts)
    assert [*verdicts[1:]] == [*verdicts][1:]
    assert not hasattr(verdicts, "append")
    with pytest.raises(lossbench.UsageError, match="unknown claim 'Z9'"):
        verdicts["Z9"]


def test_a_judgement_is_short_to_look_at(verdicts: Verdicts) -> None:
    """Its text is the claim's ID and its answer."""
    for one in verdicts:
        assert repr(one) == f"{one.claim.id}: {one.answer}"


def test_it_says_its_answer(verdicts: Verdicts) -> None:
    """Text, page and answer say how many claims stand; of one, what became of it."""
    assert verdicts.answer == tally(verdicts)
    assert verdicts.answer in repr(verdicts)
    assert verdicts.answer in verdicts._repr_html_()
    (one,) = alone = lossbench.check_claims("B2")
    assert alone.answer == one.answer
    assert one.answer in " ".join(repr(alone).split())


def test_a_verdict_that_changed_is_found(verdicts: Verdicts, tmp_path: Path) -> None:
    """Against a `claims.csv` of the same verdicts nothing has changed, and one that differs is named."""
    verdicts.save(tmp_path)
    path = tmp_path / "claims.csv"
    assert verdicts.changes(path) == []
    path.write_text(path.read_text(encoding="utf-8").replace(f",{verdicts['B2'].verdict},", ",false,"))
    assert "B2" in [change.id for change in verdicts.changes(path)]


MINE = """
[claims.mine]
claim = "mse equals mae in r2 on line"
arms = ["mse", "mae"]
direction = "equal"
score = ["r2"]
datasets = ["line"]
"""


def test_progress_is_told_in_lines(tmp_path: Path) -> None:
    """What is trained is told as it begins."""
    told: list[str] = []
    (tmp_path / "mine.toml").write_text(MINE)
    found = lossbench.check_claims(config=tmp_path / "mine.toml", quick=True, jobs=1, progress=told.append)
    assert any("trainings on line" in line for line in told)
    assert found["mine"] is found[0]


def test_every_claim_is_in_the_latex(verdicts: Verdicts) -> None:
    """Each has a row with its sentence, verdict and answer."""
    text = verdicts.to_latex()
    assert balanced(text)
    rows = [line.strip().removesuffix(r" \\").split(" & ") for line in text.splitlines() if " & " in line]
    found = {row[0]: [shown(cell.replace(r"\,\%", r" \%")) for cell in row[1:]] for row in rows}
    for one in verdicts:
        assert found[one.claim.id] == [one.claim.sentence, one.verdict, one.answer]


def test_the_files_are_those_of_the_command(verdicts: Verdicts, tmp_path: Path) -> None:
    """`save` leaves what `lossbench claims -o` leaves."""
    verdicts.save(tmp_path / "new")
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["claims.csv", "claims.html", "claims.md", "evidence.csv"]
    assert (tmp_path / "new" / "claims.csv").read_text(encoding="utf-8").count("\n") == len(EXACT) + 1
