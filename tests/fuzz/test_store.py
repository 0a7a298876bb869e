"""The store of finished trials: a file that is damaged, and one that somebody made up."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stats.runs import clean

from lossbench.claims import memory
from lossbench.claims.claim import Evidence
from lossbench.run.scoring import plain_rows
from lossbench.store import Store
from lossbench.store.key import hash_in, key_of_row
from lossbench.store.record import Done, Record, checksum, checksum_of, encode

from .strategies import scalars, spoilt_bytes, spoilt_json, texts
from .survives import FEW, command, folder, survives

ROWS = list(plain_rows(clean({"bce": [0.5, 0.75], "mse": [0.25, 0.5]})))


def content() -> bytes:
    """Return the bytes of a store."""
    with TemporaryDirectory() as name:
        path = Path(name, "trials.sqlite")
        with Store(path) as store:
            store.put(Done(row, np.arange(20.0)) for row in ROWS)
            store._connection.execute("PRAGMA journal_mode = DELETE")
        return path.read_bytes()


STORE = content()


def read(store: Store) -> None:
    """Ask a store for everything."""
    store.get(list(map(key_of_row, ROWS)))
    list(store.rows())
    store.groups()
    store.claims()


def asked(path: Path) -> None:
    """Open a store and ask for everything."""
    with Store(path) as store:
        read(store)


@given(spoilt_bytes(STORE))
def test_a_damaged_store_is_read_or_refused(spoilt: bytes) -> None:
    """It gives what it holds, or is refused as damaged."""
    with folder(trials_sqlite=spoilt) as place:
        survives(lambda: asked(place / "trials.sqlite"))


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Draw a record with a right checksum, some of whose cells or other parts are made up."""
    record = encode(Done(ROWS[0], np.arange(20.0)), draw(st.sampled_from([0, -1, 2**62, 1_700_000_000])))
    layout = draw(st.just(record.layout) | spoilt_json(json.loads(record.layout)).map(as_text))
    cells = draw(st.just(record.cells) | spoilt_bytes(record.cells) | st.binary(max_size=20))
    curve = draw(st.just(record.curve) | st.binary(max_size=20))
    changed = record._replace(layout=layout, cells=cells, curve=curve)
    return changed._replace(checksum=checksum_of(record.key, layout, cells, curve, record.outputs))


def as_text(noise: bytes) -> str:
    """Return bytes as a text."""
    return noise.decode("utf-8", "replace")


@st.composite
def older_records(draw: st.DrawFn) -> Record:
    """Draw likewise one as they were before the third format."""
    row: dict[str, Any] = dict(draw(st.sampled_from(ROWS)))
    for _ in range(draw(st.integers(0, 3))):
        row[draw(st.sampled_from(list(row)) | texts)] = draw(scalars)
    record = encode(Done(ROWS[0], np.arange(20.0)), draw(st.sampled_from([0, -1, 2**62, 1_700_000_000])))
    names = json.dumps(sorted(row, key=str))
    cells = json.dumps([row[name] for name in sorted(row, key=str)])
    names = draw(st.just(names) | spoilt_json([*row]).map(as_text))
    cells = draw(st.just(cells) | texts)
    curve = draw(st.just(record.curve) | st.binary(max_size=20))
    key = draw(st.just(hash_in(record.key)) | texts.filter(lambda text: text.isprintable()))
    said = {"dataset": draw(st.just(record.dataset) | texts), "loss": draw(st.just(record.loss) | texts)}
    changed = record._replace(layout=names, cells=cells, curve=curve, key=key, **said)
    return changed._replace(checksum=checksum(hash_in(key), names, cells, curve, record.outputs))


@FEW
@given(st.lists(records() | older_records(), min_size=1, max_size=2))
def test_a_store_that_somebody_made_up_is_read_or_refused(made_up: list[Record]) -> None:
    """Its checksums are right, and still it is read, merged and exported, or refused."""
    with folder(trials_sqlite=STORE) as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOSSBENCH_CACHE", str(place))
        try:
            with Store(place / "trials.sqlite") as store:
                store.clear()
                survives(lambda: store._add(made_up))
        except UnicodeEncodeError:  # SQLite has no half characters
            return
        survives(lambda: asked(place / "trials.sqlite"))
        command("cache", "info")
        command("cache", "export", "-")
        with Store(place / "trials.sqlite", create=False) as store, Store(place / "new.sqlite") as new:
            if survives(lambda: new.merge(store)):
                read(new)


@given(spoilt_json([list(vars(Evidence("reproduced", "f1", arms=("a", "b"), measured=0.1)).values())]))
def test_any_evidence_is_recalled_or_refused(text: bytes) -> None:
    """It is evidence, or none."""
    with suppress(ValueError):
        memory.read(text.decode("utf-8", "replace"))
