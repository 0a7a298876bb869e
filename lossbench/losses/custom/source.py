"""The code of a user's loss or model: read from its file, run once for each content, and hashed.

A file may import modules from its own folder. They belong to it: its hash changes with theirs, they are imported
anew when they change, and two folders may each have a `helpers.py`.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import inspect
import linecache
import marshal
import os.path
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, suppress
from functools import cache, partial
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from lossbench.apart import Ended
from lossbench.errors import CodeFailed
from lossbench.losses.custom.contain import Seen, contained, failing
from lossbench.losses.custom.rehearse import rehearse

SEEN: dict[str, Seen] = {}
"""By the name of a module, what was seen of a user's file when it ran."""

WITHOUT_GRADIENTS = ("numpy", "scipy", "sklearn", "pandas")
"""Libraries that a loss may call by habit, and whose results nothing can be learnt from."""


def read_sources(file: Path) -> dict[Path, bytes]:
    """Return the contents of a Python file and of the modules in its folder that it imports, directly or not.

    Args:
        file: absolute.

    Raises:
        CodeFailed: a file that is missing, unreadable or not Python.
    """
    sources: dict[Path, bytes] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path not in sources:
            sources[path] = _read(path)
            waiting += _imported_beside(path, sources[path], file.parent)
    return sources


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CodeFailed(f"no file {path}; give a path from the current folder") from None
    except OSError as error:
        raise CodeFailed(f"{path} cannot be read: {error.strerror}; give a Python file") from None


def _imported_beside(path: Path, content: bytes, folder: Path) -> list[Path]:
    """Return the modules that a file imports from the user's folder."""
    try:
        names = imported_names(content)
    except (SyntaxError, ValueError) as error:
        line = f" line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise CodeFailed(f"{path}{line} is no valid Python: {error.args[0]}; mend it") from None
    found = []
    for level, name in names:
        base = path.parents[level - 1] if level else folder
        stem = base.joinpath(*name.split("."))
        found += [stem.with_name(f"{stem.name}.py"), stem / "__init__.py"]
    return [file for file in found if file.is_relative_to(folder) and os.path.isfile(file)]


@cache
def imported_names(content: bytes) -> tuple[tuple[int, str], ...]:
    """Return the dotted names that a file may import, each with its number of leading dots.

    Example:
        >>> imported_names(b"import a.b; from .c import d")
        ((0, 'a'), (0, 'a.b'), (1, 'c'), (1, 'c.d'))
    """
    names: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Import):
            names += [(0, name) for alias in node.names for name in _with_parents(alias.name)]
        elif isinstance(node, ast.ImportFrom):
            whole = [".".join(filter(None, (node.module, alias.name))) for alias in node.names]
            names += [(node.level, name) for full in whole for name in _with_parents(full)]
    # In a checkout of lossbench, lossbench is a folder beside the file, but it must not be imported twice.
    return tuple(name for name in dict.fromkeys(names) if name[1].partition(".")[0] != "lossbench")


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def run_file(file: Path) -> tuple[ModuleType, str]:
    """Run a Python file under a module name of its own; only once, unless its code changes.

    Args:
        file: absolute.

    Returns:
        The module, and a hash of its code.

    Raises:
        CodeFailed: the file is missing, not Python, raises, ends the process, or does not end.
    """
    sources = read_sources(file)
    code = digest(*sources.values())
    name = module_name(file, code)
    if name not in sys.modules:
        execute = partial(_execute, file, name, sources)
        try:
            rehearse(execute)
        except Ended as error:
            raise CodeFailed(f"{file} cannot be imported: it {error}; mend it") from None
        execute()
    return sys.modules[name], code


def _execute(file: Path, name: str, sources: Mapping[Path, bytes]) -> None:
    beside = [path.relative_to(file.parent).parts[0] for path in sources if path != file]
    module = ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module  # before the file runs: a dataclass looks up its own module there

    def fault(error: BaseException) -> CodeFailed:
        sys.modules.pop(name, None)
        return CodeFailed(f"{file} cannot be imported: {in_one_line(error)}{line_of(error, str(file))}; mend it")

    names = {part.removesuffix(".py") for part in beside}
    with contained([str(file)]) as SEEN[name], failing(fault), on_path(file.parent), set_aside(names):
        exec(compile(sources[file], str(file), "exec", dont_inherit=True), module.__dict__)


