"""`datasets`: list the named data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def datasets() -> pd.DataFrame:
    """Return the data sets that have a name, one row each.

    Example:
        >>> import lossbench
        >>> lossbench.datasets().head(2)[["dataset", "task"]].to_numpy().tolist()
        [['breast_cancer', 'binary'], ['moons', 'binary']]
    """
    import pandas as pd

    from lossbench.data import records

    rows = [
        {
            "dataset": record.name,
            "task": record.task,
            "sampling": record.sampling,
            "parameters": ", ".join(f"{one.name}={one.default:g}" for one in record.parameters),
            "summary": record.summary,
            "source": record.source,
        }
        for record in records()
    ]
    return pd.DataFrame(rows)
