"""The claims of three documents: the catalogue, the experiments that decide the claims, and the verdicts.

Importing this package registers every experiment by name; it imports neither torch nor anything that trains.
"""

from lossbench.claims import exact, trained
from lossbench.claims.catalogue import Catalogue, read_catalogue, read_terms
from lossbench.claims.cell import Cell
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast, Direction
from lossbench.claims.design import Design, under_each
from lossbench.claims.finding.forms import find
from lossbench.claims.judge import try_claims
from lossbench.claims.judgement import Judgement
from lossbench.claims.registry import experiment, explanation
from lossbench.claims.report.verdicts import Verdicts
from lossbench.claims.scores import Scores
from lossbench.claims.study import Study

__all__ = [
    "Catalogue",
    "Cell",
    "Claim",
    "Contrast",
    "Design",
    "Direction",
    "Evidence",
    "Judgement",
    "Scores",
    "Study",
    "Verdicts",
    "exact",
    "experiment",
    "explanation",
    "find",
    "read_catalogue",
    "read_terms",
    "trained",
    "try_claims",
    "under_each",
]
