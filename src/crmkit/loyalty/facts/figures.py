"""The figures of a program: by month and function, counted so that any two counts add up."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType
from typing import Self

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.loyalty.facts.answer_counts import AnswerCounts
from crmkit.loyalty.records.answers import AnswerScale, as_word
from crmkit.loyalty.records.roll import Intention
from crmkit.money import Money
from crmkit.period import Period

__all__ = ["MonthFigures", "ProgramFigures"]

_COUNTED = (
    *("members", "new_members", "active_members", "members_with_email"),
    *("customers", "repeat_customers", "purchase_days", "repeat_purchase_days"),
)
_WITHIN = (
    ("active_members", "members"),
    ("members_with_email", "members"),
    ("repeat_customers", "customers"),
    ("repeat_purchase_days", "purchase_days"),
)


def _as_recruited(recruited: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({as_word(by): recruited[by] for by in sorted(recruited)})


def _as_answers(counts: Iterable[AnswerCounts]) -> tuple[AnswerCounts, ...]:
    found: dict[AnswerScale, AnswerCounts] = {}
    for each in counts:
        found[each.scale] = found[each.scale].merge(each) if each.scale in found else each
    # Nobody asked is the same as an empty sheet.
    asked = (each for each in found.values() if each.answers)
    return tuple(sorted(asked, key=lambda each: (each.scale.name, each.scale.words)))


@frozen(kw_only=True)
class MonthFigures:
    """The figures of a program in one month, of one function or of all (None).

    ``members`` and ``members_with_email`` are as of the last day of the month; ``active_members``
    are those of them who bought. ``recruited`` are the new members by who won them.

    ``customers`` bought in the month, member or not, on ``purchase_days``, each customer and day
    counted once. A *repeat* purchase day is any but the very first of a customer; a repeat
    customer is one with such a day in the month.

    ``profit`` is all profit, ``known_profit`` that of customers who are known by name; None if no
    profit is on record. The two intentions are kept apart (LOY-08), by the scale of the answers.

    :raises InvalidValue: if it is no calendar month, a number is not whole or below 0, or there are
        more of a part than of the whole.
    """

    month: Period
    function: str | None = field(default=None, converter=optional(as_word))
    members: int = 0
    new_members: int = 0
    active_members: int = 0
    members_with_email: int = 0
    recruited: Mapping[str, int] = field(factory=dict, converter=_as_recruited, hash=False)
    customers: int = 0
    repeat_customers: int = 0
    purchase_days: int = 0
    repeat_purchase_days: int = 0
    profit: Money | None = None
    known_profit: Money | None = None
    repurchase: tuple[AnswerCounts, ...] = field(default=(), converter=_as_answers)
    referral: tuple[AnswerCounts, ...] = field(default=(), converter=_as_answers)

    def __attrs_post_init__(self) -> None:
        check_month(self.month)
        if self.function is not None:
            check_identifier(self.function, "function")
        for by in self.recruited:
            check_identifier(by, "recruited_by")
        numbers = [*(getattr(self, name) for name in _COUNTED), *self.recruited.values()]
        if any(type(number) is not int or number < 0 for number in numbers):
            raise InvalidValue("figures are whole numbers, from 0")
        parts = [(getattr(self, part), getattr(self, whole)) for part, whole in _WITHIN]
        parts.append((sum(self.recruited.values()), self.new_members))
        if any(part > whole for part, whole in parts):
            raise InvalidValue("there are no more of a part than of the whole it belongs to")
        if (self.profit is None) is not (self.known_profit is None):
            raise InvalidValue("the profit of known customers is part of all profit: give both")

    @property
    def repeat_customer_rate(self) -> Fraction | None:
        """Of the customers who bought in the month, the share who had bought before."""
        return _share(self.repeat_customers, self.customers)

    @property
    def repeat_purchase_rate(self) -> Fraction | None:
        """Of the purchase days of the month, the share that were not a customer's first."""
        return _share(self.repeat_purchase_days, self.purchase_days)

    @property
    def email_rate(self) -> Fraction | None:
        """The share of the members whose e-mail address is known."""
        return _share(self.members_with_email, self.members)

    @property
    def known_profit_share(self) -> Fraction | None:
        """The share of the profit that comes from known customers; None without a profit.

        Where the others made a loss, it is more than everything.
        """
        if self.profit is None or self.known_profit is None or self.profit.minor <= 0:
            return None
        return Fraction(self.known_profit.minor, self.profit.minor)

    def recruited_by(self, who: str) -> int:
        """How many of the new members somebody won, such as the crew."""
        return self.recruited.get(who, 0)

    def answers(self, intention: Intention) -> tuple[AnswerCounts, ...]:
        """What was answered on one of the two intentions, one count for each scale."""
        return self.repurchase if intention is Intention.REPURCHASE else self.referral

    def merge(self, other: Self) -> Self:
        """Both together: of two functions, or of two groups of customers with nobody in common.

        The function is kept if it is the same.

        :raises InvalidValue: if they are of two months.
        :raises CurrencyMismatch: if the profits are of two currencies.
        """
        if self.month != other.month:
            raise InvalidValue("the figures of two months do not add up: members would count twice")
        by = {*self.recruited, *other.recruited}
        return type(self)(
            month=self.month,
            function=self.function if self.function == other.function else None,
            **{name: getattr(self, name) + getattr(other, name) for name in _COUNTED},
            recruited={who: self.recruited_by(who) + other.recruited_by(who) for who in by},
            profit=_sum(self.profit, other.profit),
            known_profit=_sum(self.known_profit, other.known_profit),
            repurchase=(*self.repurchase, *other.repurchase),
            referral=(*self.referral, *other.referral),
        )


def check_month(month: Period) -> None:
    """Refuse a period that is not one month of the calendar."""
    first = month.start if isinstance(month, Period) else None
    if first is None or month != Period.month(first.year, first.month):
        raise InvalidValue("figures are of a month of the calendar, such as Period.month(2026, 5)")


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _sum(one: Money | None, other: Money | None) -> Money | None:
    return other if one is None else one if other is None else one + other


def _as_rows(rows: Iterable[MonthFigures]) -> tuple[MonthFigures, ...]:
    found = list(rows)
    if not all(isinstance(row, MonthFigures) and row.function is not None for row in found):
        raise InvalidValue("each row is MonthFigures with a function: a total is made from rows")
    return tuple(sorted(found, key=_place))


def _place(row: MonthFigures) -> tuple[object, ...]:
    return row.month.start, row.function


@frozen
class ProgramFigures:
    """The figures of a program, one row for each month and function.

    :raises InvalidValue: if two rows are of the same month and function.
    """

    rows: tuple[MonthFigures, ...] = field(default=(), converter=_as_rows)

    def __attrs_post_init__(self) -> None:
        if any(_place(one) == _place(other) for one, other in pairwise(self.rows)):
            raise InvalidValue("a month and function has one row: merge the two")

    def at(self, month: Period, function: str | None = None) -> MonthFigures:
        """The figures of a month and function, or of all functions together.

        Where there is nothing on record, all figures are zero.
        """
        found = MonthFigures(month=month, function=function)
        for row in self.rows:
            if row.month == month and function in (None, row.function):
                found = found.merge(row)
        return found

    def merge(self, other: Self) -> Self:
        """The figures of two groups of customers who have nobody in common.

        :raises CurrencyMismatch: if the profits are of two currencies.
        """
        rows = {_place(row): row for row in self.rows}
        for row in other.rows:
            mine = rows.get(_place(row))
            rows[_place(row)] = row if mine is None else mine.merge(row)
        return type(self)(rows.values())
