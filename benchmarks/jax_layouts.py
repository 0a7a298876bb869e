"""The engines against JAX in two layouts, each compiled, side by side on one core, under a mix of six losses.

JAX is no dependency of lossbench: install it beside.

All train the same models by Adam from the same first weights, in the same batch order, 50 epochs; the engines also
score every epoch, remember the best and predict the test part, which the JAX programs do not. The layouts: a
product of its own for every model, with features of its own; and one first-layer product for all the models of a
seed, which see the same rows. The losses stand in slices of the models, so that none is computed for models of
another. Processor time is taken, so that others may be at work on the machine.

python benchmarks/jax_layouts.py [--models 300] [--rounds 3] [--dataset digits]
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax  # noqa: E402 - reads the flags above
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from lossbench.selftest.bench import LOSSES as BINARY  # noqa: E402
from lossbench.selftest.bench import make_pack  # noqa: E402
from lossbench.training import fused, native  # noqa: E402
from lossbench.training.pack import Pack  # noqa: E402
from lossbench.training.targets import encoded, offset_of  # noqa: E402
from lossbench.training.thread import one_thread  # noqa: E402

WORKLOADS = [
    ("breast_cancer", "mlp:16", BINARY),
    ("digits", "mlp:32", ["ce", "mse", "mae", "hinge", "focal", "label_smoothing"]),
    ("diabetes", "mlp:64,32", ["mse", "mae", "huber", "log_cosh", "pinball", "mape"]),
]
EPOCHS = 50
RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8

log_sigmoid, sigmoid, relu = jax.nn.log_sigmoid, jax.nn.sigmoid, jax.nn.relu


def binary(name: str, z: jax.Array, y: jax.Array) -> jax.Array:
    """Return a loss of one raw output, of any shape."""
    s = 2 * y - 1
    return {
        "bce": lambda: (1 - y) * z - log_sigmoid(z),
        "mse": lambda: (sigmoid(z) - y) ** 2,
        "mae": lambda: abs(sigmoid(z) - y),
        "hinge": lambda: relu(1 - s * z),
        "squared_hinge": lambda: relu(1 - s * z) ** 2,
        "focal": lambda: -jnp.exp(2 * log_sigmoid(-s * z)) * log_sigmoid(s * z),
    }[name]()


def regression(name: str, f: jax.Array, y: jax.Array) -> jax.Array:
    """Return a loss of one value, of any shape."""
    e = y - f
    capped = jnp.minimum(abs(e), 1)
    return {
        "mse": lambda: e**2,
        "mae": lambda: abs(e),
        "huber": lambda: capped * (abs(e) - 0.5 * capped),
        "log_cosh": lambda: jnp.logaddexp(e, -e),
        "pinball": lambda: 0.5 * relu(e) + 0.5 * relu(-e),
        "mape": lambda: abs(e) / abs(y),
    }[name]()


def multiclass(name: str, z: jax.Array, t: jax.Array) -> jax.Array:
    """Return a loss of raw outputs (..., classes) and the true class (...)."""
    y = jax.nn.one_hot(t, z.shape[-1])
    logarithm = jax.nn.log_softmax(z)
    right = (y * logarithm).sum(-1)
    return {
        "ce": lambda: -right,
        "mse": lambda: ((jnp.exp(logarithm) - y) ** 2).sum(-1),
        "mae": lambda: 2 * (1 - jnp.exp(right)),
        "hinge": lambda: relu(1 + jnp.where(y > 0, -jnp.inf, z).max(-1) - (y * z).sum(-1)),
        "focal": lambda: -((1 - jnp.exp(right)) ** 2) * right,
        "label_smoothing": lambda: -0.9 * right - 0.1 * logarithm.mean(-1),
    }[name]()


def per_model(features: jax.Array, weights: jax.Array) -> jax.Array:
    """Return first-layer values (models, batch, units) of features (models, batch, inputs), a product a model."""
    return jnp.einsum("mbi,mui->mbu", features, weights)


def per_seed(features: jax.Array, weights: jax.Array) -> jax.Array:
    """Return first-layer values (models, batch, units) of features (batch, inputs), in one product."""
    models, units, inputs = weights.shape
    product = features @ weights.reshape(models * units, inputs).T
    return product.reshape(len(features), models, units).transpose(1, 0, 2)


def cost(weights, features, target, offset, counts, first: Callable, losses: Sequence[tuple[str, int]], task: str):
    """Return the sum of the mean losses of the models of a batch."""
    values = first(features, weights[0][..., :-1]) + weights[0][:, None, :, -1]
    for layer in weights[1:]:
        values = jnp.einsum("mbi,mui->mbu", relu(values), layer[..., :-1]) + layer[:, None, :, -1]
    raw = values + offset[:, None]
    total, start = 0.0, 0
    for name, models in losses:
        part, start = slice(start, start + models), start + models
        one = multiclass if task == "multiclass" else binary if task == "binary" else regression
        seen = raw[part] if task == "multiclass" else raw[part, :, 0]
        total += (one(name, seen, target[part]) * counts).sum() / counts.sum()
    return total


def train(weights, features, target, offset, rows, counts, gather: Callable, **how):
    """Train models that take their steps together; `how` is what `cost` takes besides."""

    def step(state, batch):
        weights, mean, square, number = state
        chosen, counted = batch
        shown, aims = gather(features, target, chosen)
        slope = jax.grad(partial(cost, **how))(weights, shown, aims, offset, counted)
        number += 1
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, slope)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, slope)

        def move(w, m, v):
            return w - RATE * (m / (1 - BETA1**number)) / (jnp.sqrt(v / (1 - BETA2**number)) + EPSILON)

        return (jax.tree.map(move, weights, mean, square), mean, square, number), None

    zeros = jax.tree.map(jnp.zeros_like, weights)
    (weights, *_), _ = jax.lax.scan(step, (weights, zeros, zeros, jnp.float32(0)), (rows, counts))
    return weights


def of_models(features, target, chosen):
    """Return the batch of every model: features (models, rows, inputs), target (models, rows), chosen likewise."""
    return jax.vmap(lambda x, r: x[r])(features, chosen), jax.vmap(lambda t, r: t[r])(target, chosen)


def of_seed(features, target, chosen):
    """Return the batch that the models of a seed share."""
    return features[chosen], target[:, chosen]


def batches(order: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of every step (steps, size) and which of them count; the last of an epoch are padded."""
    missing = -order.shape[1] % size
    padded = np.pad(order, ((0, 0), (0, missing)))
    counts = np.pad(np.ones(order.shape, dtype=np.float32), ((0, 0), (0, missing)))
    return padded.reshape(-1, size), counts.reshape(-1, size)


