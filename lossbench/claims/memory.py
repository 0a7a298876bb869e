"""Evidence of earlier runs, kept in the store under a key of everything that can change it.

Only shipped claims are remembered. Their experiments use nothing but lossbench and its libraries, so a key can
cover everything; a user's claim is tried again every time, from stored trainings.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.registry import EXPERIMENTS
from lossbench.claims.study import Study
from lossbench.errors import DataError, OutputError
from lossbench.plan.toml import shipped_configs
from lossbench.results.circumstances import LIBRARIES
from lossbench.run.provenance import processor
from lossbench.store.database import damaged

Lines = tuple[Evidence, ...]

DIGITS = 32  # 128 bits: no two keys agree by chance


def recall(claim: Claim, catalogue: Catalogue, study: Study) -> Lines | None:
    """Return the stored evidence of a claim's own experiments; None if there is none under the same key.

    Raises:
        DataError: the store is damaged.
    """
    if study.store is None or not cacheable(claim, catalogue):
        return None
    text = study.store.recall(key_of(claim, study))
    try:
        return None if text is None else read(text)
    except ValueError as error:
        raise damaged(study.store.path, f"evidence on {claim.id}: {error}") from None


def remember(claim: Claim, catalogue: Catalogue, study: Study, lines: Lines) -> None:
    """Store the evidence of a claim's own experiments. A failing store is reported, but does not stop the run."""
    if study.store is None or not cacheable(claim, catalogue):
        return
    try:
        study.store.remember(key_of(claim, study), claim.id, written(lines))
    except (DataError, OutputError) as error:
        study.say(str(error))


def cacheable(claim: Claim, catalogue: Catalogue) -> bool:
    """Say whether the evidence of a claim's own experiments depends only on what its key covers."""
    of_the_documents = catalogue.file is None and catalogue.claims.get(claim.id) is claim
    own = {name for name, function in EXPERIMENTS.items() if function.__module__.startswith("lossbench.")}
    return of_the_documents and bool(claim.experiments) and own >= {*claim.experiments}


def key_of(claim: Claim, study: Study) -> str:
    """Return a hash of everything that can change a claim's evidence, 32 hexadecimal digits.

    That is the claim in the catalogue, the terms, the options of the study, and the `environment`. Measured times
    also depend on the moment, but a claim only compares times of one run with each other.

    Example:
        >>> from lossbench.claims import read_catalogue, read_terms
        >>> claim, terms = read_catalogue().claims["T3"], read_terms()
        >>> key_of(claim, Study(terms)) == key_of(claim, Study(terms, jobs=2))
        True
    """
    entry = vars(claim) | {"source": None, "reported": list(claim.reported.items())}
    manner = [study.quick, list(study.seeds), study.epochs]
    # Python writes the shortest text that reads back as the same float. Keys are not sorted: their order is that
    # of the evidence.
    text = json.dumps([entry, study.terms, manner, environment()], default=vars)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


@cache
def environment() -> tuple[str, ...]:
    """Return what all claims depend on: the code, the versions, and the kind of processor.

    Data sets and losses need no digests: shipped claims use those of lossbench and scikit-learn only.
    """
    root = Path(__file__).parents[1]
    versions = [platform.python_version(), *map(version, LIBRARIES)]
    return code_of(root), code_of(shipped_configs()), *versions, *processor("cpu")


def code_of(folder: Path) -> str:
    """Return a hash of all code and configs in a folder, byte by byte."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".toml"))
    contents = [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files]
    return hashlib.sha256(repr(contents).encode()).hexdigest()


def written(lines: Sequence[Evidence]) -> str:
    """Return evidence as JSON, the cells of each line in the order of the fields.

    Example:
        >>> lines = (Evidence("reproduced", "f1", measured=0.1, high=float("inf")),)
        >>> read(written(lines)) == lines
        True
    """
    return json.dumps([list(vars(line).values()) for line in lines], separators=(",", ":"))


def read(text: str) -> Lines:
    """Return the evidence that was written, the same to the last bit.

    Raises:
        ValueError: the text is no evidence.
    """
    try:
        return tuple(map(_line, json.loads(text)))
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _line(cells: list[Any]) -> Evidence:
    values: list[Any] = [tuple(cell) if isinstance(cell, list) else cell for cell in cells]
    for (name, fits), value in zip(checks(), values, strict=True):
        if not fits(value):
            raise ValueError(f"{name} is {value!r:.50}")
    return Evidence(*values)


@cache
def checks() -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    """Return, for each field of evidence, a function that checks the type of a value; cached for speed."""
    kinds = get_type_hints(Evidence)
    return tuple((field.name, check_of(kinds[field.name])) for field in fields(Evidence))


def check_of(kind: Any) -> Callable[[Any], bool]:
    """Return a function that says whether a value has a type that fields of evidence have.

    Example:
        >>> fits = check_of(tuple[float, ...])
        >>> fits((1, 0.5)), fits((1, "a")), fits([1, 0.5])
        (True, False, False)
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return inner.__contains__
    if origin is tuple:
        item = check_of(inner[0])
        return lambda value: isinstance(value, tuple) and all(map(item, value))
    if origin is UnionType:
        ways = list(map(check_of, inner))
        return lambda value: any(way(value) for way in ways)
    types = (int, float) if kind is float else (kind,)
    return lambda value: type(value) in types
