"""Triggers: what gives cause for a follow-up that nobody has planned."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from attrs import field, frozen

from crmkit.decision import Comparison, Decision, Evidence, above, all_of, at_least, at_most
from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import as_text
from crmkit.followups.policies.steps import Age
from crmkit.followups.records.visit_report import check_said
from crmkit.followups.summary import CareEvent, NeglectFacts, SalesIn
from crmkit.identifiers import check_identifier
from crmkit.money import Money, Rounding, as_fraction, sum_money
from crmkit.period import Unit
from crmkit.records import Direction
from crmkit.recurrence import Every

__all__ = ["FallingSales", "LongSilence", "Response", "Trigger", "Unanswered"]

_LONGEST = 366
_DAY = timedelta(days=1)


@frozen(kw_only=True)
class Response:
    """What is done when a trigger fires: through which channel, what for, and how soon.

    Days are working days. It is due so many days ``after`` the first one on which somebody can act,
    and may be done up to ``days_late`` after that.

    :raises InvalidPolicy: if a number of days is not whole, below 0, or above 366.
    :raises InvalidValue: if the target is blank, or a word could not serve as a key.
    """

    channel: str = field(converter=as_text)
    purpose: str = field(converter=as_text)
    target: str
    after: int = 0
    days_late: int = 0

    def __attrs_post_init__(self) -> None:
        check_identifier(self.channel, "channel")
        check_identifier(self.purpose, "purpose")
        check_said(self.target, "the target of a follow-up")
        for days in (self.after, self.days_late):
            if type(days) is not int or not 0 <= days <= _LONGEST:
                raise InvalidPolicy(f"an answer comes within 0 to {_LONGEST} working days")


def _responses(responses: Iterable[Response]) -> tuple[Response, ...]:
    found = tuple(responses)
    if not found or not all(isinstance(response, Response) for response in found):
        raise InvalidPolicy(
            "a trigger asks for something, such as (Response(channel='telephone', purpose='care', "
            "target='ask how things are'),)"
        )
    return found


def _as_share(share: "int | str | Fraction") -> Fraction:
    return as_fraction(share, "a share")


def _cause(
    facts: NeglectFacts, name: str, evidence: Evidence, since: date | None
) -> Decision[date | None]:
    outcome = since if evidence.met else None
    return Decision(outcome, name, facts.as_of, (evidence,), subject=facts.customer)


# --- falling sales --------------------------------------------------------------------------------


@frozen(kw_only=True)
class FallingSales:
    """Falling sales: call, and visit on the next day.

    The sales of the last ``recent`` periods are held against those of the ``before`` periods before
    them, by the day, so that months need not be of one length. They fall if they are down by the
    share ``falls_by`` or more. Who bought in less than the share ``regular_from`` of the periods
    before is no regular buyer, and not judged: a week without sales tells nothing of them. What was
    taken up is not judged again: then ``recent`` periods have to go by first.

    That falling sales lead to a call and a visit on the next day is FUP-11 of the requirements. The
    numbers are our choice: the last week against the four weeks before it, with daily sales.

    :raises InvalidPolicy: if a share is not above 0 and at most 1, or there is nothing to compare.

    >>> from crmkit.decision import explain
    >>> from crmkit.followups.summary import sales_by
    >>> from crmkit.identifiers import CustomerId
    >>> from crmkit.records import Purchase
    >>> ann = CustomerId("C-7")
    >>> bought = [
    ...     Purchase(ann, date(2026, 5, day), Money(20 if day > 28 else 100, "EUR"))
    ...     for day in range(1, 32)
    ... ]
    >>> today = date(2026, 5, 31)
    >>> facts = NeglectFacts(
    ...     customer=ann, as_of=today, since=date(2024, 1, 1), sales=sales_by(
    ...         bought, as_of=today, count=10, unit=Unit.DAY, currency="EUR"
    ...     ),
    ... )
    >>> print(explain(FallingSales(recent=3, before=7)(facts)))
    2026-05-31 for C-7, by falling sales, as of 2026-05-31
    - met: falling sales; all of these are needed
      - met: periods known is 10; at least 10 required
      - met: periods before with sales is 7; at least 4 required
      - met: sales before is 700.00 EUR; more than 0.00 EUR required
      - met: sales from 2026-05-29 to 2026-05-31 is 60.00 EUR; at most 210.00 EUR allowed
    """

    falls_by: Fraction = field(default=Fraction(3, 10), converter=_as_share)
    recent: int = 7
    before: int = 28
    regular_from: Fraction = field(default=Fraction(1, 2), converter=_as_share)
    responses: tuple[Response, ...] = field(
        default=(
            Response(
                channel="telephone", purpose="falling-sales", target="hear why less is bought"
            ),
            Response(
                channel="visit",
                purpose="falling-sales",
                target="agree what is done about it",
                after=1,
            ),
        ),
        converter=_responses,
    )

    def __attrs_post_init__(self) -> None:
        if not (0 < self.falls_by <= 1 and 0 < self.regular_from <= 1):
            raise InvalidPolicy("a share of sales is above 0 and at most 1, such as '0.30'")
        if any(type(count) is not int or count < 1 for count in (self.recent, self.before)):
            raise InvalidPolicy("sales are compared over 1 period or more, and 1 or more before")

    @property
    def name(self) -> str:
        """How causes of this trigger are told from those of others."""
        return "falling-sales"

    def __call__(self, facts: NeglectFacts, /) -> Decision[date | None]:
        """The last day of the sales that have fallen; None if there is no cause."""
        judged = facts.sales[-self.recent - self.before :]
        parts = [at_least("periods-known", len(judged), self.recent + self.before)]
        if parts[0].met:
            parts.extend(self._parts(facts, judged[: self.before], judged[self.before :]))
        since = judged[-1].period.last if judged else None
        return _cause(facts, self.name, all_of(self.name, *parts), since)

    def _parts(
        self, facts: NeglectFacts, before: tuple[SalesIn, ...], recent: tuple[SalesIn, ...]
    ) -> Iterable[Evidence]:
        first, last = recent[0].period.start, recent[-1].period.last
        if self.name in facts.taken_up:
            yield above("first-day-judged", first, facts.taken_up[self.name])
        currency = before[0].amount.currency
        nothing = Money.zero(currency)
        active = sum(each.amount > nothing for each in before)
        yield at_least("periods-before-with-sales", active, ceil(self.regular_from * self.before))
        sold_before = sum_money((each.amount for each in before), currency)
        yield above("sales-before", sold_before, nothing)
        days = Fraction(_days_of(recent), _days_of(before))
        # Rounded down to the minor unit: whole units cannot tell it from the exact sum.
        limit = sold_before.times(days * (1 - self.falls_by), rounding=Rounding.FLOOR)
        sold = sum_money((each.amount for each in recent), currency)
        yield at_most(f"sales from {first} to {last}", sold, limit)


def _days_of(sales: Iterable[SalesIn]) -> int:
    return sum(each.period.days for each in sales)


# --- silence --------------------------------------------------------------------------------------


@frozen(kw_only=True)
class LongSilence:
    """Long silence: nobody has been in contact with the customer for longer than ``longest``.

    Contacts in one ``direction`` alone break the silence if one is named, such as those that the
    company began. Silence counts from the last contact, from the beginning of the relationship if
    there was none, and anew from the day of a silence that was taken up. On the day on which it
    reaches its length it is not too long yet.

    That customers leave for lack of care is FUP-11 of the requirements. The length is our choice:
    the longest gap that the return visits of FUP-01 leave.

    :raises InvalidPolicy: if the length is no Age, or the direction no Direction.
    """

    longest: Age = field(default=Age(3, Unit.MONTH))
    direction: Direction | None = None
    responses: tuple[Response, ...] = field(
        default=(
            Response(channel="telephone", purpose="care", target="ask how things are", days_late=5),
        ),
        converter=_responses,
    )

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.longest, Age):
            raise InvalidPolicy("a silence is at most of an Age, such as Age(3, Unit.MONTH)")
        if self.direction is not None and not isinstance(self.direction, Direction):
            raise InvalidPolicy("contacts go in a Direction, such as Direction.OUTBOUND")

    @property
    def name(self) -> str:
        """How causes of this trigger are told from those of others."""
        return "long-silence"

    def __call__(self, facts: NeglectFacts, /) -> Decision[date | None]:
        """The first day on which the silence was too long; None if it is not."""
        last = facts.last_contact_on(self.direction)
        quiet_from = facts.since if last is None else last
        if self.name in facts.taken_up:
            quiet_from = max(quiet_from, facts.taken_up[self.name])
        reached = Every(self.longest.count, self.longest.unit).nth(1, since=quiet_from) or date.max
        observed = "never" if last is None else last
        evidence = all_of(
            self.name,
            Evidence("last-contact", observed, met=True),
            above("day-of-silence", facts.as_of, reached),
        )
        since = reached + _DAY if reached < date.max else None
        return _cause(facts, self.name, evidence, since)


# --- what nobody answered -------------------------------------------------------------------------


@frozen(kw_only=True)
class Unanswered:
    """Something happened, such as a complaint, and nobody has turned to the customer since.

    A contact of the same day does not count as an answer, because it may have come before: who is
    called in the morning and complains at noon is called again.

    That complaints and other events propose a follow-up goes beyond FUP-11 of the requirements; the
    window, until the working day after, is our choice.

    :raises InvalidPolicy: if there is no answer to it, or its name has a comma.
    """

    event: str = field(default=CareEvent.COMPLAINT, converter=as_text)
    responses: tuple[Response, ...] = field(
        default=(
            Response(
                channel="telephone", purpose="care", target="hear it and answer it", days_late=1
            ),
        ),
        converter=_responses,
    )

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of an event")
        if "," in self.event:
            raise InvalidPolicy("the name of an event has no comma: several are listed with one")

    @property
    def name(self) -> str:
        """How causes of this trigger are told from those of others."""
        return f"unanswered-{self.event}"

    def __call__(self, facts: NeglectFacts, /) -> Decision[date | None]:
        """The day on which it happened; None if it did not, or was answered."""
        day = facts.events.get(self.event)
        if day is None:
            return _cause(facts, self.name, Evidence(self.event, None, "a day", False), None)
        parts = [Evidence(self.event, day, met=True), _not_after(facts.last_outbound_on, day)]
        if self.name in facts.taken_up:
            parts.append(above(self.event, day, facts.taken_up[self.name]))
        return _cause(facts, self.name, all_of(self.name, *parts), day)


def _not_after(last: date | None, day: date) -> Evidence:
    if last is None:
        return Evidence("last-contact-of-ours", "never", day, True, Comparison.AT_MOST)
    return at_most("last-contact-of-ours", last, day)


Trigger = FallingSales | LongSilence | Unanswered
"""What can give cause for a follow-up: called with facts, it says since which day there is cause.

Its ``name`` tells its causes from those of others, ``responses`` say what is done.
"""
