"""Mask losses, decided at one half and at a validated threshold: how much of their difference is the threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from lossbench.claims.cell import Cell, cells_of
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.contrast import Contrast
from lossbench.claims.design import Design, Found, Training
from lossbench.claims.registry import experiment
from lossbench.claims.study import Study
from lossbench.claims.trial_results import TrialResults
from lossbench.plan.keys import LINK

SCORE = "dice"
DECIDED = {LINK: "decided at one half", SCORE: "decided where validation says"}
"""In words, by what chooses the thresholds."""

IMAGES = 4  # images per step; there are two dozen to train on
EPOCHS = 30


@experiment("masks")
def masks(claim: Claim, study: Study, *, overlap: str, by_pixel: str, images: tuple[str, ...]) -> Design:
    """Compare a loss of overlap with one of pixels by the mean Dice of an image, on masks decided in two ways.

    Reproduced if the former is better: once with every pixel decided at a probability of one half, and once at the
    threshold that is best on the validation images of each training. In both, each loss has its own rate, tuned by
    the Dice that is judged. The part of the gain at one half that is due to the threshold is shown.

    overlap: the loss of whole masks.
    by_pixel: the loss that is a mean over pixels.
    images: data sets of segmentation.
    """
    arms = overlap, by_pixel
    common: dict[str, Any] = {"datasets": images, "losses": list(arms), "batch_size": IMAGES, "epochs": EPOCHS}
    runs = [{**common, "threshold": how} for how in DECIDED]
    made = partial(found_in, arms=arms, protocol=study.terms.primary, study=study)
    return Design([Training(study.terms.primary, runs, made)])


def found_in(*runs: TrialResults, arms: tuple[str, str], protocol: str, study: Study) -> Iterator[Found]:
    """Yield the contrasts on each data set, decided in both ways, and then the effect of the threshold."""
    for cells in zip(*(cells_of(protocol, run) for run in runs), strict=True):
        for cell, how in zip(cells, DECIDED.values(), strict=True):
            yield decided_so(cell, arms, how, study)
        yield by_threshold(cells[0], cells[1], arms)


def decided_so(cell: Cell, arms: tuple[str, str], how: str, study: Study) -> Contrast:
    """Return the contrast of two losses under one way to decide."""
    contrast = cell.compared(SCORE, arms, "better", study, cell.levels(SCORE, arms))
    return replace(contrast, line=replace(contrast.line, detail=how))


def by_threshold(half: Cell, chosen: Cell, arms: tuple[str, str]) -> Evidence:
    """Return a line that shows how much of the gain at one half is lost at each loss's own threshold."""
    gains = [float((cell.of(SCORE, arms[0]) - cell.of(SCORE, arms[1])).mean()) for cell in (half, chosen)]
    return Evidence(
        "not testable",
        "gain in dice that the threshold makes",
        half.protocol,
        half.dataset,
        arms=arms,
        role="shown",
        measured=gains[0] - gains[1],
        n=len(half.of(SCORE, arms[0])),
        over="seeds",
        note=f"{arms[0]} less {arms[1]}: {gains[0]:+.3f} at one half, {gains[1]:+.3f} where validation says",
    )
