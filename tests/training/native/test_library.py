"""The compiled step where it is, where it is not, and on processors of several kinds."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lossbench.cli import run
from lossbench.errors import BadValue
from lossbench.plan.request import Manner, usual_engine
from lossbench.run.provenance import fingerprint
from lossbench.training import native
from lossbench.training.native import build, library
from lossbench.training.native.build import LEVELS, NotBuilt
from lossbench.training.native.losses import PAIRS
from lossbench.training.native.models import MODEL

from ..cases import COMPILED, losses_of, pack, same_bits, trial


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Look for the libraries in an empty folder."""
    monkeypatch.setattr(library, "BUILT", tmp_path)
    library.fault.cache_clear()
    yield tmp_path
    library.fault.cache_clear()


def test_without_a_library_the_fused_engine_trains(elsewhere: Path) -> None:
    """The usual engine is then the fused one; the compiled one is refused, and it is said how to get it."""
    assert usual_engine() == Manner().engine == "fused"
    with pytest.raises(BadValue, match=r"have a C compiler.*run: python -m lossbench\.training\.native"):
        Manner(engine="native")


@COMPILED
def test_a_library_of_other_sources_is_not_used(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout whose sources changed after the install says so, and trains by the fused engine."""
    for file in build.BUILT.glob("*.so"):
        shutil.copy(file, elsewhere)
    assert library.fault() == ""
    monkeypatch.setattr(library, "source_hash", lambda: "changed")
    library.fault.cache_clear()
    assert "built from other sources" in library.fault()
    assert usual_engine() == "fused"


@pytest.mark.parametrize("text", ["", "no library"])
def test_a_broken_library_is_not_used(elsewhere: Path, text: str) -> None:
    """A file that is none is named, and the fused engine trains."""
    for name in build.file_names():
        (elsewhere / name).write_text(text)
    assert "does not load" in library.fault()
    assert usual_engine() == "fused"


@pytest.mark.parametrize(
    ("compiler", "said"),
    [
        ("no-such-compiler", "'no-such-compiler' does not run: No such file"),
        (f"{sys.executable} -c 'raise SystemExit(1)'", "failed: it said nothing"),
    ],
)
def test_a_compiler_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compiler: str, said: str
) -> None:
    """One line says why; no library is left, whole or in part."""
    monkeypatch.setenv("CC", compiler)
    with pytest.raises(NotBuilt, match=said):
        build.build(tmp_path / "built")
    assert list((tmp_path / "built").glob("*.so")) == []


@COMPILED
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_sides_write_the_record_of_a_model_alike(dtype: str) -> None:
    """A field that only the sources or only Python had would put all that follow in the wrong place."""
    assert library.best_library(np.dtype(dtype)).calls.model_size() == MODEL.itemsize


def test_what_is_built_is_not_built_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries of these very sources stay, so that a second install needs no compiler."""
    monkeypatch.setenv("CC", "no-such-compiler")
    stamp = build.BUILT / "sources.txt"
    if not stamp.is_file():
        pytest.skip("installed from a wheel, which holds the libraries alone")
    assert [file.name for file in build.build()] == build.file_names()


@COMPILED
def test_the_highest_level_of_the_processor_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that it can run; on x86-64 every processor can run the lowest."""
    monkeypatch.delenv(library.FORCED, raising=False)
    assert library.chosen_level() == library.levels()[0]
    assert library.levels()[-1] == list(LEVELS)[-1]


@COMPILED
def test_a_level_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the variable, and the levels that there are."""
    monkeypatch.setenv(library.FORCED, "x86-64-v9")
    with pytest.raises(BadValue, match=f"{library.FORCED}=x86-64-v9 .*{library.levels()[-1]}"):
        library.chosen_level()


LEVELLED = (
    "breast_cancer",
    "iris",
    "linnerud",
    "multilabel:rows=60",
    "mixture:rows=60",
    "crescents:rows=60",
    "discs:images=11",
)


@COMPILED
@pytest.mark.parametrize("level", LEVELS)
def test_levels_agree(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    """In double precision to 1e-10, in single to 5e-4 after an epoch of Adam, as engines do."""
    if level not in library.levels():
        pytest.skip("this processor has no such vectors")
    losses = {name: losses_of(name) for name in LEVELLED}
    for name, some in (losses | {"digit_pairs:classes=5:rows=20": PAIRS}).items():
        group = pack(*(trial(name, loss=loss, epochs=1) for loss in some))
        for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 5e-4)):
            monkeypatch.delenv(library.FORCED, raising=False)
            wanted = native.train(group, np.dtype(dtype)).last
            monkeypatch.setenv(library.FORCED, level)
            found = native.train(group, np.dtype(dtype)).last
            np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance)


@COMPILED
def test_a_level_has_a_fingerprint_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of two levels differ in their last bits, so that none is taken for one of the other."""
    marks = {fingerprint(engine) for engine in ("fused", "loop")}
    for level in library.levels():
        monkeypatch.setenv(library.FORCED, level)
        marks.add(fingerprint("native"))
    assert len(marks) == 2 + len(library.levels())


@COMPILED
def test_small_numbers_are_the_callers_own() -> None:
    """A call flushes what is too small to be normal, whatever the caller's setting, and gives that back."""
    group = pack(*(trial("iris", loss=loss, lr=1e-20) for loss in losses_of("iris")))
    before = native.train(group)
    tiny = np.float32(1e-40)
    assert tiny / np.float32(2) > 0
    from lossbench.training.thread import one_thread

    with one_thread():
        same_bits(native.train(group), before)


def test_the_command_line_says_how_to_get_it(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """--engine native exits 2 where there is no library; without it the run ends well, and one line says so."""
    monkeypatch.chdir(elsewhere)
    brief = ["--epochs", "2", "--seeds", "2", "--outliers", "0", "--jobs", "1", "--no-cache"]
    given = ["compare", "-d", "iris", "-l", "ce,mse", *brief]
    assert run([*given, "--engine", "native"]) == 2
    assert "python -m lossbench.training.native" in capsys.readouterr().err
    assert run(given) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("the fused torch engine trains, in place of the compiled step") == 1
