"""Judge claims: check everything first, then run every experiment once, then derive the verdicts."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.design import Found
from lossbench.claims.finding.forms import find
from lossbench.claims.judgement import Judgement
from lossbench.claims.memory import Lines, recall, remember
from lossbench.claims.pieces import Piece, design_of, evidence_of, failure_of, in_processes, known, pieces_of
from lossbench.claims.registry import missing, trains
from lossbench.claims.retrial import on_fresh_seeds, retrial, strongest_counterexample
from lossbench.claims.study import Study
from lossbench.errors import ConfigError, LossbenchError, UsageError

TIMED = ("evaluation_cost",)
"""The experiments that measure time, which other processes would disturb."""

MANY = 10  # claims from which more processes pay off, although the trainings of a single claim need none


def try_claims(catalogue: Catalogue, claims: Sequence[Claim], study: Study) -> list[Judgement]:
    """Try claims and judge them.

    Raises:
        ConfigError: an experiment cannot be carried out; nothing was trained yet.
        LossbenchError: the only claim fails; if there are several, the judgement says so instead.

    Example:
        >>> from lossbench.claims import Study, read_catalogue, read_terms
        >>> catalogue = read_catalogue()
        >>> try_claims(catalogue, catalogue.find(("F3",)), Study(read_terms()))[0].verdict
        'partly'
    """
    deciding = {one.id: one for claim in claims for one in catalogue.deciding(claim)}
    inquiry = Inquiry(catalogue, study, order=tuple(deciding))
    tried = [one for one in deciding.values() if not inquiry.knows(one)]
    for one in tried:
        check(one, study)
    if len(tried) >= MANY:
        inquiry.try_in_parallel(tried)
    return [inquiry.judgement(claim, alone=len(claims) == 1) for claim in claims]


def check(claim: Claim, study: Study) -> None:
    """Refuse a claim whose experiments cannot be trained.

    Raises:
        ConfigError: the reason, with the place of the claim.
    """
    try:
        for name in filter(trains, known(claim)):
            design_of(claim, name, study).check(study)
    except UsageError as error:
        raise ConfigError(f"{claim.source}: {error}") from None


@dataclass(frozen=True)
class Inquiry:
    """The evidence gathered so far, in this run or an earlier one, so that no claim is tried twice.

    Args:
        catalogue: all claims.
        study: how they are tried.
        gathered: the evidence from the experiments of each claim, by its ID.
        failed: why the experiments of a claim failed, likewise.
        order: the IDs of all claims that are tried, for progress messages.
    """

    catalogue: Catalogue
    study: Study
    gathered: dict[str, Lines] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    def judgement(self, claim: Claim, alone: bool) -> Judgement:
        """Try a claim, unless that was done, and judge it; if it fails, the others go on."""
        try:
            return self._judged(claim)
        except Exception as error:  # any exception: the other claims go on
            if alone:
                raise
            return Judgement(claim, (), None, failure_of(error), self.command(claim), failed=True)

    def _judged(self, claim: Claim) -> Judgement:
        evidence, left = self.evidence(claim), untried(self.catalogue.deciding(claim))
        if claim.form == "universal":
            evidence = (*evidence, *self.retried(claim))
        finding = find(claim.form, evidence) if evidence or not left else None
        tested = self.catalogue.claims[claim.same_as[0]] if len(claim.same_as) == 1 else None
        return Judgement(claim, evidence, finding, left, self.command(claim), tested=tested)

    def evidence(self, claim: Claim) -> Lines:
        """Return the evidence on a claim; if several claims decide it, each line names its claim."""
        lines = [*self.found(claim)]
        several = len(claim.same_as) > 1
        for other in claim.same_as:
            theirs = self.found(self.catalogue.claims[other])
            lines += [replace(line, claim=other) for line in theirs] if several else theirs
        return tuple(lines)

    def retried(self, claim: Claim) -> Lines:
        """Return the strongest counterexample to a claim, tried on fresh seeds; empty if there is none."""
        found = {one.id: strongest_counterexample(self.found(one)) for one in self.catalogue.deciding(claim)}
        cases = {name: line for name, line in found.items() if line is not None}
        if not cases:
            return ()
        name = max(cases, key=lambda name: cases[name].against)
        return self._retried(self.catalogue.claims[name], cases[name])

    def _retried(self, claim: Claim, case: Evidence) -> Lines:
        study = on_fresh_seeds(self.study_for(claim))
        lines = recall(claim, self.catalogue, study)
        if lines is None:
            designs = [design_of(claim, name, study) for name in filter(trains, known(claim))]
            lines = tuple(line for one in designs for line in retrial(one, case, study))
            # Without a retrial, the search alone would decide.
            assert lines, f"{claim.id}: no trial of the retrial is that of {case.what}"
            remember(claim, self.catalogue, study, lines)
        return lines

    def knows(self, claim: Claim) -> bool:
        """Say whether the evidence of a claim's experiments is known, from this run or from the store."""
        if claim.id not in self.gathered:
            lines = recall(claim, self.catalogue, self.study)
            if lines is not None:
                self.gathered[claim.id] = lines
        return claim.id in self.gathered

    def found(self, claim: Claim) -> Lines:
        """Return the evidence of a claim's own experiments; run them if it is not known.

        Raises:
            LossbenchError: they failed.
        """
        if claim.id in self.failed:
            raise LossbenchError(self.failed[claim.id])
        if not self.knows(claim):
            study = self.study_for(claim)
            self.record(claim, [(piece, piece.found(study)) for piece in pieces_of(claim, study)])
        return self.gathered[claim.id]

    def record(self, claim: Claim, found: Sequence[tuple[Piece, list[Found]]]) -> None:
        """Judge the results of all pieces of a claim, and keep the evidence for other runs."""
        study = self.study_for(claim)
        self.gathered[claim.id] = tuple(evidence_of(claim, study, found))
        remember(claim, self.catalogue, study, self.gathered[claim.id])

    def try_in_parallel(self, claims: Iterable[Claim]) -> None:
        """Try claims piece by piece in several processes; experiments that measure time are left for later."""
        together = [claim for claim in claims if not {*TIMED} & {*claim.experiments}]
        pieces = {claim.id: list(pieces_of(claim, self.study)) for claim in together}
        found: dict[str, dict[Piece, list[Found]]] = defaultdict(dict)
        total = sum(map(len, pieces.values()))
        self.study.say(f"{len(together)} claims in {total} pieces")
        for done, (piece, attempted) in enumerate(
            in_processes([*chain.from_iterable(pieces.values())], self.study), 1
        ):
            name, mine = piece.claim.id, found[piece.claim.id]
            for line in attempted.said:
                self.study.say(f"{name}, {done} of {total}: {line}")
            if attempted.failure:
                self.failed[name] = attempted.failure
            mine[piece] = attempted.found
            if len(mine) == len(pieces[name]) and name not in self.failed:
                self.record(piece.claim, [(one, mine[one]) for one in pieces[name]])
                del found[name]

    def study_for(self, claim: Claim) -> Study:
        """Return the study with messages that begin with the claim and its number among all."""
        place = f", {self.order.index(claim.id) + 1} of {len(self.order)}" if len(self.order) > 1 else ""
        return replace(self.study, say=lambda line: self.study.say(f"{claim.id}{place}: {line}"))

    def command(self, claim: Claim) -> str:
        """Return the command that repeats the judgement."""
        parts = ["lossbench", "claims", claim.id]
        parts += ["-c", str(self.catalogue.file)] if self.catalogue.file else []
        parts += ["--quick"] if self.study.quick else []
        parts += ["--first-seed", str(self.study.first_seed)] if self.study.first_seed else []
        return shlex.join(parts)


def untried(claims: Sequence[Claim]) -> str:
    """Say why some claims cannot be tried, or only by some of their experiments; empty if they can."""
    absent = ", ".join(dict.fromkeys(name for claim in claims for name in missing(claim)))
    reasons = dict.fromkeys(claim.not_yet for claim in claims if claim.not_yet)
    return "; ".join([*reasons, *([f"no experiment for it in this version: {absent}"] if absent else [])])
