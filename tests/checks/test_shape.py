from __future__ import annotations

from lossbench.checks.shape import check_dtype, check_reduction, check_shape

from .made import made, squared


def test_a_model_too_few_or_too_many_is_found() -> None:
    """A result that lacks the batch, or has an axis more, is told with the shapes."""
    for wrong in (lambda raw, target: squared(raw, target).mean(-1), lambda raw, target: (raw - target).square()):
        seen = check_shape(made(wrong))
        assert seen.grade == "fail"
        assert "(7, 1) gives" in seen.saw


def test_models_that_see_each_other_are_found() -> None:
    """A mean over all models changes with the others."""
    seen = check_shape(made(lambda raw, target: squared(raw, target) / squared(raw, target).max()))
    assert (seen.grade, "one model changes" in seen.saw) == ("fail", True)


def test_another_precision_is_to_be_known() -> None:
    """A loss that rounds, or that widens, is told what it gives for what."""
    seen = check_dtype(made(lambda raw, target: squared(raw.float(), target.float())))
    assert (seen.grade, seen.saw) == ("note", "float32 gives float32, float64 gives float32")
    assert check_dtype(made(squared)).grade == "pass"


def test_a_mean_a_sum_and_a_batch_are_told_apart() -> None:
    """A mean of its samples, a sum that grows with the batch, and what is neither."""

    def seen(reduce) -> str:
        return check_reduction(made(lambda raw, target: reduce(squared(raw, target)), whole_batch=True)).saw

    assert seen(lambda values: values.mean(-1)).startswith("a mean over the batch")
    assert "twice the batch has 2 times the value" in seen(lambda values: values.sum(-1))
    assert "no mean of its samples" in seen(lambda values: values.mean(-1).sqrt())
    assert check_reduction(made(squared)).saw == "none: a value a sample"
