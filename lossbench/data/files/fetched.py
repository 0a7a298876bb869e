"""Data sets that scikit-learn fetches, read from its cache: `openml:31`, `openml:credit-g@1`, `sklearn:covtype`.

Nothing is ever downloaded here: a run reads only the cache, so it has the same data in a year, and in a job
without a network. The error message shows the line of Python that fills the cache.
"""

from __future__ import annotations

import urllib.request
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from lossbench.errors import BadValue, DataError, UnknownName

if TYPE_CHECKING:
    import pandas as pd

TABLES: Mapping[str, str] = {
    "california_housing": "fetch_california_housing",
    "covtype": "fetch_covtype",
    "kddcup99": "fetch_kddcup99",
}
"""What scikit-learn fetches that is a table, and by which function."""


class Fetched(NamedTuple):
    """A table from the cache.

    Args:
        frame: its columns, targets among them.
        targets: the target columns that its source declares.
        version: its source, version and checksum.
        group: the column that groups rows; None where there is none.
    """

    frame: pd.DataFrame
    targets: tuple[str, ...]
    version: str
    group: str | None = None


class _Online(Exception):
    """Something tried to use the network. Not an OSError: scikit-learn would wait and retry."""


def fetch(name: str) -> Fetched:
    """Return a data set from scikit-learn's cache.

    Raises:
        UnknownName: scikit-learn fetches no such table.
        BadValue: an id or a version that cannot be one.
        DataError: it is not in the cache, or no table.
    """
    source, _, which = name.partition(":")
    return _openml(name, which) if source == "openml" else _sklearn(name, which)


def _sklearn(name: str, which: str) -> Fetched:
    if which not in TABLES:
        raise UnknownName("data set of scikit-learn", which, TABLES, where=f"'{name}'")
    bunch = _cached(name, TABLES[which], {})
    return Fetched(bunch.frame, tuple(bunch.target_names), f"scikit-learn's {TABLES[which]}")


def _openml(name: str, which: str) -> Fetched:
    """Return a data set of OpenML by its number, or by name and version."""
    import pandas as pd

    called, at, version = which.partition("@")
    wrong = not called or (at and not _is_number(version)) or (_is_number(called) and at)
    if wrong or (called.lstrip("-").isdecimal() and not _is_number(called)):
        raise BadValue(f"'{name}' is no data set of OpenML; write its number, as openml:31, or openml:credit-g@1")
    asked: dict[str, Any] = {"data_id": int(called)} if _is_number(called) else {"name": called}
    bunch = _cached(name, "fetch_openml", asked | ({"version": int(version)} if at else {}))
    if not isinstance(bunch.frame, pd.DataFrame):
        raise DataError(f"'{name}' is sparse, and no table of columns; choose another data set")
    about = bunch.details
    said = f"OpenML {about['id']}, {about['name']}, version {about['version']}, md5 {about['md5_checksum']}"
    return Fetched(bunch.frame, tuple(bunch.target_names), said)


def _is_number(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def _cached(name: str, function: str, asked: Mapping[str, Any]) -> Any:
    """Call one of scikit-learn's fetching functions with the network blocked.

    Raises:
        DataError: it is not in the cache, or the cached copy is damaged.
    """
    import sklearn.datasets

    own: dict[str, Any] = {"as_frame": True} if function != "fetch_openml" else {}
    here = {"download_if_missing": False} if own else {}
    given = ", ".join(f"{key}={value!r}" for key, value in {**asked, **own}.items())
    line = f'python -c "from sklearn.datasets import {function}; {function}({given})"'
    try:
        with _offline(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return getattr(sklearn.datasets, function)(**asked, **own, **here)
    except (_Online, OSError):
        raise DataError(
            f"'{name}' is not in scikit-learn's cache, and lossbench downloads nothing; where there is a network, "
            f"this line puts it there, or says that it does not exist: {line}"
        ) from None
    except (ValueError, KeyError, TypeError, EOFError) as problem:
        raise DataError(
            f"'{name}' cannot be read from scikit-learn's cache ({problem}); remove it there, and fill it "
            f"again: {line}"
        ) from None


@contextmanager
def _offline() -> Iterator[None]:
    """Block every request for a URL in this process."""

    class Refusing(urllib.request.OpenerDirector):
        def open(self, *_: Any, **__: Any) -> Any:
            raise _Online

    before = getattr(urllib.request, "_opener", None)
    urllib.request.install_opener(Refusing())
    try:
        yield
    finally:
        urllib.request.install_opener(before)
