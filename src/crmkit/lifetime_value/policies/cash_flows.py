"""Dated cash flows of a customer, and what they are worth on one day (CLV-01).

Days are counted exactly, flow by flow; nothing is moved to the end of a month or a year.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from itertools import accumulate

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue, NothingToFit
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.exact import (
    check_rate,
    discount_factor,
    exact,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, check_date
from crmkit.records import Purchase

__all__ = [
    "CashFlowFacts",
    "DatedCashFlow",
    "discounted_payback",
    "exact_present_value",
    "net_present_value",
    "summarize_cash_flows",
]


@frozen
class DatedCashFlow:
    """Money that a customer brought or cost on a day; what it cost is negative.

    :raises InvalidValue: if the day is not a plain date, or the amount is not Money.

    >>> DatedCashFlow(date(2026, 3, 1), Money("-40.00", "EUR")).amount
    Money('-40.00', 'EUR')
    """

    on: date
    amount: Money

    def __attrs_post_init__(self) -> None:
        check_date(self.on, "the day of a cash flow")
        if not isinstance(self.amount, Money):
            raise InvalidValue("a cash flow is Money, such as Money('12.30', 'EUR')")


def _by_day(flows: Iterable[DatedCashFlow]) -> tuple[DatedCashFlow, ...]:
    """One flow a day, in the order of the days."""
    days: dict[date, Money] = {}
    for flow in flows:
        days[flow.on] = days[flow.on] + flow.amount if flow.on in days else flow.amount
    return tuple(DatedCashFlow(on, days[on]) for on in sorted(days))


@frozen(kw_only=True)
class CashFlowFacts:
    """The cash flows of one customer as of a day: those that happened, and those that are planned.

    Flows of one day are added up and days are sorted, so the order of the records does not matter.

    :raises InvalidValue: if the day is not a plain date or there is no flow.
    :raises CurrencyMismatch: if the flows are of two currencies.

    >>> first, second = (DatedCashFlow(date(2026, 3, 1), Money(n, "EUR")) for n in (30, 12))
    >>> CashFlowFacts(customer="C-7", as_of=date(2026, 6, 30), flows=[first, second]).flows
    (DatedCashFlow(on=datetime.date(2026, 3, 1), amount=Money('42.00', 'EUR')),)
    """

    customer: CustomerId
    as_of: date
    flows: tuple[DatedCashFlow, ...] = field(converter=_by_day)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        currency_of(self.flows)

    @property
    def currency(self) -> str:
        """The currency of every flow."""
        return self.flows[0].amount.currency

    def merge(self, other: "CashFlowFacts") -> "CashFlowFacts":
        """Take the flows of both, such as those of a further day.

        :raises InvalidValue: if they are of two customers or two days.
        :raises CurrencyMismatch: if they are of two currencies.
        """
        if (self.customer, self.as_of) != (other.customer, other.as_of):
            raise InvalidValue("cash flows merge for one customer as of one day")
        return CashFlowFacts(
            customer=self.customer, as_of=self.as_of, flows=(*self.flows, *other.flows)
        )


def currency_of(flows: Iterable[DatedCashFlow]) -> str:
    """The one currency of cash flows.

    :raises NothingToFit: if there is no flow.
    :raises CurrencyMismatch: if there are two currencies.
    """
    currency: str | None = None
    for flow in flows:
        if currency is not None and flow.amount.currency != currency:
            raise CurrencyMismatch(currency, flow.amount.currency)
        currency = flow.amount.currency
    if currency is None:
        raise NothingToFit("no cash flow says in which currency: pass at least one")
    return currency


def summarize_cash_flows(
    purchases: Iterable[Purchase], *, as_of: date
) -> Mapping[CustomerId, CashFlowFacts]:
    """The cash flows of every customer from their purchases and refunds up to and including a day.

    :raises InvalidValue: if the day is not a plain date.
    :raises CurrencyMismatch: if one customer paid in two currencies.

    >>> bought = Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("12.30", "EUR"))
    >>> len(summarize_cash_flows([bought], as_of=date(2026, 6, 30))["C-7"].flows)
    1
    """
    check_date(as_of, "as_of")
    flows: dict[CustomerId, list[DatedCashFlow]] = defaultdict(list)
    for purchase in purchases:
        if purchase.on <= as_of:
            flows[purchase.customer].append(DatedCashFlow(purchase.on, purchase.amount))
    return {
        customer: CashFlowFacts(customer=customer, as_of=as_of, flows=each)
        for customer, each in flows.items()
    }


# --- present values -------------------------------------------------------------------------------


def present_values(flows: Iterable[DatedCashFlow], rate: Rate, as_of: date) -> list[Fraction]:
    """What each flow is worth on a day, in major units: discounted if later, compounded if earlier.

    :raises InvalidPolicy: if the rate is a bare number.
    """
    check_rate(rate)
    check_date(as_of, "as_of")
    return [exact(flow.amount) * discount_factor(rate, (flow.on - as_of).days) for flow in flows]


def exact_present_value(flows: Iterable[DatedCashFlow], rate: Rate, as_of: date) -> Fraction:
    """The net present value in major units of the currency, before any rounding.

    The value of two lists of flows is the sum of their values, exactly.

    :raises NothingToFit: if there is no flow.
    :raises CurrencyMismatch: if the flows are of two currencies.
    """
    each = tuple(flows)
    currency_of(each)
    return sum(present_values(each, rate, as_of), Fraction(0))


def net_present_value(
    flows: Iterable[DatedCashFlow],
    rate: Rate,
    as_of: date,
    *,
    rounding: Rounding = Rounding.HALF_EVEN,
) -> Money:
    """What dated cash flows are worth on one day, rounded once.

    Each flow counts with the exact number of days between its day and ``as_of``: later ones are
    discounted, earlier ones compounded. ``Rate.annual(rate, days_in_year=Decimal(365))`` gives what
    spreadsheets call XNPV; the default year has 365.2425 days.

    :raises InvalidPolicy: if the rate is a bare number.
    :raises NothingToFit: if there is no flow.
    :raises CurrencyMismatch: if the flows are of two currencies.

    >>> won = DatedCashFlow(date(2026, 1, 1), Money("-100.00", "EUR"))
    >>> paid = DatedCashFlow(date(2027, 1, 1), Money("120.00", "EUR"))
    >>> net_present_value([won, paid], Rate.annual("0.10"), date(2026, 1, 1))
    Money('9.10', 'EUR')
    """
    each = tuple(flows)
    return to_money(exact_present_value(each, rate, as_of), currency_of(each), rounding)


def discounted_payback(flows: Iterable[DatedCashFlow], rate: Rate, as_of: date) -> date | None:
    """The first day on which what came in, discounted, has covered what was spent; None: never.

    :raises InvalidPolicy: if the rate is a bare number.
    :raises NothingToFit: if there is no flow.
    :raises CurrencyMismatch: if the flows are of two currencies.

    >>> spent = DatedCashFlow(date(2026, 1, 1), Money("-100.00", "EUR"))
    >>> months = [DatedCashFlow(date(2026, m, 1), Money("30.00", "EUR")) for m in range(2, 9)]
    >>> discounted_payback([spent, *months], Rate.annual("0.10"), date(2026, 1, 1))
    datetime.date(2026, 5, 1)
    """
    days = _by_day(flows)
    currency_of(days)
    totals = accumulate(present_values(days, rate, as_of))
    covered = (flow.on for flow, total in zip(days, totals, strict=True) if total >= 0)
    return next(covered, None)
