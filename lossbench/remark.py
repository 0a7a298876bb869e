"""Remarks on a run, which a report shows beside its tables: each is a topic of a closed set with its facts.

The code that notices something makes a remark; `lossbench.report.words.remark` words it at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Topic(Enum):
    """Every topic, with the names of the facts that belong to it.

    Example:
        >>> Topic.CONSTANT_COLUMN(column="country").facts
        {'column': 'country'}
    """

    facts: tuple[str, ...]

    def __new__(cls, *facts: str) -> Topic:
        """Give each topic a number as its value: members with equal facts would else become aliases."""
        topic = object.__new__(cls)
        topic._value_ = len(cls.__members__)
        topic.facts = facts
        return topic

    def __call__(self, **facts: Any) -> Remark:
        """Return a remark on this topic."""
        return Remark(self, facts)

    # On a run.
    SHARDS = "missing", "count"
    PARTIAL = "dataset", "trials", "seeds"
    PROTOCOL = "dataset", "settings", "why"
    SKIPPED = "loss", "dataset", "reason"
    FAILED = ("failure",)
    DIVERGED = "dataset", "counts"
    SHARES = "dataset", "loss", "parts"
    ENDED = "dataset", "schedule", "epochs", "losses"
    UNDEFINED = "dataset", "score", "seeds"
    BY_SEEDS = "dataset", "score"
    FEW_POSITIVES = "dataset", "score", "positives"
    THRESHOLD_MOVES = "dataset", "score"
    COLLAPSED = "dataset", "counts", "spread"
    PAIRS = "kept", "tested", "best"
    FEW_SEEDS = ("enough",)
    LOOKS = ("correction",)
    NOT_KEPT = ("reason",)
    NOT_COMPILED = ("reason",)
    UNTRIED = ()
    BY_TORCH = ("optimisers",)
    MODULES = ("models",)
    COSINES = ("losses",)
    ONE_BY_ONE = "model", "fault"
    EDGE = ("rates",)
    VALUE_EDGE = "dataset", "losses"
    SETTINGS = "dataset", "counts"
    SEARCH = "dataset", "setting", "sizes", "reference", "verdicts"
    PROPOSED = ()
    DISAGREE = "dataset", "losses"
    THRESHOLD = "score", "datasets", "losses"
    RANKS = "task", "datasets", "needed", "order", "decided", "absent"
    PLACES = ("places",)
    SKILLS = "task", "runs", "shown"
    ALTERED = "path", "trials"
    NO_CURVES = ()
    NO_TUNING = ()
    NO_ROWS = ()
    TIME = "trained", "seconds", "cached"
    FILES = ("folder",)
    REPLACED = ("command",)
    # On a user's table, wrapped in DATA, which names it.
    DATA = "dataset", "remark"
    FETCHED = ("version",)
    SHIPPED = ("version",)
    UTF16 = ()
    COMMENT_LINES = "lines", "text"
    NAMES_IN_COMMENT = ("text",)
    SEPARATOR = ("mark",)
    NAMELESS_COLUMNS = ("places",)
    DROPPED = ("columns",)
    FOREIGN_NUMBERS = "columns", "reading", "unit", "otherwise", "text", "number"
    ZEROS_LOST = "column", "text", "place"
    DIGITS_LOST = "column", "text", "place"
    TAKEN_AS_MISSING = "column", "texts", "place"
    DATES = "column", "first", "drop"
    DURATIONS = ("column",)
    TEXT_BY_EXCEPTION = "column", "kind", "text", "place", "missing"
    LIKE_DATES = "column", "text", "place"
    LIKE_NUMBERS = "column", "text", "place"
    MARK_KEPT = "column", "text", "place", "kind"
    BLANKS_CUT = "columns", "text", "left"
    CASES_DIFFER = "column", "texts"
    LOOK_ALIKE = "column", "texts", "codes"
    NAMES_ALIKE = "names", "codes"
    TRUTH_SPELLED = "columns", "texts"
    SPELLED_APART = "column", "texts", "more"
    IMAGES = ("shape",)
    TEXTS = ("columns",)
    IDENTIFIER = "column", "text"
    ROW_NUMBERS = "column", "drop"
    EMPTY_COLUMN = ("column",)
    NO_TARGET = "column", "rows"
    QUANTITY = ("column",)
    CLASSES = "column", "counts"
    NUMBERS_AS_CLASSES = ("column",)
    POSITIVE_CLASS = ("name", "second")
    RARE_CLASS = "name", "needed", "otherwise"
    CONSTANT_COLUMN = ("column",)
    MISSING_NUMBERS = "column", "values"
    MISSING_TEXTS = "column", "values", "category"
    ROUNDING_ONLY = ("column",)
    HARDLY_VARYING = "column", "value", "others", "rows"
    FAR_OFF_UNITS = ("sizes",)
    FAR_ALONE = "column", "numbers", "rows"
    NUMBERS_AS_DATES = "column", "number", "drop"
    MISSING_MARK = "column", "mark", "rows"
    GIVES_AWAY = "column", "target", "drop"
    EQUAL_ROWS = "rows", "different"
    EQUAL_THROUGHOUT = "rows", "different"
    EQUAL_BY_CHANCE = ("rows",)
    GROUPS = "column", "groups", "smallest", "largest"
    NO_GROUP = "column", "rows"
    LONE_ROWS = ("column",)
    FEW_GROUPS = ("groups",)
    LARGE_GROUP = "column", "name", "rows"
    CLASS_IN_FEW_GROUPS = "name", "groups"
    WEIGHTED = "column", "least", "most"
    CLASSES_WEIGHTED = ("classes",)
    JOINED_GROUPS = "groups", "left"
    # On a custom loss, wrapped in LOSS, which names it.
    LOSS = "loss", "remark"
    MODEL_BY_MODEL = ("fault",)
    VALUES_APART = "parameters", "fault"
    SINGLE_ROW = ("fault",)
    ANY_ORDER = ()
    TORCH_WARNS = ("warning",)
    FILE_WARNS = ("warning",)
    CLAMPED = ()
    UNDONE = ("settings",)
    TARGET_FIRST = ("names",)


@dataclass(frozen=True)
class Remark:
    """A topic and its facts, by the names that belong to it."""

    topic: Topic
    facts: Mapping[str, Any] = field(hash=False)

    def __post_init__(self) -> None:
        """Check that no fact is missing: else wording the remark would fail, hours later."""
        assert set(self.facts) == set(self.topic.facts), f"{self.topic}: {sorted(self.facts)}"


ALARMS = frozenset(
    {
        *(Topic.SHARDS, Topic.PARTIAL, Topic.SKIPPED, Topic.FAILED, Topic.FEW_SEEDS),
        *(Topic.EDGE, Topic.VALUE_EDGE, Topic.NOT_KEPT, Topic.NOT_COMPILED),
        *(Topic.UNTRIED, Topic.ALTERED),
    }
)
"""Topics that go to standard error where the output format has no room for remarks."""
