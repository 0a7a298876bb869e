"""The house: data flows one way, and no room is crowded."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import lossbench

PACKAGE = Path(lossbench.__file__).parent

FLOORS = (
    ("__main__", "__init__"),
    ("cli",),
    ("api",),
    ("claims", "selftest"),
    ("report",),
    ("results",),
    ("run",),
    ("stats",),
    ("plan", "store", "backends"),
    ("training", "checks"),
    ("losses", "data", "metrics"),
    ("schema", "randomness", "spec", "remark", "lazy", "home", "apart"),
    ("errors", "task", "visible", "nearest", "looks", "grouped"),
)
"""The rooms from the top of the house to its ground; a room imports from its own floor or from lower ones."""

ROOMS = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
SENTENCES = frozenset(
    {
        *("verdict", "answer", "standing", "note", "detail", "clause", "distinction", "case"),
        *("reason", "fault", "saw", "interval", "advice"),
    }
)
"""The attributes that hold worded facts."""

WORDING = ("words", "worded")
"""The functions that word a remark."""

CUTS = frozenset(
    {
        *("startswith", "endswith", "removeprefix", "removesuffix", "partition", "rpartition", "split", "rsplit"),
        *("find", "match", "fullmatch", "search", "findall"),
    }
)
"""The methods and functions that read something out of a text, or cut it."""

CROWDED = 21  # files in a folder, beyond which nobody knows where to look


def modules() -> dict[str, Path]:
    """Return the files of the package by their dotted names; a package is named like its folder."""
    files = sorted(PACKAGE.rglob("*.py"))
    return {".".join(("lossbench", *file.relative_to(PACKAGE).with_suffix("").parts)): file for file in files}


def home(name: str, known: dict[str, Path]) -> str | None:
    """Return the module that a dotted name leads to; None where it is none of ours."""
    return next((found for found in (name, f"{name}.__init__") if found in known), None)


@cache
def imports() -> dict[str, set[str]]:
    """Return what each module imports, wherever in it the import stands."""
    known = modules()
    return {module: set(imported(file, known)) for module, file in known.items()}


@cache
def parsed(file: Path) -> ast.Module:
    """Return the syntax of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """Yield the modules that a file imports, for types only and within functions too."""
    for node in ast.walk(parsed(file)):
        names = [name.name for name in getattr(node, "names", [])]
        if isinstance(node, ast.ImportFrom):
            told = [home(f"{node.module}.{name}", known) or home(str(node.module), known) for name in names]
        elif isinstance(node, ast.Import):
            told = [home(name, known) for name in names]
        else:
            continue
        yield from filter(None, told)


def floor(module: str) -> int:
    """Return the floor of a module's room."""
    return ROOMS[module.split(".")[1]]


def test_every_room_has_a_floor() -> None:
    """A new folder or file at the top of the package is given its place here."""
    assert {module.split(".")[1] for module in modules()} == set(ROOMS)


def test_no_import_goes_up() -> None:
    """Nothing knows what stands above it. `import lossbench` itself hands names on, from everywhere."""
    below = {module: others for module, others in imports().items() if floor(module) > 0}
    pairs = ((module, other) for module, others in below.items() for other in others)
    assert [pair for pair in pairs if floor(pair[1]) < floor(pair[0])] == []


def test_no_imports_form_a_circle() -> None:
    """There is an order in which every module comes after all that it imports."""
    assert len(list(TopologicalSorter(imports()).static_order())) == len(modules())


def test_no_folder_is_crowded() -> None:
    """Who looks for something in a folder reads its names at a glance."""
    folders = {file.parent for file in modules().values()}
    counts = {str(folder.relative_to(PACKAGE)): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counts.items() if count > CROWDED} == {}


def sentence(node: ast.AST, names: Collection[str] = ()) -> bool:
    """Say whether an expression is worded: a remark in words, an attribute of a sentence, or their name."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in WORDING
    if isinstance(node, ast.Attribute):
        return node.attr in SENTENCES
    return isinstance(node, ast.Name) and node.id in names


def parts_cut(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what an expression takes apart: by a method, a regular expression or a slice."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUTS:
        yield from (node.func.value, *node.args)


def sentences_cut(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the expressions of a function that take a sentence apart, also one that it gave a name first."""
    nodes = [*ast.walk(function)]
    given = (node for node in nodes if isinstance(node, ast.Assign) and sentence(node.value))
    names = {name.id for node in given for name in node.targets if isinstance(name, ast.Name)}
    yield from (ast.unparse(node) for node in nodes if any(sentence(part, names) for part in parts_cut(node)))


def test_no_decision_is_read_out_of_a_sentence() -> None:
    """What is worded is not taken apart in the same function: who needs a fact of it asks for the fact."""
    found = [
        f"{module}, {function.name}: {expression}"
        for module, file in modules().items()
        for function in ast.walk(parsed(file))
        if isinstance(function, ast.FunctionDef)
        for expression in sentences_cut(function)
    ]
    assert found == []
