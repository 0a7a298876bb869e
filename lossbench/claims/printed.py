"""A number as a document prints it: its digits say how exact it claims to be."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation

from lossbench.errors import ConfigError
from lossbench.plan.toml import Place

DIGITS = 12
"""Significant digits of a double-precision result that are taken as exact: it has 15, and a few sums and
quotients lose some of them."""


MOST = 15
"""The largest number of digits on either side of the point."""


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Args:
        text: its digits, such as "1.20".
        place: its place in a file, for messages.

    Raises:
        ConfigError: the text is no number.

    Example:
        >>> Printed("0.743").low, Printed("0.743").high
        (0.7425, 0.7435)
    """

    text: str
    place: Place = field(default=Place(()), repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            fits = _printable(Decimal(self.text))
        except InvalidOperation:
            fits = False
        if not fits:
            raise ConfigError(
                f'{self.place}: "{self.text}" is no number; write its digits as printed, "0.859", at most {MOST} '
                "on either side of the point"
            )

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.text)

    @property
    def unit(self) -> Decimal:
        """The value of one unit of the last printed digit."""
        exponent = Decimal(self.text).as_tuple().exponent
        assert isinstance(exponent, int)  # it is finite
        return Decimal(1).scaleb(exponent)

    @property
    def low(self) -> float:
        """The smallest number that rounds to it."""
        return float(Decimal(self.text) - self.unit / 2)

    @property
    def high(self) -> float:
        """The largest number that rounds to it."""
        return float(Decimal(self.text) + self.unit / 2)

    def is_rounded(self, value: float) -> bool:
        """Say whether a value, rounded to as many digits, is what is printed.

        Example:
            >>> Printed("1.20").is_rounded(1.2039728), Printed("66").is_rounded(66.7)
            (True, False)
        """
        return exact(value).quantize(self.unit, ROUND_HALF_EVEN) == Decimal(self.text)

    def is_cut(self, value: float, precision: int = DIGITS) -> bool:
        """Say whether a value, truncated to as many digits, is what is printed.

        Args:
            value: a result in double precision.
            precision: its significant digits that count; 17 for all, with their rounding errors.

        Example:
            >>> Printed("66").is_cut(66.7), Printed("0.29").is_cut(0.1 * 3 - 0.01), Printed("0.29").is_cut(0.3)
            (True, True, False)
        """
        return exact(value, precision).quantize(self.unit, ROUND_DOWN) == Decimal(self.text)


def _printable(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST and number.adjusted() < MOST


def exact(value: float, precision: int = DIGITS) -> Decimal:
    """Return a double-precision result without the rounding errors in its last digits.

    Example:
        >>> exact(23.799999999999997), exact(23.799999999999997, 17)
        (Decimal('23.8000000000'), Decimal('23.799999999999997'))
    """
    return Decimal(f"{value:.{precision - 1}e}")
