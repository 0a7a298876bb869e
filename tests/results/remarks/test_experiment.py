"""What is trained, and by what, is remarked on where a reader must know it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lossbench import Comparison, get_loss
from lossbench.remark import Topic
from lossbench.report.words.remark import words
from lossbench.results.remarks.experiment import custom_losses, skipped
from lossbench.results.remarks.run import run_remarks
from lossbench.training.native import fault
from lossbench.training.optimisers import parse_optimiser
from results.remarks.about import about


def test_every_skipped_loss_is_named_with_its_reason(comparison: Comparison) -> None:
    """A loss left out of a data set is said once, with data set and reason."""
    lines = list(map(words, skipped(comparison.experiment.skipped)))
    assert lines == about(comparison, Topic.SKIPPED)
    assert len(lines) == len(comparison.experiment.skipped) == 1
    assert "huber:delta=1.35 on iris" in lines[0]


@pytest.mark.skipif(bool(fault()), reason="the compiled engine is not there to be asked for")
def test_who_trains_without_gradients_is_told(comparison: Comparison) -> None:
    """Where the compiled engine leaves an optimiser, or a head of cosines, to the fused one, and nowhere else."""
    setup, manner = comparison.experiment.setups[0], comparison.manner
    evolving = replace(setup, optimisers={"es": parse_optimiser("es")})
    changed = replace(comparison, experiment=replace(comparison.experiment, setups=(evolving,)))
    for engine, said in (("native", True), ("fused", False)):
        told = [words(one) for one in run_remarks(replace(changed, manner=replace(manner, engine=engine)), None)]
        assert any(line.startswith("engine   es: trained by the fused") for line in told) == said
        turning = replace(setup, losses={"proxy": get_loss("proxy")})
        changed_too = replace(comparison, experiment=replace(comparison.experiment, setups=(turning,)))
        told = [
            words(one) for one in run_remarks(replace(changed_too, manner=replace(manner, engine=engine)), None)
        ]
        assert any(line.startswith("engine   proxy: trained by the fused") for line in told) == said
        plain = replace(comparison, manner=replace(manner, engine=engine))
        assert not any(words(one).startswith("engine") for one in run_remarks(plain, None))


def test_what_a_file_does_is_told_once_for_its_losses(write, comparison: Comparison) -> None:
    """Its warning names them all; what a loss does by itself is said of that loss."""
    write(
        """
        import warnings

        warnings.warn("old-fashioned")

        def first(y_true, y_pred):
            return (y_true - y_pred).square().mean()

        def second(y_true, y_pred):
            return (y_true - y_pred).abs().mean()
        """
    )
    setup = comparison.experiment.setups[0]
    losses = {spec: get_loss(spec, "regression") for spec in ("mine.py:first", "mine.py:second")}
    experiment = replace(comparison.experiment, setups=(replace(setup, losses=losses),))
    told = [words(one) for one in custom_losses(experiment)]
    assert [line for line in told if "old-fashioned" in line] == [
        "note     mine.py:first, mine.py:second: its file warns as it is read: old-fashioned"
    ]
    assert sum("with the target first" in line for line in told) == 2


def test_the_notes_of_the_data_are_handed_on(comparison: Comparison) -> None:
    """What was done to a table on the way in reaches the reader."""
    note = Topic.NO_TARGET(column="y", rows=2)
    first = comparison.experiment.setups[0]
    noted = replace(first, dataset=replace(first.dataset, notes=(note,)))
    experiment = replace(comparison.experiment, setups=(noted,))
    (line,) = about(replace(comparison, experiment=experiment), Topic.DATA)
    assert line == f"data     diabetes: {words(note)}"
