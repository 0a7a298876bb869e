"""What the spec of a loss says: its name, its parameters, and what is stated about it behind an `@`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lossbench.errors import BadValue, UnknownName
from lossbench.losses.custom.conventions import KEYS
from lossbench.spec import split_spec

_WITHOUT_COLON = re.compile(f"[^:](@(?:{'|'.join(KEYS)})=)")


def split_loss(spec: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """Split the spec of a loss into name, parameters and statements, these by key without the @.

    Raises:
        BadValue: a key is given twice, the name is empty, or a statement has no colon before it.

    Example:
        >>> split_loss("my_losses.py:f:alpha=2:@target=onehot")
        ('my_losses.py:f', {'alpha': '2'}, {'target': 'onehot'})
    """
    slip = _WITHOUT_COLON.search(spec)
    if slip:
        raise BadValue(f"'{spec}': a colon belongs before {slip[1]}; write :{slip[1]}")
    name, given = split_spec(spec)
    return name, given, {key[1:]: given.pop(key) for key in list(given) if key.startswith("@")}


def check_none_left(stated: Mapping[str, str], where: str) -> None:
    """Refuse what cannot be stated about a loss that has a convention of its own.

    Args:
        stated: what is left when task and label are taken out.
        where: the loss, for the message.
    """
    if stated:
        raise UnknownName("statement", f"@{next(iter(stated))}", ("@label", "@task"), where)
