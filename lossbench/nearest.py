"""The name that was probably meant by one that does not exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "loss": {
        "absolute_error l1 mean_absolute_error": "mae",
        "l2 least_squares mean_squared_error squared_error": "mse",
        "categorical_crossentropy cross_entropy crossentropy negative_log_likelihood nll softmax "
        "sparse_categorical_crossentropy": "ce",
        "bce_with_logits binary_cross_entropy binary_crossentropy log_loss logistic logloss": "bce",
        "kl_div kl_divergence kld kullback_leibler": "kl",
        "check quantile tilted": "pinball",
        "l1_smooth": "smooth_l1",
        "mean_absolute_percentage_error": "mape",
        "mean_squared_log_error mean_squared_logarithmic_error rmsle": "msle",
        "generalised_cross_entropy generalized_cross_entropy": "gce",
        "symmetric_cross_entropy": "sce",
        "reverse_cross_entropy": "rce",
        "normalised_cross_entropy normalized_cross_entropy": "nce",
        "pos_weight weighted_cross_entropy": "weighted_bce",
        "crammer_singer multi_class_hinge multiclass_hinge": "multi_margin",
        "svm": "hinge",
        "iou": "jaccard",
        "info_nce infonce nt_xent ntxent": "supcon",
        "poly": "poly1",
    },
    "score": {
        "auc auroc": "roc_auc",
        "ap auprc pr_auc": "average_precision",
        "mcc": "matthews_corrcoef",
        "cross_entropy nll": "log_loss",
        "ece": "calibration_error",
        "mse": "rmse",
        "r_squared rsquared": "r2",
        "f1_macro macro_f1": "f1",
        "sensitivity": "recall",
        "ppv": "precision",
        "top_3 top_k": "top_k_accuracy",
    },
    "data set": {"mnist": "digits", "wdbc": "breast_cancer"},
    "model": {
        "linear_regression logistic logistic_regression lr ols softmax": "linear",
        "dense fcn mlpclassifier mlpregressor nn": "mlp",
        "conv convnet": "cnn",
    },
    "contamination": {
        "flip flips label_noise labels": "label",
        "outlier outliers target_noise": "target",
        "leverage": "feature",
    },
}
"""By kind of thing: what other libraries and papers call it, in several forms, and its name here."""

LIKE = (
    0.65  # share of the letters that a misspelt name has in common with the right one; below it, guesses mislead
)
SHORTEST = 3  # letters of a part by which a longer name is known

_FRINGE = re.compile(r"^(neg|load|make|fetch)_|_?(loss|score|classif\w*)$")


def nearest(kind: str, name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant, or None where it would be a guess.

    First what others call it, then a spelling near to it, then a name that it is a part of.

    Args:
        kind: what was looked for, such as "loss" or "binary score"; the last word counts.
        name: as the user wrote it.
        known: the names that would have been right.

    Example:
        >>> nearest("loss", "CrossEntropyLoss", ["squentropy", "ce"])
        'ce'
        >>> nearest("loss", "hubber", ["huber", "mae"])
        'huber'
        >>> nearest("data set", "titanic", ["iris", "wine"])
    """
    folded = {form: one for place in (1, 0) for one in reversed([*known]) for form in [_forms(one)[place]]}
    for form in _forms(name):
        if form in folded:
            return folded[form]
        here = next((folded.get(ours) for others, ours in _elsewhere(kind) if form in others.split()), None)
        if here is not None:
            return here
    whole, core = _forms(name)
    near = difflib.get_close_matches(whole, folded, n=1, cutoff=LIKE if len(name) > SHORTEST else 0.5)
    return folded[near[0]] if near else _part(core, folded)


def suggestion(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the nearest name as the end of a sentence; see `nearest` for the arguments.

    Example:
        >>> suggestion("loss", "hubber", ["huber", "mae"]), suggestion("data set", "titanic", ["iris"])
        ("; did you mean 'huber'?", '.')
    """
    near = nearest(kind, name, known)
    return f"; did you mean '{near}'?" if near else "."


def _elsewhere(kind: str) -> Iterable[tuple[str, str]]:
    return next((names.items() for thing, names in ELSEWHERE.items() if kind.endswith(thing)), ())


def _forms(name: str) -> tuple[str, str]:
    """Return a name in small letters, `log_cosh` for `LogCosh`, and without a fringe such as `_loss`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.strip())
    whole = re.sub(r"[\s-]+", "_", words).lower()
    return whole, _FRINGE.sub("", whole) or whole


def _part(name: str, folded: Mapping[str, str]) -> str | None:
    """Return the only name all of whose words are in this one, or that has all words of this one."""
    words = set(name.split("_"))
    theirs = {one: {*one.split("_")} for one in folded}
    found = [one for one, parts in theirs.items() if (parts <= words or words <= parts) and len(name) >= SHORTEST]
    return folded[found[0]] if len(found) == 1 else None
