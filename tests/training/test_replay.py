"""What can be tested of CUDA graphs without CUDA: a step can be captured and replayed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from lossbench.training import fused
from lossbench.training.fused import engine, joins, kernels, network, paced
from lossbench.training.fused.criteria import Criteria
from lossbench.training.fused.layout import Layout
from lossbench.training.fused.replay import Replay

from .cases import MODELS, pack, packs_of, same_bits, trial
from .test_engines import DATASETS, every_trial, share_of

MOVES = torch.ops.aten._to_copy.default


class Seen(Exception):
    """Ends a training once enough was seen."""


class OneDevice(TorchDispatchMode):
    """Refuse operations on tensors of several devices, except copies from one to another."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor) and leaf.ndim]
        assert func is MOVES or len({tensor.device for tensor in tensors}) < 2, func
        return func(*args, **(kwargs or {}))


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """End every training after the first batch and the last, which may be smaller; say on which device."""
    seen: list[str] = []
    whole = engine.Batches.epoch

    def stop(recorder: engine.Recorder, epoch: int) -> None:
        seen.append(recorder.crew.network.theta.device.type)
        raise Seen

    def first_and_last(batches: engine.Batches, epoch: int) -> Iterator[engine.Batch]:
        steps = list(whole(batches, epoch))
        yield from steps[:1] + steps[1:][-1:]

    monkeypatch.setattr(engine.Batches, "epoch", first_and_last)
    monkeypatch.setattr(engine.Recorder, "record", stop)
    return seen


@pytest.mark.parametrize(("name", "model"), [*product(DATASETS, ["mlp:16"]), *product(["iris"], MODELS)])
def test_a_step_waits_for_no_value_and_stays_on_its_device(name: str, model: str, stopped: list[str]) -> None:
    """Every loss and optimiser can take a step on the meta device, where tensors have shapes but no values."""
    packs = packs_of(name, share_of(every_trial(name, model, epochs=1), name, MODELS[0]))
    for group in packs:
        with pytest.raises(Seen), OneDevice():
            fused.train(group, device="meta")
    assert stopped == ["meta"] * len(packs)


def test_two_devices_or_a_value_asked_for_would_be_noticed() -> None:
    """The meta device refuses to return a value, and the mode refuses a tensor of another device."""
    there = torch.zeros(3, device="meta")
    with pytest.raises(RuntimeError, match="item"):
        there.sum().item()
    with pytest.raises(AssertionError), OneDevice():
        there.index_select(0, torch.zeros(3, dtype=torch.int64))


class Recording(TorchDispatchMode):
    """Stands in for a CUDA graph: the operations of a step, with the very tensors that they read and wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Callable[..., Any], Any, Any, list[torch.Tensor]]] = []
        self.before: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = dict(zip((one.name for one in func._schema.arguments), args, strict=False)) | (kwargs or {})
        written = [given[one.name] for one in func._schema.arguments if one.is_write]
        self.before += [(tensor, tensor.clone()) for tensor in tree_leaves(written)]
        out = func(*args, **(kwargs or {}))
        self.operations.append((func, args, kwargs or {}, tensors_of(out)))
        return out

    def undo(self) -> None:
        """Restore every tensor, since capturing a step does not take it."""
        for tensor, value in reversed(self.before):
            tensor.copy_(value)

    def replay(self) -> None:
        """Do all operations again, with each result where the later ones read it."""
        for func, args, kwargs, places in self.operations:
            for place, again in zip(places, tensors_of(func(*args, **kwargs)), strict=True):
                if place.data_ptr() != again.data_ptr():
                    place.copy_(again)


def tensors_of(result: Any) -> list[torch.Tensor]:
    """Return the tensors among results."""
    return [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]


@contextmanager
def capturing(graph: Recording) -> Iterator[None]:
    """Stands in for `torch.cuda.graph`."""
    with graph:
        yield
    graph.undo()


def torch_product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    """The product as it is on CUDA."""
    return out.copy_(left @ right)


@pytest.fixture
def replayed(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Replay all steps from a stand-in for a CUDA graph; return the graphs."""
    graphs: list[Recording] = []

    def graph() -> Recording:
        graphs.append(Recording())
        return graphs[-1]

    monkeypatch.setattr(torch.cuda, "CUDAGraph", graph)
    monkeypatch.setattr(torch.cuda, "graph", capturing)
    return graphs


@pytest.mark.parametrize(
    ("name", "model"), [("iris", "linear"), ("diabetes", "mlp:7,3:gelu"), ("moons:rows=60", "mlp:9")]
)
def test_a_step_that_is_played_back_is_the_step(
    name: str, model: str, replayed: list[Recording], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Curves and outputs are equal to the last bit: a graph sees every operation of a step."""
    for module in (network, joins, kernels, paced):
        monkeypatch.setattr(module, "product", torch_product)
    for group in packs_of(name, every_trial(name, model, epochs=2)):
        monkeypatch.setattr(engine, "as_graph", lambda step, device, criteria: step)
        plain = fused.train(group)
        monkeypatch.setattr(engine, "as_graph", lambda step, device, criteria: Replay(step))
        same_bits(fused.train(group), plain, list(range(len(group.trials))))
    assert replayed


def test_a_loss_of_the_users_own_is_not_captured(tmp_path: Path) -> None:
    """A user's code may ask for values, or do anything else that a graph cannot hold."""
    (tmp_path / "mine.py").write_text("def mine(raw, target):\n    return ((raw - target) ** 2).mean(-1)\n")
    for loss, captured in (("mse", True), (f"{tmp_path / 'mine.py'}:mine", False)):
        group = pack(trial("diabetes", loss=loss))
        criteria = Criteria(Layout.of(group))
        assert isinstance(engine.as_graph(lambda batch: None, "cuda", criteria), Replay) == captured
        assert not isinstance(engine.as_graph(lambda batch: None, "cpu", criteria), Replay)
