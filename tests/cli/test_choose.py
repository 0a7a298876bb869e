"""`lossbench choose`: the real command on tables of one's own."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import lossbench
from lossbench.cli.choose import EXAMPLES, GROUPS, choose, default_folder
from lossbench.cli.grouped import key_of
from lossbench.plan.settings import make_settings
from lossbench.results.choosing import Work

from .conftest import Outcome

FILES = {
    *("trials.csv", "summary.csv", "comparisons.csv", "ranks.csv", "profiles.csv", "views.csv", "tuning.csv"),
    *("curves.csv", "rows.npz", "report.md", "report.html", "manifest.json"),
}

FEW = ("choose", "-d", "spoilt.csv:target=y", "-l", "mse,mae", "--jobs", "1")
"""A choice between two losses, where it does not matter which are candidates."""


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a choice short: two rates, and few epochs."""
    monkeypatch.setattr("lossbench.plan.choosing.RATES", (0.01, 0.03))
    monkeypatch.setattr("lossbench.plan.choosing.DECAYS", ("adam", "adamw:weight_decay=1"))
    monkeypatch.setattr("lossbench.plan.choosing.make_settings", partial(make_settings, epochs=5))


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Write a table whose targets have outliers: a line, and a few values far above it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(120, 2))
    y = 3 * x[:, 0] - x[:, 1] + random.normal(scale=0.2, size=120)
    y[:6] += 60
    path = tmp_path / "spoilt.csv"
    pd.DataFrame(x, columns=["a", "b"]).assign(y=y).to_csv(path, index=False)
    return path


@pytest.fixture
def unlike(monkeypatch: pytest.MonkeyPatch, rates: None, tmp_path: Path) -> list[str]:
    """Give a choice that is not the first loss, and whose step size is another: that one hardly moves."""
    monkeypatch.setattr("lossbench.plan.choosing.RATES", (0.1, 10.0))
    monkeypatch.setattr("lossbench.plan.choosing.DECAYS", ("sgd",))
    x = np.random.default_rng(0).normal(size=(120, 3)) @ [[1, 0, 3], [0, 1, -1], [0, 0, 0.2]]
    pd.DataFrame(x, columns=["a", "b", "y"]).to_csv(tmp_path / "line.csv", index=False)
    losses = "scaled:factor=0.001:loss=mse,mse,mae"
    return ["choose", "-d", "line.csv:target=y", "-l", losses, "--seeds", "5", "--jobs", "1"]


