"""Predictions on some test rows, for a page to draw: masks, samples, an ROC curve, nearest neighbours.

They come from one training of each loss and setting: the first seed, at the smallest contaminated share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from lossbench.metrics.gallery import NEXT_TO, pictured
from lossbench.plan.experiment import Experiment
from lossbench.run.contributed import packs_of, with_outputs
from lossbench.run.scoring import predictions
from lossbench.task import Task
from lossbench.training.pack import Pack

IMAGES = 3
"""Images of a segmentation that are shown: the first with an object, and others only where these are too few."""

SAMPLES = 100
"""Samples shown of a law and of its imitation, the first ones."""

RATES = np.linspace(0, 1, 41) ** 2
"""False-positive rates at which a curve is kept, closer together near zero."""

Example = Mapping[str, np.ndarray]
"""The arrays of one training by their names, see `NAMES`."""

Examples = Mapping[int, Example]
"""The example of each trial, by the position of its row."""


def masks(pack: Pack, seed: int, target: np.ndarray, prediction: np.ndarray) -> dict[str, np.ndarray]:
    """Return some images, their true mask and their predicted mask, each (images, side, side) bytes."""
    fold = pack.folds[seed]
    side = int(np.sqrt(pack.dataset.pixels))
    grey = fold.dataset.features[fold.test.rows]
    grey = grey[:, grey.shape[1] // 2].reshape(-1, side, side)  # the middle of a patch is the pixel itself
    shown = np.argsort(~target.any(axis=-1), kind="stable")[:IMAGES]
    planes = {"grey": _grey(grey[shown]), "truth": target[shown], "found": prediction[shown]}
    return {name: plane.reshape(-1, side, side).astype(np.uint8) for name, plane in planes.items()}


def samples(pack: Pack, seed: int, target: np.ndarray, prediction: np.ndarray) -> dict[str, np.ndarray]:
    """Return samples of the law and of its imitation, (samples, targets), in the law's units."""
    planes = {"law": target, "made": prediction}
    return {name: values[:SAMPLES].astype(np.float32) for name, values in planes.items()}


def roc_curve(pack: Pack, seed: int, target: np.ndarray, ranking: np.ndarray) -> dict[str, np.ndarray]:
    """Return the ROC curve: the share of anomalies above the threshold of each false-positive rate."""
    normal, odd = np.sort(ranking[target == 0]), ranking[target == 1]
    cuts = np.quantile(normal, 1 - RATES, method="inverted_cdf")
    found = (odd[:, None] > cuts).mean(axis=0)
    found[-1] = 1.0  # a threshold below every normal row flags all rows
    return {"fpr": RATES.astype(np.float32), "tpr": found.astype(np.float32)}


def neighbours(pack: Pack, seed: int, target: np.ndarray, readings: np.ndarray) -> dict[str, np.ndarray]:
    """Return some test images, each followed by its nearest training images, and their classes.

    Shapes are (images, 1 + nearest, height, width) bytes and (images, 1 + nearest); empty for data without images.
    """
    fold = pack.folds[seed]
    shape = fold.dataset.image_shape
    if shape is None or len(shape) != 2:
        return {}
    asked = pictured(len(readings))
    near = fold.train.rows[readings[asked, NEXT_TO].astype(int)]
    rows = np.column_stack([fold.test.rows[asked], near])
    seen = _grey(fold.dataset.features[rows]).reshape(*rows.shape, *shape)
    return {"seen": seen, "classes": fold.dataset.target[rows].astype(np.uint16)}


def _grey(values: np.ndarray) -> np.ndarray:
    """Return values as bytes, scaled so that the smallest is 0 and the largest 255."""
    above = values - values.min()
    return np.asarray(255 * above / (above.max() or 1.0)).round().astype(np.uint8)  # all values may be equal


MakeExample = Callable[[Pack, int, np.ndarray, np.ndarray], dict[str, np.ndarray]]

MAKERS: Mapping[Task, tuple[MakeExample, str]] = {
    "segmentation": (masks, "decision"),
    "distribution": (samples, "decision"),
    "anomaly": (roc_curve, "ranking"),
    "embedding": (neighbours, "raw"),
}
"""For each task that has examples, the function that makes them, and the field of the prediction that it takes."""

NAMES: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "segmentation": dict.fromkeys(("grey", "truth", "found"), ("uint8", 3)),
    "distribution": dict.fromkeys(("law", "made"), ("float32", 2)),
    "anomaly": dict.fromkeys(("fpr", "tpr"), ("float32", 1)),
    "embedding": {"seen": ("uint8", 4), "classes": ("uint16", 2)},
}
"""The arrays of an example by task, each with its type and its number of axes."""


def examples_of(experiment: Experiment, rows: pd.DataFrame, outputs: Sequence[np.ndarray]) -> Examples:
    """Return the examples of a run.

    Args:
        experiment: what was trained.
        rows: one row per trial, numbered by its place in the experiment.
        outputs: (test rows * outputs,) the raw outputs of each trial, in the same order.
    """
    judged = rows[rows.index < len(experiment.trials)]
    by = judged.groupby("dataset")
    shown = (judged.seed == by.seed.transform("min")) & (judged.status == "ok") & judged.task.isin(MAKERS)
    shown &= judged.outlier_fraction == by.outlier_fraction.transform("min")
    held = with_outputs(experiment, judged, outputs, shown)
    packs = (each for setup in experiment.setups for each in packs_of(setup, held))
    found = {place: example for each in packs for place, example in _of_pack(*each)}
    return {place: found[place] for place in sorted(found)}


def _of_pack(
    pack: Pack, places: np.ndarray, raw: np.ndarray, cuts: np.ndarray | None
) -> Iterator[tuple[int, Example]]:
    make, what = MAKERS[pack.dataset.task]
    for members, target, prediction in predictions(pack, raw.astype(np.float64), cuts):
        for member, truth, predicted in zip(members, target, getattr(prediction, what), strict=True):
            if example := make(pack, pack.trials[member].seed, truth, predicted):
                yield int(places[member]), example
