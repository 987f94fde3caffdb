"""What winning customers back costs and brings, before it is tried: the net decides."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, above, noted
from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money, Rounding, as_fraction, sum_money
from crmkit.period import check_date

__all__ = [
    "WinBackAccount",
    "WinBackBenefits",
    "WinBackCosts",
    "WinBackEconomics",
    "WinBackNet",
    "WinBackOutlook",
]


@frozen(kw_only=True)
class WinBackCosts:
    """What the attempt to win one customer back costs, whether it succeeds or not (CHU-09).

    :raises InvalidValue: if a cost is below 0.
    :raises CurrencyMismatch: if they are of several currencies.
    """

    staff: Money
    communication: Money
    overhead: Money
    """The share of the costs of the unit that is put on this attempt."""

    def __attrs_post_init__(self) -> None:
        if any(cost.is_negative for cost in (self.staff, self.communication, self.overhead)):
            raise InvalidValue("a cost is 0 or more: what comes in is a benefit")
        _ = self.total

    @property
    def total(self) -> Money:
        """All of it."""
        parts = (self.staff, self.communication, self.overhead)
        return sum_money(parts, self.staff.currency)


@frozen(kw_only=True)
class WinBackBenefits:
    """What one customer brings who is won back, after the terms that won them (CHU-09).

    A benefit can be below 0: better terms may cost more than the customer buys.

    :raises CurrencyMismatch: if they are of several currencies.
    """

    repurchase: Money
    """What the customer will buy, less what it costs to deliver and the terms they came back for.
    """
    avoided_replacement: Money
    """What it would have cost to win a new customer instead: a figure of the shop, since the
    sources do not agree on one (N-01)."""
    communication: Money
    """What it is worth that the customer speaks well of the shop, and does not speak ill of it."""
    information: Money
    """What it is worth to know why customers leave."""

    def __attrs_post_init__(self) -> None:
        _ = self.total

    @property
    def total(self) -> Money:
        """All of it."""
        parts = (self.repurchase, self.avoided_replacement, self.communication, self.information)
        return sum_money(parts, self.repurchase.currency)


@frozen
class WinBackAccount:
    """The costs of an attempt, against the benefits of a success.

    :raises CurrencyMismatch: if they are of two currencies.

    >>> account = WinBackAccount(
    ...     WinBackCosts(
    ...         staff=Money(12, "EUR"), communication=Money(3, "EUR"), overhead=Money(5, "EUR")
    ...     ),
    ...     WinBackBenefits(
    ...         repurchase=Money(90, "EUR"), avoided_replacement=Money(50, "EUR"),
    ...         communication=Money(15, "EUR"), information=Money(5, "EUR"),
    ...     ),
    ... )
    >>> account.break_even, account.expected("0.2", rounding=Rounding.HALF_EVEN)
    (Fraction(1, 8), Money('12.00', 'EUR'))
    """

    costs: WinBackCosts
    benefits: WinBackBenefits

    def __attrs_post_init__(self) -> None:
        _ = self.net

    @property
    def net(self) -> Money:
        """What is left of a success."""
        return self.benefits.total - self.costs.total

    @property
    def break_even(self) -> Fraction | None:
        """The success rate at which an attempt pays for itself, exactly; it may be above 1.

        None if a success brings nothing, so that no rate is enough.
        """
        benefits = self.benefits.total
        if benefits <= Money.zero(benefits.currency):
            return None
        return self.costs.total.ratio_to(benefits)

    def expected(
        self, success_rate: int | str | Decimal | Fraction, *, rounding: Rounding
    ) -> Money:
        """What one attempt brings on average, if so many succeed.

        :raises InvalidValue: if the rate is not from 0 to 1.
        """
        rate = _as_rate(success_rate)
        _check_rate(rate)
        return self.benefits.total.times(rate, rounding=rounding) - self.costs.total


def _as_rate(rate: int | str | Decimal | Fraction) -> Fraction:
    return as_fraction(rate, "a success rate")


def _check_rate(rate: Fraction) -> None:
    if not 0 <= rate <= 1:
        raise InvalidValue("a success rate is a share from 0 to 1")


@frozen(kw_only=True)
class WinBackOutlook:
    """What an attempt on a customer would cost and bring, and how likely it succeeds.

    Take the rate by which *more* customers come back than would by themselves: that of
    :func:`~crmkit.retention.recovery_uplift`.

    :raises InvalidValue: if the rate is not from 0 to 1.
    """

    customer: str
    as_of: date
    account: WinBackAccount
    success_rate: Fraction = field(converter=_as_rate)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        _check_rate(self.success_rate)


@frozen(kw_only=True)
class WinBackNet:
    """What an attempt is expected to bring, and whether that is worth it."""

    pays: bool
    expected: Money

    def __str__(self) -> str:
        return f"{'pays' if self.pays else 'does not pay'}, {self.expected} expected"


@frozen(kw_only=True)
class WinBackEconomics:
    """An attempt is worth it if it is expected to bring more than it costs (CHU-09).

    The expected benefit is rounded to the minor unit as ``rounding`` says.

    >>> from crmkit.decision import explain
    >>> def euro(amount):
    ...     return Money(amount, "EUR")
    >>> account = WinBackAccount(
    ...     WinBackCosts(staff=euro(12), communication=euro(3), overhead=euro(5)),
    ...     WinBackBenefits(
    ...         repurchase=euro(90), avoided_replacement=euro(50), communication=euro(15),
    ...         information=euro(5),
    ...     ),
    ... )
    >>> outlook = WinBackOutlook(customer="C-7", as_of=date(2026, 5, 31), account=account,
    ...                          success_rate="0.125")
    >>> print(explain(WinBackEconomics()(outlook)))
    does not pay, 0.00 EUR expected for C-7, by win back economics, as of 2026-05-31
    - noted: staff is 12.00 EUR
    - noted: communication is 3.00 EUR
    - noted: overhead is 5.00 EUR
    - noted: repurchase is 90.00 EUR
    - noted: avoided replacement is 50.00 EUR
    - noted: word of the customer is 15.00 EUR
    - noted: information is 5.00 EUR
    - noted: success rate is 1/8
    - noted: break even rate is 1/8
    - not met: expected net is 0.00 EUR; more than 0.00 EUR required
    """

    rounding: Rounding = Rounding.HALF_EVEN

    def __call__(self, facts: WinBackOutlook, /) -> Decision[WinBackNet]:
        """Whether one attempt is worth it, with every cost and benefit."""
        expected = facts.account.expected(facts.success_rate, rounding=self.rounding)
        net = above("expected-net", expected, Money.zero(expected.currency))
        return Decision(
            WinBackNet(pays=bool(net.met), expected=expected),
            "win-back-economics",
            facts.as_of,
            (
                *_listed(facts.account),
                noted("success-rate", str(facts.success_rate)),
                noted("break-even-rate", _rate_text(facts.account.break_even)),
                net,
            ),
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[WinBackOutlook]) -> list[WinBackNet]:
        """What many attempts are expected to bring, as the call gives it one by one."""
        return [self(each).outcome for each in facts]


def _rate_text(rate: Fraction | None) -> str:
    return "none" if rate is None else str(rate)


def _listed(account: WinBackAccount) -> tuple[Evidence, ...]:
    costs, benefits = account.costs, account.benefits
    return (
        noted("staff", costs.staff),
        noted("communication", costs.communication),
        noted("overhead", costs.overhead),
        noted("repurchase", benefits.repurchase),
        noted("avoided-replacement", benefits.avoided_replacement),
        noted("word-of-the-customer", benefits.communication),
        noted("information", benefits.information),
    )
