"""Claims about losses, tried from Python."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.api.arguments import Texts, as_list
from lossbench.store import storage

if TYPE_CHECKING:
    from lossbench.claims import Verdicts


def check_claims(
    ids: Texts = (),
    *,
    config: str | Path | None = None,
    quick: bool = False,
    first_seed: int = 0,
    jobs: int | None = None,
    cache: bool = False,
) -> Verdicts:
    """Try claims about loss functions and judge them, as `lossbench claims` does.

    Args:
        ids: such as "T3"; none for all.
        config: a TOML file with claims of your own; None for those of the three documents.
        quick: few seeds and epochs, for a first look.
        first_seed: the seeds are taken from this one on; verdicts should not depend on them.
        jobs: processes; None for one a core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one.

    Returns:
        A list of one judgement a claim, with verdict, answer, and every comparison that was made. As text it is
        what `lossbench claims` prints, and `answer` its first sentence; it has `to_latex()` and `save(folder)`.

    Raises:
        UsageError: a claim that does not exist or cannot be carried out, before training starts.

    Example:
        >>> import lossbench
        >>> [(judgement.claim.id, judgement.verdict) for judgement in lossbench.check_claims("B2")]
        [('B2', 'true')]
    """
    from lossbench.claims import Study, Verdicts, read_catalogue, read_terms, try_claims

    catalogue = read_catalogue(None if config is None else Path(config))
    chosen = catalogue.find(tuple(as_list(ids) or ()))
    with storage(cache) as store:
        study = Study(read_terms(), quick=quick, first_seed=first_seed, jobs=jobs, store=store)
        return Verdicts(try_claims(catalogue, chosen, study), catalogue, study)
