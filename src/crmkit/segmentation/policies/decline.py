"""The decline detector: commitment cracks and trading shrinks."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, above, all_of, at_least, at_most
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money, Rounding
from crmkit.period import check_date
from crmkit.segmentation.policies.ladder import as_share

__all__ = ["DeclineDetector", "RelationshipFacts", "RelationshipTrend"]


class RelationshipTrend(StrEnum):
    """Whether the level of a relationship holds or reverses."""

    HOLDING = "holding"
    DECLINING = "declining"


@frozen(kw_only=True)
class RelationshipFacts:
    """How long a customer has been with us, what it traded lately and before, and how committed.

    ``since`` is the day of the first contact or purchase. ``trading_now`` and ``trading_before``
    are the trading of two spans of equal length, the latter ending where the former begins.
    ``cracks`` are the signs of a failing commitment that were seen, in the words of the host: a
    renewal put off, talks with a rival.

    :raises InvalidValue: if the relationship begins after ``as_of`` or the purchases are below 0.
    :raises CurrencyMismatch: if the trading is of two currencies.
    """

    customer: CustomerId
    as_of: date
    since: date
    purchases: int
    trading_before: Money
    trading_now: Money
    cracks: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_date(self.since, "since")
        if self.since > self.as_of or self.purchases < 0:
            raise InvalidValue("a relationship begins by as_of and counts its purchases from 0")
        if self.trading_before.currency != self.trading_now.currency:
            raise CurrencyMismatch(self.trading_before.currency, self.trading_now.currency)

    @property
    def days(self) -> int:
        """How long the relationship has lasted, in days."""
        return (self.as_of - self.since).days


@frozen(kw_only=True)
class DeclineDetector:
    """A relationship declines when commitment cracks *and* trading shrinks; one alone is no proof.

    Trading shrinks when it fell by ``shrinks_by`` (a share of what it was before) or more, and
    there was some before. Commitment cracks when at least ``cracks_from`` signs were seen; where
    ``signs`` are named, only those count.

    :raises InvalidPolicy: if the share is not above 0 and at most 1, or no sign is asked for.

    >>> from crmkit.decision import explain
    >>> detector = DeclineDetector(shrinks_by="0.20")
    >>> facts = RelationshipFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), since=date(2021, 3, 1), purchases=40,
    ...     trading_before=Money(500, "EUR"), trading_now=Money(410, "EUR"),
    ...     cracks=frozenset({"renewal put off"}),
    ... )
    >>> print(explain(detector(facts)))
    holding for C-7, by decline detector, as of 2026-06-30
    - not met: decline; all of these are needed
      - met: signs of failing commitment is 1; at least 1 required
      - met: trading before is 500.00 EUR; more than 0.00 EUR required
      - not met: trading now is 410.00 EUR; at most 400.00 EUR allowed
    """

    shrinks_by: Fraction = field(converter=as_share)
    cracks_from: int = 1
    signs: frozenset[str] = frozenset()

    def __attrs_post_init__(self) -> None:
        if not 0 < self.shrinks_by <= 1 or self.cracks_from < 1:
            raise InvalidPolicy("a decline takes 1 sign or more, and a share above 0 and at most 1")

    def evidence(self, facts: RelationshipFacts) -> Evidence:
        """Whether commitment cracks and trading shrinks."""
        before = facts.trading_before
        # Rounded down to the minor unit: whole units cannot tell it from the exact sum.
        shrunk = before.times(1 - self.shrinks_by, rounding=Rounding.FLOOR)
        counted = facts.cracks & self.signs if self.signs else facts.cracks
        return all_of(
            "decline",
            at_least("signs-of-failing-commitment", len(counted), self.cracks_from),
            above("trading-before", before, Money.zero(before.currency)),
            at_most("trading-now", facts.trading_now, shrunk),
        )

    def __call__(self, facts: RelationshipFacts, /) -> Decision[RelationshipTrend]:
        """Say whether one relationship declines."""
        evidence = self.evidence(facts)
        outcome = RelationshipTrend.DECLINING if evidence.met else RelationshipTrend.HOLDING
        return Decision(
            outcome, "decline-detector", facts.as_of, (evidence,), subject=facts.customer
        )

    def outcomes(self, facts: Iterable[RelationshipFacts]) -> list[RelationshipTrend]:
        """The trends of many relationships, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
