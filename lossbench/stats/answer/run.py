"""From the answers of tables to the answer of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lossbench.stats.answer.facts import RunAnswer, TableAnswer, Tally


def over_tables(found: Sequence[TableAnswer]) -> RunAnswer:
    """Combine the answers of all tables; where rates were tuned, those at own rates.

    Args:
        found: from `lossbench.stats.answer.table.answers`.
    """
    tuned = tuple(one for one in found if one.view == "tuned")
    counted = tuned or tuple(found)
    losses = dict.fromkeys((one.task, loss) for one in counted if one.compared for loss in one.losses)
    tallies = (tally([one for one in counted if one.task == task], loss) for task, loss in losses)
    return RunAnswer(counted, tuple(tallies))


def tally(tables: Iterable[TableAnswer], loss: str) -> Tally:
    """Count on which tables of a task no other loss beats this one by more than the margin, and where one does.

    Args:
        tables: of one task.
        loss: one of their losses.
    """
    mine = [one for one in tables if one.compared and loss in one.losses]
    beaten = (one.dataset for one in mine if loss in one.losers)
    return Tally(
        task=mine[0].task,
        loss=loss,
        tables=len(mine),
        best=sum(loss in one.best for one in mine),
        beaten=tuple(dict.fromkeys(beaten)),
    )
