"""The words: how to read the tables, and what each remark says. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lossbench.remark import Remark, Topic
from lossbench.report.critical import Place, number_line
from lossbench.report.figures import interval
from lossbench.report.tables import VERDICTS, heading, label, listed_seeds
from lossbench.schema import is_own
from lossbench.stats.estimate import ALPHA, smallest_p
from lossbench.stats.wilcoxon import LEAST
from lossbench.visible import visible

Pairs = tuple[tuple[str, Any], ...]

LEGEND = (
    "abc        losses that share a letter cannot be told apart, by corrected tests of all pairs",
    "vs         the first loss, on rows like these, by corrected paired tests: + better, - worse,",
    "           = equivalent, += and -= better and worse but within the margin, ~ open",
    "±          half of the 95 % interval, over the rows of a table or the seeds of a law",
    "to target  epochs to 95 % of the way from a constant predictor to scikit-learn's linear model, on",
    "           validation: median [95 % interval]; a/b: only a of b seeds got there",
    "plateau    epochs after which the validation score gains less than 1 % of skill, likewise",
    "robust     area under the curve of skill over contaminated shares, relative to clean skill",
    "n          seeds that a mean is over, (n) beside a score that has others; a/b: only a of b have one",
)

ACROSS = (
    "mean rank  over data sets, the best loss of each has 1; letters and vs are by Wilcoxon's test over data sets",
    "skill      score of which a constant predictor has 0, as a training that diverged, and a perfect one 1:",
    "           mean of the middle half of all runs, with a bootstrap of the seeds within each data set",
)


def words(remark: Remark) -> str:
    """Return a remark in words: a line of a report, or a note on a data set or a loss.

    Example:
        >>> words(Topic.DIVERGED(dataset="iris", counts=(("mse", 2), ("ce", 1))))
        'diverged iris, trainings: mse 2, ce 1; a smaller --lr may help'
    """
    saying = WORDS[remark.topic]
    if callable(saying):
        return visible(saying(**remark.facts))
    return visible(saying.format(**{name: written(fact) for name, fact in remark.facts.items()}))


def written(fact: Any, between: str = ", ") -> str:
    """Write a fact: several things with commas between, pairs with a space, numbers in their shortest form."""
    if isinstance(fact, Remark):
        return words(fact)
    if isinstance(fact, tuple | list):
        return between.join(written(part, between=" ") for part in fact)
    return f"{fact:g}" if isinstance(fact, float) else str(fact)


def ranks(
    task: str,
    datasets: int,
    needed: int,
    order: tuple[tuple[str, float, str], ...],
    decided: Pairs,
    absent: tuple[str, ...],
) -> str:
    """Say how losses rank over data sets; with too few of them, that nothing is shown."""
    listed = ", ".join(f"{loss} {rank:.1f} {letters}".rstrip() for loss, rank, letters in order)
    few = f"too few data sets to tell, {needed} could" if datasets < needed else ""
    few += f"; {LEAST - datasets} more for a picture" if datasets < LEAST else ""
    shown = few or written(decided) or "none told from the first loss"
    left_out = f"; left out, since not on every data set: {written(absent)}" if absent else ""
    return f"ranks    {task}, mean over {datasets} data sets: {listed}; {shown}{left_out}"


def places(places: tuple[tuple[str, float, str], ...]) -> str:
    """Draw mean ranks on a line, each loss as its letters."""
    return f"         {number_line([Place(*place) for place in places])}"


def skills(task: str, runs: int, shown: tuple[tuple[str, str, float, float, float], ...]) -> str:
    """Say the interquartile mean of the skill of some losses."""
    listed = ", ".join(f"{who} {loss} {interval(*figures)}" for who, loss, *figures in shown)
    return f"skill    {task}, middle half of {runs} trainings: {listed}"


def no_picture(datasets: int) -> str:
    """Say how many data sets are missing for a picture of mean ranks, and why."""
    return (
        f"No picture of which losses data sets tell apart: {LEAST - datasets} more data sets are needed, since "
        f"with {LEAST - 1} not even the p of a single pair can be below 5 %: it is at least 2 / 2^{LEAST - 1} = "
        f"{smallest_p(LEAST - 1):.3g}."
    )


def protocol(dataset: str, settings: str, why: str) -> str:
    """Say what a data set has of its own, and how it was chosen."""
    return f"protocol {dataset}: {settings}, for every loss" + (f" ({why})" if why else "")


def undefined(dataset: str, score: str, seeds: tuple[int, ...]) -> str:
    """Say for which seeds a score has no value, though training went well."""
    why = "where it gave NaN" if is_own(score) else "where the test part has a single value"
    said = f"{heading(score)} has no value for {listed_seeds(seeds)}, {why}"
    return f"no score {dataset}: {said}; means, n and tests are over the other seeds"


def gradient_shares(dataset: str, loss: str, parts: tuple[tuple[str, float, float], ...]) -> str:
    """Say which share of the gradient each loss of a sum has, as training begins and as it ends."""
    told = ", ".join(f"{name} {100 * first:.0f} % to {100 * last:.0f} %" for name, first, last in parts)
    return f"shares   {loss} on {dataset}, of the gradient, from the first epoch to the last: {told}"


def looks(correction: float) -> str:
    """Say how verdicts are corrected for having been made more than once."""
    level = f"{100 * (1 - ALPHA / correction):g} %"
    return (
        f"looks    verdicts were made more than once as seeds were added: p values times {correction:g} (alpha "
        f"spending, Bonferroni), intervals of differences at {level}"
    )


def edges(rates: tuple[tuple[str, Pairs], ...]) -> str:
    """Say which losses have their best rate at the edge of the grid, by data set, in one sentence for a run."""
    where = "; ".join(f"{dataset}: {written(losses)}" for dataset, losses in rates)
    return f"warning  best rates at the edge of the grid, a wider one may do better: {where}"


def disagreements(dataset: str, losses: tuple[tuple[str, str, float, str], ...]) -> str:
    """Say where a loss's own rate changes its verdict."""
    changes = (f"{loss} is {fixed} at lr {lr:g}, {own} at its own" for loss, fixed, lr, own in losses)
    return f"disagree {dataset}: {'; '.join(changes)}"


