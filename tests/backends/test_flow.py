"""What all clusters share, on one of this very process: how much is under way, and when a run gives up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossbench.backends import flow, handshake
from lossbench.backends.flow import AHEAD, results_of
from lossbench.errors import BadValue, LossbenchError, TrainingLost, UsageError

MINE = {"torch": "2.13.0", "fingerprint": "abc"}
OTHER = {"torch": "2.12.0", "fingerprint": "abc"}


@dataclass
class _Here:
    """A `lossbench.backends.engine.Engine` whose workers are this process.

    Args:
        found: the workers, as they are seen one after another; the last ones stay.
        choose: which of the tasks under way is over next, by its place among them.
    """

    found: list[Mapping[str, int]]
    choose: Callable[[int], int] = lambda number: 0
    called: str = "fake scheduler"
    start: str = "fake worker"
    most: int = 0
    cancelled: list[int] = field(default_factory=list)
    under_way: dict[int, Callable[[], Any]] = field(default_factory=dict)
    shared: list[bytes] = field(default_factory=list)

    def workers(self) -> Mapping[str, int]:
        return self.found.pop(0) if len(self.found) > 1 else self.found[0]

    def ask(self, worker: str, function: Callable[[], Any]) -> Callable[[], Any]:
        return function

    def share(self, content: bytes) -> bytes:
        self.shared.append(content)
        return content

    def submit(self, function: Callable[..., Any], *arguments: Any) -> int:
        number = max(self.under_way, default=-1) + 1
        self.under_way[number] = lambda: function(*arguments)
        self.most = max(self.most, len(self.under_way))
        return number

    def finished(self, tasks: Collection[int], seconds: float) -> Iterable[int]:
        waiting = sorted(tasks)
        return [waiting[self.choose(len(waiting))]] if waiting else []

    def result(self, task: Any, seconds: float) -> Any:
        return task() if callable(task) else self.under_way.pop(task)()

    def cancel(self, tasks: Collection[int]) -> None:
        self.cancelled += tasks


def mine() -> dict[str, str]:
    """What this process computes with."""
    return MINE


def doubled(task: int) -> int:
    """The work; of 13 it is none."""
    if task == 13:
        raise BadValue("thirteen is no task; leave it out")
    if task == 14:
        raise RuntimeError("lost")
    return 2 * task


def run(engine: _Here, tasks: Iterable[int], identity: Callable[[], Mapping[str, str]] = mine) -> dict[int, int]:
    """Return the results of tasks by their places, each of which comes once."""
    found: dict[int, int] = {}
    for index, result in results_of(engine, identity, doubled, list(tasks)):
        assert index not in found
        found[index] = result
    return found


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing."""
    for module in (flow, handshake):
        monkeypatch.setattr(module, "PATIENCE", -1.0)
        monkeypatch.setattr(module, "POLL_INTERVAL", 0.0)


@given(st.integers(0, 12), st.lists(st.integers(1, 3), min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_every_result_comes_once_in_any_order(tasks: int, slots: list[int], random: Any) -> None:
    """However tasks end, and never are more under way than keep the workers busy."""
    engine = _Here([{f"node{number}": slot for number, slot in enumerate(slots)}], random.randrange)
    assert run(engine, range(tasks)) == {task: 2 * task for task in range(tasks)}
    assert engine.most <= AHEAD * sum(slots)
    assert engine.cancelled == []


def test_an_error_of_a_task_is_that_of_the_run() -> None:
    """As it was raised there; what is still under way is given up."""
    engine = _Here([{"node": 1}])
    with pytest.raises(BadValue, match="thirteen is no task"):
        run(engine, [13, 1, 2])
    assert len(engine.cancelled) == 1


def test_a_task_that_is_lost_ends_the_run() -> None:
    """Whatever the cluster says of it."""
    with pytest.raises(TrainingLost, match=r"a pack was lost on the cluster \(RuntimeError: lost\); check that"):
        run(_Here([{"node": 1}]), [1, 14])


def test_a_worker_that_differs_is_refused() -> None:
    """At the start with its address, later with its machine; both values are named."""
    with pytest.raises(UsageError, match=r"worker node is refused: torch 2\.12\.0 there and 2\.13\.0 here"):
        handshake.refuse_others(_Here([{"node": 1}]), lambda: OTHER, MINE)
    said = iter([MINE, MINE, OTHER])
    with pytest.raises(UsageError, match=r"process \d+ is refused: torch 2\.12\.0 there and 2\.13\.0 here"):
        run(_Here([{"node": 1}]), [1, 2], lambda: next(said))


def silent() -> dict[str, str]:
    """A worker that does not answer."""
    raise TimeoutError


def broken() -> dict[str, str]:
    """A worker that has no lossbench."""
    raise ModuleNotFoundError("No module named 'lossbench'")


@pytest.mark.parametrize(
    ("asked", "words"),
    [(silent, "worker node did not answer"), (broken, "node cannot report its versions .*No module named")],
)
def test_a_worker_that_does_not_say_what_it_is(asked: Callable[[], Any], words: str) -> None:
    """It is named, with what to do."""
    with pytest.raises(UsageError, match=words):
        handshake.refuse_others(_Here([{"node": 1}]), asked, MINE)


@pytest.mark.usefixtures("impatient")
def test_a_cluster_without_workers() -> None:
    """A run waits a while for the first, and for another where all are gone."""
    with pytest.raises(BadValue, match=r"the fake scheduler has had no worker .* start workers with: fake worker"):
        run(_Here([{}]), [1])
    with pytest.raises(TrainingLost, match=r"there has been no worker .* check that scheduler and workers run"):
        run(_Here([{"node": 1}, {}]), [1])


def test_a_cluster_that_is_gone() -> None:
    """Whatever a call of its raises."""

    class Gone(_Here):
        def submit(self, function: Callable[..., Any], *arguments: Any) -> int:
            raise ConnectionError("closed")

    with pytest.raises(LossbenchError, match=r"the fake scheduler is gone \(ConnectionError: closed\)"):
        run(Gone([{"node": 1}]), [1])


def test_what_a_worker_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that a task is made of, and that is not installed there."""

    def lacking(*_: object) -> None:
        raise ModuleNotFoundError("No module named 'elsewhere'")

    monkeypatch.setattr(flow, "unpacked", lacking)
    with pytest.raises(
        UsageError, match=r"lacks a package that a loss needs \(ModuleNotFoundError: No module named"
    ):
        run(_Here([{"node": 1}]), [1])
