from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossbench.data import Dataset, Fold, load_dataset, make_fold, records
from lossbench.errors import DataError

RECORDS = [record for record in records() if record.installed]
NAMES = [record.name for record in RECORDS]
REGRESSION = [record.name for record in RECORDS if record.task == "regression"]
LAWS = [record.name for record in RECORDS if record.sampling == "redrawn"]
CLASSES = [record.name for record in RECORDS if record.task in ("binary", "multiclass")]


def classification(counts: list[int], seed: int = 0) -> Dataset:
    """A made-up data set with so many rows of each class."""
    target = np.repeat(np.arange(len(counts)), counts)
    features = np.random.default_rng(seed).normal(size=(len(target), 3))
    task = "binary" if len(counts) == 2 else "multiclass"
    classes = tuple(f"class{i}" for i in range(len(counts)))
    return Dataset("made-up", task, features, target, classes, ("a", "b", "c"))


def with_features(dataset: Dataset, features: np.ndarray) -> Dataset:
    """The same table with other features."""
    return dataclasses.replace(dataset, features=features, draw=None)


def parts(fold: Fold) -> list[np.ndarray]:
    """The rows of the three parts."""
    return [fold.train.rows, fold.validation.rows, fold.test.rows]


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_folds(name: str) -> None:
    """Every data set can be split: finite float64 features and targets of the promised shape and type."""
    dataset = load_dataset(name)
    fold = make_fold(dataset, seed=1)
    for part in (fold.train, fold.validation, fold.test):
        assert part.features.shape == (len(part.rows), len(dataset.feature_names))
        assert part.features.dtype == np.float64
        assert np.isfinite(part.features).all()
        known = dataset.features if dataset.task == "anomaly" else dataset.target  # rows that are to be given back
        assert part.target.shape == (len(part.rows), *known.shape[1:])
        assert part.target.dtype == known.dtype
        assert np.isfinite(part.target).all()
    assert fold.target_mean.shape == fold.target_scale.shape == (dataset.targets,)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(2, 40), min_size=2, max_size=5), st.integers(0, 10**6))
def test_parts_partition_the_rows(counts: list[int], seed: int) -> None:
    """Each row is in exactly one part; validation and test have a fifth each, rounded up."""
    counts[0] += 10
    dataset = classification(counts)
    try:
        fold = make_fold(dataset, seed)
    except DataError:
        assert min(counts) < 5
        return
    assert sorted(np.concatenate(parts(fold))) == list(range(dataset.rows))
    assert len(fold.validation.rows) == len(fold.test.rows) == -(-dataset.rows // 5)
    assert all((np.diff(rows) > 0).all() for rows in parts(fold))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(5, 60), min_size=2, max_size=8), st.integers(0, 10**6))
def test_classes_of_five_rows_are_stratified(counts: list[int], seed: int) -> None:
    """With five rows of every class, each part has each class's share to within one row, and at least one row."""
    dataset = classification(counts)
    for rows in parts(make_fold(dataset, seed)):
        found = np.bincount(dataset.target[rows], minlength=len(counts))
        wanted = np.array(counts) * len(rows) / dataset.rows
        assert (np.abs(found - wanted) <= 1 + 1e-9).all()
        assert found.min() >= 1


def test_rare_classes_switch_stratification_off() -> None:
    """With a class of four rows the split is a plain one, and a class may be unevenly spread."""
    dataset = classification([50, 50, 4])
    spread = {int((make_fold(dataset, seed).test.target == 0).sum()) for seed in range(20)}
    assert max(spread) - min(spread) > 1


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_fixes_the_split(name: str) -> None:
    """The same seed gives the same numbers to the last bit; another seed, or another name, another split."""
    dataset = load_dataset(name)
    first, again, other = (make_fold(dataset, seed) for seed in (4, 4, 5))
    for part in ("train", "validation", "test"):
        assert getattr(first, part).features.tobytes() == getattr(again, part).features.tobytes()
        assert getattr(first, part).target.tobytes() == getattr(again, part).target.tobytes()
    assert first.digest == again.digest
    assert len(first.digest) == 12
    renamed = make_fold(dataclasses.replace(first.dataset, name="another", draw=None), 4)
    assert len({first.digest, other.digest, renamed.digest}) == 3


def test_the_digest_is_of_rows_and_parts() -> None:
    """Changed numbers leave the split's digest alone; rows that change parts do not."""
    dataset = load_dataset("iris")
    fold = make_fold(dataset, 0)
    assert make_fold(with_features(dataset, dataset.features + 1), 0).digest == fold.digest
    assert dataclasses.replace(fold, validation=fold.test, test=fold.validation).digest != fold.digest


@pytest.mark.parametrize("name", LAWS)
def test_seeds_of_a_law_share_no_rows(name: str) -> None:
    """Under a law, every seed splits its own rows, the same number of each class."""
    law = load_dataset(name)
    first, other = (make_fold(law, seed).dataset for seed in (0, 1))
    assert first.digest == law.digest != other.digest
    if name not in ("reviews", "digit_pairs"):  # two short ones may say the same, two images meet twice
        assert not set(map(bytes, first.features)) & set(map(bytes, other.features))
    if law.task == "binary":
        assert (np.bincount(first.target) == np.bincount(other.target)).all()


def test_seeds_of_a_table_share_its_rows() -> None:
    """A fixed table is split by every seed."""
    iris = load_dataset("iris")
    assert make_fold(iris, 0).dataset is make_fold(iris, 1).dataset is iris