def threshold(score: str, datasets: tuple[str, ...], losses: tuple[tuple[str, Any], ...]) -> str:
    """Say how class thresholds were chosen, and where that changes verdicts, by data set."""
    changes = [
        f"; on {dataset}, {loss} at lr {lr:g} is {there} there, {own} at the link's own"
        for dataset, mine in losses
        for loss, lr, there, own in mine
    ]
    return (
        f"decision class thresholds of {', '.join(datasets)} are each training's own, chosen on validation by "
        f"{score}; curves and epochs are at the links' own{''.join(changes)}"
    )


def time(trials: int, seconds: float, cached: int) -> str:
    """Say how long a run took; what it took from earlier runs explains it."""
    taken = f", {cached} of them taken from earlier runs" if cached else ""
    return f"time     {trials} trainings in {seconds:.1f} s, {trials / seconds:.0f} a second{taken}"


def groups(column: str, groups: int, smallest: int, largest: int) -> str:
    """Say how many groups there are, and how large."""
    size = f"{smallest} to {largest}" if smallest < largest else str(largest)
    return f"'{column}', no feature, makes {groups} groups of {size} rows; each stays on one side of a split"


def far_off_units(sizes: Pairs) -> str:
    """Say which columns have very small or very large numbers."""
    columns = ", ".join(f"'{column}' about {size:.0e}" for column, size in sizes)
    return f"very small or very large numbers: {columns}; training standardises them, errors are in these units"


def classes(column: str, counts: Pairs) -> str:
    """Say which classes there are, with the rows of each."""
    return f"'{column}' has {len(counts)} classes ({', '.join(f'{name}: {rows}' for name, rows in counts)})"


