"""What a choice says, as text: kept in the manifest of its run, so that every page of the folder says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class Code(str):
    """A paragraph that is to be pasted, into a shell or into Python; it is printed as one line."""


@dataclass(frozen=True)
class Advice:
    """A choice in words, see `lossbench.report.decision`.

    Args:
        answer: the paragraphs, the decision first.
        paste: lines of Python for the loss that is chosen; none where nothing can be chosen.
        code: the places in `answer` of what is to be pasted.
    """

    answer: tuple[str, ...]
    paste: tuple[str, ...]
    code: tuple[int, ...] = ()

    @classmethod
    def of(cls, paragraphs: Sequence[str], paste: Sequence[str]) -> Advice:
        """Return the choice in these paragraphs, some of which may be code."""
        code = (place for place, one in enumerate(paragraphs) if isinstance(one, Code))
        return cls(tuple(map(str, paragraphs)), tuple(paste), tuple(code))

    @property
    def paragraphs(self) -> list[str]:
        """The answer, where what is to be pasted is code.

        Example:
            >>> one = Advice.of(["Try:", Code("lossbench compare -d iris")], [])
            >>> one.answer[1], isinstance(one.paragraphs[1], Code)
            ('lossbench compare -d iris', True)
        """
        return [Code(one) if place in self.code else one for place, one in enumerate(self.answer)]
