"""What must not change between two parts of a run: the table, the score, the losses and the models, as hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

MODEL = "model "


@dataclass(frozen=True)
class DatasetHashes:
    """The hashes of a data set and of what runs on it.

    Args:
        rows: of its table.
        score: of the code of a user's score that it is judged by; empty where it is judged by another.
        losses: of each loss, by its title.
        models: of the code of each model of the user's, by its spec.
    """

    rows: str
    score: str = ""
    losses: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """Return the hashes that a manifest states; an older lossbench wrote them all side by side.

        Example:
            >>> DatasetHashes.read({"rows": "5c74", "ce": "1256"}) == DatasetHashes("5c74", losses={"ce": "1256"})
            True
        """
        if isinstance(told.get("losses"), Mapping):
            return cls(**told)
        models = {name.removeprefix(MODEL): code for name, code in told.items() if name.startswith(MODEL)}
        losses = {
            name: code
            for name, code in told.items()
            if name not in ("rows", "score") and not name.startswith(MODEL)
        }
        return cls(told.get("rows", ""), told.get("score", ""), losses, models)

    @property
    def told(self) -> dict[str, Any]:
        """What a manifest states."""
        return asdict(self)

    def among(self, other: DatasetHashes) -> DatasetHashes:
        """Return these hashes, without those of losses and models that the other lacks."""
        return replace(
            self,
            score=self.score if other.score else "",
            losses={title: code for title, code in self.losses.items() if title in other.losses},
            models={spec: code for spec, code in self.models.items() if spec in other.models},
        )

    def unlike(self, other: DatasetHashes | None) -> Iterator[tuple[str, str, str | None]]:
        """Yield what the other has another hash of, or none: in words, this hash and the other's."""
        theirs = {} if other is None else dict(other.entries())
        for what, mine in self.entries():
            if mine != theirs.get(what):
                yield what, mine, theirs.get(what)

    def entries(self) -> Iterable[tuple[str, str]]:
        """Yield each hash under what it is of, in words."""
        yield "the rows", self.rows
        if self.score:
            yield "the code of the score", self.score
        for title, code in self.losses.items():
            yield f"the code of loss '{title}'", code
        for spec, code in self.models.items():
            yield f"the code of model '{spec}'", code


Hashes = Mapping[str, DatasetHashes]
"""The hashes of each data set, by its name."""


def of_both(mine: Hashes, theirs: Hashes) -> Hashes:
    """Return the first hashes, of what both have."""
    return {name: one.among(theirs[name]) for name, one in mine.items() if name in theirs}
