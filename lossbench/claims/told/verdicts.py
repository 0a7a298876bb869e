"""The judgements of some claims, as a program or a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lossbench.claims.catalogue import Catalogue
from lossbench.claims.files import claims_csv, evidence_csv
from lossbench.claims.judgement import Judgement
from lossbench.claims.told.tables import LEGEND, at_a_glance, overview, tally
from lossbench.report.answer import wrapped
from lossbench.report.markdown import markdown
from lossbench.report.notebook import framed, plain_page
from lossbench.results.write import write_folder

WIDTH = 100


class Verdicts(list[Judgement]):
    """A list of judgements, one a claim.

    Args:
        judgements: in their order.
        catalogue: where the claims are from.
    """

    def __init__(self, judgements: Iterable[Judgement], catalogue: Catalogue) -> None:
        super().__init__(judgements)
        self.catalogue = catalogue

    @property
    def answer(self) -> str:
        """How many claims stand and how many do not; of one, its verdict with counts and figures."""
        return self[0].answer if len(self) == 1 else tally(self)

    def __repr__(self) -> str:
        """Return what `lossbench claims` prints: of one claim, itself and its answer."""
        if len(self) == 1:
            return "\n".join(wrapped([f"{self[0].claim.id}: {self[0].claim.sentence}", self.answer], WIDTH))
        return "\n".join(at_a_glance(self, self.catalogue, WIDTH)) if self else "no claims"

    def _repr_html_(self) -> str:
        """Return the answer, and every claim with its verdict."""
        return framed([self.answer], plain_page(overview(self, self.catalogue), LEGEND))

    def to_latex(self) -> str:
        r"""Return every claim with its verdict and answer in LaTeX, a table a document.

        Example:
            >>> import lossbench
            >>> print(lossbench.check_claims("B2").to_latex().splitlines()[2][:22])
              \caption{Of 1 claim:
        """
        from lossbench.report.paper.latex import text_tables

        return text_tables(overview(self, self.catalogue), LEGEND)

    def save(self, folder: str | Path) -> None:
        """Write `claims.csv`, a row a claim; `evidence.csv`, a row a comparison; and `claims.md`.

        Raises:
            OutputError: the folder cannot be written.
        """
        page = markdown(overview(self, self.catalogue), LEGEND)
        files = {"claims.csv": claims_csv(self), "evidence.csv": evidence_csv(self), "claims.md": page}
        write_folder(Path(folder), files)
