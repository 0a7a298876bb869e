"""How to read the tables."""

from __future__ import annotations

LEGEND = (
    "abc        losses that share a letter cannot be told apart, by corrected tests of all pairs",
    "vs         the first loss, on rows like these, by corrected paired tests: + better, - worse,",
    "           = equivalent, += and -= better and worse but within the margin, ~ open",
    "±          half of the 95 % interval, over the rows of a table or the seeds of a law",
    "at best    the score at the epoch that is best on validation, where some loss was better there",
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
