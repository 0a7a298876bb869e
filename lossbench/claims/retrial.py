"""The retrial: the strongest counterexample to a universal claim is tried again on fresh seeds.

The worst of many cases is partly chance. So the first seeds only search for it, and a single test decides: one
case, on four times as many fresh seeds, with nothing left to choose. Only this test refutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from lossbench.claims.claim import Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.deciding import judge_all
from lossbench.claims.design import Design, Training
from lossbench.claims.study import Study

TIMES = 4  # as many seeds: a difference of twice the margin, barely seen at first, is then seen nearly always
SEED_OFFSET = 1000  # beyond the first seeds, and beyond those that chose the rates


def strongest_counterexample(lines: Iterable[Evidence]) -> Evidence | None:
    """Return the line that contradicts a claim most strongly, decided or not; None if none does.

    Example:
        >>> lines = [Evidence("inconclusive", "f1", against=share) for share in (-1.0, 2.5, 0.3)]
        >>> strongest_counterexample(lines).against, strongest_counterexample(lines[:1])
        (2.5, None)
    """
    tried = [line for line in lines if line.role != "sensitivity" and line.against > 0.0]
    return max(tried, key=lambda line: line.against, default=None)


def on_fresh_seeds(study: Study) -> Study:
    """Return the study with other seeds, and more of them."""
    terms = replace(study.terms, seeds=TIMES * study.terms.seeds, quick_seeds=TIMES * study.terms.quick_seeds)
    return replace(study, terms=terms, first_seed=study.first_seed + SEED_OFFSET)


def retrial(design: Design, line: Evidence, study: Study) -> Iterator[Evidence]:
    """Train one case again and judge it alone; its line is contradicted, or inconclusive."""
    trainings = [narrowed(one, line) for one in design.trainings if covers(one, line)]
    made = [found for one in trainings for found in one.contrasts(*one.trained(study))]
    contrasts = [one for one in made if isinstance(one, Contrast) and setting(one.line) == setting(line)]
    for found in design.summary(judge_all(contrasts)):
        if (setting(found), found.quantity) == (setting(line), line.quantity) and found.role != "sensitivity":
            opposes = found.verdict == "contradicted"
            yield replace(found, role="retrial", verdict="contradicted" if opposes else "inconclusive")


def setting(line: Evidence) -> tuple[object, ...]:
    """Return the setting of a case, without the quantity that was measured."""
    return line.protocol, line.dataset, line.arms, line.rates, line.contamination, line.shares, line.aspect


def covers(training: Training, line: Evidence) -> bool:
    """Say whether a case is among the trials of a training."""
    return training.protocol == line.protocol and all(
        line.dataset in run["datasets"]
        and line.quantity in run.get("score", (line.quantity,))
        and {*(line.shares or (0.0,))} <= {*run.get("outliers", (0.0,))}
        and (not line.contamination or run.get("outlier_kind", "auto") in ("auto", line.contamination))
        for run in training.runs
    )


def narrowed(training: Training, line: Evidence) -> Training:
    """Return a training of only the data set of a case, and of its arms if these are losses."""
    runs = [
        {
            **run,
            "datasets": (line.dataset,),
            "losses": [one for one in run["losses"] if one in line.arms] or run["losses"],
        }
        for run in training.runs
    ]
    return replace(training, runs=runs)
