"""How work travels to the workers of a cluster: what many packs share is sent apart, and once a worker.

That is a data set with its losses: its table, and the files of losses of the user's own, which travel as source.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from joblib.externals.cloudpickle import CloudPickler  # what joblib itself pickles by

from lossbench.losses.custom.carry import Carried, carry, unloaded
from lossbench.training.pack import Setup

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
        file, needed = BytesIO(), dict[str, Any]()
        _Packer(file, self, needed).dump(task)
        return file.getvalue(), needed

    def sent(self, setup: Setup) -> tuple[str, Any]:
        """Return the hash of a shared part, and what stands for it; send it if it has not been."""
        if id(setup) not in self._sent:
            file = BytesIO()
            CloudPickler(file).dump((carry(setup.losses), _dumped(setup)))
            content = file.getvalue()
            self._sent[id(setup)] = setup, hashlib.sha256(content).hexdigest()[:16], self.share(content)
        return self._sent[id(setup)][1:]


def _dumped(item: Any) -> bytes:
    file = BytesIO()
    CloudPickler(file).dump(item)
    return file.getvalue()


class _Packer(CloudPickler):  # type: ignore[misc]  # joblib has no annotations
    def __init__(self, file: BytesIO, luggage: Luggage, needed: dict[str, Any]) -> None:
        super().__init__(file)
        self.luggage, self.needed = luggage, needed

    def persistent_id(self, item: Any) -> str | None:
        """Return what stands in the place of a shared part; None where an item is none."""
        if not isinstance(item, Setup):
            return None
        key, self.needed[key] = self.luggage.sent(item)
        return key


def unpacked(task: bytes, shared: Mapping[str, bytes]) -> Any:
    """Return a task as it was before it was packed.

    Args:
        task: from `Luggage.packed`.
        shared: its shared parts by their hashes, as they were sent.
    """
    return _Unpacker(BytesIO(task), shared).load()


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: BytesIO, shared: Mapping[str, bytes]) -> None:
        super().__init__(file)
        self.shared = shared

    def persistent_load(self, key: str) -> Any:
        """Return a shared part."""
        return _at_hand(key, self.shared[key])


_HELD: dict[str, Setup] = {}


def _at_hand(key: str, content: bytes) -> Setup:
    """Return a data set with its losses, unpacked at the first pack that needs it."""
    if key not in _HELD:
        files: tuple[Carried, ...]
        files, setup = pickle.loads(content)
        while len(_HELD) >= HELD:
            del _HELD[next(iter(_HELD))]
        with unloaded(files):
            _HELD[key] = pickle.loads(setup)
    return _HELD[key]
