"""The fused engine against JAX's jit(vmap(scan)), side by side on one core.

JAX is no dependency of lossbench: install it beside.

Both train the same models (breast_cancer, mlp:16, Adam, binary cross-entropy) from the same first weights, in the
same batch order; the engine also scores and remembers every epoch, which the JAX program does not.

python benchmarks/jax_vmap.py [--models 300]
"""

from __future__ import annotations

import argparse
import os
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import jax  # noqa: E402 - reads the flags above
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from lossbench.selftest.bench import make_pack  # noqa: E402
from lossbench.training import fused  # noqa: E402
from lossbench.training.pack import Pack  # noqa: E402
from lossbench.training.thread import one_thread  # noqa: E402

EPOCHS = 50
ROUNDS = 5
RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8


def batches(order: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of every step (steps, size) and which of them count; the last of an epoch are padded."""
    missing = -order.shape[1] % size
    padded = np.pad(order, ((0, 0), (0, missing)))
    counts = np.pad(np.ones(order.shape, dtype=np.float32), ((0, 0), (0, missing)))
    return padded.reshape(-1, size), counts.reshape(-1, size)


def cost(weights, features, target, counts):
    """Return the mean binary cross-entropy of a batch."""
    hidden = jax.nn.relu(features @ weights[0][:, :-1].T + weights[0][:, -1])
    raw = (hidden @ weights[1][:, :-1].T + weights[1][:, -1])[:, 0]
    per_sample = (1 - target) * raw - jax.nn.log_sigmoid(raw)
    return (per_sample * counts).sum() / counts.sum()


def train(weights, features, target, rows, counts):
    """Train one model."""

    def step(state, batch):
        weights, mean, square, number = state
        chosen, counted = batch
        slope = jax.grad(cost)(weights, features[chosen], target[chosen], counted)
        number += 1
        mean = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, mean, slope)
        square = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, square, slope)

        def move(w, m, v):
            return w - RATE * (m / (1 - BETA1**number)) / (jnp.sqrt(v / (1 - BETA2**number)) + EPSILON)

        return (jax.tree.map(move, weights, mean, square), mean, square, number), None

    zeros = jax.tree.map(jnp.zeros_like, weights)
    (weights, *_), _ = jax.lax.scan(step, (weights, zeros, zeros, jnp.float32(0)), (rows, counts))
    return weights


def inputs(pack: Pack) -> tuple[object, ...]:
    """Return what JAX trains on, stacked over the models."""
    indices = range(len(pack.trials))
    weights = [np.stack([pack.weights[i][layer] for i in indices]).astype(np.float32) for layer in (0, 1)]
    features = np.stack([pack.training[i].features for i in indices]).astype(np.float32)
    target = np.stack([pack.training[i].target for i in indices]).astype(np.float32).reshape(len(features), -1)
    stepped = [batches(pack.orders[trial.seed], pack.batch_size) for trial in pack.trials]
    rows, counts = (np.stack(part) for part in zip(*stepped, strict=True))
    return jax.device_put((weights, features, target, rows, counts))


def main() -> None:
    """Train with both in turns and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=300)
    models = parser.parse_args().models
    pack = make_pack(models, EPOCHS, losses=["bce"])
    arguments = inputs(pack)
    program = jax.jit(jax.vmap(train))
    start = time.perf_counter()
    compiled = program.lower(*arguments).compile()
    compiling = time.perf_counter() - start
    jax.block_until_ready(compiled(*arguments))
    ours, theirs = [], []
    with one_thread():
        fused.train(pack)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            jax.block_until_ready(compiled(*arguments))
            theirs.append(time.perf_counter() - start)
            start = time.perf_counter()
            fused.train(pack)
            ours.append(time.perf_counter() - start)
    ratios = np.array(theirs) / np.array(ours)
    print(
        f"{models} models   jax {np.median(theirs) / models * 1e3:.2f} ms a model, compiled in {compiling:.1f} s"
        f"   fused {np.median(ours) / models * 1e3:.2f} ms a model   ratio {np.median(ratios):.1f} "
        f"({ratios.min():.1f} to {ratios.max():.1f})"
    )


if __name__ == "__main__":
    main()
