"""Evidence in plain words: scores, contaminations, differences, and what is claimed of two losses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from lossbench.claims.claim import CLEAN, Claim, Evidence
from lossbench.report.figures import NOT_DEFINED
from lossbench.report.words.english import MOST_NAMED, listed
from lossbench.schema import METRICS

NAMED = MOST_NAMED  # things that a sentence names before it only counts

SCORES = {
    "r2": "R²",
    "f1": "F1",
    "mae": "mean absolute error",
    "mape": "relative error",
    "roc_auc": "area under the ROC curve",
    "roc_auc_bce": "area under the ROC curve by cross-entropy",
    "roc_auc_kl": "area under the ROC curve by cross-entropy less entropy",
    "tpr": "true positive rate",
    "tpr_bce": "true positive rate by cross-entropy",
    "tpr_kl": "true positive rate by cross-entropy less entropy",
    "fpr": "false positive rate",
    "fpr_bce": "false positive rate by cross-entropy",
    "fpr_kl": "false positive rate by cross-entropy less entropy",
    "brier": "Brier score",
    "epochs_to_target": "epochs to the target",
    "dice": "Dice score",
    "transport": "transport distance",
    "top_1": "top-1 accuracy",
    "top_5": "top-5 accuracy",
}
"""Plain words for scores; the names of all others only need their underscores replaced."""

KINDS = {
    "label": "labels flipped",
    "target": "targets moved up",
    "target_symmetric": "targets moved up or down",
    "feature": "inputs moved up or down",
    "feature_one_sided": "inputs moved up",
    "noise": "rows replaced by noise",
    "label_by_class": "labels flipped one way",
    "feature_at_test": "test inputs moved up or down",
    "feature_one_sided_at_test": "test inputs moved up",
}
"""What a contamination does to the training part, or to the test part."""

CONSTANT = "the best constant answer"
SKILL = "change of skill"
EPOCHS = "epochs_to_target"

CLAIMED = {"best_of": "not worse", "custom_loss": "equal", "mismatch": "worse"}
"""What an experiment claims of the first arm, if the claim itself has no direction."""

SHOWN = {
    "accuracy_robustness": "the less accurate loss is the more robust one",
    "beside_the_loss": "losses of equal accuracy differ",
    "custom_loss": "a loss of one's own is level with the built-in one",
    "evaluation_cost": "the dearest loss clearly takes longer than mse",
    "gradient_free": "a loss without gradients beats the best constant answer",
    "handling": "the choice of the loss makes a difference",
    "heads": "losses of one task differ in this",
    "imitation": "the loss made for the task is the better one",
    "learning_curve": "training raises the score",
    "lower_loss": "a lower loss goes with a better score",
    "lower_loss not always better": "the model with the lower loss is the worse one",
    "masks": "the loss made for the task is the better one",
    "mismatch": "the loss that does not match is worse than the one that does",
    "saturation": "the gradient of cross-entropy vanishes",
}
"""What a case shows that supports a claim, by the experiment that asks this, and its relation."""

RELATIONS = {
    "better": "is better than",
    "worse": "is worse than",
    "equal": "is level with",
    "not worse": "is no worse than",
}
LOSSES_OF_SKILL = {
    "better": "loses less skill than",
    "worse": "loses more skill than",
    "equal": "loses as much skill as",
    "not worse": "loses no more skill than",
}
"""The same for the skill that contamination costs."""


def plain(quantity: str) -> str:
    """Return a quantity with its scores in plain words.

    Example:
        >>> plain("rank correlation of falling log_loss and rising r2"), plain("f1")
        ('rank correlation of falling log loss and rising R²', 'F1')
    """
    return re.sub(r"\w+", lambda word: word_for(word[0]), quantity)


def word_for(name: str) -> str:
    """Return the plain word for a score; any other word as it is."""
    return SCORES.get(name, name.replace("_", " ")) if name in METRICS or name in SCORES else name


def contamination_of(line: Evidence) -> str:
    """State the contamination of the training part; empty if there is none.

    Example:
        >>> contamination_of(Evidence("reproduced", "r2", contamination="target", shares=(0.1,)))
        'with 10 % of the targets moved up'
    """
    if not line.contamination:
        return ""
    share = f"{100 * line.shares[-1]:g} %" if line.shares else "some"
    upto = "up to " if len(line.shares) > 1 else ""
    return (
        f"with {upto}{share} of the {KINDS.get(line.contamination, f'rows under {line.contamination} outliers')}"
    )


def place(line: Evidence) -> str:
    """State the data of a line: "on moons with 10 % of the labels flipped"."""
    return " ".join(filter(None, [f"on {line.dataset}" if line.dataset else "", contamination_of(line)]))


def result_of(line: Evidence) -> str:
    """State the result of one line, with its interval and its data."""
    if line.clause:
        return " ".join(filter(None, [line.clause, bounds(line)]))
    about = "; ".join(filter(None, [line.distinction, line.note])) if not line.protocol else line.distinction
    return " ".join(filter(None, [difference(line), bounds(line), place(line), f"({about})" if about else ""]))


def difference(line: Evidence) -> str:
    """State what one line measured: "mae is 0.1 below mse in R²".

    Example:
        >>> difference(Evidence("reproduced", "change of skill", arms=("mae", "mse"), measured=0.1))
        'mae loses 0.1 less skill than mse'
    """
    if line.measured is None or line.measured != line.measured:
        return f"the {plain(line.quantity)} is {NOT_DEFINED}"
    pair = len(line.arms) == 2 and line.aspect != "level"
    if line.by_rate and len(line.rates) == 2:
        (first, other), size = line.rates, gap_in_words(line.measured)
        return f"{' '.join(line.arms)} at rate {first:g} is {size} rate {other:g} in {plain(line.quantity)}"
    if line.quantity == SKILL and pair:
        return skill_lost(line.arms, line.measured)
    if pair:
        return between(line, line.measured) + at_rate(line)
    named = f" for {' and '.join(line.arms)}" if line.arms else ""
    return f"the {plain(line.quantity)} is {line.measured:.3g}{named}{at_rate(line)}"


def skill_lost(arms: Sequence[str], change: float) -> str:
    """State how much more skill contamination costs one loss than another, or what it costs the loss itself."""
    first, other = arms
    if other == CLEAN:
        return f"{first} {'loses' if change <= 0 else 'gains'} {abs(change):.2g} of its skill"
    return f"{first} loses {abs(change):.2g} {'less' if change >= 0 else 'more'} skill than {other}"


def between(line: Evidence, gap: float) -> str:
    """State the difference of the two arms of a line."""
    first, other = arms_in_words(line)
    if line.quantity == EPOCHS:
        more = f"{abs(gap):.3g} {'more' if gap > 0 else 'fewer'} epochs than" if gap else "as many epochs as"
        return f"{first} takes {more} {other}"
    return f"{first} is {gap_in_words(gap)} {other} in {plain(line.quantity)}"


def arms_in_words(line: Evidence) -> list[str]:
    """Name the arms of a line in a sentence: losses, models by their rates, and the best constant answer.

    Example:
        >>> arms_in_words(Evidence("reproduced", "f1", arms=("bce", "constant")))
        ['bce', 'the best constant answer']
        >>> arms_in_words(Evidence("reproduced", "f1", arms=("rate 0.1", "rate 1"), of_models=True))
        ['the model of rate 0.1', 'the model of rate 1']
    """
    if line.of_models:
        return [f"the model of {arm}" for arm in line.arms]
    return [CONSTANT if arm == "constant" else arm for arm in line.arms]


def at_rate(line: Evidence) -> str:
    """State the learning rate of a line, if it has one of its own."""
    return f" at rate {line.rates[0]:g}" if line.rates else ""


def gap_in_words(gap: float) -> str:
    """State the size and the sign of a difference: "0.1 above"."""
    return f"{abs(gap):.2g} {'above' if gap > 0 else 'below'}" if gap else "level with"


def bounds(line: Evidence) -> str:
    """Format the interval of a difference, in the direction that the sentence states; empty without one.

    Example:
        >>> bounds(Evidence("inconclusive", "f1", arms=("a", "b"), measured=-0.2, low=-0.5, high=0.1))
        '[-0.1, 0.5]'
    """
    if line.low is None or line.high is None or line.low == line.high:
        return ""
    pair = line.by_rate or len(line.arms) == 2
    sign = -1 if pair and (line.measured or 0.0) < 0 else 1
    low, high = sorted((sign * line.low + 0.0, sign * line.high + 0.0))
    return f"[{two_digits(low)}, {two_digits(high)}]"


def two_digits(value: float) -> str:
    """Format a number with two digits that count, a large one without an exponent.

    Example:
        >>> two_digits(238.6), two_digits(0.0456), two_digits(-2.0)
        ('240', '0.046', '-2')
    """
    return f"{float(f'{value:.2g}'):g}"


def relation(claim: Claim, units: Sequence[Evidence]) -> str:
    """State what a claim says about its units, in one clause: "mae loses less skill than mse".

    Example:
        >>> claim = Claim("x", "A beats b.", arguments={"direction": "better"})
        >>> relation(claim, [Evidence("reproduced", "f1", arms=("a", other)) for other in "bc"])
        'a is better than b or c in F1'
    """
    quantities = {line.quantity for line in units}
    scores = each_once(plain(line.quantity) for line in units)
    about = f" in {scores}" if quantities <= {*METRICS} and len(quantities) < NAMED else ""
    if said := shown_by(claim):
        return said + about
    direction = direction_of(claim)
    if not direction or not all(len(line.arms) == 2 and not line.by_rate for line in units):
        return "it is as claimed"
    one = either([line.arms[0] for line in units], "the loss that the claim names")
    other = rival(claim, [arms_in_words(line)[1] for line in units])
    if quantities == {SKILL}:
        if all(line.arms[1] == CLEAN for line in units):
            return f"{one} loses {'no ' if direction in ('not worse', 'equal') else ''}skill to contamination"
        return f"{one} {LOSSES_OF_SKILL[direction]} {other}"
    return f"{one} {RELATIONS[direction]} {other}{about}"


def shown_by(claim: Claim) -> str:
    """State what a case shows that supports a claim, if its experiment asks its own question; else empty."""
    manner = claim.arguments.get("relation", "")
    keys = (key for name in claim.experiments for key in (f"{name} {manner}", name))
    return next((SHOWN[key] for key in keys if key in SHOWN), "")


def rival(claim: Claim, others: Sequence[str]) -> str:
    """Name what the first arm is compared with: one of a few losses, or how many there are."""
    if "best_of" in claim.experiments:
        return "its best rival"
    return either(others, f"its rival, one of {len({*others})},")


def either(names: Iterable[str], otherwise: str) -> str:
    """Name a few things of which one is meant, each once, or say it otherwise.

    Example:
        >>> either(["mae", "huber", "mae"], "its rival"), either("abcde", "its rival")
        ('mae or huber', 'its rival')
    """
    each = list(dict.fromkeys(names))
    return " or ".join(filter(None, [", ".join(each[:-1]), each[-1]])) if len(each) <= NAMED else otherwise


def direction_of(claim: Claim) -> str:
    """Return what is claimed of the first arm; empty if the units are of another kind."""
    said = str(claim.arguments.get("direction", ""))
    return (
        said if said in RELATIONS else next((CLAIMED[name] for name in claim.experiments if name in CLAIMED), "")
    )


def each_once(values: Iterable[str]) -> str:
    """List the first few things, each once, and count the others.

    Example:
        >>> each_once(["b", "a", "a"]), each_once("abcdef")
        ('b and a', 'a, b, c, d and 2 more')
    """
    return listed(list(dict.fromkeys(filter(None, values))), named=NAMED)
