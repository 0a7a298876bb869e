"""A shard: one of several runs that divide the trainings of an experiment, and are merged afterwards."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lossbench.errors import BadValue

MOST_SHARDS = 100_000


@dataclass(frozen=True)
class Shard:
    """One of the parts into which the trainings of an experiment are cut.

    Example:
        >>> str(Shard(3, 10))
        '3 of 10'
    """

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number} of {self.count}"


def parse_shard(text: str) -> Shard:
    """Read a shard as `3/10`.

    Raises:
        BadValue: the text is no shard.

    Example:
        >>> parse_shard("3/10")
        Shard(number=3, count=10)
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if match is None:
        raise BadValue(f"shard '{text}' is not of the form I/N; write 3/10 for the third of ten")
    number, count = map(int, match.groups())
    if not 1 <= count <= MOST_SHARDS:
        raise BadValue(f"shard '{text}': {count} is no number of shards; give one from 1 to {MOST_SHARDS}")
    if not 1 <= number <= count:
        raise BadValue(f"shard '{text}': there is no shard {number}; they are numbered from 1 to {count}")
    return Shard(number, count)
