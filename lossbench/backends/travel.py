"""Send tasks to the workers of a cluster: the parts that many packs share are sent separately, once per worker.

The shared part is the setup of a data set: its table, losses, models and score. A user's code in it is sent as the
source of its files.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lossbench.losses.custom.carry import Carried, carry, unloaded
from lossbench.metrics.own.called import OwnScore
from lossbench.metrics.score import Asked
from lossbench.training.setup import Setup

MOST_KEPT = 32  # setups that a worker keeps in memory


@dataclass
class Sender:
    """Packs tasks, and shares each of their common parts once.

    Args:
        share: shares bytes with the workers, and returns a handle to pass as an argument of a task.
    """

    share: Callable[[bytes], Any]
    _sent: dict[int, tuple[Setup, str, Any]] = field(default_factory=dict)

    def packed(self, task: Any) -> tuple[bytes, dict[str, Any]]:
        """Return a task as bytes without its shared parts, and the handles of these by their hashes."""
        needed: dict[str, Any] = {}

        def leave_out(setup: Setup) -> tuple[Callable[[str], Setup], tuple[str]]:
            key, needed[key] = self.sent(setup)
            return _setup_of, (key,)

        return dumps(task, {Setup: leave_out}), needed

    def sent(self, setup: Setup) -> tuple[str, Any]:
        """Return the hash of a shared part and its handle; share it if that was not done yet."""
        if id(setup) not in self._sent:
            content = dumps((carry(named_in(setup)), dumps(setup)))
            self._sent[id(setup)] = setup, hashlib.sha256(content).hexdigest()[:16], self.share(content)
        return self._sent[id(setup)][1:]


def dumps(described: Any, reducers: Mapping[type, Callable[[Any], Any]] | None = None) -> bytes:
    """Pickle an object by joblib's own pickler, with other reducers for some types."""
    from joblib.externals.loky.backend.reduction import dumps  # imported late: slow, and rarely needed

    return bytes(dumps(described, reducers=reducers))


def named_in(setup: Setup) -> Iterator[str]:
    """Yield the specs of a setup whose objects may come from a user's files."""
    yield from setup.losses
    yield from setup.models
    judge = setup.dataset.judged
    if isinstance(judge, Asked) and isinstance(judge.function, OwnScore):
        yield judge.function.named.name


_SETUPS: dict[str, Setup] = {}


def unpacked(task: bytes, shared: Mapping[str, bytes]) -> Any:
    """Return a task as it was before it was packed; each shared part once, for the first task that needs it."""
    for key, content in shared.items():
        if key not in _SETUPS:
            while len(_SETUPS) >= MOST_KEPT:
                del _SETUPS[next(iter(_SETUPS))]
            _SETUPS[key] = _restored(content)
    return pickle.loads(task)


def _restored(content: bytes) -> Setup:
    files: tuple[Carried, ...]
    files, described = pickle.loads(content)
    with unloaded(files):
        setup: Setup = pickle.loads(described)
    return setup


def _setup_of(key: str) -> Setup:
    return _SETUPS[key]
