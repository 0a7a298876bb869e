"""How a sum of losses is written: `sum:bce+0.5*dice`, `sum:bce+w*dice:w=0.1..10`.

A term is a loss of the catalogue, or a weight times one. A weight is a number above zero, or a name: then it is a
parameter of the sum, with the value 1 where none is given, and can be tuned. The parameters of the losses are
parameters of the sum too, by their own names: `sum:huber+mse:delta=2`. Where two losses have one of the same name,
the place of the loss in the sum is added: `sum:huber+huber:delta_1=1:delta_2=3`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lossbench.errors import BadValue

PREFIX = "sum:"

_PLUS = re.compile(r"(?<!\de)\+")  # a plus sign that is no part of a number, as in 1e+3
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Term:
    """A term of a sum.

    Args:
        loss: the name of a loss.
        weight: a number above zero, or the name of a parameter.
    """

    loss: str
    weight: float | str


def is_sum(name: str) -> bool:
    """Say whether the name of a loss, or its spec, is a sum.

    Example:
        >>> is_sum("sum:bce+0.5*dice"), is_sum("bce_dice")
        (True, False)
    """
    return name.strip().startswith(PREFIX)


def terms_of(name: str) -> tuple[Term, ...]:
    """Read the name of a sum.

    Raises:
        BadValue: fewer than two terms, or a weight that is none.

    Example:
        >>> terms_of("sum:bce+w*dice")
        (Term(loss='bce', weight=1.0), Term(loss='dice', weight='w'))
    """
    texts = [text.strip() for text in _PLUS.split(name.strip().removeprefix(PREFIX))]
    if len(texts) < 2 or not all(texts):
        raise BadValue(f"'{name}': a sum has two terms or more; write sum:LOSS+0.5*LOSS")
    return tuple(_term(name, text) for text in texts)


def _term(name: str, text: str) -> Term:
    before, times, loss = (part.strip() for part in text.rpartition("*"))
    if not times:
        return Term(loss, 1.0)
    if _NAME.fullmatch(before):
        return Term(loss, before)
    try:
        weight = float(before)
    except ValueError:
        weight = math.nan
    if not (loss and weight > 0 and math.isfinite(weight)):
        raise BadValue(
            f"'{name}': '{text}' is no term; write LOSS, a number above 0 as 0.5*LOSS, or a name as w*LOSS, which "
            "is then a parameter"
        )
    return Term(loss, weight)