def run_again(file: Path, code: str) -> ModuleType:
    """Run a Python file once more, and return the new module.

    Args:
        file: absolute.
        code: a hash of its code.

    Raises:
        CodeFailed: it cannot be run twice.
    """
    name = module_name(file, code)
    with set_aside({name}), redirect_stderr(StringIO()):  # its output was shown the first time
        _execute(file, name, read_sources(file))
        return sys.modules[name]


def module_name(file: Path, code: str) -> str:
    """Return the name of the module that a user's file becomes."""
    return f"lossbench_user_{digest(str(file), code)}"


def digest(*contents: bytes | str) -> str:
    """Return a hash of contents, sixteen hexadecimal digits."""
    whole = hashlib.sha256()
    for content in contents:
        encoded = content.encode() if isinstance(content, str) else content
        whole.update(f"{len(encoded)}:".encode() + encoded)
    return whole.hexdigest()[:16]


@contextmanager
def on_path(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported, with precedence over all others."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()  # a file may be newer than the import system's cache of the folder
    try:
        yield
    finally:
        sys.path.remove(str(folder))


@contextmanager
def set_aside(names: set[str]) -> Iterator[None]:
    """Import modules of these names anew, and restore the earlier ones at the end."""
    before = _take_out(names)
    try:
        yield
    finally:
        _take_out(names)
        sys.modules.update(before)


def _take_out(names: set[str]) -> dict[str, ModuleType]:
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names}


def in_one_line(error: BaseException) -> str:
    """Return an exception in one line; only its class where it has no text, or fails to give one."""
    said = ""
    with suppress(Exception):  # a user's exception may fail in __str__
        said = str(error)
    first = said.strip().partition("\n")[0]
    return f"{type(error).__name__}{': ' if first else ''}{first}"


def left_torch(error: BaseException) -> str:
    """Return the library without gradients that an exception came out of; empty where it came out of torch."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        library = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if library in WITHOUT_GRADIENTS:
            return library
    return "numpy" if "Can't call numpy()" in in_one_line(error) else ""


def line_of(error: BaseException, file: str) -> str:
    """Return the last line of the user's file in a traceback, in brackets; empty without one."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" ({Path(file).name} line {lines[-1]})" if lines else ""


def file_of(criterion: Any) -> str:
    """Return the file that defines a function, a class, or the class of an object; empty where there is none."""
    try:
        return inspect.getsourcefile(_definition(criterion)) or ""
    except TypeError:  # written in C
        return ""


def code_of(criterion: Any) -> str:
    """Return a hash of the files that define a function, or a class and the classes it inherits from.

    Where the source is not kept, as in an interactive session, the compiled code stands for it.
    """
    definition = _definition(criterion)
    parts = inspect.getmro(definition) if inspect.isclass(definition) else (definition,)
    package = sys.modules.get(str(definition.__module__).partition(".")[0])
    name = f"{definition.__module__}.{definition.__qualname__} {getattr(package, '__version__', '')}"
    return digest(name, *(_text(file_of(part)) or _compiled(part) for part in parts))


def _definition(criterion: Any) -> Any:
    plain = inspect.unwrap(criterion)
    while isinstance(plain, partial):
        plain = inspect.unwrap(plain.func)
    return plain if inspect.isclass(plain) or inspect.isroutine(plain) else type(plain)


def _text(file: str) -> str:
    linecache.checkcache(file)
    return "".join(linecache.getlines(file))  # also has the cells of a notebook


def _compiled(definition: Any) -> bytes:
    members: Mapping[str, Any] = vars(definition) if inspect.isclass(definition) else {"": definition}
    codes = [member.__code__ for member in members.values() if hasattr(member, "__code__")]
    # Version 2 of the format does not depend on reference counts.
    return b"".join(marshal.dumps(code, 2) for code in codes)
