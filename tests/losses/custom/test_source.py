from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import CodeFailed
from lossbench.losses.custom.source import code_of, digest, imported_names, read_sources, run_file


def test_a_file_runs_once_for_each_content(write):
    """Equal content is the same module; another byte makes another module and another hash, and back again."""
    path = write("value = [1]")
    module, code = run_file(path)
    assert run_file(path) == (module, code)
    write("value = [2]")
    changed, other = run_file(path)
    assert (changed.value, other != code) == ([2], True)
    write("value = [1]")
    assert run_file(path) == (module, code)


def test_every_byte_counts(write):
    """A comment, or a space at the end of a line, is another hash: what ran can be told from the hash alone."""
    texts = ["x = 1", "x = 1 ", "x = 1  # one", "x = 1\n", "x = 1\r\n"]
    codes = set()
    for text in texts:
        path = write("")
        path.write_bytes(text.encode())
        codes.add(run_file(path)[1])
    assert len(codes) == len(texts)


def test_a_name_and_a_place_do_not_count(write):
    """The same code under another name or in another folder has the same hash."""
    assert run_file(write("x = 1"))[1] == run_file(write("x = 1", "sub/other.py"))[1]


def test_modules_beside_the_file_belong_to_it(write):
    """They are found, their changes are seen, and they change the hash; modules they import count too."""
    path = write("from helpers import double\nvalue = double(2)")
    write("import deeper\ndef double(x): return deeper.FACTOR * x", "helpers.py")
    write("FACTOR = 2", "deeper.py")
    first, code = run_file(path)
    write("FACTOR = 20", "deeper.py")
    second, changed = run_file(path)
    assert (first.value, second.value) == (4, 40)
    assert code != changed
    assert {source.name for source in read_sources(path)} == {"mine.py", "helpers.py", "deeper.py"}


def test_packages_beside_the_file_belong_to_it(write):
    """Packages with modules and relative imports inside are followed."""
    path = write("import parts.inner as inner\nvalue = inner.VALUE")
    write("", "parts/__init__.py")
    write("from .base import VALUE", "parts/inner.py")
    write("VALUE = 3", "parts/base.py")
    assert run_file(path)[0].value == 3
    assert len(read_sources(path)) == 4


def test_two_folders_may_have_helpers_of_one_name(write):
    """Each file gets the module beside itself, whatever was imported before under that name."""
    for folder in ("a", "b"):
        write(f"NAME = {folder!r}", f"{folder}/helpers.py")
        path = write("import helpers\nvalue = helpers.NAME", f"{folder}/mine.py")
        assert run_file(path)[0].value == folder


def test_a_run_leaves_no_trace_in_the_import_system(write):
    """The search path is as before, and a module that was there under the name of a helper is there again."""
    write("", "json.py")
    path = write("import json\nvalue = json.__file__")
    before, search = sys.modules["json"], list(sys.path)
    assert Path(run_file(path)[0].value).parent == path.parent
    assert sys.modules["json"] is before
    assert sys.path == search


@settings(deadline=None, max_examples=25)
@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_a_hash_tells_where_one_content_ends(left: list[bytes], right: list[bytes]) -> None:
    """Contents are equal one by one exactly where their hashes are; joining two is no collision."""
    assert (digest(*left) == digest(*right)) == (left == right)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (b"import a, b.c as d", {(0, "a"), (0, "b"), (0, "b.c")}),
        (b"from a import b", {(0, "a"), (0, "a.b")}),
        (b"from . import b\nfrom ..a import c", {(1, "b"), (2, "a"), (2, "a.c")}),
        (b"def f():\n    import late", {(0, "late")}),
        (b"import lossbench.losses", set()),
    ],
)
def test_imported_names(code: bytes, names: set[tuple[int, str]]) -> None:
    """Every form of import, wherever it stands; never lossbench, of which there is one."""
    assert set(imported_names(code)) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\ndef f(:\n", ["mine.py line 2", "no valid Python"]),
        ("x = 1\n\n1 / 0\n", ["mine.py cannot be imported", "ZeroDivisionError: division by zero", "line 3"]),
        ("import sys\nsys.exit(3)\n", ["cannot be imported", "SystemExit: 3", "line 2"]),
        ("import no_such_module_at_all\n", ["No module named 'no_such_module_at_all'", "line 1"]),
        ("raise ValueError\n", ["ValueError (mine.py line 1)"]),
    ],
)
def test_a_file_that_cannot_be_run_is_refused(write, text: str, words: list[str]) -> None:
    """The message has the file, the line, the exception, and no module is left behind; mended, it runs."""
    path = write(text)
    for _ in range(2):
        with pytest.raises(CodeFailed) as caught:
            run_file(path)
        for word in words:
            assert word in str(caught.value)
    write("value = 1")
    assert run_file(path)[0].value == 1


def test_a_helper_that_is_no_python_is_named(write):
    """Not the file that imports it, but the one that has the mistake."""
    path = write("import helpers")
    write("def f(:", "helpers.py")
    with pytest.raises(CodeFailed, match=r"helpers\.py line 1 is no valid Python"):
        run_file(path)


def test_a_file_that_is_not_there_is_refused(write):
    """The message has the whole path, so that a wrong folder is seen; a folder is no file."""
    folder = write("").parent
    with pytest.raises(CodeFailed, match=f"no file {folder / 'nowhere.py'}"):
        run_file(folder / "nowhere.py")
    with pytest.raises(CodeFailed, match="cannot be read"):
        run_file(folder)


def test_the_code_of_a_class_is_that_of_its_bases_too():
    """A class that only inherits has other code than one that inherits from elsewhere."""
    left, right = (type("Same", (base,), {}) for base in (torch.nn.L1Loss, torch.nn.Module))
    assert code_of(left) != code_of(right)
    assert code_of(torch.nn.L1Loss()) == code_of(torch.nn.L1Loss)


def test_without_source_the_compiled_code_counts():
    """What was typed into an interactive session is told apart too, function or method."""
    space: dict[str, object] = {}
    codes = []
    for factor in ("2", "3", "2"):
        exec(f"def f(p, t): return {factor} * (p - t)\nclass C:\n    def g(self): return {factor}", space)
        codes.append((code_of(space["f"]), code_of(space["C"])))
    assert codes[0] == codes[2]
    assert codes[0][0] != codes[1][0]
    assert codes[0][1] != codes[1][1]
