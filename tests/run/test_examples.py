"""What is kept of a run to be drawn: it is of the trials, comes back to the byte, and stands on the page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lossbench
from lossbench import Comparison
from lossbench.data import load_dataset, make_fold
from lossbench.errors import DataError
from lossbench.report.html.run import run_page
from lossbench.report.save import save_remade
from lossbench.results.examples_file import EXAMPLES, read_examples
from lossbench.results.remake import remake

NAMES = [
    "discs:images=20",
    "mixture:rows=60",
    "eight_gaussians:rows=60",
    "digits_but:digit=1",
    "iris",
    "digit_pairs:classes=9:rows=10",
]


@pytest.fixture(scope="module")
def ran() -> Comparison:
    """Give a run of every task with something to be seen, and of one with nothing."""
    losses = ["bce", "dice", "mse", "wasserstein", "ce", "supcon"]
    return lossbench.compare(NAMES, losses, models="mlp:8", seeds=[3, 5], epochs=3, outliers=[0.0, 0.2])


@pytest.fixture(scope="module")
def folder(ran: Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of that run."""
    ran.save(made := tmp_path_factory.mktemp("examples") / "run")
    return made


def of(ran: Comparison, name: str) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
    """Yield the rows of trials on a data set that have an example, with it."""
    return ((place, one) for place, one in ran.examples.items() if ran.trials.dataset[place] == name)


def test_one_training_of_each_loss_has_an_example(ran: Comparison) -> None:
    """That of the first seed on clean data, on data sets with something to be seen."""
    told = ran.trials.iloc[list(ran.examples)]
    assert (told.seed == 3).all()
    assert (told.outlier_fraction == 0).all()
    wanted = ran.trials[
        (ran.trials.seed == 3) & (ran.trials.outlier_fraction == 0) & (ran.trials.dataset != "iris")
    ]
    assert list(told.index) == list(wanted.index)


def test_masks_are_of_the_first_images_with_an_object(ran: Comparison) -> None:
    """Image and truth are those of the test part, whatever the loss."""
    fold = make_fold(load_dataset(NAMES[0]), 3)
    truth = fold.test.target.reshape(-1, 16, 16)
    grey = fold.dataset.features[fold.test.rows][:, 12].reshape(-1, 16, 16)[:3]
    found = [one for _, one in of(ran, NAMES[0])]
    assert len(found) == 3
    for one in found:
        np.testing.assert_array_equal(one["truth"], truth[:3])
        assert np.corrcoef(one["grey"].ravel(), grey.ravel())[0, 1] > 0.9999
        assert set(np.unique(one["found"])) <= {0, 1}
    assert len({one["found"].tobytes() for one in found}) > 1


def test_samples_are_in_the_units_of_the_law(ran: Comparison) -> None:
    """Those of the law are rows of the test part, and there are as many of the generator."""
    for name, targets in ((NAMES[1], 1), (NAMES[2], 2)):
        fold = make_fold(load_dataset(name), 3)
        for _, one in of(ran, name):
            np.testing.assert_allclose(one["law"], fold.dataset.target[fold.test.rows], rtol=1e-6)
            assert one["made"].shape == one["law"].shape == (12, targets)


def test_a_curve_has_the_area_that_the_trials_have(ran: Comparison) -> None:
    """It rises from few alarms to all of them, and its area is the score."""
    for place, one in of(ran, NAMES[3]):
        assert (np.diff(one["tpr"]) >= 0).all()
        assert one["tpr"][-1] == one["fpr"][-1] == 1
        assert np.trapezoid(one["tpr"], one["fpr"]) == pytest.approx(ran.trials.roc_auc[place], abs=0.02)


def test_neighbours_are_training_images_next_to_a_test_image(ran: Comparison) -> None:
    """Of each loss the same test images, of several classes, each with training images and their classes."""
    fold = make_fold(load_dataset(NAMES[5]), 3)
    images = fold.dataset.features[fold.train.rows].reshape(-1, 8, 16)
    found = [one for _, one in of(ran, NAMES[5])]
    assert len(found) == 2
    assert len({one["seen"][:, 0].tobytes() for one in found}) == 1
    assert len({one["seen"].tobytes() for one in found}) == 2
    known = {image.astype(int).tobytes(): name for image, name in zip(images, fold.train.target, strict=True)}
    for one in found:
        assert len(set(one["classes"][:, 0].tolist())) > 1
        grey = one["seen"].astype(float) * images.max() / 255
        named = [known[image.round().astype(int).tobytes()] for image in grey[:, 1:].reshape(-1, 8, 16)]
        assert named == one["classes"][:, 1:].ravel().tolist()


def test_the_page_shows_them_and_they_come_back_to_the_byte(folder: Path, tmp_path: Path) -> None:
    """A picture a loss, each with words for it; what a report is made of again has the same page."""
    written = {path.name: path.read_bytes() for path in folder.iterdir()}
    text = written["report.html"].decode()
    assert text.count('<img class="pixels"') == (2 + 3) + 4 * 2
    assert text.count(" alt=") == text.count("<img")
    assert "what dice takes for objects, dice 0." in text
    assert text.count('<path class="of-law') == 2 * 2
    assert "Finding anomalies" in text
    shutil.copytree(folder, tmp_path / "run", ignore=shutil.ignore_patterns("report.html"))
    save_remade(remake(tmp_path / "run"), tmp_path / "again")
    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert again[EXAMPLES] == written[EXAMPLES]
    assert pictures(again["report.html"].decode()) == pictures(text)


def pictures(text: str) -> list[str]:
    """Return the lines of a page that draw examples."""
    return [line for line in text.splitlines() if 'class="pixels"' in line or "of-law" in line]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"grey_999": np.zeros((1, 2, 2), np.uint8)}, "an example of row 999"),
        ({"fpr_0": np.zeros(3, np.float32)}, "no example of the task segmentation"),
        ({name: np.zeros((0, 2, 2), np.uint8) for name in ("grey_0", "truth_0", "found_0")}, "not of one shape"),
        ({"mine": np.zeros(1)}, "cannot be read"),
    ],
)
def test_what_is_not_of_the_trials_is_refused(ran: Comparison, tmp_path: Path, arrays: dict, said: str) -> None:
    """Somebody changed one of the files."""
    np.savez_compressed(tmp_path / EXAMPLES, **arrays)
    with pytest.raises(DataError, match=f"{said}.*restore it, or remove it"):
        read_examples(tmp_path / EXAMPLES, ran.trials)


def test_without_the_file_nothing_is_drawn(ran: Comparison, tmp_path: Path) -> None:
    """As of a run of an older lossbench."""
    assert read_examples(tmp_path / EXAMPLES, ran.trials) == {}
    assert '<img class="pixels"' not in run_page(ran, ran.curves)
