"""The pages of docs hold: commands parse, snippets are of their language, verdicts are those of the results."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pandas as pd
import pytest

from lossbench.cli import root, run

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SKILL.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
CLAIM = r"\*([^*]+)\* \(\[([A-Z][\w-]+)\]\(\.\./results/claims/claims\.md\)\)"


def blocks(page: Path, kind: str) -> list[str]:
    """Return the blocks of code of a page that are of one kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of each call of lossbench on a page, without what a shell does with its output."""
    for block in blocks(page, "sh"):
        for line in re.split(r"\n|&&", block.replace("\\\n", " ")):
            words = shlex.split(line, comments=True)
            if words and words[0].endswith("lossbench"):
                end = next(
                    (place for place, word in enumerate(words) if word in (">", "|", "2>", ">>")), len(words)
                )
                yield words[1:end]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_parses(page: Path) -> None:
    """Each is one that there is, with options that it has, and values of their types."""
    for words in commands(page):
        command = root.get_command(click.Context(root), words[0]) if words[:1] != ["--version"] else None
        if command:
            command.make_context(words[0], words[1:])


def test_commands_are_found() -> None:
    """The law above is about something."""
    assert sum(len(list(commands(page))) for page in PAGES) > 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_snippet_is_of_its_language(page: Path) -> None:
    """Python compiles, and TOML can be read."""
    for block in blocks(page, "python"):
        ast.parse(block)
    for block in blocks(page, "toml"):
        tomllib.loads(block)


@pytest.mark.parametrize("name", ["first-run.md", "questions.md"])
def test_what_a_command_prints_is_what_is_shown(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a command stand lines of its output, letter for letter, in a terminal of a hundred columns."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("lossbench.checks.run.LIMIT", 300.0)  # seconds: a busy machine gives up checks earlier
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    pairs = re.findall(r"```sh\n(lossbench [^\n]*)\n```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert pairs
    for command, shown in pairs:
        capsys.readouterr()
        run(shlex.split(command)[1:])
        assert shown in capsys.readouterr().out


def sentences(text: str) -> list[str]:
    """Return the sentences of the paragraphs below the first heading of a section."""
    body = re.sub(r"^#.*$", "", text.partition("\n## ")[2], flags=re.MULTILINE)
    paragraphs = (" ".join(part.split()) for part in body.split("\n\n"))
    return [one for part in paragraphs if part for one in re.split(r"(?<=[.])\s+(?=[A-Z`])", part)]


def test_every_sentence_of_the_guide_rests_on_a_result() -> None:
    """It ends with a link into the results; nothing is advised that was not measured."""
    text = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8").replace("# Choosing a loss", "", 1)
    found = sentences(text.replace("## First of all\n", "\n## \n", 1))
    assert len(found) > 20
    assert [one for one in found if "](../results/" not in one] == []


@pytest.mark.parametrize("name", ["choosing.md"])
def test_the_verdicts_of_the_guide_are_those_of_the_results(name: str) -> None:
    """Each word in italics before a claim is what became of that claim."""
    claims = pd.read_csv(ROOT / "results" / "claims" / "claims.csv").set_index("id").verdict
    text = " ".join((ROOT / "docs" / name).read_text(encoding="utf-8").split())
    told = re.findall(CLAIM.replace(r" \(\[", r"(?:,[^.*]*?)? \(\["), text)
    assert len(told) > 12
    assert [(claim, verdict) for verdict, claim in told if claims[claim] != verdict] == []


def test_the_site_has_every_page() -> None:
    """Each page of docs stands in the contents of the site, and each of its contents is a page, or made there."""
    contents = (ROOT / "docs" / "site" / "zensical.toml").read_text(encoding="utf-8")
    named = set(re.findall(r'= "([\w/-]+\.md)"', contents))
    made = {"index.md", "CONTRIBUTING.md", "CHANGELOG.md", "reference.md", "claims/index.md", "losses/index.md"}
    assert named - made == {page.name for page in (ROOT / "docs").glob("*.md")}


SAID = r"\d+ of \d+|\d+ (?:open|against)\b|\d+(?:\.\d+)? %|\d+\.\d+"
"""A count, a percentage, or a gap."""

GAP = r"`(\w+)` is (\d\.\d+ (?:above|below)) `(\w+)`( in \w+)?"
"""A gap with its direction."""

VALUES = ["reported", "measured", "difference", "low", "high"]
"""The columns of evidence.csv that hold numbers."""

ELSEWHERE = {
    "claims.md": {"92.2 %", "88.9 %", "8 of 60", "7 of 9450", "22 %"},  # other base seeds; claims T3 --explain
    "own-table.md": {"0.678", "0.677"},  # a table that is not ours to ship
}
"""Numbers beside a claim that a command printed which did not write results/claims, by page."""


@cache
def results(name: str) -> pd.DataFrame:
    """Return a file of results/claims."""
    return pd.read_csv(ROOT / "results" / "claims" / f"{name}.csv")


@cache
def told() -> dict[str, str]:
    """Return what is declared and answered of each claim, and of the reference, by the name that a page cites."""
    declared = tomllib.loads((ROOT / "configs" / "claims.toml").read_text(encoding="utf-8"))["claims"]
    report = (ROOT / "results" / "reference" / "report.md").read_text(encoding="utf-8")
    found = {"the reference": report.partition("<details>")[0]}
    for row in results("claims").itertuples():
        mine = declared[row.id]
        found[row.id] = f"{mine['claim']} {mine.get('margin', '')} {mine.get('reported', '')} {row.answer}"
    return found


@cache
def evidence(name: str) -> pd.DataFrame:
    """Return the rows of evidence that decide a claim, or are shown with it.

    Those of its sensitivity are so many that any number is among them.
    """
    rows = results("evidence")
    return rows[(rows.id == name) & (rows.role != "sensitivity")]


@cache
def counted(name: str) -> set[str]:
    """Return the counts of a claim's cases, as "3 of 6" or "2 open": of all, and of each score."""
    units = evidence(name).query("role == 'unit'")
    tallies = [mine.verdict.value_counts() for _, mine in units.groupby("what")]
    columns = results("claims").set_index("id")[["supporting", "opposing", "equal", "open"]]
    words = ["reproduced", "contradicted", "equivalent", "inconclusive"]
    tallies += [pd.Series(columns.loc[name].to_numpy(), words)] if name in columns.index else []
    found = set[str]()
    for tally in tallies:
        for_it, against, level, unknown = (int(tally.get(word, 0)) for word in words)
        found |= {f"{unknown} open", f"{against} against"}
        found |= {f"{n} of {tally.sum()}" for n in (for_it, against, level, unknown)}
    return found


