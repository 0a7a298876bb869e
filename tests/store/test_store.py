from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.errors import DataError, OutputError
from lossbench.store import Store, open_store, store_path
from lossbench.store.record import Done, checksum, encode

from .cases import Finished, Row, block, curve, holds, key, older, row

SEEDS = st.lists(st.integers(0, 12), unique=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Yield an empty store."""
    with Store(tmp_path / "trials.sqlite") as store:
        yield store


def filled(folder: str, name: str, seeds: list[int], before: bool = False) -> Store:
    """Return a new store that holds some seeds, as they are stored now or were before the third format."""
    store = Store(Path(folder, name))
    if before:
        store._add(map(older, block(seeds)))
    else:
        store.put(block(seeds))
    return store


def test_what_is_put_is_got(store: Store, tmp_path: Path) -> None:
    """Rows come back from the same store, and later from the same file."""
    assert store.put(block(range(5))) == 5
    assert holds(store, block(range(5)))
    with Store(tmp_path / "trials.sqlite") as again:
        assert holds(again, block(range(5)))


def test_what_is_not_there_is_left_out(store: Store) -> None:
    """Of more keys than SQLite takes at once, only those that are stored are returned."""
    store.put(block([3]))
    keys = [f"{index:032x}" for index in range(40_000)]
    assert list(store.get([*keys, key(row(3)), *keys])) == [key(row(3))]
    assert store.get([]) == {}


def test_a_trial_is_stored_once(store: Store) -> None:
    """Putting the same result again changes nothing."""
    store.put(block(range(4)))
    assert store.put(block(range(2, 6))) == 2
    assert holds(store, block(range(6)))


def test_a_block_is_stored_whole_or_not_at_all(store: Store) -> None:
    """An error on the way, such as Ctrl-C, stores none of the block, and the store stays usable."""

    def interrupted() -> Iterator[Finished]:
        yield from block(range(3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put(interrupted())
    assert len(store) == 0
    assert store.put(block(range(3))) == 3


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (Done(row(7, score_3=0.5), curve(7)), ["score_3", "0.5"]),
        (Done(row(7, score_3=None), curve(7)), ["score_3", "None"]),
        (Done(row(7), curve(8)), ["two curves or outputs"]),
    ],
    ids=["score", "undefined", "curve"],
)
def test_two_results_of_one_trial_are_refused(store: Store, second: Finished, words: list[str]) -> None:
    """The message names the trial and what differs; nothing of the block is stored, the first result stays."""
    store.put(block([7]))
    with pytest.raises(DataError) as refusal:
        store.put([*block([1, 2]), second])
    for word in ["dataset='iris'", "seed=7", "lossbench cache clear --dataset iris --loss ce", *words]:
        assert word in str(refusal.value)
    assert holds(store, block([7]))


def test_rows_come_sorted_by_what_was_trained(store: Store) -> None:
    """Rows are sorted whatever the order of storing; seeds sort as numbers, not as text."""
    trials = [*block([10, 9, 2]), *block([1], loss="bce"), *block([0], dataset="wine")]
    store.put(trials)
    order = [("iris", "bce", 1), ("iris", "ce", 2), ("iris", "ce", 9), ("iris", "ce", 10), ("wine", "ce", 0)]
    assert [(row["dataset"], row["loss"], row["seed"]) for row in store.rows()] == order


@settings(deadline=None, max_examples=8)
@given(SEEDS, SEEDS, st.booleans(), st.booleans())
def test_a_merge_is_a_union(ours: list[int], theirs: list[int], before: bool, theirs_before: bool) -> None:
    """A merge is symmetric, leaves the other store as it is, and changes nothing the second time."""
    union = sorted({*ours, *theirs})
    with (
        TemporaryDirectory() as folder,
        filled(folder, "a", ours, before) as a,
        filled(folder, "b", theirs, theirs_before) as b,
        filled(folder, "c", theirs) as c,
    ):
        assert a.merge(b) == len(union) - len(ours)
        assert holds(a, block(union))
        assert holds(b, block(theirs))
        assert a.merge(b) == a.merge(a) == 0
        c.merge(a)
        assert list(c.rows()) == list(a.rows())
        assert holds(c, block(union))


def test_trials_from_before_the_third_format_are_held_as_all_others(tmp_path: Path) -> None:
    """They are given, none is stored twice, another result is refused, and they can be removed."""
    with filled(str(tmp_path), "a", [0, 1, 2], before=True) as store:
        assert store.put(block(range(1, 5))) == 2
        assert holds(store, block(range(5)))
        with pytest.raises(DataError, match="score_3"):
            store.put([*block([7]), Done(row(1, score_3=0.5), curve(1))])
        assert [found["seed"] for found in store.rows()] == list(range(5))
        store.remove([key(row(0)), key(row(4))])
        assert holds(store, block([1, 2, 3]))


@given(st.lists(st.booleans(), min_size=4, max_size=4))
def test_the_order_of_rows_does_not_hang_on_when_they_were_stored(before: list[bool]) -> None:
    """Of one trial on several kinds of machine, some stored before the third format."""
    trials = [done for name in ("m0", "m1", "m2", "m3") for done in block([0], fingerprint=name)]
    with TemporaryDirectory() as folder, filled(folder, "a", []) as some, filled(folder, "b", []) as all_new:
        for old, done in zip(before, trials, strict=True):
            some._add([older(done)]) if old else some.put([done])
        all_new.put(trials)
        assert list(some.rows()) == list(all_new.rows())


def test_a_merge_that_contradicts_is_refused(store: Store, tmp_path: Path) -> None:
    """A single contradicting trial, and nothing is copied."""
    store.put(block([7]))
    with Store(tmp_path / "other.sqlite") as other:
        other.put([*block(range(5)), Done(row(7, score_0=0.0), curve(7))])
        with pytest.raises(DataError, match="seed=7"):
            store.merge(other)
    assert holds(store, block([7]))


@pytest.mark.parametrize("changes", [{"seed": 8}, {"seed": "7"}, {"train_rows": 10**30}, {"status": None}])
def test_a_merge_takes_no_row_under_the_key_of_another(store: Store, tmp_path: Path, changes: Row) -> None:
    """A record with a checksum of its own may still be none of its key, or no row: nothing is copied."""
    with Store(tmp_path / "other.sqlite") as other:
        other.put(block(range(3)))
        sound = row(7, train_rows=5)
        held = older(Done(sound, curve(7)))
        cells = json.dumps([(sound | changes).get(name) for name in json.loads(held.layout)])
        other._add(
            [held._replace(cells=cells, checksum=checksum(held.key, held.layout, cells, held.curve, held.outputs))]
        )
        with pytest.raises(DataError, match=rf"trial {held.key}: "):
            store.merge(other)
    assert len(store) == 0


@pytest.mark.parametrize("time", [-1, 2**40, "noon"])
def test_a_merge_takes_no_trial_of_no_time(store: Store, tmp_path: Path, time: Any) -> None:
    """It would spoil the store that it comes into, which counts when its trials were stored."""
    with Store(tmp_path / "other.sqlite") as other:
        other._add([encode(one, time) for one in block([3])])
        with pytest.raises(DataError, match="stored at"):
            store.merge(other)
    assert len(store) == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user for whom permissions hold, which they do not for root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.mark.parametrize("old", [False, True])
def test_a_store_in_a_place_that_may_not_be_written_is_read(old: bool) -> None:
    """What it holds is given, one from before there was evidence too; what would be kept is refused."""
    with TemporaryDirectory() as name:
        path = Path(name, "trials.sqlite")
        with filled(name, path.name, [0, 1], before=old) as store:
            if old:
                store._connection.execute("DROP TABLE evidence")
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with as_nobody(), Store(path) as store:
            assert holds(store, block([0, 1]))
            assert store.claims() == 0
            with pytest.raises(OutputError, match="Make the file and its folder writable"):
                store.put(block([2]))
        path.parent.chmod(0o755)


@pytest.mark.parametrize("dataset", [None, "iris", "wine", "moons"])
@pytest.mark.parametrize("loss", [None, "ce", "mse", "mae"])
def test_clearing_removes_what_is_named(store: Store, dataset: str | None, loss: str | None) -> None:
    """A data set, a loss, both of them, or everything; the others stay."""
    all_of_it = [
        t for d in ("iris", "wine") for name in ("ce", "mse") for t in block([0, 1], dataset=d, loss=name)
    ]
    store.put(all_of_it)
    left = [
        done
        for done in all_of_it
        if done.row["dataset"] != (dataset or done.row["dataset"])
        or done.row["loss"] != (loss or done.row["loss"])
    ]
    assert store.clear(dataset, loss) == len(all_of_it) - len(left)
    assert holds(store, left)


def test_evidence_is_given_back_as_it_was_given(store: Store, tmp_path: Path) -> None:
    """Evidence comes back by its key, now and from the file later; the first under a key stays."""
    store.remember("a", "T3", '[["reproduced","Ünï",NaN]]')
    store.remember("a", "T3", "[]")
    store.remember("b", "T3", "[]")
    with Store(tmp_path / "trials.sqlite") as again:
        for held in (store, again):
            assert [held.recall(key) for key in "abc"] == ['[["reproduced","Ünï",NaN]]', "[]", None]
            assert held.claims() == 1


@pytest.mark.parametrize("options", [{}, {"dataset": "iris"}, {"loss": "mse"}, {"dataset": "moons"}], ids=str)
def test_clearing_trials_removes_the_evidence_that_may_rest_on_them(store: Store, options: dict[str, str]) -> None:
    """Clearing any trials removes all evidence, since what it was made of is not recorded."""
    store.put(block([0, 1]))
    store.remember("a", "T3", "[]")
    store.clear(**options)
    assert (store.recall("a"), store.claims()) == (None, 0)


def test_a_merge_takes_trials_and_leaves_evidence(store: Store, tmp_path: Path) -> None:
    """Evidence can be made again from the trials; the store's own evidence stays."""
    store.remember("a", "T3", "[]")
    with Store(tmp_path / "other.sqlite") as other:
        other.put(block([0]))
        other.remember("b", "T4", "[]")
        assert store.merge(other) == 1
    assert (store.recall("a"), store.recall("b"), store.claims()) == ("[]", None, 1)


def test_a_cleared_store_is_small(store: Store) -> None:
    """The file shrinks."""
    empty = store.size()
    store.put(block(range(300)))
    assert store.size() > 2 * empty
    store.clear()
    assert store.size() <= 1.2 * empty


def test_groups_count_what_is_stored(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By data set and fingerprint, with the times of the first and the last; a merge keeps the times."""
    with Store(tmp_path / "other.sqlite") as other:
        other.put(block([1, 2], dataset="wine"))
        now = time.time()
        monkeypatch.setattr("lossbench.store.store.time.time", lambda: now + 1000)
        store.put(block([3, 4], dataset="wine") + block([1], dataset="wine", loss="mse"))
        store.put(block([1], fingerprint="old") + block([1], dataset="wine", fingerprint="old"))
        store.merge(other)
    old, wine_new, wine_old = store.groups()
    assert (old.dataset, old.fingerprint, old.losses, old.trials) == ("iris", "old", 1, 1)
    assert (wine_new.dataset, wine_new.losses, wine_new.trials) == ("wine", 2, 5)
    assert (wine_old.dataset, wine_old.fingerprint, wine_old.trials) == ("wine", "old", 1)
    assert wine_new.newest - wine_new.oldest == pytest.approx(1000, abs=2)


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({}, "home/.cache/lossbench"),
        ({"XDG_CACHE_HOME": "xdg"}, "xdg/lossbench"),
        ({"LOSSBENCH_CACHE": "own", "XDG_CACHE_HOME": "xdg"}, "own"),
        ({"LOSSBENCH_CACHE": "", "XDG_CACHE_HOME": ""}, "home/.cache/lossbench"),
    ],
    ids=repr,
)
def test_where_the_store_is(
    variables: dict[str, str], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A given folder comes first, then the variables, then the user's cache folder, which is made."""
    for name in ("LOSSBENCH_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (tmp_path / store_path()) == tmp_path / folder / "trials.sqlite"
    with open_store() as store:
        assert store.path.is_file()
    assert store_path("given") == Path("given/trials.sqlite")


@pytest.mark.parametrize("name", ["plain", "with space", "what?mode=ro#1", "100%41", "Ünïcode"])
def test_any_name_of_a_folder_will_do(name: str, tmp_path: Path) -> None:
    """SQLite gets the path as a URI, in which some characters have a meaning."""
    with open_store(tmp_path / name) as store:
        store.put(block([0]))
    assert (tmp_path / name / "trials.sqlite").is_file()


def test_a_whole_run_is_read_in_a_moment(store: Store) -> None:
    """The default config's 2680 trials take well under half a second of the three that a cached run may take."""
    many: dict[str, Any] = {f"more_{index}": index / 7 for index in range(60)}
    trials = [Done(done.row | many, np.resize(done.curve, 100)) for done in block(range(2680))]
    store.put(trials)
    keys = [key(done.row) for done in trials]
    start = time.process_time()
    assert len(store.get(keys)) == 2680
    assert time.process_time() - start < 1
