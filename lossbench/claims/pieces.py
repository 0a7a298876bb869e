"""Pieces of the work on claims: one training of one experiment each, or an experiment that trains nothing.

A piece is trained and compared in a process of its own, so that none waits until another one has done its
statistics. What the pieces of a claim found is judged together, once all of them are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

from lossbench.claims.claim import Claim, Evidence
from lossbench.claims.design import Design, Found
from lossbench.claims.registry import EXPERIMENTS, arguments_for, trains
from lossbench.claims.study import Study, silent
from lossbench.errors import LossbenchError
from lossbench.store import Store


@dataclass(frozen=True, eq=False)
class Piece:
    """What can be done alone.

    Args:
        claim: which it is for.
        experiment: name of one of the claim's experiments.
        training: place of the training in its design; None for an experiment that trains nothing.
    """

    claim: Claim
    experiment: str
    training: int | None = None

    def found(self, study: Study) -> list[Found]:
        """Train, and return what is made of it, not judged yet; or what was computed."""
        made = carried_out(self.claim, self.experiment, study)
        if isinstance(made, Design):
            assert self.training is not None  # a design has trainings
            return made.trainings[self.training].found(study)
        return list(made)


def carried_out(claim: Claim, experiment: str, study: Study) -> list[Evidence] | Design:
    """Return the design of an experiment, or what it found where it trains nothing."""
    return EXPERIMENTS[experiment](claim, study, **arguments_for(claim, experiment))


def design_of(claim: Claim, experiment: str, study: Study) -> Design:
    """Return the design of an experiment that trains."""
    design = carried_out(claim, experiment, study)
    assert isinstance(design, Design)  # so it is declared
    return design


def known(claim: Claim) -> list[str]:
    """Return the experiments of a claim that this version has."""
    return [name for name in claim.experiments if name in EXPERIMENTS]


def pieces_of(claim: Claim, study: Study) -> Iterator[Piece]:
    """Yield the pieces of a claim's own experiments, in their order."""
    for name in known(claim):
        if trains(name):
            yield from (Piece(claim, name, place) for place in range(len(design_of(claim, name, study).trainings)))
        else:
            yield Piece(claim, name)


def evidence_of(claim: Claim, study: Study, found: Sequence[tuple[Piece, list[Found]]]) -> Iterator[Evidence]:
    """Yield the evidence on a claim, judged; of one that is trained, what is exact stands beside.

    Args:
        claim: the claim.
        study: how it was tried.
        found: what each of its pieces found, in their order.
    """
    trained = any(map(trains, known(claim)))
    for name in known(claim):
        mine = chain.from_iterable(lines for piece, lines in found if piece.experiment == name)
        if trains(name):
            lines, aside = design_of(claim, name, study).conclusion(mine, study), False
        else:
            lines, aside = computed(mine), trained and claim.form != "conjunction"
        for line in lines:
            part = claim.parts.get(name) or line.part
            yield replace(line, part=part, role="shown" if aside else line.role)


def computed(found: Iterable[Found]) -> list[Evidence]:
    """Return what an experiment found that trains nothing, which has nothing to be judged."""
    return [one for one in found if isinstance(one, Evidence)]


@dataclass(frozen=True)
class Attempt:
    """What came of a piece in another process.

    Args:
        found: as `Piece.found` returns it.
        said: what was told on the way.
        failure: why it has not come to its end; empty where it has.
    """

    found: list[Found]
    said: list[str]
    failure: str = ""


def attempt(piece: Piece, study: Study, store: Path | None) -> Attempt:
    """Try a piece where nobody listens; what goes wrong with it comes back as text, so that it costs no other.

    Args:
        piece: which.
        study: how, without a store.
        store: path of the store, which every process opens for itself; None for none.
    """
    said: list[str] = []
    with nullcontext() if store is None else Store(store) as opened:
        try:
            return Attempt(piece.found(replace(study, say=said.append, store=opened)), said)
        except Exception as error:  # whatever it is, the other claims can be tried
            return Attempt([], said, failure_of(error))


def across(pieces: Sequence[Piece], study: Study) -> Iterator[tuple[Piece, Attempt]]:
    """Try pieces in one process a core, and yield each with what came of it.

    They are begun in their order: claims that share trainings lie far apart in it, so that the later one finds in
    the store what the earlier one trained, and no two processes train the same.
    """
    from lossbench.backends import Local, available_cores

    store = None if study.store is None else study.store.path  # one without a trial has a length of 0
    function = partial(attempt, study=replace(study, jobs=1, say=silent, store=None), store=store)
    for index, attempted in Local(study.jobs or available_cores()).run(function, pieces):
        yield pieces[index], attempted


def failure_of(error: Exception) -> str:
    """Say what went wrong.

    Example:
        >>> failure_of(ZeroDivisionError("division by zero"))
        'ZeroDivisionError: division by zero'
    """
    return str(error) if isinstance(error, LossbenchError) else f"{type(error).__name__}: {error}"
