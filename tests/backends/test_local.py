from __future__ import annotations

import math
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.backends import Local, available_cores
from lossbench.backends.local import watched_threads
from lossbench.errors import TrainingLost, UnknownName
from lossbench.losses import get_loss
from lossbench.training.thread import one_thread


@pytest.fixture(autouse=True)
def two_threads():
    """Start each test with two threads, and leave the number as it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def flushes() -> bool:
    """Say whether torch counts a subnormal number as zero."""
    return not bool((torch.full((64,), 1e-40) * 0.5).any())


def call(function):
    """Call a function of no arguments."""
    return function()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers()))
def test_every_task_comes_back_once_with_its_index(tasks: list[int]) -> None:
    """In one process: f(task) for every task, in the order given."""
    assert list(Local(1).run(operator.neg, tasks)) == [(i, -task) for i, task in enumerate(tasks)]


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_do_not_depend_on_jobs(count: int) -> None:
    """Two processes return what one does; the index says which task a result belongs to."""
    tasks = [20 * index for index in range(count, 0, -1)]
    assert dict(Local(2).run(math.factorial, tasks)) == dict(Local(1).run(math.factorial, tasks))


def test_more_jobs_than_tasks_are_no_harm() -> None:
    """There are never more processes than tasks; a single task is done here."""
    assert sorted(Local(64).run(operator.neg, [1, 2])) == [(0, -1), (1, -2)]
    assert list(Local(64).run(call, [os.getpid])) == [(0, os.getpid())]


def test_two_jobs_are_other_processes() -> None:
    """With two jobs nothing is computed in this process."""
    assert os.getpid() not in dict(Local(2).run(call, [os.getpid] * 4)).values()


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_runs_on_one_thread(jobs: int) -> None:
    """Here and in other processes: one thread, subnormal numbers flushed; here, both are undone afterwards."""
    assert list(dict(Local(jobs).run(call, [torch.get_num_threads] * 3)).values()) == [1, 1, 1]
    assert all(dict(Local(jobs).run(call, [flushes] * 3)).values())
    assert torch.get_num_threads() == 2
    assert not flushes()


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(jobs: int) -> None:
    """What goes wrong in a task is raised where the results are awaited, and threads are restored."""
    with pytest.raises(ValueError, match="negative"):
        list(Local(jobs).run(math.factorial, [3, -1, 5]))
    assert torch.get_num_threads() == 2
    assert not flushes()


def test_a_process_that_is_killed_is_one_error() -> None:
    """Not joblib's own: it says what may have happened and what to do."""
    with pytest.raises(TrainingLost, match=r"was killed, .*; if memory is short, give jobs=1"):
        list(Local(2).run(call, [abort, abort]))
    assert dict(Local(2).run(math.factorial, [3, 4])) == {0: 6, 1: 24}


def test_a_loss_that_was_spoilt_meanwhile_is_named(tmp_path: Path) -> None:
    """A process that cannot read the user's file any more says so, and is not taken for one that was killed."""
    file = tmp_path / "own.py"
    file.write_text("def mine(raw, target):\n    return (raw - target).square().mean(-1)\n")
    loss = get_loss(f"{file}:mine", "regression")
    file.write_text("")
    with pytest.raises(UnknownName, match="unknown loss 'mine'"):
        list(Local(2).run(operator.attrgetter("spec"), [loss] * 3))


def abort() -> None:
    """End this process as the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs signals that can be held back")
def test_ctrl_c_is_for_the_first_process_alone() -> None:
    """Those that it starts hold the signal back from the beginning, also where nothing was started before."""
    program = """if __name__ == "__main__":
    import signal
    from functools import partial
    from lossbench.backends import Local
    held = dict(Local(2).run(partial(signal.pthread_sigmask, signal.SIG_BLOCK), [[], []]))
    print([signal.SIGINT in mask for mask in held.values()])"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[True, True]"


@pytest.mark.parametrize("answer", [signal.default_int_handler, signal.SIG_IGN], ids=["terminal", "background"])
def test_a_thread_that_dies_ends_the_wait(answer: Any) -> None:
    """Its error is raised where the results are awaited, and whoever watched threads before goes on."""
    before, own = threading.excepthook, signal.signal(signal.SIGINT, answer)

    def await_results() -> None:
        threading.Thread(target=operator.truediv, args=(1, 0)).start()
        time.sleep(30)

    try:
        with pytest.raises(ZeroDivisionError), watched_threads():
            await_results()
        assert (threading.excepthook, signal.getsignal(signal.SIGINT)) == (before, answer)
    finally:
        signal.signal(signal.SIGINT, own)


def test_who_stops_early_hears_nothing(recwarn: pytest.WarningsRecorder) -> None:
    """A budget that is spent leaves tasks undone: joblib's advice on that is not passed on."""
    results = Local(2).run(time.sleep, [0.0, 0.5, 0.5, 0.5])
    next(results)
    results.close()
    assert [str(warning.message) for warning in recwarn if "joblib" in warning.filename] == []


def test_a_thread_that_dies_while_the_pool_ends_is_nobodys_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who stops early does not hear of it; it is no Ctrl-C either."""

    class Pool:
        def __init__(self, **_: object) -> None:
            pass

        def __call__(self, calls: object) -> Iterator[tuple[int, None]]:
            try:
                yield 0, None
                yield 1, None
            finally:
                dying = threading.Thread(target=lambda: {}[3])
                dying.start()
                dying.join()

    monkeypatch.setattr("joblib.Parallel", Pool)
    early = Local(2).run(time.sleep, [0.0, 0.0])
    next(early)
    early.close()
    time.sleep(0.05)  # an interrupt would come by now


def test_results_come_one_by_one() -> None:
    """In one process a result is handed over before the next task starts, so progress can be shown."""
    done: list[int] = []
    for index, _ in Local(1).run(done.append, [0, 1, 2]):
        assert done == list(range(index + 1))


@pytest.mark.parametrize("fails", [False, True])
def test_one_thread_restores_what_it_found(fails: bool) -> None:
    """Inside: one thread and no subnormals; afterwards, after an error too, all as before."""
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
            assert flushes()
            1 / (not fails)
    except ZeroDivisionError:
        assert fails
    assert torch.get_num_threads() == 2
    assert not flushes()


def test_cores_are_those_we_may_use() -> None:
    """Never none, and never more than the process is allowed."""
    assert 1 <= available_cores() <= len(os.sched_getaffinity(0))
