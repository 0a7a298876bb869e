"""What `import lossbench` offers; the command line is its first user."""

from lossbench.api.answer import Answer, answer, rehearse
from lossbench.api.choose import Choice, choose, decide
from lossbench.api.claims import check_claims
from lossbench.api.compare import compare
from lossbench.api.listing import datasets
from lossbench.api.result import Comparison
from lossbench.api.shards import merge, train_shard

__all__ = [
    "Answer",
    "Choice",
    "Comparison",
    "answer",
    "check_claims",
    "choose",
    "compare",
    "datasets",
    "decide",
    "merge",
    "rehearse",
    "train_shard",
]