def test_the_digest_of_a_law_is_of_the_rows_too() -> None:
    """Two laws whose rows fall into the same parts have splits with different digests."""
    fold = make_fold(load_dataset("moons"), 0)
    other = dataclasses.replace(fold, dataset=load_dataset("moons:noise=0.2"))
    assert [len(rows) for rows in parts(fold)] == [len(rows) for rows in parts(other)]
    assert fold.digest != other.digest


@pytest.mark.parametrize("name", NAMES)
def test_only_training_rows_are_measured(name: str) -> None:
    """Changing every validation and test row leaves the training part and the target's units alone."""
    fold = make_fold(load_dataset(name), 2)
    dataset = fold.dataset
    features, target = dataset.features.copy(), dataset.target.copy()
    outside = np.concatenate([fold.validation.rows, fold.test.rows])
    features[outside] = 1e6
    if dataset.task == "regression":
        target[outside] *= -3
    moved = make_fold(dataclasses.replace(dataset, features=features, target=target, draw=None), 2)
    assert moved.train.features.tobytes() == fold.train.features.tobytes()
    assert moved.train.target.tobytes() == fold.train.target.tobytes()
    assert (moved.target_mean == fold.target_mean).all()
    assert (moved.target_scale == fold.target_scale).all()
    assert not np.array_equal(moved.test.features, fold.test.features)


@pytest.mark.parametrize("name", [record.name for record in RECORDS if record.task != "anomaly"])
def test_features_are_standardised(name: str) -> None:
    """The split features are those of scikit-learn's StandardScaler, fitted on the training rows."""
    from sklearn.preprocessing import StandardScaler

    fold = make_fold(load_dataset(name), 3)
    scaler = StandardScaler().fit(fold.dataset.features[fold.train.rows])
    for part in (fold.train, fold.validation, fold.test):
        np.testing.assert_allclose(part.features, scaler.transform(fold.dataset.features[part.rows]), atol=1e-9)


@pytest.mark.parametrize("name", REGRESSION)
def test_targets_go_back_to_their_units(name: str) -> None:
    """Standardised targets have mean 0 and deviation 1 in training, and times scale plus mean are the original."""
    fold = make_fold(load_dataset(name), 3)
    np.testing.assert_allclose(fold.train.target.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(fold.train.target.std(axis=0), 1)
    for part in (fold.train, fold.validation, fold.test):
        back = part.target * fold.target_scale + fold.target_mean
        np.testing.assert_allclose(back, fold.dataset.target[part.rows], rtol=1e-12)


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_left_alone(name: str) -> None:
    """Class targets are those of the data set; mean and scale are neutral."""
    fold = make_fold(load_dataset(name), 3)
    assert (fold.test.target == fold.dataset.target[fold.test.rows]).all()
    assert (fold.target_mean == 0).all()
    assert (fold.target_scale == 1).all()


def test_missing_values_become_the_training_median() -> None:
    """A missing value is treated as if the table had the median of the known training values in its place."""
    dataset = load_dataset("wine")
    fold = make_fold(dataset, 0)
    holes = dataset.features.copy()
    holes[::7, 2] = np.nan
    filled = holes.copy()
    filled[::7, 2] = np.nanmedian(holes[fold.train.rows, 2])
    got, wanted = make_fold(with_features(dataset, holes), 0), make_fold(with_features(dataset, filled), 0)
    assert (got.train.features == wanted.train.features).all()
    assert (got.test.features == wanted.test.features).all()
    assert np.isnan(holes[::7, 2]).all()


def test_a_column_unknown_in_training_says_nothing() -> None:
    """A column without a training value is zero in every row, whatever the other parts hold."""
    dataset = load_dataset("iris")
    fold = make_fold(dataset, 0)
    features = dataset.features.copy()
    features[fold.train.rows, 1] = np.nan
    blind = make_fold(with_features(dataset, features), 0)
    assert not any(part.features[:, 1].any() for part in (blind.train, blind.validation, blind.test))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9 / 3, -1e-200])
def test_constant_columns_become_zero(value: float) -> None:
    """A column that is constant in training is centred and not blown up by rounding."""
    dataset = load_dataset("iris")
    features = dataset.features.copy()
    features[:, 0] = value
    constant = make_fold(with_features(dataset, features), 0).train.features[:, 0]
    np.testing.assert_allclose(constant, 0, atol=1e-6)


def test_tiny_differences_stay_finite() -> None:
    """Differences whose squares underflow do not divide by zero."""
    dataset = load_dataset("iris")
    assert np.isfinite(make_fold(with_features(dataset, dataset.features * 1e-200), 0).train.features).all()


def test_the_data_set_is_never_changed() -> None:
    """Splitting leaves the data set as it was."""
    dataset = load_dataset("diabetes")
    before = dataset.digest
    make_fold(dataset, 0)
    assert dataclasses.replace(dataset).digest == before


def test_too_few_rows_are_refused() -> None:
    """Nine rows are one too few, and the message says how many are needed."""
    with pytest.raises(DataError, match=r"'made-up' has 9 usable rows; .* at least 10; add rows"):
        make_fold(classification([5, 4]), 0)
    assert len(make_fold(classification([5, 5]), 0).train.rows) == 6


def test_a_class_missing_from_training_is_refused() -> None:
    """If the training part has no row of a rare class, the message names class, seed and rows needed."""
    messages = []
    for seed in range(20):
        try:
            assert (make_fold(classification([30, 30, 1]), seed).train.target == 2).any()
        except DataError as error:
            messages.append((seed, str(error)))
    assert 0 < len(messages) < 20
    for seed, message in messages:
        wanted = (
            "'made-up'",
            "'class2'",
            f"seed {seed} ",
            "rows of it in the table: 1)",
            "5 rows of every class",
            "add rows",
        )
        assert all(text in message for text in wanted)
