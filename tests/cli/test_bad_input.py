"""Every mistake gets one line that says what, where, why and what to do next, before anything is trained."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from lossbench.errors import DataError
from lossbench.plan.experiment import plan
from lossbench.plan.settings import make_settings

NAMES = [
    ("comprae", ["unknown command 'comprae'", "did you mean 'compare'?"]),
    ("compare --epochz 3", ["--epochz", "Did you mean", "--epochs", "lossbench compare --help"]),
    ("compare iris", ["unexpected extra argument (iris)", "lossbench compare --help"]),
    ("compare -d", ["'-d' requires an argument"]),
    ("compare --format tabel", ["--format", "'tabel'", "'table', 'csv', 'json', 'markdown'"]),
    ("compare --engine fusd", ["--engine", "'fusd'", "'native', 'fused', 'loop'"]),
    ("compare --jobs 0", ["--jobs", "0 is not in the range 1<=x<=1024"]),
    ("compare -d irsi", ["unknown data set 'irsi'", "did you mean 'iris'?", "file.csv:target=column"]),
    ("compare -d imbalanced:positive=0.1", ["unknown parameter 'positive'", "did you mean 'positives'?"]),
    ("compare -d iris -l hubber", ["unknown loss 'hubber'", "did you mean 'huber'?"]),
    ("compare -d diabetes -l huber:detla=1", ["unknown parameter 'detla'", "did you mean 'delta'?"]),
    ("compare -d iris -m mpl:16", ["unknown model 'mpl'", "did you mean 'mlp'?"]),
    ("compare -d iris -m mlp:16:rlu", ["unknown activation 'rlu'", "did you mean 'relu'?"]),
    ("compare -d iris --optimizer adm", ["unknown optimiser 'adm'", "did you mean 'adam'?"]),
    ("compare -d iris --outlier-kind lable", ["unknown kind of contamination 'lable'", "did you mean 'label'?"]),
    ("compare -d diabetes --score mapee", ["unknown score 'mapee'", "did you mean 'mape'?"]),
    ("compare -d diabetes --score roc_auc", ["unknown regression score 'roc_auc'", "Known: r2, rmse, mae"]),
    ("compare -d diabetes,iris --score mape", ["'iris' is multiclass", "without the score mape", "log_loss"]),
    ("compare -d iris -l ce,hinge --score brier", ["'hinge'", "no brier", "another --score"]),
    ("compare -d iris --margin acuracy=0.1", ["unknown score 'acuracy'", "did you mean 'accuracy'?"]),
    ("compare -d iris --margin brier=0.1", ["judged by brier", "add it to --score", "accuracy, epochs_to_target"]),
    ("compare -d digits_but:digit=10", ["digit=10 is out of range", "give a number in [0, 9]"]),
    ("compare -d digits_but:digit=1.5", ["digit=1.5 is not a whole number", "give one such as 2"]),
    (
        "compare -d digits_but:alarms=0.001",
        ["alarms=0.001", "less than one of the 324 normal rows", "give 0.0031"],
    ),
    ("compare -d digits_but -l hinge", ["'hinge'", "anomaly", "it serves binary", "Losses for anomaly: bce, mse"]),
    ("compare -d iris -l bce:@task=anomaly", ["anomaly"]),
    (
        "compare -d digits_but --outlier-kind label",
        ["a anomaly data set has no 'label' contamination; choose noise"],
    ),
    ("compare -c nope.toml", ["no config at 'nope.toml'", "default or quick"]),
    ("compare --quick -c default", ["--quick is --config quick"]),
    ("aa --same", ["--same", "applies to fresh tables only", "add --tables N"]),
    ("aa -m linear", ["--model", "applies to fresh tables only"]),
    ("aa --tables 9 --arms 3", ["--arms", "not with --tables", "leave one of them out"]),
    ("aa --tables 9 --comparisons 30", ["--comparisons", "not with --tables"]),
    ("aa --arms 0", ["at least two arms, but --arms is 0"]),
]

VALUES = [
    ("compare -d iris --epochs 0", ["epochs: 0", "at least 1"]),
    ("compare -d iris --epochs -3", ["epochs: -3", "at least 1"]),
    ("compare -d iris --epochs nan", ["--epochs", "'nan'"]),
    ("compare -d iris --batch-size 0", ["batch_size: 0", "at least 1"]),
    ("compare -d iris --batch-size -1", ["batch_size: -1", "at least 1"]),
    ("compare -d iris --batch-size 1.5", ["--batch-size", "'1.5'"]),
    ("compare -d iris --seeds 0", ["seeds: 0", "at least 1"]),
    ("compare -d iris --seeds -1", ["seeds: '-1'", "10:20"]),
    ("compare -d iris --seeds nan", ["seeds: 'nan'", "10:20"]),
    ("compare -d iris --seeds 20:10", ["seeds: 20:10", "10:20"]),
    ("compare -d iris --lr 0", ["lr: 0", "above zero"]),
    ("compare -d iris --lr 0.1,-1", ["lr: -1", "above zero"]),
    ("compare -d iris --lr nan", ["lr: nan", "above zero"]),
    ("compare -d iris --lr inf", ["lr: inf", "above zero"]),
    ("compare -d iris --lr fast", ["--lr", "'fast' is not a number"]),
    ("compare -d iris --lr=", ["--lr", "holds no value"]),
    ("compare -d ,", ["--dataset", "',' holds no value"]),
    ("compare -d iris --l1 -1", ["l1: -1", "at least zero"]),
    ("compare -d iris --l2 nan", ["l2: nan", "at least zero"]),
    ("compare -d iris --outliers 0,1", ["outliers: 1", "[0, 1)"]),
    ("compare -d iris --outliers -0.1", ["outliers: -0.1", "[0, 1)"]),
    ("compare -d iris --outliers nan", ["outliers: nan", "[0, 1)"]),
    ("compare -d iris --outlier-kind target", ["a multiclass data set", "'target'", "label or feature"]),
    ("compare -d diabetes -l huber:delta=0", ["huber:delta=0", "out of range", "(0, inf)"]),
    ("compare -d diabetes -l huber:delta=x", ["delta=x is not a number", "(0, inf)"]),
    ("compare -d iris -l ce:", ["'ce:'"]),
    ("compare -d imbalanced:positives=0.9", ["positives=0.9 is out of range", "(0, 0.5]"]),
    ("compare -d iris --optimizer sgd:momentum=1", ["momentum=1 is out of range", "[0, 1)"]),
    ("compare -d iris -m mlp:16,0", ["mlp:16,0", "positive whole numbers", "mlp:64,32:tanh"]),
    ("compare -d iris -l huber", ["'huber'", "multiclass", "it serves regression", "ce, mse, mse_logits"]),
    ("compare -d iris --csv=", ["is no path; give one"]),
    ("compare -d iris --margin accuracy=0", ["margins.accuracy: 0", "above zero"]),
    ("compare -d iris --margin accuracy=nan", ["margins.accuracy: nan", "above zero"]),
    ("compare -d iris --margin accuracy=inf", ["margins.accuracy: inf", "above zero"]),
    ("compare -d iris --margin 0.02", ["--margin", "'0.02' is not a name and a number", "r2=0.02"]),
    ("compare -d iris --margin accuracy", ["--margin", "'accuracy' is not a name and a number", "r2=0.02"]),
]


@pytest.mark.parametrize(("command", "words"), NAMES + VALUES, ids=lambda value: str(value)[:60])
def test_a_mistake_is_refused(refusal: Callable, command: str, words: list[str]) -> None:
    """The message has what is wrong and what would be right."""
    message = refusal(*command.split())
    for word in words:
        assert word in message


def test_a_mistake_is_refused_by_the_real_command(lossbench: Callable, tmp_path: Path) -> None:
    """What holds inside a process holds for the command: one line, exit code 2, nothing left behind."""
    outcome = lossbench("compare", "-d", "iris", "-l", "hubber")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("lossbench: error: unknown loss 'hubber'; did you mean 'huber'?")
    assert outcome.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_not_there_is_refused(refusal: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no CUDA device, asking for one leaves no folder behind."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "--device auto" in refusal("compare", "-d", "iris", "--device", "cuda")


TABLES = {
    "empty": ("", "y", ["is empty"]),
    "only names": ("x,y\n", "y", ["no rows"]),
    "no such column": ("x,y\n" + "1,2\n" * 20, "z", ["unknown target column 'z'", "Known: x, y"]),
    "one class": ("x,y\n" + "1,a\n2,a\n" * 10, "y", ["'y' is a in every row"]),
    "infinite": ("x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(20)) + "inf,1\n", "y", ["'x'", "line 22"]),
    "infinite target": (
        "x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(20)) + "1,inf\n",
        "y",
        ["'y'", "line 22"],
    ),
    "few rows": ("x,y\n" + "1,2.5\n2,3.5\n" * 3, "y", ["6 usable rows", "at least 10"]),
    "rare class": ("x,y\n" + "".join(f"{i},{'b' if i else 'a'}\n" for i in range(30)), "y", ["class 'a'"]),
    "no numbers": (
        "x,y\n" + "1,a\n2,b\n" * 10,
        "y:task=regression",
        ["'y' is text, such as 'a'", "leave out task=regression"],
    ),
    "ragged": ("x,y\n" + "1,2.5,3\n" * 20, "y", ["line 1 has 2 names", "from 2 on have 3 values"]),
    "one bad value": (
        "x,y\n" + "".join(f"{i},{i / 7}\n" for i in range(30)) + "1,n.a.\n",
        "y",
        ["line 32", "na=n.a."],
    ),
}


@pytest.mark.parametrize("ailment", TABLES)
def test_a_table_that_cannot_be_used_is_refused(refusal: Callable, tmp_path: Path, ailment: str) -> None:
    """The message names the file and what ails it."""
    text, target, words = TABLES[ailment]
    (tmp_path / "table.csv").write_text(text)
    message = refusal("compare", "-d", f"table.csv:target={target}")
    for word in ["table.csv", *words]:
        assert word in message


def test_a_table_that_is_not_there_is_refused(refusal: Callable, tmp_path: Path) -> None:
    """The message has the whole path, so that a wrong folder is seen."""
    assert f"no file {tmp_path / 'nowhere.csv'}" in refusal("compare", "-d", "nowhere.csv:target=y")


def test_a_table_without_a_target_named_is_refused(refusal: Callable, sales: pd.DataFrame) -> None:
    """The message says how to name one, with a column that is there."""
    assert "sales.csv:target=price" in refusal("compare", "-d", "sales.csv")


def test_relative_errors_at_zero_targets_are_refused(
    refusal: Callable, tmp_path: Path, sales: pd.DataFrame
) -> None:
    """The rows at or near zero are named, and another loss."""
    sales.assign(price=sales.price.where(~sales.index.isin([3, 7]), [0.0, 1e-9] * 20)).to_csv(
        tmp_path / "zero.csv"
    )
    message = refusal("compare", "-d", "zero.csv:target=price", "-l", "mse,mape")
    for word in ("'mape'", "zero.csv:target=price", "row 4, 8", "mae"):
        assert word in message


def test_contamination_that_empties_a_class_is_refused(refusal: Callable, tmp_path: Path) -> None:
    """Data set, class, share and seed are named. The seed is searched for, so that any random stream will do."""
    text = "x,y\n" + "".join(f"{i},{'rare' if i < 3 else 'common'}\n" for i in range(10))
    (tmp_path / "few.csv").write_text(text)

    def empties(seed: int) -> bool:
        options = {"seeds": [seed], "outliers": [0.17], "losses": ["bce"]}
        try:
            plan(make_settings(datasets=[f"{tmp_path}/few.csv:target=y"], **options))
        except DataError as error:
            return "flipping" in str(error)
        return False

    seed = next(seed for seed in range(300) if empties(seed))
    arguments = ("-d", "few.csv:target=y", "--outliers", "0.17", "--seeds", f"{seed}:{seed + 1}")
    message = refusal("compare", *arguments)
    for word in ("few.csv:target=y", "0.17", f"seed {seed}", "class '", "smaller share"):
        assert word in message


@pytest.mark.parametrize("place", ["-o file", "-o file/sub", "--csv file/x.csv", "--csv .", "-o /proc/nothing"])
def test_a_place_that_cannot_be_written_is_refused(refusal: Callable, tmp_path: Path, place: str) -> None:
    """A file in the way, a folder where a file should be: seen before an hour of work, not after."""
    (tmp_path / "file").touch()
    message = refusal("compare", "-d", "iris", *place.split())
    assert "cannot write" in message
    assert os.path.dirname(place.split()[1]).removesuffix(".") in message


CONFIGS = [
    ("epochs = ", ["line 1"]),
    ("\nepochs = 3\nepochs = 4", ["line 3"]),
    ("lr = [0.1,", ["line 1"]),
    ("# epocs = 3\n\nepocs = 3", ["line 3", "unknown key 'epocs'", "did you mean 'epochs'?"]),
    ("[training]\nepochs = 3", ["line 1", "unknown key 'training'"]),
    ("\nepochs = true", ["line 2, key 'epochs'", "whole number"]),
    ("epochs = 1.0", ["line 1, key 'epochs'", "whole number"]),
    ("epochs = '3'", ["line 1, key 'epochs'", "whole number"]),
    ("'epochs' = 0", ["line 1, key 'epochs'", "at least 1"]),
    ("[epochs]\nn = 3", ["line 1, key 'epochs'", "whole number"]),
    ("lr = 0.1\nbatch_size = -1", ["line 2, key 'batch_size'", "at least 1"]),
    ("lr = true", ["line 1, key 'lr'", "number"]),
    ("lr = [0.1, true]", ["line 1, key 'lr'", "number"]),
    ("lr = '0.1'", ["line 1, key 'lr'", "number"]),
    ("lr = 1979-01-01", ["line 1, key 'lr'", "number"]),
    ("lr = []", ["line 1, key 'lr'", "list of numbers"]),
    ("lr = nan", ["line 1, key 'lr'", "above zero"]),
    ("outliers = [0.1, 1.0]", ["line 1, key 'outliers'", "[0, 1)"]),
    ("seeds = '20:10'", ["line 1, key 'seeds'", "10:20"]),
    ("seeds = 'ten'", ["line 1, key 'seeds'", "10:20"]),
    ("seeds = true", ["line 1, key 'seeds'", "whole number"]),
    ("seeds = [1, true]", ["line 1, key 'seeds'", "whole numbers"]),
    ("seeds = [-1]", ["line 1, key 'seeds'", "whole numbers"]),
    ("seeds = []", ["line 1, key 'seeds'", "whole numbers"]),
    ("datasets = 3", ["line 1, key 'datasets'", "list of names"]),
    ("datasets = [['iris']]", ["line 1, key 'datasets'", "list of names"]),
    ("models = [16]", ["line 1, key 'models'", "list of names"]),
    ("outlier_kind = ['label']", ["line 1, key 'outlier_kind'", "text in quotes"]),
    ("losses = 5", ["line 1, key 'losses'", "list of names"]),
    ("\n[losses]\nbinary = ['bce']\nmultclass = ['ce']", ["line 4", "'multclass'", "did you mean 'multiclass'?"]),
    ("[losses]\nbinary = ['bce']\n\nregression = 3", ["line 4, key 'losses.regression'", "list of names"]),
    ("[losses.binary]\nfirst = 'bce'", ["line 1, key 'losses.binary'", "list of names"]),
    ("losses.binary = []", ["line 1, key 'losses.binary'", "list of names"]),
]


@pytest.mark.parametrize(("text", "words"), CONFIGS, ids=lambda value: str(value)[:40])
def test_a_config_that_cannot_be_used_is_refused(
    refusal: Callable, tmp_path: Path, text: str, words: list[str]
) -> None:
    """The message has the file, the line and the key."""
    (tmp_path / "mine.toml").write_text(text)
    message = refusal("compare", "-c", "mine.toml")
    for word in ["mine.toml", *words]:
        assert word in message


def test_a_config_that_is_no_text_is_refused(refusal: Callable, tmp_path: Path) -> None:
    """A file that is not UTF-8, and a folder, are refused by name."""
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    assert "'mine.toml' cannot be read" in refusal("compare", "-c", "mine.toml")
    assert f"'{tmp_path}' cannot be read" in refusal("compare", "-c", str(tmp_path))


def test_a_loss_in_a_config_stands_under_its_task(refusal: Callable, tmp_path: Path) -> None:
    """A loss under a task that it does not serve is refused, even if no data set has that task."""
    (tmp_path / "mine.toml").write_text("datasets = ['iris']\n[losses]\nregression = ['ce']")
    assert "'ce' does not fit the task regression" in refusal("compare", "-c", "mine.toml")


@pytest.mark.parametrize(
    ("backend", "package", "address"),
    [("dask", "distributed", "tcp://127.0.0.1:9"), ("ray", "ray", "127.0.0.1:9")],
)
def test_a_cluster_without_its_engine_says_what_to_install(
    inside: Callable, monkeypatch: pytest.MonkeyPatch, backend: str, package: str, address: str
) -> None:
    """The engines are extras; without them nothing is trained, and nobody is waited for."""
    monkeypatch.setitem(sys.modules, package, None)
    done = inside("compare", "-d", "iris", "--backend", backend, "--address", address, "--quiet")
    assert done.code == 2
    assert f"pip install 'lossbench[{backend}]'" in done.err


@pytest.mark.parametrize("option", ["--output", "--csv", "--baseline", "--config"])
def test_an_empty_path_is_none(refusal: Callable[..., str], option: str) -> None:
    """As of a variable that is not set: it does not stand for the current folder."""
    assert "'' is no path; give one or leave the option out" in refusal("compare", "-d", "iris", option, "")
