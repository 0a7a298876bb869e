"""The judgements of some claims, as a program or a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.files import ChangedVerdict, changes, claims_csv, evidence_csv, read_expected
from lossbench.claims.judgement import Judgement
from lossbench.claims.report.page import claims_page
from lossbench.claims.report.tables import LEGEND, at_a_glance, overview, tally
from lossbench.claims.study import Study
from lossbench.errors import UnknownName
from lossbench.report.html.notebook import framed
from lossbench.report.markdown import markdown
from lossbench.report.words.english import wrapped
from lossbench.results.write import write_folder

WIDTH = 100


class Verdicts(Sequence[Judgement]):
    """The judgements of some claims in the order asked for, one per claim; also by the claim's ID.

    Example:
        >>> import lossbench
        >>> found = lossbench.check_claims(["A1", "B2"])
        >>> found["B2"].verdict, found[0] is found["A1"], len(found[:1])
        ('true', True, 1)
    """

    def __init__(self, judgements: Iterable[Judgement], catalogue: Catalogue, study: Study) -> None:
        self._judgements = tuple(judgements)
        self.catalogue, self.study = catalogue, study

    def __len__(self) -> int:
        return len(self._judgements)

    @overload
    def __getitem__(self, place: int | str) -> Judgement: ...

    @overload
    def __getitem__(self, place: slice) -> Verdicts: ...

    def __getitem__(self, place: int | str | slice) -> Judgement | Verdicts:
        """Return a judgement by its place or by the ID of its claim, or several by a slice.

        Raises:
            UnknownName: no claim of that ID is among them.
        """
        if isinstance(place, slice):
            return Verdicts(self._judgements[place], self.catalogue, self.study)
        if isinstance(place, str):
            known = {one.claim.id: one for one in self}
            if place not in known:
                raise UnknownName("claim", place, known)
            return known[place]
        return self._judgements[place]

    @property
    def answer(self) -> str:
        """The counts of claims by standing; for one claim, its verdict with counts and figures."""
        return self[0].answer if len(self) == 1 else tally(self)

    def repeated_by(self, command: str) -> Verdicts:
        """Return the same judgements, each repeated by a command."""
        return Verdicts((replace(one, command=command) for one in self), self.catalogue, self.study)

    def changes(self, expected: str | Path) -> list[ChangedVerdict]:
        """Return the verdicts that are not those of an earlier run, as `lossbench claims --expect FILE` does.

        Args:
            expected: a `claims.csv`. Where the whole catalogue was tried, each of its claims must be here.

        Raises:
            DataError: the file cannot be read.
        """
        ids = [one.claim.id for one in self]
        whole = len(ids) == len(self.catalogue.claims)
        return changes(read_expected(Path(expected)), self, () if whole else ids)

    def __repr__(self) -> str:
        """Return what `lossbench claims` prints; for one claim, the claim and its answer."""
        if len(self) == 1:
            return "\n".join(wrapped([f"{self[0].claim.id}: {self[0].claim.sentence}", self.answer], WIDTH))
        return "\n".join(at_a_glance(self, self.catalogue, WIDTH)) if self else "no claims"

    def _repr_html_(self) -> str:
        """Return the answer, and the page of the claims."""
        return framed([self.answer], claims_page(self, self.catalogue, self.study))

    def to_latex(self) -> str:
        r"""Return every claim with its verdict and answer in LaTeX, one table per document.

        Example:
            >>> import lossbench
            >>> print(lossbench.check_claims("B2").to_latex().splitlines()[3][:22])
              \caption{Of 1 claim:
        """
        from lossbench.report.paper.latex import text_tables

        return text_tables(overview(self, self.catalogue), LEGEND)

    def save(self, folder: str | Path) -> None:
        """Write what `lossbench claims -o` writes, see `claims_files`.

        Raises:
            OutputError: the folder cannot be written.
        """
        write_folder(Path(folder), claims_files(self, self.catalogue, self.study))


def claims_files(judgements: Sequence[Judgement], catalogue: Catalogue, study: Study) -> dict[str, str | bytes]:
    """Return the files of a run of claims by name.

    They are `claims.csv`, one row per claim; `evidence.csv`, one row per comparison; `claims.md` and
    `claims.html`.
    """
    return {
        "claims.csv": claims_csv(judgements),
        "evidence.csv": evidence_csv(judgements),
        "claims.md": markdown(overview(judgements, catalogue), LEGEND),
        "claims.html": claims_page(judgements, catalogue, study),
    }
