"""Which of a loss's first two parameters is the prediction and which the target, judged by their names."""

from __future__ import annotations

import re

TARGET = re.compile(
    "true|truth|ytrue|targets?|tgt|labels?|lbl|gt|groundtruth|actuals?|obs|observed|observations?|ref|reference|expected"
)
PREDICTION = re.compile(
    "pred|preds|ypred|predict(ed|ions?)?|out|outputs?|logits?|hat|yhat|inputs?|scores?|prob|probs|proba|probabilit(y|ies)"
    "|est|estimate[ds]?|forecasts?|fitted|sim|simulated|recon|reconstruct(ed|ion)|raw"
)
"""The words of a name that say what it is."""

BRIEF = ("p", "q", "f", "z", "mu")
"""Names that are a prediction beside a target called `y`."""


def target_first(first: str, second: str) -> bool:
    """Say whether two names of parameters mean (target, prediction); unclear names mean the usual order.

    Example:
        >>> target_first("y_true", "y_pred"), target_first("y", "y_hat"), target_first("labels", "logits")
        (True, True, True)
        >>> target_first("input", "target"), target_first("a", "b"), target_first("y", "t")
        (False, False, False)
    """
    if says_target(first):
        return not says_target(second)
    # `y` alone is ambiguous: it is the target beside a prediction, and the prediction beside a target `t`.
    return not says(first, PREDICTION) and (says(second, PREDICTION) or (first == "y" and second in BRIEF))


def says_target(name: str) -> bool:
    """Say whether a name means the target: `true_labels` does, `predicted_label` does not."""
    return says(name, TARGET) and not says(name, PREDICTION)


def says(name: str, words: re.Pattern[str]) -> bool:
    """Say whether one of these words is in a name.

    Example:
        >>> says("yTrue_batch2", TARGET), says("untrue", TARGET)
        (True, False)
    """
    return any(map(words.fullmatch, words_of(name)))


def words_of(name: str) -> list[str]:
    """Return the words of a name, in small letters.

    Example:
        >>> words_of("yTrue_batch2")
        ['y', 'true', 'batch']
    """
    apart = re.sub(r"([a-z])([A-Z])", r"\1_\2", name)
    return re.findall(r"[a-z]+", apart.lower())
