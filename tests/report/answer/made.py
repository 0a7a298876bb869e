"""Answers of tables that are made up: some verdicts on some losses."""

from __future__ import annotations

from hypothesis import strategies as st

from lossbench.schema import SETTING
from lossbench.stats.answer.facts import Against, TableAnswer
from lossbench.stats.verdicts import APART, BETTER, WORSE

NAMES = [f"loss{letter}" for letter in "abcdefghij"]
VERDICTS = (*BETTER, *WORSE, "equivalent", "inconclusive")
PLAIN = dict.fromkeys(SETTING, 0.0) | {
    "model": "linear",
    "optimizer": "adam",
    "schedule": "constant",
    "outlier_kind": "none",
    "outlier_fraction": 0.0,
}


def made(verdicts: dict[str, str], score: str = "accuracy", **facts: object) -> TableAnswer:
    """Return the answer of a table with these verdicts on the losses against `ref`."""
    sign = -1.0 if score == "mae" else 1.0
    others = tuple(
        Against(loss, verdict, sign * side * 0.04, *sorted((sign * side * 0.02, sign * side * 0.06)))
        if (side := APART.get(verdict, 0))
        else Against(loss, verdict, 0.001, -0.02, 0.03, None if verdict == "inconclusive" else 0)
        for loss, verdict in verdicts.items()
    )
    beaten = {loss: ("ref",) for loss, verdict in verdicts.items() if verdict in WORSE}
    winners = tuple(loss for loss, verdict in verdicts.items() if verdict in BETTER)
    if winners:
        beaten["ref"] = winners
    losers = ("ref",) * (BETTER[0] in verdicts.values())
    losers += tuple(loss for loss, verdict in verdicts.items() if verdict == WORSE[0])
    given = {
        "dataset": "moons",
        "task": "binary",
        "view": "fixed",
        "setting": PLAIN,
        "margin": 0.01,
        "reference": "ref",
        "unit": "row",
        "units": 200,
        "seeds": 10,
        "best": tuple(loss for loss in ("ref", *verdicts) if loss not in losers),
        "beaten": tuple(beaten.items()),
        "losers": losers,
        "limit": "rows" if "inconclusive" in verdicts.values() else "",
    }
    return TableAnswer(**given | facts, score=score, others=others)


few_or_many = st.lists(st.sampled_from(VERDICTS), min_size=1, unique=True)
tables = few_or_many.flatmap(lambda words: st.lists(st.sampled_from(words), min_size=1, max_size=len(NAMES))).map(
    lambda words: dict(zip(NAMES, words, strict=False))
)