def foreign_numbers(
    columns: tuple[str, ...], reading: str, unit: str, otherwise: str, text: str, number: float
) -> str:
    """Say how numbers in a foreign form were read, and how to have them read otherwise."""
    without = f", without '{unit}'" if unit else ""
    sign = "a comma" if otherwise == "decimal=," else "a point"
    other = f"; with {otherwise} {sign} is the decimal sign" if otherwise else ""
    return f"numbers of {quoted(columns)} such as '{text}' are read as {exact(number)}{without}{other}"


def exact(number: float) -> str:
    """Write a number with all its digits."""
    return repr(number).removesuffix(".0")


def dates(column: str, first: str, drop: str) -> str:
    """Say that dates became numbers."""
    return f"the dates of '{column}' are read as days since {first}" + (
        f"; drop={drop} leaves them out" if drop else ""
    )


def taken_as_missing(column: str, texts: Pairs, place: str) -> str:
    """Say which texts were taken as missing, and how many of each."""
    found = ", ".join(f"'{text}' {count}" for text, count in texts)
    return f"taken as missing in '{column}': {found}, first in {place}"


def quoted(names: tuple[str, ...]) -> str:
    """Write names in quotation marks."""
    return ", ".join(f"'{name}'" for name in names)


def ended(dataset: str, schedule: str, epochs: int, losses: tuple[tuple[str, int, int, float], ...]) -> str:
    """Say how many trainings ended early, and after how many epochs in the middle."""
    told = ", ".join(f"{loss} {early}/{of} (median {median:g})" for loss, early, of, median in losses)
    return f"ended    {dataset}, {schedule}: trainings that ended before epoch {epochs}, epochs trained: {told}"


def search(
    dataset: str,
    setting: Mapping[str, object],
    sizes: tuple[int, ...],
    reference: str,
    verdicts: tuple[tuple[str, tuple[str, ...]], ...],
) -> str:
    """Say how verdicts move with the number of settings that were tried."""
    told = ", ".join(f"{loss} {' '.join(VERDICTS.get(one, '?') for one in course)}" for loss, course in verdicts)
    where, listed = ", ".join(filter(None, [dataset, label(setting, list(setting))])), ", ".join(map(str, sizes))
    return f"search   {where}: against {reference}, with the best of the first {listed} settings: {told}"


