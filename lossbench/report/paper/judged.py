"""Sentences of the methods paragraph on how a run was judged, in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lossbench.report.escape import latex
from lossbench.report.paper.cited_run import CitedRun, latex_names
from lossbench.report.paper.latex import prose, spelled
from lossbench.report.paper.sources import METHODS
from lossbench.report.tables import ranks_by_task
from lossbench.report.words.english import joined, plural
from lossbench.stats.answer.facts import TableAnswer

LIBRARIES = {
    "torch": "PyTorch",
    "numpy": "NumPy",
    "scipy": "SciPy",
    "scikit-learn": "scikit-learn",
    "pandas": "pandas",
}


def scored(run: CitedRun) -> Iterator[str]:
    """Yield the judged scores, and the estimand."""
    used: dict[str, dict[str, None]] = {}
    for one in run.tables:
        used.setdefault(one.score, {})[one.dataset] = None
    several_scores = len(used) > 1
    scores = [
        prose(spelled(score)) + f" on {latex_names(where)}" * several_scores for score, where in used.items()
    ]
    yield f"Losses are judged by a score that all share, on the test part after the last epoch: {joined(scores)}."
    yield (
        "Verdicts are about rows like these: tables that might have been drawn instead, or further draws from a "
        "law."
    )


def counted(run: CitedRun) -> Iterator[str]:
    """Yield the units that count as independent, and the variance of differences."""
    drawn = set(run.trials.dataset[run.trials.sampling == "redrawn"])
    rows = units(run, lambda one: one.unit != "seed")
    if rows:
        yield (
            f"On a table, rows are counted, or groups of rows that stay together: $n$ = {rows}. The difference of "
            "two losses on a test row is averaged over the splits that tested it; its variance is that of two "
            f"crossed samples, of rows and of splits{run.cite('rows')}, in which rows count twice, being "
            f"trained on as well{run.cite('trained')}, with degrees of freedom by "
            f"Satterthwaite{run.cite('freedom')}."
        )
    if laws := units(run, lambda one: one.unit == "seed" and one.dataset in drawn):
        yield f"Where data are drawn from a law, seeds are independent and are counted: $n$ = {laws}."
    if shared := units(run, lambda one: one.unit == "seed" and one.dataset not in drawn):
        yield (
            f"Where only the scores of a table are known, seeds are counted, $n$ = {shared}, with a variance "
            f"that is corrected for the rows that they share{run.cite('seeds')}."
        )


def units(run: CitedRun, chosen: Callable[[TableAnswer], bool]) -> str:
    """Return the number of units by data set."""
    found = {one.dataset: plural(one.units, one.unit) for one in run.tables if chosen(one)}
    if len(set(found.values())) == 1 and len(found) > 1:
        return f"{next(iter(found.values()))} each"
    return joined(f"{count} ({latex(dataset)})" for dataset, count in found.items())


def tested(run: CitedRun) -> Iterator[str]:
    """Yield the tests, their correction, and the meaning of letters and intervals."""
    losses = max((len(one.losses) for one in run.tables), default=0)
    if losses < 2:
        return
    yield r"Differences are paired, and tested on both sides at a level of 5\,\%."
    if losses > 2:
        yield (
            "All pairs of losses of a table are one family of tests: those with the first loss come first, at the "
            f"full level, by Holm's procedure{run.cite('holm')} truncated at one half, and the others get what "
            f"these leave of it{run.cite('gatekeeping')}."
        )
        yield f"Losses that share a letter cannot be told apart by them{run.cite('letters')}."
    yield from equivalent(run)
    yield r"Intervals are of 95\,\%, without a correction for their number."


def equivalent(run: CitedRun) -> Iterator[str]:
    """Yield the margins for equivalence."""
    scores: dict[float | None, dict[str, None]] = {}
    for one in run.tables:
        scores.setdefault(one.margin or None, {})[prose(spelled(one.score))] = None
    silent = joined(scores.pop(None, {}))
    stated = [f"{margin:g} in {joined(mine)}" for margin, mine in scores.items() if margin]
    if stated:
        yield (
            f"Losses are called equivalent where two one-sided tests{run.cite('equivalence')}, corrected "
            f"likewise, show that their difference is below a declared margin: {joined(stated)}."
        )
    if silent:
        yield f"No margin is declared for {silent}, so nothing is called equivalent there."


def measured(run: CitedRun) -> Iterator[str]:
    """Yield the definitions of the other columns."""
    yield (
        "Epochs to target are those until the validation score stays for three epochs at or above "
        r"95\,\% of the way from a constant predictor to a linear model"
        f"{run.cite('scikit-learn')}; seeds that do not get there are censored{run.cite('survival')}."
    )
    if run.trials.outlier_fraction.nunique() > 1:
        yield (
            "Robustness is the area under the curve of skill (0 for a constant predictor, 1 for a perfect one) "
            "over the contaminated shares, relative to clean skill."
        )


def across(run: CitedRun) -> Iterator[str]:
    """Yield how data sets are combined, if a task has several."""
    found = {str(rows.task.iloc[0]): rows for rows in ranks_by_task(run.findings.ranks)}
    if not found:
        return
    counts = joined(f"{rows.data_sets.iloc[0]} of {task}" for task, rows in found.items())
    yield (
        f"Over data sets, which are what is counted there ({counts}), each loss is held against the first by "
        f"Wilcoxon's signed-rank test{run.cite('wilcoxon')} with Holm's correction{run.cite('data sets')}, "
        f"and not by mean ranks, which depend on the other losses{run.cite('pairs')}; skill is the "
        f"interquartile mean of all trainings{run.cite('skill')}."
    )
    few = [task for task, rows in found.items() if (rows.data_sets < rows.data_sets_needed).any()]
    if few:
        yield f"So few data sets cannot show a significant difference ({joined(few)})."


def unfinished(run: CitedRun) -> Iterator[str]:
    """Yield trainings that failed or diverged, and what was not run."""
    ended = run.trials.status.value_counts()
    bad = [f"{ended[word]} {word}" for word in ("diverged", "failed") if word in ended]
    end = f": {joined(bad)} of {len(run.trials)}" if bad else f"; all {len(run.trials)} ended well"
    yield f"A training that diverges or fails counts against its loss{end}."
    skips = run.listed("skipped", "loss", "dataset")
    if pairs := [f"{latex(one['loss'])} on {latex(one['dataset'])}" for one in skips]:
        yield f"Not run, since it does not fit: {joined(pairs)}."
    if gaps := [one["dataset"] for one in run.listed("partial", "dataset")]:
        yield f"Seeds were left out on {latex_names(gaps)}, since time was up."


def software(run: CitedRun) -> Iterator[str]:
    """Yield the software and its versions."""
    versions, machine = run.part("versions"), run.part("machine")
    if not versions:
        return
    used = [
        f"{word} {latex(str(versions[name]))}{run.cite(name) if name in METHODS else ''}"
        for name, word in LIBRARIES.items()
        if name in versions
    ]
    system = f", on {latex(str(machine['system']))}" if "system" in machine else ""
    yield (
        f"Computed by lossbench {latex(str(versions.get('lossbench', '')))} with {joined(used)} under Python "
        f"{latex(str(versions.get('python', '')))}{system}."
    )


JUDGED: tuple[Callable[[CitedRun], Iterator[str]], ...] = (
    scored,
    counted,
    tested,
    measured,
    across,
    unfinished,
    software,
)