def measured(number: str, name: str) -> bool:
    """Tell whether a gap or a percentage is what was measured, rounded to as many digits."""
    digits = len(number.removesuffix(" %").partition(".")[2])
    values = evidence(name)[VALUES].abs().to_numpy(float).ravel() * (100 if number.endswith("%") else 1)
    return number.removesuffix(" %") in {f"{value:.{digits}f}" for value in values}


def holds(number: str, name: str) -> bool:
    """Tell whether a number is one of a claim, or of the reference."""
    shown = " ".join(evidence(name).query("role == 'shown'").note.dropna())
    words = re.sub(r"(\d)%", r"\1 %", f"{told()[name]} {shown}")
    return number in re.findall(SAID, words) or number in counted(name) or measured(number, name)


def cited(page: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the sentences of a page that cite a result, or come after such a one in their paragraph.

    Yields:
        (the line it begins in, its text, the names of the results)
    """
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```$", lambda code: re.sub(r"\S", "", code[0]), text, flags=re.MULTILINE | re.DOTALL)
    for paragraph in re.finditer(r"(?:[^\n]+\n(?!- |\n))*[^\n]+", text):
        names: list[str] = []
        for sentence in re.finditer(r"\S.*?(?:\.(?=\s)|$)", paragraph[0], re.DOTALL):
            found = re.findall(r"\bthe reference(?=\])|\b[A-Z][\w-]*", sentence[0])
            names = [name for name in found if name in told()] or names
            if names:
                place = paragraph.start() + sentence.start()
                yield text.count("\n", 0, place) + 1, " ".join(sentence[0].split()), names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_number_beside_a_claim_is_of_its_results(page: Path) -> None:
    """A count, a gap or a percentage is in results/claims; beside the reference, in the answer of its report."""
    wrong = [
        f"{page.name}:{line}: {number} is not of {' or '.join(names)}"
        for line, sentence, names in cited(page)
        for number in re.findall(SAID, re.sub(r"`[^`]*`", "", sentence))
        if number not in ELSEWHERE.get(page.name, ()) and not any(holds(number, name) for name in names)
    ]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_direction_beside_a_claim_is_of_its_results(page: Path) -> None:
    """That a loss is so much above or below another in a score stands in the claim's answer, word for word."""
    wrong = [
        f"{page.name}:{line}: '{said}' is not of {' or '.join(names)}"
        for line, sentence, names in cited(page)
        for said in (f"{one} is {gap} {other}{score}" for one, gap, other, score in re.findall(GAP, sentence))
        if not any(said in told()[name] for name in names)
    ]
    assert wrong == []


def test_numbers_beside_claims_are_found() -> None:
    """The two laws above are about something, and no exception is kept that is not needed."""
    for page in PAGES:
        text = " ".join(page.read_text(encoding="utf-8").split())
        assert all(number in text for number in ELSEWHERE.get(page.name, ()))
    guide = [sentence for _, sentence, _ in cited(ROOT / "docs" / "choosing.md")]
    assert sum(len(re.findall(GAP, sentence)) for sentence in guide) > 3
    assert sum(len(re.findall(SAID, sentence)) for sentence in guide) > 25


def test_the_table_of_masks_is_of_the_committed_claims() -> None:
    """What dice gains over bce in T8, at one half and where validation says, with its interval."""
    units = results("evidence").query("id == 'T8' and role == 'unit'").set_index(["dataset", "case"])
    page = (ROOT / "docs" / "segmentation.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| (?:objects on )?(\d+) %.*? \| (.*) \| (.*) \|$", page, re.MULTILINE)
    assert len(shown) == 4
    for percent, *cells in shown:
        name = {"10": "discs"}.get(percent, f"discs:foreground={int(percent) / 100:g}") + ":images=40"
        for where, cell in zip(("at one half", "where validation says"), cells, strict=True):
            row = units.loc[name, f"dice vs bce, decided {where}"]
            assert cell == f"{row.measured:+.3f} [{row.low:.2g}, {row.high:.2g}]"