def stacked(pack: Pack, indices: Sequence[int]) -> tuple[object, ...]:
    """Return weights, features, target, offset of some models, stacked, and the steps of each."""
    layers = range(len(pack.weights[0]))
    weights = [np.stack([pack.weights[i][layer] for i in indices]).astype(np.float32) for layer in layers]
    features = np.stack([pack.training[i].features for i in indices]).astype(np.float32)
    target = np.stack([encoded(pack, i) for i in indices])
    target = target if target.dtype == np.int64 else target[..., 0].astype(np.float32)
    offset = np.stack([offset_of(pack, i) for i in indices]).astype(np.float32)
    steps = [batches(pack.orders[pack.trials[i].seed], pack.batch_size) for i in indices]
    rows, counts = (np.stack(part) for part in zip(*steps, strict=True))
    return weights, features, target, offset, rows, counts


def by_loss(pack: Pack, indices: Sequence[int]) -> tuple[list[int], list[tuple[str, int]]]:
    """Return models ordered by their loss, and how many have each."""
    ordered = sorted(indices, key=lambda i: pack.losses[i].name)
    names = [pack.losses[i].name for i in ordered]
    edges = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    return ordered, [(names[a], b - a) for a, b in pairwise(edges)]


def programs(pack: Pack) -> dict[str, Callable[[], object]]:
    """Return each layout as a compiled program of its own."""
    task = pack.dataset.task
    ordered, losses = by_loss(pack, range(len(pack.trials)))
    weights, features, target, offset, rows, counts = stacked(pack, ordered)
    given = weights, features, target, offset, rows.swapaxes(0, 1), counts[0]
    found = {"a product a model": compiled(given, gather=of_models, first=per_model, losses=losses, task=task)}
    seeds = sorted({trial.seed for trial in pack.trials})
    calls = []
    for seed in seeds:
        own, losses = by_loss(pack, [i for i, trial in enumerate(pack.trials) if trial.seed == seed])
        weights, features, target, offset, rows, counts = stacked(pack, own)
        given = weights, features[0], target, offset, rows[0], counts[0]
        calls.append(compiled(given, gather=of_seed, first=per_seed, losses=losses, task=task))
    found["a product a seed"] = lambda: [call() for call in calls]
    return found


def compiled(given: tuple[object, ...], **how: object) -> Callable[[], object]:
    """Compile the training of some models."""
    arguments = jax.device_put(given)
    program = jax.jit(partial(train, **how)).lower(*arguments).compile()
    return lambda: jax.block_until_ready(program(*arguments))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the processor time of a call: others may be at work on this machine."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(name: str, model: str, losses: Sequence[str], models: int, rounds: int) -> None:
    """Print one workload's figures; all take turns, so that a drift of the machine hits them alike."""
    pack = make_pack(models, EPOCHS, name, model, losses)
    works = {"native": lambda: native.train(pack), "fused": lambda: fused.train(pack), **programs(pack)}
    for work in works.values():
        work()
    times = {title: [] for title in works}
    for _ in range(rounds):
        for title, work in works.items():
            times[title].append(seconds_of(work))
    mine = np.array(times["native"])
    print(f"{name}, {model}, {models} models, {len(losses)} losses")
    for title, taken in times.items():
        ratios = np.array(taken) / mine
        spread = f"{np.median(ratios):5.2f} times native ({ratios.min():.2f} to {ratios.max():.2f})"
        print(f"    {title:<18} {np.median(taken) / models * 1e3:6.2f} ms a model, {spread}", flush=True)


def main() -> None:
    """Measure every workload."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dataset", choices=[name for name, *_ in WORKLOADS], help="only this workload")
    options = parser.parse_args()
    with one_thread():
        for name, model, losses in WORKLOADS:
            if options.dataset in (None, name):
                measure(name, model, losses, options.models, options.rounds)


if __name__ == "__main__":
    main()
