"""What `import lossbench` offers; the command line is its first user."""

from lossbench.api.answer import Answer, answer, rehearse
from lossbench.api.choose import Choice, choose, decide
from lossbench.api.claims import check_claims, judge, open_study
from lossbench.api.compare import compare
from lossbench.api.gate import GateVerdict
from lossbench.api.listing import datasets
from lossbench.api.result import Comparison, SavedRun, load
from lossbench.api.shards import merge, merge_into, train_shard

__all__ = [
    "Answer",
    "Choice",
    "Comparison",
    "GateVerdict",
    "SavedRun",
    "answer",
    "check_claims",
    "choose",
    "compare",
    "datasets",
    "decide",
    "judge",
    "load",
    "merge",
    "merge_into",
    "open_study",
    "rehearse",
    "train_shard",
]
