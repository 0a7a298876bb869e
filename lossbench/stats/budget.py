"""How a verdict moves with the budget of a search: what fewer settings of each loss would have shown.

The first settings of a search are a search of their own, so nothing is trained for this (Dodge et al. 2019, Show
your work: improved reporting of experimental results, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lossbench.schema import ARM, BUDGET


def sizes(settings: int) -> list[int]:
    """Return the numbers of settings that are looked at: powers of two, and all of them.

    Example:
        >>> sizes(63)
        [4, 8, 16, 32, 63]
    """
    return [*(2**power for power in range(2, settings.bit_length()) if 2**power < settings), settings]


def budget_table(summaries: Mapping[int, pd.DataFrame], arms: Mapping[str, str]) -> pd.DataFrame:
    """Return what each number of settings shows, each loss at its own best.

    Args:
        summaries: by the number of settings, what a search of so many would have said.
        arms: by loss, the grid that it is a value of.

    Returns:
        One row a number of settings, data set, setting and loss, see `lossbench.schema.BUDGET`; `moved` says
        whether the verdict is another one than that with all settings.
    """
    rows = pd.concat(
        [rows[rows["view"] == "tuned"].assign(settings=size, value=rows.loss) for size, rows in summaries.items()]
    )
    named = rows[["loss", "reference"]].replace(dict(arms))
    rows = rows.assign(**named).reset_index(drop=True)
    keys = ["dataset", *ARM]
    last = rows[rows.settings == max(summaries)].set_index(keys).verdict
    final = pd.Series(last.reindex(pd.MultiIndex.from_frame(rows[keys])).to_numpy(), rows.index)
    return rows.assign(moved=rows.verdict.fillna("") != final.fillna(""))[list(BUDGET)]
