"""The networks of an experiment: each fitted to a data set, and a user's model checked by a trial run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from lossbench.apart import Ended, apart
from lossbench.data.dataset import Dataset
from lossbench.errors import BadValue, ModelFailed
from lossbench.losses.custom.contain import failing
from lossbench.losses.custom.endless import LIMIT, ticking
from lossbench.losses.custom.source import in_one_line
from lossbench.plan.names import naming
from lossbench.training.module.model import ModuleModel
from lossbench.training.module.named import fitted
from lossbench.training.module.tried import check_model
from lossbench.training.network import Model
from lossbench.training.setup import Setup
from lossbench.training.torch_threads import narrowed, one_thread_of_torch

Network = Model | ModuleModel


def on_dataset(spec: str, model: Network, dataset: Dataset) -> Network:
    """Return a network fitted to a data set.

    Raises:
        BadValue: the network does not fit this data.
    """
    with naming(spec):
        if isinstance(model, ModuleModel):
            return fitted(model, dataset)
        return embedding(spec, model) if dataset.task == "embedding" else model


def checked(setup: Setup, model: Network, batch_size: int) -> Network:
    """Run a user's model once with every number of outputs that a loss asks for, and return it.

    Raises:
        ModelFailed: it cannot be trained.
    """
    if not isinstance(model, ModuleModel) or not model.code:
        return model
    inputs, dataset = setup.dataset.features.shape[1], setup.dataset
    wanted: dict[tuple[int, bool], str] = {}
    for spec, loss in setup.losses.items():
        if not loss.record.headless:
            wanted.setdefault((loss.record.width(dataset.targets), loss.record.head == "cosine"), spec)
    with naming(model.spec):
        for (outputs, cosines), spec in (wanted or {(dataset.targets, False): "every loss"}).items():
            check_model(replace(model, cosines=cosines), inputs, outputs, f"'{dataset.name}' under {spec}")
        return with_slowness(model, inputs, dataset.targets, batch_size * dataset.pixels)


def with_slowness(model: ModuleModel, inputs: int, outputs: int, rows: int) -> ModuleModel:
    """Return a user's model with the reason why its networks are trained one by one, if they are.

    Raises:
        ModelFailed: it cannot be called with this number of rows.
    """
    with narrowed():
        one_thread_of_torch()
        try:
            fault = apart(partial(slowness, model, inputs, outputs, rows), silence=LIMIT)
        except Ended as error:
            raise ModelFailed(f"model '{model.spec}' {error}, called with {rows} rows") from None
        return replace(model, fault=fault)


def slowness(model: ModuleModel, inputs: int, outputs: int, rows: int) -> str:
    """Return the reason why networks of a user's model are trained one by one; empty where they are not."""
    import torch

    from lossbench.training.fused.layout import padded
    from lossbench.training.module.many import way_of

    def fault(error: BaseException) -> ModelFailed:
        return ModelFailed(f"model '{model.spec}' raised {in_one_line(error)}, called with {rows} rows")

    with ticking(LIMIT), failing(fault):
        return way_of(model, inputs, outputs, padded(rows), torch.float32).fault


def embedding(spec: str, model: Model) -> Model:
    """Return a network whose last hidden layer is the embedding.

    Raises:
        BadValue: there is no hidden layer, or one of a single unit, which normalising to length one makes
            constant.
    """
    if not model.widths or model.widths[-1] < 2:
        raise BadValue(
            f"the model '{spec}' has no embedding, which is a last hidden layer of two units or more; give one, "
            "as in mlp:64,32"
        )
    return replace(model, embeds=True)
