"""Money: exact, in whole picodollars, so that the price of a single token is one too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

PICO = Decimal(10) ** 12


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount in US dollars, held as an integer of 10⁻¹² dollars.

    A token at $0.0375 per million is 37,500 of them: microdollars would round each call. What is finer still is
    rounded up. SQLite's integers hold nine million dollars.
    """

    pico: int = 0

    @classmethod
    def dollars(cls, amount: Decimal | str | float) -> Money:
        """An amount given in dollars; a float counts as it is written (0.1 is a tenth)."""
        exact = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        return cls(int((exact * PICO).to_integral_value(ROUND_CEILING)))

    @property
    def exact(self) -> Decimal:
        """The amount in dollars."""
        return Decimal(self.pico) / PICO

    def __add__(self, other: Money) -> Money:
        return Money(self.pico + other.pico)

    def __sub__(self, other: Money) -> Money:
        return Money(self.pico - other.pico)

    def __bool__(self) -> bool:
        return self.pico != 0

    def __str__(self) -> str:
        """To the cent, and as many more places as it takes to be exact: `$5.00`, `$0.0375`."""
        sign, places = "-" if self.pico < 0 else "", f"{abs(self.exact):.12f}".rstrip("0")
        whole, _, rest = places.partition(".")
        return f"{sign}${whole}.{rest:0<2}"
