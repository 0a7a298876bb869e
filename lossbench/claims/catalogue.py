"""The catalogue of claims: `configs/claims.toml`, or a file of the user's own in the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossbench.claims.claim import Claim, ClaimKind, Form
from lossbench.claims.printed import Printed
from lossbench.claims.registry import EXPERIMENTS, check_arguments, missing
from lossbench.claims.study import Protocol, Terms
from lossbench.errors import ConfigError, UnknownName
from lossbench.plan.toml import Place, read_as, read_table, read_toml

_KEYS: dict[str, Any] = {
    "claim": str,
    "document": str,
    "place": str,
    "kind": ClaimKind,
    "form": Form,
    "experiment": tuple[str, ...],
    "parts": dict,
    "reported_in": str,
    "like": str,
    "same_as": tuple[str, ...],
    "not_yet": str,
    "note": str,
}
"""The keys that every claim may have besides `reported`, and their types; all others are experiment arguments."""

SHIPPED = "claims"
"""The config with the claims of the three documents."""

_TERMS = ("study", "protocols", "margins", "readings")


@dataclass(frozen=True)
class Catalogue:
    """Claims and the documents that they are from.

    Args:
        documents: the titles by short name.
        claims: the claims by ID, in the order of the report.
        file: the user's file; None for the claims of the three documents.
    """

    documents: Mapping[str, str]
    claims: Mapping[str, Claim]
    file: Path | None = None

    def find(self, ids: tuple[str, ...] = ()) -> list[Claim]:
        """Return the claims with these IDs, or all claims.

        Raises:
            UnknownName: there is no such claim.
        """
        for name in ids:
            if name not in self.claims:
                raise UnknownName("claim", name, self.claims)
        return [self.claims[name] for name in ids or self.claims]

    def deciding(self, claim: Claim) -> list[Claim]:
        """Return the claims whose experiments decide a claim: the claim itself, and those in its `same_as`."""
        return [claim, *(self.claims[name] for name in claim.same_as)]


def read_catalogue(file: Path | None = None) -> Catalogue:
    """Read the claims of the three documents, or of a user's file.

    Raises:
        ConfigError: the file cannot be read, or a value is missing or of the wrong type.
        UnknownName: a key, document, claim or experiment does not exist.

    Example:
        >>> read_catalogue().claims["T3"].reported["bce", "accuracy"]
        '0.859'
    """
    return catalogue_of(*read_toml(file or SHIPPED, (SHIPPED,)), file)


def catalogue_of(place: Place, tables: Mapping[str, Any], file: Path | None) -> Catalogue:
    """Return the catalogue in the tables of a file.

    Raises:
        ConfigError: a value is missing or of the wrong type.
        UnknownName: a key, document, claim or experiment does not exist.
    """
    known = ("documents", "claims") if file else ("documents", "claims", *_TERMS)
    for key in tables:
        if key not in known:
            raise UnknownName("table", key, known, where=str(place.inside(key)))
    titles = read_as(dict, tables.get("documents", {}), place.inside("documents"))
    documents = {key: read_as(str, title, place.inside("documents").inside(key)) for key, title in titles.items()}
    if not tables.get("claims"):
        raise ConfigError(f"{place.file} holds no claim; write a table such as [claims.mine]")
    entries = read_as(dict, tables["claims"], place.inside("claims"))
    claims = {key: _read_claim(key, entries, place) for key in entries}
    catalogue = Catalogue(documents, claims, file)
    for claim in claims.values():
        _check(claim, catalogue)
    return catalogue


def read_terms() -> Terms:
    """Return the terms of all trained experiments, which only the shipped catalogue states."""
    tables = read_toml(SHIPPED, (SHIPPED,))[1]
    protocols = {name: Protocol(name, **table) for name, table in tables["protocols"].items()}
    return Terms(protocols, **tables["study"], margins=tables["margins"], readings=tables["readings"])


def _read_claim(name: str, tables: Mapping[str, Any], file: Place) -> Claim:
    place, table = file.inside("claims").inside(name), tables[name]
    if not isinstance(table, Mapping):
        raise ConfigError(f"{place}: {table!r} is not a table; write [claims.{name}] and its keys below")
    table = {**_inherited(table, tables, place), **table}
    own = read_table(_KEYS, ["claim"], {key: value for key, value in table.items() if key in _KEYS}, place)
    own.pop("like", None)
    reporter = own.pop("reported_in", name)
    _check_claim(reporter, tables, place.inside("reported_in"))
    parts = {
        key: read_as(str, text, place.inside("parts").inside(key)) for key, text in own.pop("parts", {}).items()
    }
    reporting = read_as(dict, tables[reporter], file.inside("claims").inside(reporter))
    undecided = "same_as" in own or "not_yet" in own
    return Claim(
        id=name,
        sentence=" ".join(own.pop("claim").split()),
        note=" ".join(own.pop("note", "").split()),
        experiments=own.pop("experiment", () if undecided else ("contest",)),
        parts=parts,
        reported=dict(_read_reported(reporting.get("reported", {}), place.inside("reported"))),
        arguments={key: value for key, value in table.items() if key not in (*_KEYS, "reported")},
        source=place,
        **own,
    )


def _inherited(table: Mapping[str, Any], tables: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return the experiment and its arguments of the claim that is named by `like`; empty without that key."""
    if "like" not in table:
        return {}
    model = read_as(str, table["like"], place.inside("like"))
    _check_claim(model, tables, place.inside("like"))
    theirs = read_as(dict, tables[model], place.inside("like"))
    return {key: value for key, value in theirs.items() if key == "experiment" or key not in (*_KEYS, "reported")}


def _check_claim(name: str, tables: Mapping[str, Any], place: Place) -> None:
    if name not in tables:
        raise UnknownName("claim", name, tables, where=str(place))


def _read_reported(table: Any, place: Place, row: str = "") -> Iterator[tuple[tuple[str, str], str]]:
    """Yield the reported numbers by row and column, from nested tables or flat keys such as "bce accuracy"."""
    for key, value in read_as(dict, table, place).items():
        if isinstance(value, Mapping):
            yield from _read_reported(value, place.inside(key), f"{row} {key}".strip())
        else:
            first, _, last = (row, "", key) if row else key.rpartition(" ")
            yield (first, last), Printed(read_as(str, value, place.inside(key)), place.inside(key)).text


def _check(claim: Claim, catalogue: Catalogue) -> None:
    """Refuse a claim that names a document, claim or experiment that does not exist.

    A shipped claim may name an experiment that does not exist yet; a user's claim may not.
    """
    place = claim.source
    if claim.document and claim.document not in catalogue.documents:
        raise UnknownName("document", claim.document, catalogue.documents, where=str(place.inside("document")))
    for name in claim.same_as:
        if name not in catalogue.claims:
            raise UnknownName("claim", name, catalogue.claims, where=str(place.inside("same_as")))
        if others := catalogue.claims[name].same_as:
            raise ConfigError(f"{place.inside('same_as')}: {name} is the same as {', '.join(others)}; name that")
    if catalogue.file and missing(claim):
        raise UnknownName("experiment", missing(claim)[0], EXPERIMENTS, where=str(place.inside("experiment")))
    check_arguments(claim, (*_KEYS, "reported"))
