"""From claims to judgements: everything checked first, then every experiment run once, then the verdicts."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.design import Design
from lossbench.claims.forms import find
from lossbench.claims.judgement import Judgement
from lossbench.claims.memory import Lines, recall, remember
from lossbench.claims.registry import EXPERIMENTS, arguments_for, missing, trains
from lossbench.claims.retrial import fresh, retrial, suspect
from lossbench.claims.study import Study
from lossbench.errors import ConfigError, UsageError

MANY = 10  # claims to try that are worth a second process, though the trainings of each are not


def try_claims(catalogue: Catalogue, claims: Sequence[Claim], study: Study) -> list[Judgement]:
    """Try claims and judge them.

    Args:
        catalogue: where claims find those that decide them too.
        claims: which to try.
        study: how.

    Returns:
        One judgement a claim, in their order.

    Raises:
        ConfigError: an experiment that cannot be carried out, before anything is trained.

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
        from lossbench.backends import available_cores

        # A process is started once for all comparisons, which together are worth what none of them is.
        inquiry = replace(inquiry, study=replace(study, jobs=study.jobs or available_cores()))
    return [inquiry.judgement(claim) for claim in claims]


def check(claim: Claim, study: Study) -> None:
    """Refuse what the experiments of a claim could not train.

    Raises:
        ConfigError: what it is, and where the claim stands.
    """
    for name in claim.experiments:
        try:
            if name in EXPERIMENTS and trains(name):
                design = EXPERIMENTS[name](claim, study, **arguments_for(claim, name))
                assert isinstance(design, Design)  # so it is declared
                design.check(study)
        except UsageError as error:
            raise ConfigError(f"{claim.source}: {error}") from None


@dataclass(frozen=True)
class Inquiry:
    """The evidence gathered so far, in this run or an earlier one, so that no claim is tried twice.

    Args:
        catalogue: all claims.
        study: how they are tried.
        gathered: what the experiments of each claim found, by its ID.
        order: the IDs of all claims that are tried, for what is said on the way.
    """

    catalogue: Catalogue
    study: Study
    gathered: dict[str, Lines] = field(default_factory=dict)
    order: tuple[str, ...] = ()

    def judgement(self, claim: Claim) -> Judgement:
        """Try a claim, unless that was done, and judge it."""
        evidence, left = self.evidence(claim), untried(self.catalogue.deciding(claim))
        if claim.form == "universal":
            evidence = (*evidence, *self.again(claim))
        finding = find(claim.form, evidence) if evidence or not left else None
        return Judgement(claim, evidence, finding, left, self.command(claim))

    def evidence(self, claim: Claim) -> Lines:
        """Return the evidence on a claim; of several claims that decide it, each line says which."""
        lines = [*self.found(claim)]
        several = len(claim.same_as) > 1
        for other in claim.same_as:
            theirs = self.found(self.catalogue.claims[other])
            lines += [replace(line, claim=other) for line in theirs] if several else theirs
        return tuple(lines)

    def again(self, claim: Claim) -> Lines:
        """Return the case that speaks most against a claim, tried on fresh seeds; none where none does."""
        found = {one.id: suspect(self.found(one)) for one in self.catalogue.deciding(claim)}
        cases = {name: line for name, line in found.items() if line is not None}
        if not cases:
            return ()
        name = max(cases, key=lambda name: cases[name].against)
        return self._retried(self.catalogue.claims[name], cases[name])

    def _retried(self, claim: Claim, case: Evidence) -> Lines:
        study = fresh(self.naming(claim))
        lines = recall(claim, self.catalogue, study)
        if lines is None:
            designs = [EXPERIMENTS[name](claim, study, **arguments_for(claim, name)) for name in claim.experiments]
            lines = tuple(line for one in designs if isinstance(one, Design) for line in retrial(one, case, study))
            # Without one, the search alone would decide.
            assert lines, f"{claim.id}: no trial of the retrial is that of {case.what}"
            remember(claim, self.catalogue, study, lines)
        return lines

    def knows(self, claim: Claim) -> bool:
        """Say whether the experiments of a claim need not be tried, and take over what an earlier run found."""
        if claim.id not in self.gathered:
            lines = recall(claim, self.catalogue, self.study)
            if lines is not None:
                self.gathered[claim.id] = lines
        return claim.id in self.gathered

    def found(self, claim: Claim) -> Lines:
        """Return what a claim's own experiments found, and try them where that is not known."""
        if not self.knows(claim):
            self.gathered[claim.id] = tuple(self._tried(claim))
            remember(claim, self.catalogue, self.study, self.gathered[claim.id])
        return self.gathered[claim.id]

    def _tried(self, claim: Claim) -> Iterator[Evidence]:
        """Yield what each experiment of a claim found; of a claim that is trained, what is exact stands beside."""
        trained = any(trains(name) for name in claim.experiments if name in EXPERIMENTS)
        study = self.naming(claim)
        for name in claim.experiments:
            if name in EXPERIMENTS:
                found = EXPERIMENTS[name](claim, study, **arguments_for(claim, name))
                if isinstance(found, Design):
                    lines, aside = found.carry_out(study), False
                else:
                    lines, aside = found, trained and claim.form != "conjunction"
                for line in lines:
                    part = claim.parts.get(name) or line.part
                    yield replace(line, part=part, role="shown" if aside else line.role)

    def naming(self, claim: Claim) -> Study:
        """Return the study, which says of which claim it tells, and which of all that is."""
        place = f", {self.order.index(claim.id) + 1} of {len(self.order)}" if len(self.order) > 1 else ""
        return replace(self.study, say=lambda line: self.study.say(f"{claim.id}{place}: {line}"))

    def command(self, claim: Claim) -> str:
        """Return what repeats the judgement."""
        parts = ["lossbench", "claims", claim.id]
        parts += ["-c", str(self.catalogue.file)] if self.catalogue.file else []
        parts += ["--quick"] if self.study.quick else []
        parts += ["--first-seed", str(self.study.first_seed)] if self.study.first_seed else []
        return shlex.join(parts)


def untried(claims: Sequence[Claim]) -> str:
    """Say why some claims cannot be tried, or not by all of their experiments; empty where they can."""
    absent = ", ".join(dict.fromkeys(name for claim in claims for name in missing(claim)))
    reasons = dict.fromkeys(claim.not_yet for claim in claims if claim.not_yet)
    return "; ".join([*reasons, *([f"no experiment for it in this version: {absent}"] if absent else [])])
