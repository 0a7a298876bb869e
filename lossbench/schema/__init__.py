"""The single definition of every column of every file; all other code takes names, types and order from here.

    names       how one column is called after another
    column      what a column is, and a metric
    metrics     every metric
    thresholds  what chooses the thresholds of classes and of anomalies, and their columns
    trials      the columns of `trials.csv`
    rows        what tells its rows apart, and what they share
    directions  which columns can be judged, and the difference that is too small to matter
    files       the columns of all other files

Each imports only from those above it.
"""

from lossbench.schema.column import Column, Metric, Need
from lossbench.schema.directions import MARGINS, ROW_SCORES, SCORES, TIMES, greater_is_better, is_score
from lossbench.schema.files import (
    BUDGET,
    COMPARISONS,
    CURVES,
    PARTS,
    PROFILES,
    RANKS,
    SKILLS,
    SUMMARY,
    THRESHOLD_VIEWS,
    TUNING,
    UNDEFINED,
)
from lossbench.schema.metrics import (
    ANOMALY_SCORES,
    IN_UNITS,
    METRICS,
    TABLES,
    UNEVEN,
    by_anomaly_score,
    is_metric,
    own_metric,
    watched,
)
from lossbench.schema.names import at_best, at_link, by_label, is_own, of_one_row, own_columns, three
from lossbench.schema.rows import ARM, CURVE, FAMILY, HASHES, OVERLAP, OWNED, PLACE, RANKED, SAME, SETTING, TRIAL
from lossbench.schema.thresholds import AT_LINK, CUTS, THRESHOLDS, THRESHOLDS_OF
from lossbench.schema.trials import COLUMNS, DTYPES, ON_REQUEST, SCHEMA, TRIALS, USUAL

__all__ = [
    "ANOMALY_SCORES",
    "ARM",
    "AT_LINK",
    "BUDGET",
    "COLUMNS",
    "COMPARISONS",
    "CURVE",
    "CURVES",
    "CUTS",
    "DTYPES",
    "FAMILY",
    "HASHES",
    "IN_UNITS",
    "MARGINS",
    "METRICS",
    "ON_REQUEST",
    "OVERLAP",
    "OWNED",
    "PARTS",
    "PLACE",
    "PROFILES",
    "RANKED",
    "RANKS",
    "ROW_SCORES",
    "SAME",
    "SCHEMA",
    "SCORES",
    "SETTING",
    "SKILLS",
    "SUMMARY",
    "TABLES",
    "THRESHOLDS",
    "THRESHOLDS_OF",
    "THRESHOLD_VIEWS",
    "TIMES",
    "TRIAL",
    "TRIALS",
    "TUNING",
    "UNDEFINED",
    "UNEVEN",
    "USUAL",
    "Column",
    "Metric",
    "Need",
    "at_best",
    "at_link",
    "by_anomaly_score",
    "by_label",
    "greater_is_better",
    "is_metric",
    "is_own",
    "is_score",
    "of_one_row",
    "own_columns",
    "own_metric",
    "three",
    "watched",
]
