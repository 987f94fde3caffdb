"""From the roll of a program, purchases, profits and answers to its monthly figures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from attrs import define, field

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.facts.answer_counts import AnswerCounts
from crmkit.loyalty.facts.figures import MonthFigures, ProgramFigures, check_month
from crmkit.loyalty.facts.loyal import Span
from crmkit.loyalty.records.answers import ScaledAnswer
from crmkit.loyalty.records.roll import Intention, IntentionAnswer, ProfitEntry, ProgramMember
from crmkit.money import Money
from crmkit.period import Period
from crmkit.records import Purchase

__all__ = ["summarize_program"]


def summarize_program(
    members: Iterable[ProgramMember],
    *,
    months: Iterable[Period],
    purchases: Iterable[Purchase] = (),
    profits: Iterable[ProfitEntry] = (),
    answers: Iterable[IntentionAnswer] = (),
    active_over: Span | None = None,
    unassigned: str = "unassigned",
) -> ProgramFigures:
    """The figures of a program, month by month and function by function.

    Pass all purchases ever and not only those of the months, or nobody would have bought before;
    refunds are left out. A member is active who is one on the last day of the month and bought in
    it as a member, or within ``active_over`` up to that day. Who has no function counts to
    ``unassigned``, and so does who is no member.

    To sum up in parts, keep all records of a customer in one part, and merge what comes out.
    Source: LOY-08 and the program figures of KPI-01.

    :raises InvalidValue: if a period is no month of the calendar, or a member stands twice.
    :raises CurrencyMismatch: if the profits of a row are of two currencies.

    >>> from crmkit.money import Money
    >>> june = Period.month(2026, 6)
    >>> anna, bert = CustomerId("anna"), CustomerId("bert")
    >>> days = [(anna, date(2026, 2, 3)), (anna, date(2026, 6, 5)), (bert, date(2026, 6, 9))]
    >>> figures = summarize_program(
    ...     [ProgramMember(customer=anna, joined_on=date(2026, 6, 1), function="cabin",
    ...                    recruited_by="crew")],
    ...     months=[june],
    ...     purchases=[Purchase(who, day, Money(80, "EUR")) for who, day in days],
    ... )
    >>> cabin = figures.at(june, "cabin")
    >>> cabin.new_members, cabin.active_members, cabin.recruited_by("crew")
    (1, 1, 1)
    >>> figures.at(june).repeat_customer_rate
    Fraction(1, 2)
    """
    check_identifier(unassigned, "unassigned")
    wanted = sorted(set(months), key=_start)
    for month in wanted:
        check_month(month)
    roll = _roll(members)
    sheets = _Sheets(
        months={(month.start.year, month.start.month): month for month in wanted},
        functions={customer: one.function for customer, one in roll.items()},
        unassigned=unassigned,
    )
    days = _days(purchases)
    for month in wanted:
        window = month if active_over is None else active_over.until(month.last)
        for member in roll.values():
            sheets.count_member(member, month, window, days.get(member.customer, []))
    for customer, bought in days.items():
        sheets.count_purchases(customer, bought)
    for entry in profits:
        sheets.count_profit(entry)
    for answer in answers:
        sheets.count_answer(answer)
    return ProgramFigures(sheet.figures() for sheet in sheets.found.values())


def _start(month: Period) -> date:
    if not isinstance(month, Period):
        raise InvalidValue("figures are of a month of the calendar, such as Period.month(2026, 5)")
    return month.start


def _roll(members: Iterable[ProgramMember]) -> dict[CustomerId, ProgramMember]:
    roll: dict[CustomerId, ProgramMember] = {}
    for member in members:
        if roll.setdefault(member.customer, member) is not member:
            raise InvalidValue("a customer is a member once: one of them stands twice on the roll")
    return roll


def _days(purchases: Iterable[Purchase]) -> dict[CustomerId, list[date]]:
    """On which days each customer bought, the first one first."""
    days: dict[CustomerId, set[date]] = {}
    for each in purchases:
        if not each.is_refund:
            days.setdefault(each.customer, set()).add(each.on)
    return {customer: sorted(bought) for customer, bought in days.items()}


@define
class _Sheet:
    """The figures of one month and function while they are counted."""

    month: Period
    function: str
    counted: Counter[str] = field(factory=Counter)
    recruited: Counter[str] = field(factory=Counter)
    profit: Money | None = None
    known_profit: Money | None = None
    answers: Counter[tuple[Intention, ScaledAnswer]] = field(factory=Counter)

    def figures(self) -> MonthFigures:
        counted: dict[str, Any] = dict(self.counted)
        return MonthFigures(
            month=self.month,
            function=self.function,
            **counted,
            recruited=self.recruited,
            profit=self.profit,
            known_profit=self.known_profit,
            repurchase=self.answered(Intention.REPURCHASE),
            referral=self.answered(Intention.REFERRAL),
        )

    def answered(self, intention: Intention) -> list[AnswerCounts]:
        return [
            AnswerCounts(answer.scale, {answer.word: count})
            for (asked, answer), count in self.answers.items()
            if asked is intention
        ]


@define
class _Sheets:
    """The sheets of all months and functions."""

    months: Mapping[tuple[int, int], Period]
    functions: Mapping[CustomerId, str | None]
    unassigned: str
    found: dict[tuple[date, str], _Sheet] = field(factory=dict)

    def at(self, month: Period, function: str | None) -> _Sheet:
        word = function or self.unassigned
        return self.found.setdefault((month.start, word), _Sheet(month, word))

    def month_of(self, day: date) -> Period | None:
        return self.months.get((day.year, day.month))

    def function_of(self, customer: CustomerId | None) -> str | None:
        return None if customer is None else self.functions.get(customer)

    def count_member(
        self, member: ProgramMember, month: Period, window: Period, bought: list[date]
    ) -> None:
        is_new, is_member = member.joined_on in month, member.is_member_on(month.last)
        if not (is_new or is_member):
            return
        sheet = self.at(month, member.function)
        sheet.counted["new_members"] += is_new
        if is_new and member.recruited_by is not None:
            sheet.recruited[member.recruited_by] += 1
        active = any(day in window and day >= member.joined_on for day in bought)
        sheet.counted["members"] += is_member
        sheet.counted["members_with_email"] += member.has_email_on(month.last)
        sheet.counted["active_members"] += is_member and active

    def count_purchases(self, customer: CustomerId, bought: list[date]) -> None:
        days: dict[date, list[bool]] = {}
        for place, day in enumerate(bought):
            if month := self.month_of(day):
                days.setdefault(month.start, []).append(place > 0)
        for start, repeats in days.items():
            sheet = self.at(self.months[start.year, start.month], self.function_of(customer))
            sheet.counted["customers"] += 1
            sheet.counted["repeat_customers"] += any(repeats)
            sheet.counted["purchase_days"] += len(repeats)
            sheet.counted["repeat_purchase_days"] += sum(repeats)

    def count_profit(self, entry: ProfitEntry) -> None:
        month = self.month_of(entry.on)
        if month is None:
            return
        sheet = self.at(month, entry.function or self.function_of(entry.customer))
        known = entry.profit if entry.customer is not None else entry.profit * 0
        sheet.profit = entry.profit if sheet.profit is None else sheet.profit + entry.profit
        sheet.known_profit = known if sheet.known_profit is None else sheet.known_profit + known

    def count_answer(self, given: IntentionAnswer) -> None:
        month = self.month_of(given.on)
        if month is None:
            return
        sheet = self.at(month, self.function_of(given.customer))
        sheet.answers[given.intention, given.answer] += 1
