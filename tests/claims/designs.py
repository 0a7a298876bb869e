"""What tests of designs share."""

from itertools import chain

from lossbench.claims.claim import Evidence
from lossbench.claims.design import Design
from lossbench.claims.study import Study


def carry_out(design: Design, study: Study) -> list[Evidence]:
    """Train, compare, judge and sum up, all here."""
    found = (design.found(place, study) for place in range(len(design.trainings)))
    return design.conclusion(chain.from_iterable(found), study)
