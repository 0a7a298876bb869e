"""The pages of docs hold: commands parse, snippets are of their language, verdicts are those of the results."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
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