WORDS: Mapping[Topic, str | Callable[..., str]] = {
    Topic.SHARDS: "missing  shards {missing} of {count}, or trainings of theirs: run them, and merge all again",
    Topic.PARTIAL: lambda dataset, seeds, trials: (
        f"partial  {dataset}: {trials} trainings are not done, so {listed_seeds(seeds)} "
        f"{'are' if len(seeds) > 1 else 'is'} left out; the same command goes on from there"
    ),
    Topic.PROTOCOL: protocol,
    Topic.SKIPPED: "skipped  {loss} on {dataset}: {reason}",
    Topic.FAILED: "failed   {failure}",
    Topic.DIVERGED: "diverged {dataset}, trainings: {counts}; a smaller --lr may help",
    Topic.UNDEFINED: undefined,
    Topic.BY_SEEDS: "unit     {score} on {dataset} is tested over seeds, with wider intervals: rows do not add "
    "up to it, as to a maximum or a median",
    Topic.SHARES: gradient_shares,
    Topic.ENDED: ended,
    Topic.COLLAPSED: "collapsed {dataset}, trainings: {counts}; all their embeddings are alike (spread below "
    "{spread}), and they decide as a constant does; another --lr or margin may help",
    Topic.FEW_SEEDS: "warning  so few seeds tell only large differences from chance; to decide, give "
    "--seeds {enough} or more",
    Topic.NOT_COMPILED: "warning  the fused torch engine trains, in place of the compiled step: {reason}",
    Topic.UNTRIED: "warning  --device cuda is experimental: never run on a GPU; hold some seeds against cpu",
    Topic.BY_TORCH: lambda optimisers: (
        f"engine   {', '.join(optimisers)}: trained by the fused torch engine; the compiled step follows gradients"
    ),
    Topic.MODULES: lambda models: (
        f"engine   {', '.join(models)}: trained by torch; the compiled step is of linear and mlp"
    ),
    Topic.COSINES: lambda losses: (
        f"engine   {', '.join(losses)}: trained by the fused torch engine; the compiled step has no cosines"
    ),
    Topic.ONE_BY_ONE: "model    {model}: trained one by one, which is slow, and not many at once by "
    "torch.func.vmap: {fault}",
    Topic.LOOKS: looks,
    Topic.PAIRS: "pairs    comparisons.csv has {kept} of {tested} pairs, those with the first loss and among the "
    "best {best} of each table; all were tested, and are corrected for",
    Topic.NOT_KEPT: "warning  results are not kept for other runs: {reason}",
    Topic.EDGE: edges,
    Topic.VALUE_EDGE: "warning  best values at the edge of the grid on {dataset}, a wider one may do better: "
    "{losses}",
    Topic.SETTINGS: "budget   {dataset}, settings tried: {counts}",
    Topic.SEARCH: search,
    Topic.DISAGREE: disagreements,
    Topic.THRESHOLD: threshold,
    Topic.RANKS: ranks,
    Topic.PLACES: places,
    Topic.SKILLS: skills,
    Topic.ALTERED: "warning  {path} is not as the run wrote it ({trials} trials): changed since, or cut short",
    Topic.NO_CURVES: "absent   curves.csv: not made from trials.csv, it holds no curves",
    Topic.NO_TUNING: "absent   tuning.csv: not made from trials.csv, the trainings that chose the rates are not "
    "reported",
    Topic.NO_ROWS: "absent   rows.npz: not made from trials.csv; without it seeds are the unit on tables, and "
    "intervals are wider",
    Topic.TIME: time,
    Topic.FILES: lambda folder: f"open     {folder / 'report.html'} (the tables lie beside it)",
    Topic.REPLACED: "replaced the files of another run, {command}",
    Topic.DATA: "data     {dataset}: {remark}",
    Topic.FETCHED: "read from scikit-learn's cache: {version}",
    Topic.SHIPPED: "read from the package {version}",
    Topic.UTF16: "the file is in UTF-16, and was read so",
    Topic.COMMENT_LINES: "lines skipped at the top, which begin with #: {lines} ('{text}')",
    Topic.NAMES_IN_COMMENT: "the names of the columns are read from a line that begins with # ('{text}')",
    Topic.SEPARATOR: "values are read with {mark} between them; sep=MARK says otherwise",
    Topic.NAMELESS_COLUMNS: "column {places} has no name and was dropped",
    Topic.DROPPED: lambda columns: f"left out, as drop= says: {quoted(columns)}",
    Topic.FOREIGN_NUMBERS: foreign_numbers,
    Topic.ZEROS_LOST: "zeros in front of whole numbers of '{column}', such as '{text}' ({place}), are lost: it is "
    "read as numbers",
    Topic.DIGITS_LOST: "whole numbers of '{column}' are too large to be exact, such as '{text}' ({place}): last "
    "digits are lost",
    Topic.TAKEN_AS_MISSING: taken_as_missing,
    Topic.DATES: dates,
    Topic.TEXT_BY_EXCEPTION: "'{column}' is read as text, since '{text}' ({place}) is not among {kind}",
    Topic.WORD_AS_CLASS: "'{text}' in '{column}' ({place}) is read as a class; na={text} takes it as missing",
    Topic.BLANKS_CUT: lambda columns, text, left: (
        f"blanks around values of {quoted(columns)} were cut: '{text}' is '{left}'"
    ),
    Topic.CASES_DIFFER: lambda column, texts: f"{quoted(texts)} of '{column}' differ in case only, and stay apart",
    Topic.TRUTH_SPELLED: lambda columns, texts: (
        f"{', '.join(texts)} of {quoted(columns)} are read as True or False"
    ),
    Topic.IMAGES: "a row is an image, {shape}; each pixel is a feature",
    Topic.TEXTS: "read as text, with one feature for each category: {columns}",
    Topic.IDENTIFIER: "column '{column}' is text that differs in every row, such as '{text}': an identifier, "
    "left out",
    Topic.ROW_NUMBERS: "'{column}' differs in every row, as an identifier does, and is trained on; drop={drop} "
    "leaves it out",
    Topic.EMPTY_COLUMN: "column '{column}' is missing in every row and was left out",
    Topic.NO_TARGET: "rows dropped because '{column}' is missing: {rows}",
    Topic.QUANTITY: "'{column}' is a quantity (regression)",
    Topic.CLASSES: classes,
    Topic.NUMBERS_AS_CLASSES: "the whole numbers of '{column}' are read as classes; task=regression reads them as "
    "a quantity",
    Topic.POSITIVE_CLASS: "'{name}' is the positive class",
    Topic.RARE_CLASS: "class '{name}' has fewer than {needed} rows, so the split is not stratified",
    Topic.CONSTANT_COLUMN: "column '{column}' has a single value and was dropped",
    Topic.MISSING_NUMBERS: "values missing in '{column}': {values}, filled with the median of the training part",
    Topic.MISSING_TEXTS: "values missing in '{column}': {values}, now the category {category}",
    Topic.ROUNDING_ONLY: "column '{column}' differs by rounding only and was dropped",
    Topic.HARDLY_VARYING: "'{column}' is {value} in all but {others} of {rows} rows",
    Topic.FAR_OFF_UNITS: far_off_units,
    Topic.GIVES_AWAY: "'{column}' alone tells '{target}', or nearly; if it is not known before '{target}' is, "
    "leave it out with drop={drop}",
    Topic.EQUAL_ROWS: "rows whose features equal another's: {rows} ({different} different); equal rows stay on "
    "one side of a split, whatever their target",
    Topic.EQUAL_THROUGHOUT: "rows that equal another, target and all: {rows} ({different} different); they stay "
    "on one side of a split",
    Topic.EQUAL_BY_CHANCE: "rows whose features equal another's: {rows}, as columns with few values make by "
    "chance; a split takes each for itself",
    Topic.GROUPS: groups,
    Topic.NO_GROUP: "rows without '{column}': {rows}, each a group of its own",
    Topic.LONE_ROWS: "'{column}' differs in every row, so it keeps no rows together; it is no feature",
    Topic.FEW_GROUPS: "{groups} groups are few: parts are not near 60/20/20, few splits are possible, and results "
    "hold for these groups",
    Topic.LARGE_GROUP: "group '{name}' of '{column}' has {rows} rows, too many for the test part, so it is never "
    "tested",
    Topic.CLASS_IN_FEW_GROUPS: "class '{name}' is in {groups} groups, so a validation or test part may have no "
    "row of it",
    Topic.JOINED_GROUPS: "groups that share equal rows stay together too: {groups} groups become {left}",
    Topic.WEIGHTED: "'{column}' weighs the rows in training, from {least} to {most}: every loss of a row is "
    "multiplied by its weight over the mean of the training part; scores count all rows alike",
    Topic.CLASSES_WEIGHTED: "in training each of the {classes} classes counts as much as any other, under every "
    "loss; scores count all rows alike",
    Topic.LOSS: "note     {loss}: {remark}",
    Topic.MODEL_BY_MODEL: "it is evaluated model by model, which is slow: torch.func.vmap cannot map it, since "
    "{fault}",
    Topic.VALUES_APART: "each value of {parameters} is evaluated apart, which is slower: as a tensor "
    "(models, 1, 1), to be used before the last axis is reduced, it fails, since {fault}",
    Topic.SINGLE_ROW: "on a batch of a single row {fault}: choose a batch size that leaves no single row over",
    Topic.ANY_ORDER: "its value does not depend on which row a target belongs to: if that is not meant, shapes "
    "(batch) and (batch, 1) were broadcast to (batch, batch)",
    Topic.TORCH_WARNS: "it warns: {warning}",
    Topic.CLAMPED: "its gradient is zero where a raw output is below 0 or above 1, as of a loss of probabilities: "
    "if it is one, state :@gets=probability",
    Topic.UNDONE: "its file changes {settings}; that is undone, since other losses run in the same process",
    Topic.TARGET_FIRST: "it is called with the target first, f({names}), as the names of its parameters say",
}
"""By topic, a text with its facts in braces, or a function of the facts."""
