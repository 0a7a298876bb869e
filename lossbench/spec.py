"""The grammar by which a user names things: `name:key=value:key=value`.

Losses, data sets and optimisers share it: `huber:delta=1.35`, `sales.csv:target=price`, `sgd:momentum=0.9`.
A key that begins with `@` tells lossbench how to use the thing, and is not passed to it:
`my_losses.py:f:@target=onehot`. No parameter can have such a name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from lossbench.errors import BadValue, UnknownName
from lossbench.visible import hides

# A colon starts a parameter only when `key=` follows, so that `C:\data.csv` and `torch.nn:L1Loss` stay whole.
_PARAMETER = re.compile(r":(?=@?[A-Za-z_]\w*=)")
# A value, or an item of a list, may be in double quotes and then hold anything, such as a column name with a
# comma. A value in brackets is a list of numbers, as in weight=[1,2,3], and never contains a colon.
_WHOLE = re.compile(r'([=,]\s*)"(?:[^"]|"")*"(?=\s*(?:[:,]|$))|(=)\[(?:[^\[\]:]|\[[^\[\]:]*\])*\]')
# The keys of a table whose values may hold commas.
TABLE_LISTS = ("drop", "sep", "decimal", "na")


@dataclass(frozen=True)
class Parameter:
    """A number that a name accepts: its default and the range it must lie in.

    Args:
        name: the symbol of the field, such as "delta".
        default: the value where the user gives none.
        low: the smallest value allowed.
        high: the largest value allowed.
        open_low: True where `low` itself is not allowed.
        open_high: True where `high` itself is not allowed.
        meaning: a few words for the help.
        unit: the unit of the value; empty for a pure number.

    Example:
        >>> Parameter("delta", 1.0, low=0, open_low=True).range
        '(0, inf)'
    """

    name: str
    default: float
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    meaning: str = ""
    unit: str = ""

    @property
    def range(self) -> str:
        """The allowed values in interval notation."""
        left = "(" if self.open_low or math.isinf(self.low) else "["
        right = ")" if self.open_high or math.isinf(self.high) else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    @property
    def description(self) -> str:
        """Meaning, range and default in one line."""
        unit = f", in {self.unit}" if self.unit else ""
        return f"{self.meaning}{unit}; in {self.range}, default {self.default:g}"

    def accepts(self, value: float) -> bool:
        """Say whether `value` lies in the range."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return math.isfinite(value) and above and below


def split_spec(spec: str) -> tuple[str, dict[str, str]]:
    """Split `name:key=value:...` into the name and its parameters as text.

    Raises:
        BadValue: a key is given twice, the name is empty, or a character in it cannot be seen.

    Example:
        >>> split_spec("huber:delta=1.35")
        ('huber', {'delta': '1.35'})
    """
    name, *pairs = pieces(spec)
    if not name:
        raise BadValue(f"'{spec}' has no name; write name:key=value")
    if hides(spec.strip().replace("sep=\t", "sep=")):  # a tab may be a separator
        raise BadValue(f"'{spec}' has a character that cannot be seen, written out here; choose a plain name")
    parameters: dict[str, str] = {}
    for key, _, value in (pair.partition("=") for pair in pairs):
        if key in parameters:
            raise BadValue(f"'{spec}' gives {key} twice; keep one, and name another thing in an option of its own")
        parameters[key] = value
    return name, parameters


def pieces(spec: str) -> list[str]:
    """Cut a spec into its name and its parameters, as `key=value`.

    Example:
        >>> pieces("huber:delta=1.35"), pieces("sum:(huber:delta=2)+w*mse:w=3")
        (['huber', 'delta=1.35'], ['sum:(huber:delta=2)+w*mse', 'w=3'])
    """
    spec = spec.strip()
    cuts = [match.start() for match in _PARAMETER.finditer(_masked(spec))]
    return [spec[start:stop] for start, stop in zip([0, *(cut + 1 for cut in cuts)], [*cuts, None], strict=True)]


