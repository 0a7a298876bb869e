"""Pieces of the work on claims: one training of one experiment each, or an experiment that trains nothing.

Pieces are trained and compared in parallel processes, so that none waits for the statistics of another. The
results of all pieces of a claim are judged together at the end.
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
    """A part of the work that can be done independently.

    Args:
        claim: the claim that it is for.
        experiment: name of one of the claim's experiments.
        training: index of the training in its design; None for an experiment that trains nothing.
    """

    claim: Claim
    experiment: str
    training: int | None = None

    def found(self, study: Study) -> list[Found]:
        """Train, and return the results, not judged yet; or return what was computed."""
        made = run_experiment(self.claim, self.experiment, study)
        if isinstance(made, Design):
            assert self.training is not None  # a design has trainings
            return made.found(self.training, study)
        return list(made)


def run_experiment(claim: Claim, experiment: str, study: Study) -> list[Evidence] | Design:
    """Run an experiment: return its design, or its evidence if it trains nothing."""
    return EXPERIMENTS[experiment](claim, study, **arguments_for(claim, experiment))


def design_of(claim: Claim, experiment: str, study: Study) -> Design:
    """Return the design of an experiment that trains."""
    design = run_experiment(claim, experiment, study)
    assert isinstance(design, Design)  # as its signature declares
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
    """Yield the judged evidence on a claim; if it is trained, exact evidence is only shown."""
    trained = any(map(trains, known(claim)))
    for name in known(claim):
        mine = chain.from_iterable(lines for piece, lines in found if piece.experiment == name)
        if trains(name):
            lines, only_shown = design_of(claim, name, study).conclusion(mine, study), False
        else:
            lines, only_shown = computed(mine), trained and claim.form != "conjunction"
        for line in lines:
            part = claim.parts.get(name) or line.part
            yield replace(line, part=part, role="shown" if only_shown else line.role)


def computed(found: Iterable[Found]) -> list[Evidence]:
    """Return the evidence of an experiment that trains nothing, which needs no judging."""
    return [one for one in found if isinstance(one, Evidence)]


@dataclass(frozen=True)
class Attempt:
    """The result of a piece in another process.

    Args:
        found: as `Piece.found` returns it.
        said: its progress messages.
        failure: why it failed; empty if it did not.
    """

    found: list[Found]
    said: list[str]
    failure: str = ""


def attempt(piece: Piece, study: Study, store: Path | None) -> Attempt:
    """Try a piece in a worker process; a failure is returned as text, so that the other pieces go on.

    Args:
        piece: the piece.
        study: how to try it, without a store.
        store: path of the store, which every process opens itself; None for no store.
    """
    said: list[str] = []
    with nullcontext() if store is None else Store(store) as opened:
        try:
            return Attempt(piece.found(replace(study, say=said.append, store=opened)), said)
        except Exception as error:  # any exception: the other claims go on
            return Attempt([], said, failure_of(error))


def in_processes(pieces: Sequence[Piece], study: Study) -> Iterator[tuple[Piece, Attempt]]:
    """Try pieces in one process per core, and yield each with its result.

    They start in their order, in which claims that share trainings are far apart: the later one finds the
    trainings of the earlier one in the store, and no two processes train the same.
    """
    from lossbench.backends import Local, available_cores

    store = None if study.store is None else study.store.path  # not by truth value: an empty store has length 0
    function = partial(attempt, study=replace(study, jobs=1, say=silent, store=None), store=store)
    for index, attempted in Local(study.jobs or available_cores()).run(function, pieces):
        yield pieces[index], attempted


def failure_of(error: Exception) -> str:
    """Return an exception as one line of text.

    Example:
        >>> failure_of(ZeroDivisionError("division by zero"))
        'ZeroDivisionError: division by zero'
    """
    return str(error) if isinstance(error, LossbenchError) else f"{type(error).__name__}: {error}"
