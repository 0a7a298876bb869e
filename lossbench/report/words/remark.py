"""The text of each remark: a line of a report, or a note on a data set or a loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lossbench.remark import Remark, Topic
from lossbench.report.critical import Place, number_line
from lossbench.report.figures import interval
from lossbench.report.tables import VERDICTS, heading, label, listed_seeds
from lossbench.report.words.data import DATA, Pairs, Saying
from lossbench.report.words.loss import LOSS
from lossbench.schema import is_own
from lossbench.stats.estimate import ALPHA
from lossbench.stats.wilcoxon import LEAST
from lossbench.visible import visible

COLUMN = 8
"""Characters of a heading, where remarks are printed below each other."""


class Worded(NamedTuple):
    """A remark in words: its heading, empty on a data set or a loss alone, and what it says."""

    heading: str
    text: str


def worded(remark: Remark) -> Worded:
    """Return a remark in words.

    Example:
        >>> worded(Topic.DIVERGED(dataset="iris", counts=(("mse", 2), ("ce", 1))))
        Worded(heading='diverged', text='iris, trainings: mse 2, ce 1; a smaller --lr may help')
    """
    heading, saying = WORDS[remark.topic]
    if callable(saying):
        return Worded(heading, visible(saying(**remark.facts)))
    return Worded(
        heading, visible(saying.format(**{name: fact_text(fact) for name, fact in remark.facts.items()}))
    )


def words(remark: Remark) -> str:
    """Return a remark as a line, with headings in a column where it is on a run.

    Example:
        >>> words(Topic.NOT_KEPT(reason="the disk is full"))
        'warning  results are not kept for other runs: the disk is full'
    """
    heading, text = worded(remark)
    return f"{heading:<{COLUMN}} {text}" if remark.topic in RUN else text


def fact_text(fact: Any, between: str = ", ") -> str:
    """Return a fact as text: sequences with commas, pairs with a space, numbers in short form."""
    if isinstance(fact, Remark):
        return words(fact)
    if isinstance(fact, tuple | list):
        return between.join(fact_text(part, between=" ") for part in fact)
    return f"{fact:g}" if isinstance(fact, float) else str(fact)


def ranks(
    task: str,
    datasets: int,
    needed: int,
    order: tuple[tuple[str, float, str], ...],
    decided: Pairs,
    absent: tuple[str, ...],
) -> str:
    """Return how losses rank over data sets, or that there are too few data sets to tell."""
    listed = ", ".join(f"{loss} {rank:.1f} {letters}".rstrip() for loss, rank, letters in order)
    few = f"too few data sets to tell, {needed} could" if datasets < needed else ""
    few += f"; {LEAST - datasets} more for a picture" if datasets < LEAST else ""
    shown = few or fact_text(decided) or "none told from the first loss"
    left_out = f"; left out, since not on every data set: {fact_text(absent)}" if absent else ""
    return f"{task}, mean over {datasets} data sets: {listed}; {shown}{left_out}"


def places(places: tuple[tuple[str, float, str], ...]) -> str:
    """Draw mean ranks on a line, each loss as its letters."""
    return number_line([Place(*place) for place in places])


def skills(task: str, runs: int, shown: tuple[tuple[str, str, float, float, float], ...]) -> str:
    """Return the interquartile mean of the skill of some losses."""
    listed = ", ".join(f"{who} {loss} {interval(*figures)}" for who, loss, *figures in shown)
    return f"{task}, middle half of {runs} trainings: {listed}"


def protocol(dataset: str, settings: str, why: str) -> str:
    """Return the settings that a data set has of its own, and why."""
    return f"{dataset}: {settings}, for every loss" + (f" ({why})" if why else "")


def partial(dataset: str, seeds: tuple[int, ...], trials: int) -> str:
    """Return which seeds are left out, since trainings of theirs are not done."""
    verb = "are" if len(seeds) > 1 else "is"
    left_out = f"so {listed_seeds(seeds)} {verb} left out; the same command goes on from there"
    return f"{dataset}: {trials} trainings are not done, {left_out}"


def undefined(dataset: str, score: str, seeds: tuple[int, ...]) -> str:
    """Return for which seeds a score is undefined, though training ended well."""
    why = "where it gave NaN" if is_own(score) else "where the test part has a single value"
    said = f"{heading(score)} has no value for {listed_seeds(seeds)}, {why}"
    return f"{dataset}: {said}; means, n and tests are over the other seeds"


def gradient_shares(dataset: str, loss: str, parts: tuple[tuple[str, float, float], ...]) -> str:
    """Return the share of the gradient of each loss of a sum, at the first and the last epoch."""
    told = ", ".join(f"{name} {100 * first:.0f} % to {100 * last:.0f} %" for name, first, last in parts)
    return f"{loss} on {dataset}, of the gradient, from the first epoch to the last: {told}"


def looks(correction: float) -> str:
    """Return how verdicts are corrected for repeated looks."""
    level = f"{100 * (1 - ALPHA / correction):g} %"
    return (
        f"verdicts were made more than once as seeds were added: p values times {correction:g} (alpha "
        f"spending, Bonferroni), intervals of differences at {level}"
    )


def edge_of_grid(rates: tuple[tuple[str, Pairs], ...]) -> str:
    """Return by data set which losses have their best rate at the edge of the grid, in one sentence."""
    where = "; ".join(f"{dataset}: {fact_text(losses)}" for dataset, losses in rates)
    return f"best rates at the edge of the grid, a wider one may do better: {where}"


def disagreements(dataset: str, losses: tuple[tuple[str, str, float, str], ...]) -> str:
    """Return which losses get another verdict at their own rate."""
    changes = (f"{loss} is {fixed} at lr {lr:g}, {own} at its own" for loss, fixed, lr, own in losses)
    return f"{dataset}: {'; '.join(changes)}"


def threshold(score: str, datasets: tuple[str, ...], losses: tuple[tuple[str, Any], ...]) -> str:
    """Return how class thresholds were chosen, and where that changes verdicts."""
    changes = [
        f"; on {dataset}, {loss} at lr {lr:g} is {there} there, {own} at the link's own"
        for dataset, mine in losses
        for loss, lr, there, own in mine
    ]
    return (
        f"class thresholds of {', '.join(datasets)} are each training's own, chosen on validation by "
        f"{score}; curves and epochs are at the links' own{''.join(changes)}"
    )


def time(trained: int, seconds: float, cached: int) -> str:
    """Return how long a run took, how many networks it trained, and how many trainings came from the store."""
    if not trained:
        return f"{seconds:.1f} s: all {cached} trainings are taken from earlier runs"
    taken = f"; {cached} more are taken from earlier runs" if cached else ""
    return f"{trained} trainings in {seconds:.1f} s, {trained / seconds:.0f} a second{taken}"


def ended(dataset: str, schedule: str, epochs: int, losses: tuple[tuple[str, int, int, float], ...]) -> str:
    """Return how many trainings ended early, and after how many epochs (median)."""
    told = ", ".join(f"{loss} {early}/{of} (median {median:g})" for loss, early, of, median in losses)
    return f"{dataset}, {schedule}: trainings that ended before epoch {epochs}, epochs trained: {told}"


def search(
    dataset: str,
    setting: Mapping[str, object],
    sizes: tuple[int, ...],
    reference: str,
    verdicts: tuple[tuple[str, tuple[str, ...]], ...],
) -> str:
    """Return how verdicts change with the number of settings tried."""
    told = ", ".join(f"{loss} {' '.join(VERDICTS.get(one, '?') for one in course)}" for loss, course in verdicts)
    where, listed = ", ".join(filter(None, [dataset, label(setting, list(setting))])), ", ".join(map(str, sizes))
    return f"{where}: against {reference}, with the best of the first {listed} settings: {told}"


RUN: Mapping[Topic, tuple[str, Saying]] = {
    Topic.SHARDS: (
        "missing",
        "shards {missing} of {count}, or trainings of theirs: run them, and merge all again",
    ),
    Topic.PARTIAL: ("partial", partial),
    Topic.PROTOCOL: ("protocol", protocol),
    Topic.SKIPPED: ("skipped", "{loss} on {dataset}: {reason}"),
    Topic.FAILED: ("failed", "{failure}"),
    Topic.DIVERGED: ("diverged", "{dataset}, trainings: {counts}; a smaller --lr may help"),
    Topic.UNDEFINED: ("no score", undefined),
    Topic.BY_SEEDS: (
        "unit",
        "{score} on {dataset} is tested over seeds, with wider intervals: rows do not add up to it, as to a "
        "maximum or a median",
    ),
    Topic.FEW_POSITIVES: (
        "unsure",
        "{score} on {dataset} hangs on {positives} positive rows, which a loss may learn on this table and not on "
        "another: on known laws with so few, 95% intervals cover in 67 to 97%; more rows help, more seeds do not",
    ),
    Topic.THRESHOLD_MOVES: (
        "unsure",
        "{score} on {dataset} moves with the class threshold, which other training rows would move: on known laws "
        "95% intervals cover in 80 to 99%; f1 and balanced_accuracy move less",
    ),
    Topic.SHARES: ("shares", gradient_shares),
    Topic.ENDED: ("ended", ended),
    Topic.COLLAPSED: (
        "collapsed",
        "{dataset}, trainings: {counts}; all their embeddings are alike (spread below {spread}), and they decide "
        "as a constant does; another --lr or margin may help",
    ),
    Topic.FEW_SEEDS: (
        "warning",
        "so few seeds tell only large differences from chance; to decide, give --seeds {enough} or more",
    ),
    Topic.NOT_COMPILED: (
        "warning",
        "the fused torch engine trains, in place of the compiled step: {reason}",
    ),
    Topic.UNTRIED: (
        "warning",
        "--device cuda is experimental: never run on a GPU; hold some seeds against cpu",
    ),
    Topic.BY_TORCH: (
        "engine",
        "{optimisers}: trained by the fused torch engine; the compiled step follows gradients",
    ),
    Topic.MODULES: ("engine", "{models}: trained by torch; the compiled step is of linear and mlp"),
    Topic.COSINES: ("engine", "{losses}: trained by the fused torch engine; the compiled step has no cosines"),
    Topic.ONE_BY_ONE: (
        "model",
        "{model}: trained one by one, which is slow, and not many at once by torch.func.vmap: {fault}",
    ),
    Topic.LOOKS: ("looks", looks),
    Topic.PAIRS: (
        "pairs",
        "comparisons.csv has {kept} of {tested} pairs, those with the first loss and among the best {best} of "
        "each table; all were tested, and are corrected for",
    ),
    Topic.NOT_KEPT: ("warning", "results are not kept for other runs: {reason}"),
    Topic.EDGE: ("warning", edge_of_grid),
    Topic.VALUE_EDGE: (
        "warning",
        "best values at the edge of the grid on {dataset}, a wider one may do better: {losses}",
    ),
    Topic.SETTINGS: ("budget", "{dataset}, settings tried: {counts}"),
    Topic.SEARCH: ("search", search),
    Topic.PROPOSED: (
        "search",
        "TPE proposed the settings by their scores on the tuning seeds: intervals hold what other seeds would "
        "have chosen of these settings, not to which others they would have led",
    ),
    Topic.DISAGREE: ("disagree", disagreements),
    Topic.THRESHOLD: ("decision", threshold),
    Topic.RANKS: ("ranks", ranks),
    Topic.PLACES: ("", places),
    Topic.SKILLS: ("skill", skills),
    Topic.ALTERED: (
        "warning",
        "{path} is not as the run wrote it ({trials} trials): changed since, or cut short",
    ),
    Topic.NO_CURVES: ("absent", "curves.csv: not made from trials.csv, it holds no curves"),
    Topic.NO_TUNING: (
        "absent",
        "tuning.csv: not made from trials.csv, the trainings that chose the rates are not reported",
    ),
    Topic.NO_ROWS: (
        "absent",
        "rows.npz: not made from trials.csv; without it seeds are the unit on tables, and intervals are wider",
    ),
    Topic.TIME: ("time", time),
    Topic.FILES: ("open", lambda folder: f"{folder / 'report.html'} (the tables lie beside it)"),
    Topic.REPLACED: ("replaced", "the files of another run, {command}"),
    Topic.DATA: ("data", "{dataset}: {remark}"),
    Topic.LOSS: ("note", "{loss}: {remark}"),
}
"""The heading and the text of each remark on a run."""

WORDS: Mapping[Topic, tuple[str, Saying]] = {
    **RUN,
    **{topic: ("", saying) for topic, saying in {**DATA, **LOSS}.items()},
}
"""The heading and the text of each topic."""