def _masked(text: str) -> str:
    """Replace everything quoted or in brackets by underscores; all other characters keep their positions.

    The same is done to parentheses in a sum, since each of them holds a spec of its own.
    """
    masked = _WHOLE.sub(lambda found: (found[1] or found[2]).ljust(len(found[0]), "_"), text)
    return enclosed(masked) if "sum:" in masked else masked


def enclosed(text: str) -> str:
    """Replace everything in parentheses by underscores; all other characters keep their positions.

    Example:
        >>> enclosed("2*(f:a=(1))+g")
        '2*(_______)+g'
    """
    depth, made = 0, []
    for mark in text:
        depth = max(0, depth - (mark == ")"))
        made.append("_" if depth else mark)
        depth += mark == "("
    return "".join(made)


def tuned_value(loss: str, grid: str) -> tuple[str, float]:
    """Return the parameter that a grid tunes, and its value in one of the grid's losses.

    Example:
        >>> tuned_value("huber:delta=0.464", "huber:delta=0.1..10")
        ('delta', 0.464)
    """
    own, asked = split_spec(loss)[1], split_spec(grid)[1]
    (name,) = (key for key in asked if own[key] != asked[key])
    return name, float(own[name])


def split_list(text: str, lists: Container[str] = ()) -> list[str]:
    """Cut several specs at the commas between them.

    A comma in double quotes, in brackets, or in the value of one of the keys `lists` belongs to the spec.

    Example:
        >>> split_list("iris,wine,sales.csv:target=price:drop=id,date:sep=;", TABLE_LISTS)
        ['iris', 'wine', 'sales.csv:target=price:drop=id,date:sep=;']
        >>> split_list("mse,torch.nn:CrossEntropyLoss:weight=[1,2,3]")
        ['mse', 'torch.nn:CrossEntropyLoss:weight=[1,2,3]']
    """
    masked, specs, start = _masked(text), [], 0
    for match in re.finditer(",", masked):
        keys = [found.end() for found in _PARAMETER.finditer(masked, start, match.start() + 1)]
        if not (keys and masked[keys[-1] :].partition("=")[0] in lists):
            specs.append(text[start : match.start()])
            start = match.end()
    return [spec.strip() for spec in (*specs, text[start:]) if spec.strip()]


def title(spec: str) -> str:
    """Return the name that tables show: the label in a spec, or else the spec itself.

    Example:
        >>> title("huber:delta=1.35"), title("my_losses.py:my_loss:alpha=2:@label=mine")
        ('huber:delta=1.35', 'mine')
    """
    labels = (piece.removeprefix("@label=") for piece in pieces(spec) if piece.startswith("@label="))
    return next(labels, spec)


def numbers(spec: str, given: Mapping[str, str], allowed: Sequence[Parameter]) -> dict[str, float]:
    """Read the parameters of a spec as numbers, with defaults filled in.

    Args:
        spec: the whole spec, for the messages.
        given: the parameters as text, from `split_spec`.
        allowed: what the name accepts.

    Returns:
        One value for every allowed parameter, in the order allowed.

    Raises:
        UnknownName: a parameter that the name does not have.
        BadValue: a value that is not a number, or is out of range.

    Example:
        >>> numbers("huber", {}, [Parameter("delta", 1.0, low=0, open_low=True)])
        {'delta': 1.0}
    """
    for key in given:
        if key not in {p.name for p in allowed}:
            known = [p.name for p in allowed] or ["none, it takes no parameters"]
            raise UnknownName("parameter", key, known, where=f"'{spec}'")
    return {p.name: _number(spec, p, given[p.name]) if p.name in given else p.default for p in allowed}


def _number(spec: str, parameter: Parameter, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadValue(
            f"'{spec}': {parameter.name}={text} is not a number; give one in {parameter.range}"
        ) from None
    if not parameter.accepts(value):
        raise BadValue(f"'{spec}': {parameter.name}={text} is out of range; give a number in {parameter.range}")
    return value
