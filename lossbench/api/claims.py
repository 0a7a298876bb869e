"""Claims about losses, tried from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lossbench.api.arguments import Texts, as_list
from lossbench.store import storage

if TYPE_CHECKING:
    from lossbench.claims import Catalogue, Claim, Study, Verdicts


def check_claims(
    ids: Texts = (),
    *,
    config: str | Path | None = None,
    quick: bool = False,
    first_seed: int = 0,
    jobs: int | None = None,
    cache: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> Verdicts:
    """Try claims about loss functions and judge them, as `lossbench claims` does.

    Args:
        ids: such as "T3"; none for all.
        config: a TOML file with claims of your own; None for those of the three documents.
        quick: few seeds and epochs, for a first look.
        first_seed: the seeds are taken from this one on; verdicts should not depend on them.
        jobs: processes; None for one per core where the work is worth it.
        cache: take over finished trainings of earlier runs, and keep those of this one.
        progress: is called with a line on what is being tried.

    Returns:
        A sequence of one judgement per claim, by its place or its ID, with verdict, answer, and every comparison
        that was made. As text it is what `lossbench claims` prints, and `answer` its first sentence; it has
        `to_latex()`, `save(folder)` and `changes(expected)`.

    Raises:
        UsageError: a claim that does not exist or cannot be carried out, before training starts.

    Example:
        >>> import lossbench
        >>> [(judgement.claim.id, judgement.verdict) for judgement in lossbench.check_claims("B2")]
        [('B2', 'true')]
    """
    from lossbench.claims import read_catalogue

    catalogue = read_catalogue(None if config is None else Path(config))
    chosen = catalogue.find(tuple(as_list(ids) or ()))
    with open_study(quick, first_seed, jobs, cache, progress) as study:
        return judge(catalogue, chosen, study)


@contextmanager
def open_study(
    quick: bool, first_seed: int, jobs: int | None, cache: bool, progress: Callable[[str], None]
) -> Iterator[Study]:
    """Open a study, which has a store; see `check_claims` for the arguments."""
    from lossbench.claims import Study, read_terms

    with storage(cache) as store:
        yield Study(read_terms(), quick, jobs, first_seed, progress, store)


def judge(catalogue: Catalogue, chosen: Sequence[Claim], study: Study) -> Verdicts:
    """Try claims of a catalogue, and judge them."""
    from lossbench.claims import Verdicts, try_claims

    return Verdicts(try_claims(catalogue, chosen, study), catalogue, study)
