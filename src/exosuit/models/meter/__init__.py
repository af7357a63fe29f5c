"""The meter: what every model call may cost, does cost and did cost, under budgets that are never exceeded.

    meter = Meter.open(Budgets.dollars(day="5"))
    price = find_price(driver="openai", model="gpt-5")
    with meter.reserve(CallInfo(app="code", supply="a", model="gpt-5"), price, Tokens(input=2000, output=800)) as held:
        …                                            # the call itself
        held.settle(Tokens(input=1874, output=312))  # without this the worst case stays spent

`areserve`, `asettle`, `akeep` and `arelease` are the same for async code.
"""

from exosuit.models.meter.budget import Budgets
from exosuit.models.meter.call import CallInfo
from exosuit.models.meter.meter import Meter, Reservation
from exosuit.models.meter.money import Money
from exosuit.models.meter.prices import FREE, Price, Rates, find_price
from exosuit.models.meter.tokens import Tokens

__all__ = ["FREE", "Budgets", "CallInfo", "Meter", "Money", "Price", "Rates", "Reservation", "Tokens", "find_price"]
