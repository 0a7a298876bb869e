"""How work travels to the workers of a cluster: what many packs share is sent apart, and once a worker.

That is a data set with its losses, its models and what it is judged by: its table, and the files of what is the
user's own, which travel as source.
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

HELD = 32  # data sets that a worker keeps at hand


@dataclass
class Luggage:
    """What has been sent of the shared parts of tasks.

    Args:
        share: sends bytes, and returns what stands for them among the arguments of a task.
    """

    share: Callable[[bytes], Any]
    _sent: dict[int, tuple[Setup, str, Any]] = field(default_factory=dict)

    def packed(self, task: Any) -> tuple[bytes, dict[str, Any]]:
        """Return a task as bytes without its shared parts, and by their hashes what stands for these."""
        needed: dict[str, Any] = {}

        def leave_out(setup: Setup) -> tuple[Callable[[str], Setup], tuple[str]]:
            key, needed[key] = self.sent(setup)
            return _at_hand, (key,)

        return dumps(task, {Setup: leave_out}), needed

    def sent(self, setup: Setup) -> tuple[str, Any]:
        """Return the hash of a shared part, and what stands for it; send it if it has not been."""
        if id(setup) not in self._sent:
            content = dumps((carry(named_in(setup)), dumps(setup)))
            self._sent[id(setup)] = setup, hashlib.sha256(content).hexdigest()[:16], self.share(content)
        return self._sent[id(setup)][1:]


def dumps(described: Any, reducers: Mapping[type, Callable[[Any], Any]] | None = None) -> bytes:
    """Return something as bytes, by what joblib itself pickles by; types may be described in other ways."""
    from joblib.externals.loky.backend.reduction import dumps  # who has nothing to send need not wait for it

    return bytes(dumps(described, reducers=reducers))


def named_in(setup: Setup) -> Iterator[str]:
    """Yield the specs whose objects may be taken from files of the user's own."""
    yield from setup.losses
    yield from setup.models
    judge = setup.dataset.judged
    if isinstance(judge, Asked) and isinstance(judge.function, OwnScore):
        yield judge.function.named.name


_HELD: dict[str, Setup] = {}


def unpacked(task: bytes, shared: Mapping[str, bytes]) -> Any:
    """Return a task as it was before it was packed.

    Args:
        task: from `Luggage.packed`.
        shared: its shared parts by their hashes, as they were sent; each is unpacked at the first task that
            needs it.
    """
    for key, content in shared.items():
        if key not in _HELD:
            while len(_HELD) >= HELD:
                del _HELD[next(iter(_HELD))]
            _HELD[key] = _restored(content)
    return pickle.loads(task)


def _restored(content: bytes) -> Setup:
    files: tuple[Carried, ...]
    files, described = pickle.loads(content)
    with unloaded(files):
        setup: Setup = pickle.loads(described)
    return setup


def _at_hand(key: str) -> Setup:
    return _HELD[key]