def test_the_network_may_be_named(inside: Callable[..., Outcome]) -> None:
    """One, which is tried before training like any other."""
    done = inside("choose", "-d", "iris", "-l", "ce,mse", "-m", "linear", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "trainings of linear" in done.out
    refused = inside("choose", "-d", "iris", "-m", "liner", "--dry-run")
    assert refused.code == 2
    assert "did you mean 'linear'" in refused.err


@pytest.mark.usefixtures("rates")
def test_the_answer_comes_with_a_line_that_runs(inside: Callable[..., Outcome], spoilt: Path) -> None:
    """On standard output, the choice first; progress is on standard error; the files are those of a run."""
    done = inside("choose", "-d", "spoilt.csv:target=y", "--seeds", "12", "--jobs", "1")
    assert done.code == 0
    assert done.out.startswith("On spoilt.csv:target=y, choose ")
    (line,) = [line for line in done.out.splitlines() if line.startswith("criterion = ")]
    space: dict[str, object] = {}
    exec("import lossbench\n" + line, space)
    assert repr(space["criterion"]).endswith("task=regression)")
    assert "of the rows are outliers to a linear model, so tukey and cauchy are" in " ".join(done.out.split())
    assert done.err.splitlines()[0] == "weights: 40 of 40 trainings"
    assert {path.name for path in (spoilt.parent / "results" / "choose-spoilt").iterdir()} == FILES


@pytest.mark.usefixtures("rates")
def test_report_makes_the_same_tables_again(inside: Callable[..., Outcome], spoilt: Path, tmp_path: Path) -> None:
    """From its folder, with the correction for looks that stands in the manifest; a spoilt one is refused."""
    assert inside(*FEW, "--seeds", "20", "--quiet").code == 0
    folder = tmp_path / "results" / "choose-spoilt"
    assert inside("report", str(folder), "-o", "again").code == 0
    for name in ("comparisons.csv", "summary.csv", "report.md", "report.html"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["correction"] >= 1
    assert "alpha spending" in (folder / "report.md").read_text() or manifest["correction"] == 1
    (folder / "manifest.json").write_text(json.dumps(manifest | {"correction": 0.5}))
    refused = inside("report", str(folder))
    assert refused.code == 2
    assert "correction is not a number of at least one but 0.5" in refused.err


@pytest.mark.usefixtures("rates")
def test_a_rerun_trains_nothing_and_says_the_same(inside: Callable[..., Outcome], spoilt: Path) -> None:
    """What the store holds is taken over; the sentences are equal."""
    first, second = (inside(*FEW, "--seeds", "6") for _ in "12")
    said = [done.out.partition("\ntime ")[0] for done in (first, second)]
    assert said[0] == said[1]
    assert "taken from earlier runs" not in " ".join(first.out.split())
    assert "all 60 trainings are taken from earlier runs" in " ".join(second.out.split())


@pytest.mark.usefixtures("rates")
def test_json_is_one_object(inside: Callable[..., Outcome], spoilt: Path) -> None:
    """With the sentences, the facts, and the lines to paste."""
    done = inside(
        "choose", "-d", f"{spoilt}:target=y", "--seeds", "6", "--jobs", "1", "--format", "json", "--quiet"
    )
    found = json.loads(done.out)
    assert done.err == ""
    assert found["chosen"] in found["means"]
    assert found["paste"][-1].startswith("criterion = lossbench.get_loss(")
    assert found["signs"][0]["kind"] == "outliers"
    assert found["looks"][-1] <= found["most"] == 6


def test_the_step_size_is_that_of_the_choice(
    inside: Callable[..., Outcome], unlike: list[str], tmp_path: Path
) -> None:
    """`tuning.csv` has the rate of each loss; the line to paste, the sentence and JSON have the same."""
    said, found = inside(*unlike).out, json.loads(inside(*unlike, "--format", "json", "--quiet").out)
    tuning = pd.read_csv(tmp_path / "results" / "choose-line" / "tuning.csv").query("chosen")
    own = dict(zip(tuning.loss, tuning.lr, strict=True))
    assert (found["chosen"], found["usual"], own["mse"]) == ("mse", "scaled:factor=0.001:loss=mse", 0.1)
    assert own[found["usual"]] == 10
    assert dict(found["table"]["rates"]) == own
    assert found["paste"][0].startswith("# here: sgd, step size 0.1,")
    assert "# here: sgd, step size 0.1," in said
    for text in (" ".join(said.split()), " ".join(found["answer"])):
        assert "Step sizes: 0.1 for mse" in text


def leads(folder: Path, said: str, lines: list[str]) -> None:
    """Require that both pages of a folder lead with what was said, and with its lines to paste."""
    page, html = ((folder / name).read_text() for name in ("report.md", "report.html"))
    lead, code = page.partition("<details>")[0].split("```python\n")
    assert re.sub(r"\\(.)", r"\1", " ".join(lead.split())) == " ".join(said.split())
    assert code == "\n".join([*lines, "```\n\n"])
    top = unescape(re.sub("<[^>]*>", " ", html.partition("<main>")[2].partition("<nav")[0]))
    assert " ".join(top.split()) == " ".join([*said.split(), *" ".join(lines).split()])
    unsaid = "beaten nowhere|told apart, and that|more seeds? (alone )?would"
    assert not any(re.search(unsaid, text.partition("criterion")[2]) for text in (page, html))


def test_every_page_leads_with_the_decision(
    inside: Callable[..., Outcome], unlike: list[str], tmp_path: Path
) -> None:
    """In the words of the command, with its lines to paste; `report` has them from the manifest alone."""
    said, _, rest = inside(*unlike).out.partition("\n\n")
    lines = rest.partition("\n\n")[0].splitlines()
    folder = tmp_path / "results" / "choose-line"
    leads(folder, said, lines)
    for name in ("report.md", "report.html"):
        (folder / name).unlink()
    assert inside("report", str(folder), "-o", str(folder)).code == 0
    leads(folder, said, lines)
    assert inside("report", str(folder)).out.startswith("\n\n".join([said, "\n".join(lines), ""]))
    found = json.loads(inside("report", str(folder), "--format", "json").out)
    assert found["choice"]["paste"] == lines
    assert found["answer"] == found["choice"]["answer"][0]


@pytest.mark.usefixtures("rates")
def test_quiet_leaves_the_files_alone(inside: Callable[..., Outcome], spoilt: Path, tmp_path: Path) -> None:
    """Nothing is printed; -o names the folder."""
    done = inside(*FEW, "--seeds", "5", "--quiet", "-o", "out")
    assert done == Outcome(0, "", "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


@pytest.mark.usefixtures("rates")
def test_the_answer_fits_the_terminal(inside: Callable, spoilt: Path, monkeypatch) -> None:
    """But for the lines to paste, which are never broken."""
    for width in (60, 80):
        monkeypatch.setenv("COLUMNS", str(width))
        lines = inside(*FEW, "--seeds", "5").out.splitlines()
        prose = [line for line in lines if not line.startswith(("#", "criterion"))]
        assert max(map(len, prose)) <= width
        assert not [line for line in prose if line != line.rstrip()]


@pytest.mark.usefixtures("rates")
def test_lines_to_paste_are_never_broken(inside: Callable[..., Outcome], tmp_path: Path) -> None:
    """However long the shares of classes and the loss's own name make them."""
    random = np.random.default_rng(0)
    label = np.repeat(np.arange(12), [8] * 11 + [200])
    x = random.normal(size=(len(label), 2)) + label[:, None]
    pd.DataFrame(x, columns=["a", "b"]).assign(y=[f"c{one}" for one in label]).to_csv("t.csv", index=False)
    losses = "logit_adjusted:tau=0.5000000001,logit_adjusted:tau=0.5000000002"
    done = inside("choose", "-d", "t.csv:target=y", "-l", losses, "--seeds", "2", "--jobs", "1", "--score", "f1")
    (line,) = [line for line in done.out.splitlines() if line.startswith("criterion = ")]
    assert len(line) > 100
    exec("import lossbench\n" + line, {})


@pytest.mark.usefixtures("rates")
def test_a_budget_that_ends_exits_with_4(inside: Callable[..., Outcome], spoilt: Path, monkeypatch) -> None:
    """The choice is made on the whole seeds that were done, and that is said."""
    monkeypatch.setattr("lossbench.stats.answer.decision.can_decide", lambda *_: True)
    monkeypatch.setattr(Work, "seconds_left", property(lambda work: 1e9 if work.trained < 90 else 0.0))
    alike = ("-l", "huber,huber:delta=1.01", "--margin", "r2=1e-9")
    done = inside("choose", "-d", "spoilt.csv:target=y", *alike, "--jobs", "1")
    said = " ".join(done.out.split())
    assert done.code == 4
    assert "The budget ended after 10 of at most 40 seeds, before that was settled; the same command goes" in said
    assert "Dirtier data were not tried: there was no time left." in said


@pytest.mark.usefixtures("rates")
def test_python_gives_the_same_answer(inside: Callable[..., Outcome], spoilt: Path, tmp_path: Path) -> None:
    """Its text is the sentences and the lines to paste; what was trained is a comparison, which can be saved."""
    found = lossbench.choose(f"{spoilt}:target=y", ["mse", "mae"], seeds=5, jobs=1)
    done = inside("choose", "-d", f"{spoilt}:target=y", "-l", "mse,mae", "--seeds", "5", "--jobs", "1")
    assert " ".join(done.out.split()).startswith(" ".join(repr(found).split())[:200])
    assert repr(found).splitlines()[-1] in done.out.splitlines()
    found.comparison.save(tmp_path / "saved")
    assert {path.name for path in (tmp_path / "saved").iterdir()} == FILES


def test_dry_run_trains_nothing(inside: Callable[..., Outcome], spoilt: Path) -> None:
    """It says what the table shows, when it is looked, and all that might be trained."""
    done = inside("choose", "-d", "spoilt.csv:target=y", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert "so tukey and cauchy are candidates" in " ".join(done.out.split())
    assert "looked after 10, 20 and 40 seeds" in " ".join(done.out.split())
    assert not (spoilt.parent / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the table: lossbench choose -d file.csv:target=column"),
        (["-d", "spoilt.csv"], "name the column to predict, as spoilt.csv:target=y"),
        (["-d", "none.csv:target=y"], "no file"),
        (["-d", "spoilt.csv:target=z"], "unknown target column 'z'"),
        (["-d", "spoilt.csv:target=y", "--score", "maee"], "did you mean 'mae'"),
        (["-d", "spoilt.csv:target=y", "--margin", "mae=1"], "no data set of this run is judged by mae"),
        (["-d", "spoilt.csv:target=y", "-l", "mse"], "only mse to choose from"),
        (["-d", "spoilt.csv:target=y", "--seeds", "0"], "give a whole number of at least 1"),
        (["-d", "wine,iris"], "unknown data set 'wine,iris'"),
    ],
)
def test_what_cannot_be_decided_is_refused(refusal: Callable[..., str], spoilt: Path, arguments, message) -> None:
    """In one line, before anything is trained."""
    assert message in refusal("choose", *arguments)


def test_every_option_stands_in_one_group() -> None:
    """But for help, which every command has; and no group names what is not there."""
    named = Counter(name for names in GROUPS.values() for name in names)
    assert set(named.values()) == {1}
    assert set(named) == {key_of(option) for option in choose.params}


@pytest.mark.parametrize("line", [line for line, _ in EXAMPLES])
def test_an_example_of_the_help_is_a_command(line: str) -> None:
    """Its options exist, and their values are of the right kind."""
    name, *arguments = line.split()
    assert name == "choose"
    assert choose.make_context(name, arguments)


def test_help_fits_eighty_columns(inside: Callable) -> None:
    """No line of it is longer."""
    assert max(map(len, inside("choose", "--help").out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("dataset", "folder"),
    [("a/b.csv:target=y:sep=;", "choose-b"), ("wine", "choose-wine"), ("moons:rows=50", "choose-moons")],
)
def test_each_table_has_a_folder_of_its_own(dataset: str, folder: str) -> None:
    """By its name, so that no other run is replaced."""
    assert default_folder(dataset) == Path("results") / folder
