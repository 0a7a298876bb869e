"""How a sum of losses is written: `sum:bce+0.5*dice`, `sum:bce+w*dice:w=0.1..10`.

A term is a loss, or a weight times one. A weight is a number above zero, or a name: then it is a parameter of the
sum, with the value 1 where none is given, and can be tuned. The parameters of the losses are parameters of the sum
too, by their own names: `sum:huber+mse:delta=2`. Where two losses have one of the same name, the place of the loss
in the sum is added: `sum:huber+huber:delta_1=1:delta_2=3`.

A loss may be the user's own, `sum:bce+0.5*my_losses.py:mine`. A loss in parentheses is a whole spec, with
parameters and statements of its own: `sum:(torch.nn:SmoothL1Loss:beta=0.5)+0.1*mse`,
`sum:hinge+(mine.py:f:@link=margin)`. So is one whose name has a plus sign, an asterisk or a parenthesis in it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lossbench.errors import BadValue
from lossbench.spec import enclosed, pieces

PREFIX = "sum:"

_PLUS = re.compile(r"(?<!\de)\+")  # a plus sign, unless it is part of a number, as in 1e+3
_NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Term:
    """A term of a sum.

    Args:
        loss: the name of a loss, or in parentheses its spec.
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
        BadValue: fewer than two terms, a malformed weight, or no loss in parentheses.

    Example:
        >>> terms_of("sum:bce+w*dice")
        (Term(loss='bce', weight=1.0), Term(loss='dice', weight='w'))
    """
    text = name.strip().removeprefix(PREFIX)
    ends = [found.start() for found in _PLUS.finditer(enclosed(text))]
    texts = [
        text[start:end].strip() for start, end in zip([0, *(end + 1 for end in ends)], [*ends, None], strict=True)
    ]
    if len(texts) < 2 or not all(texts):
        raise BadValue(
            f"'{name}': a sum has two terms or more; write sum:LOSS+0.5*LOSS, and what is of one loss alone in "
            "parentheses, sum:(LOSS:KEY=VALUE)+0.5*LOSS"
        )
    return tuple(_term(name, text) for text in texts)


def _term(name: str, text: str) -> Term:
    cut = enclosed(text).rfind("*")
    before, loss = text[: max(0, cut)].strip(), _loss(name, text[cut + 1 :].strip())
    if cut < 0:
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


def _loss(name: str, text: str) -> str:
    """Return the loss of a term, without any parentheses around it."""
    if "(" not in text and ")" not in text:
        return text
    if enclosed(text) != f"({'_' * (len(text) - 2)})":
        raise BadValue(f"'{name}': '{text}' is no loss in parentheses; write sum:LOSS+0.5*(LOSS:KEY=VALUE)")
    loss = text[1:-1].strip()
    first, *given = pieces(loss) if loss else [""]
    if not first or is_sum(first) or first.partition(":")[0] == "scaled":
        raise BadValue(f"'{name}': '{loss}' cannot stand in a sum; write its losses as terms, with weights")
    for key, _, value in (one.partition("=") for one in given):
        if key == "@label":
            raise BadValue(f"'{name}': a label is of the whole sum; write it behind, :@label={value}")
        if ".." in value or "|" in value:
            raise BadValue(
                f"'{name}': {key}={value} in parentheses is no value; what is tuned stands behind the sum"
            )
    return loss
