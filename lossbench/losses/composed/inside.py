"""The losses that a spec is made of."""

from __future__ import annotations

from lossbench.losses.composed.grammar import is_sum, terms_of
from lossbench.losses.composed.scaled import is_scaled, split_scaled
from lossbench.spec import split_spec


def losses_in(spec: str) -> tuple[str, ...]:
    """Return the specs of the losses in a spec: itself, unless it multiplies or adds others.

    Example:
        >>> losses_in("scaled:factor=2:loss=sum:bce+w*(mine.py:f:alpha=2):w=3")
        ('bce', 'mine.py:f:alpha=2')
    """
    if is_scaled(spec):
        inner = split_scaled(spec)[1]
        return losses_in(inner) if inner else ()
    if is_sum(spec):
        return tuple(term.loss for term in terms_of(split_spec(spec)[0]))
    return (spec.strip(),)
