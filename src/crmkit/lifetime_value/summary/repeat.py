"""The repeat purchases of a whole customer base as of a day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Self

from crmkit.errors import CurrencyMismatch, InvalidValue, UnknownCustomer
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value.facts import (
    CountedFacts,
    CountedSpend,
    RepeatPurchaseColumns,
    RepeatPurchaseFacts,
    Row,
)
from crmkit.lifetime_value.facts.ages import age_in, days_of
from crmkit.lifetime_value.facts.counted import count_rows
from crmkit.lifetime_value.summary.columns import SummaryColumns
from crmkit.lifetime_value.summary.rows import rows_of_columns, rows_of_purchases, tally_of
from crmkit.lifetime_value.tally import RefundRule, RepeatPurchaseRules, RepeatTally, units_of
from crmkit.money import Money, Rounding, digits_of, round_fraction
from crmkit.period import MEAN_GREGORIAN_YEAR, Unit, check_date, check_instant
from crmkit.records import Purchase

__all__ = ["RepeatPurchaseSummary", "summarize_repeat_purchases"]


class RepeatPurchaseSummary(Mapping[CustomerId, RepeatPurchaseFacts]):
    """How often, how long and for how much each customer of a base came back, as of a day.

    A read-only mapping from customer to :class:`~crmkit.lifetime_value.RepeatPurchaseFacts`, in the
    order in which the customers were first seen. Only customers with at least one purchase are in
    it; those who only ever got money back are listed by :attr:`without_purchase`.

    Two summaries of different records under equal rules and of one day :meth:`merge`, in any
    order, to the summary of all records, even if the first purchase of a customer comes to light
    last. To add the records of a new day, roll yesterday's summary forward:
    ``yesterday.rolled_to(today).merge(summarize_repeat_purchases(new, as_of=today, unit=unit))``.
    """

    def __init__(
        self, tally: RepeatTally, as_of: date, currency: str | None, rules: RepeatPurchaseRules
    ) -> None:
        """Made by :func:`summarize_repeat_purchases`, :meth:`from_columns` and :meth:`merge`."""
        self._tally = tally
        self.as_of = as_of
        """The last day that is included."""
        self.currency = currency
        """The currency of all amounts; None for a summary of nothing."""
        self.rules = rules
        """The unit of time, and how ages were rounded and refunds treated."""
        self._length = days_of(rules.unit, rules.days_in_year)

    @classmethod
    def from_columns(
        cls,
        customers: Iterable[str],
        days: Iterable[int],
        minors: Iterable[int],
        *,
        as_of: date,
        currency: str,
        unit: Unit,
        whole_units: bool = False,
        refunds: RefundRule = RefundRule.NET,
        days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
    ) -> Self:
        """Sum up purchases that are columns already: customers, days, amounts.

        This is the fast way for millions of rows out of a database or a data frame; it gives what
        :func:`summarize_repeat_purchases` gives. Days are ordinals (``date.toordinal()``), amounts
        minor units of the currency, negative ones refunds. Columns may be lists, iterators, or
        arrays that have a ``tolist``.

        :raises InvalidValue: if the columns differ in length, or a day or an amount is no whole
            number.
        :raises InvalidIdentifier: if a customer could not serve as a key.
        :raises InvalidMoney: if the currency is unknown.
        """
        check_date(as_of, "as_of")
        digits_of(currency)
        rules = RepeatPurchaseRules(
            unit=unit, whole_units=whole_units, refunds=refunds, days_in_year=days_in_year
        )
        rows = rows_of_columns(customers, days, minors)
        return cls(tally_of(rows, until=as_of, refunds=refunds), as_of, currency, rules)

    @property
    def unit(self) -> Unit:
        """The unit of time in which ages are counted."""
        return self.rules.unit

    @property
    def whole_units(self) -> bool:
        """Whether ages are rounded down to whole units."""
        return self.rules.whole_units

    # --- a mapping of facts ---

    def __getitem__(self, customer: CustomerId) -> RepeatPurchaseFacts:
        position = self.columns.rows.get(customer)
        if position is None:
            raise UnknownCustomer
        return self._facts(position)

    def __contains__(self, customer: object) -> bool:
        return customer in self.columns.rows

    def __iter__(self) -> Iterator[CustomerId]:
        return iter(self.columns.customers)

    def __len__(self) -> int:
        return len(self.columns.customers)

    def _facts(self, position: int) -> RepeatPurchaseFacts:
        columns = self.columns
        repeats = columns.repeat_purchases[position]
        spend = columns.repeat_spend[position]
        mean = round_fraction(Fraction(spend, repeats), Rounding.HALF_EVEN) if repeats else 0
        return RepeatPurchaseFacts(
            repeats,
            self._age(columns.days_at_last_purchase[position]),
            self._age(self.as_of.toordinal() - columns.first_days[position]),
            Money.of_minor(mean, str(self.currency)),
            unit=self.unit,
            whole_units=self.whole_units,
            customer=columns.customers[position],
            as_of=self.as_of,
            repeat_spend=Money.of_minor(spend, str(self.currency)),
        )

    def _age(self, days: int) -> float:
        return age_in(days, self._length, whole_units=self.whole_units)

    @cached_property
    def columns(self) -> SummaryColumns:
        """The facts of all customers with a purchase, as columns: for work on millions."""
        return SummaryColumns.of(self._tally)

    # --- the whole base ---

    def counted(self) -> CountedFacts:
        """All customers, equal ones counted: what fitting a model needs."""
        columns, today = self.columns, self.as_of.toordinal()
        in_days = count_rows(
            columns.repeat_purchases, columns.days_at_last_purchase, columns.first_days
        )
        at_last = {days: self._age(days) for days in {row[1] for row in in_days}}
        ages = {first: self._age(today - first) for first in {row[2] for row in in_days}}
        rows: dict[Row, int] = {}
        for (repeats, days, first), count in in_days.items():
            row = repeats, at_last[days], ages[first]
            rows[row] = rows.get(row, 0) + count
        return CountedFacts(rows, self.unit, self.whole_units)

    def repeat_columns(self) -> RepeatPurchaseColumns:
        """Repeats and ages of each customer as columns, in the order of the summary."""
        columns, today = self.columns, self.as_of.toordinal()
        at_last, first = columns.days_at_last_purchase, columns.first_days
        lengths = {day: self._age(day) for day in {*at_last, *(today - day for day in {*first})}}
        return RepeatPurchaseColumns(
            columns.repeat_purchases,
            [lengths[days] for days in at_last],
            [lengths[today - day] for day in first],
            self.unit,
            self.whole_units,
        )

    def opportunities(self) -> Mapping[CustomerId, RepeatPurchaseFacts]:
        """In how many whole units of time each customer came back: what BG/BB wants to know.

        The first unit (an opportunity to buy) begins on the day after the first purchase. All
        purchases of one unit are one, and the last unit is left out unless it is over. What was
        spent is not told.
        """
        columns, today = self.columns, self.as_of.toordinal()
        found = {}
        for customer, first, days in zip(
            columns.customers, columns.first_days, columns.purchase_days, strict=True
        ):
            met = age_in(today - first, self._length, whole_units=True)
            taken = [number for number in units_of(days, self._length) if number <= met]
            found[customer] = RepeatPurchaseFacts(
                *(len(taken), max(taken, default=0), met),
                unit=self.unit,
                whole_units=True,
                customer=customer,
                as_of=self.as_of,
            )
        return found

    def counted_spend(self) -> CountedSpend:
        """The spend of all customers, equal ones counted: what fitting a model of spend needs."""
        if self.currency is None:
            return CountedSpend({})
        columns = self.columns
        return CountedSpend.of_totals(columns.repeat_purchases, columns.repeat_spend, self.currency)

    @property
    def without_purchase(self) -> tuple[CustomerId, ...]:
        """Customers who only got money back."""
        return tuple(CustomerId(c) for c in self._tally.index if c not in self.columns.rows)

    @cached_property
    def first_days(self) -> Mapping[date, int]:
        """How many customers first bought on each day, the earliest day first."""
        return _by_date(Counter(self.columns.first_days))

    @cached_property
    def repeat_days(self) -> Mapping[date, int]:
        """How many customers came back on each day, the earliest day first."""
        return _by_date(self._tally.repeat_days())

    @cached_property
    def opportunity_days(self) -> Mapping[date, int]:
        """How many opportunities that were taken ended on each day, the earliest day first.

        They are those of :meth:`opportunities`: an opportunity is known to be taken or not when its
        unit of time is over.
        """
        columns, today = self.columns, self.as_of.toordinal()
        ends = Counter(
            first + ceil(number * self._length)
            for first, days in zip(columns.first_days, columns.purchase_days, strict=True)
            for number in units_of(days, self._length)
        )
        return _by_date({end: count for end, count in ends.items() if end <= today})

    # --- merging ---

    def rolled_to(self, as_of: date) -> "RepeatPurchaseSummary":
        """The same records seen from a later day; the later records are yet to be merged in.

        :raises InvalidValue: if the day is earlier: what had happened by then is not known here.
        """
        check_date(as_of, "as_of")
        if as_of < self.as_of:
            raise InvalidValue("a summary cannot be rolled back: summarize the records as of then")
        return RepeatPurchaseSummary(self._tally, as_of, self.currency, self.rules)

    def merge(self, other: "RepeatPurchaseSummary") -> "RepeatPurchaseSummary":
        """The summary of the records of both; each record may be in one of them only.

        :raises InvalidValue: if the rules or the days differ; ``rolled_to`` brings one forward.
        :raises CurrencyMismatch: if the currencies differ.
        """
        if self.rules != other.rules or self.as_of != other.as_of:
            raise InvalidValue(
                "only summaries of one day under equal rules merge: bring the earlier one forward "
                "with rolled_to(as_of)"
            )
        if None not in (self.currency, other.currency) and self.currency != other.currency:
            raise CurrencyMismatch(str(self.currency), str(other.currency))
        large, small = self, other
        if len(large._tally.index) < len(small._tally.index):
            large, small = other, self
        tally = large._tally.copy()
        tally.add_tally(small._tally)
        return RepeatPurchaseSummary(tally, self.as_of, self.currency or other.currency, self.rules)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RepeatPurchaseSummary):
            return NotImplemented
        return (self.as_of, self.currency, self.rules, self._tally.known()) == (
            other.as_of,
            other.currency,
            other.rules,
            other._tally.known(),
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<RepeatPurchaseSummary of {len(self)} customers as of {self.as_of}>"


def _by_date(counts: Mapping[int, int]) -> Mapping[date, int]:
    return {date.fromordinal(day): counts[day] for day in sorted(counts)}


def summarize_repeat_purchases(
    purchases: Iterable[Purchase],
    *,
    as_of: date,
    unit: Unit,
    whole_units: bool = False,
    refunds: RefundRule = RefundRule.NET,
    known_by: datetime | None = None,
    days_in_year: Decimal = MEAN_GREGORIAN_YEAR,
) -> RepeatPurchaseSummary:
    """Sum up how often, how long and for how much each customer came back, up to a day.

    All purchases of one day are one, and the first day is no repeat. Ages are days divided by the
    length of the unit: a week is 7 days, a month a twelfth of ``days_in_year``; ``whole_units``
    rounds them down. The mean repeat spend is what was spent on all repeat days by repeat day,
    rounded half to even to the minor unit, and zero for customers who did not come back.

    Records after ``as_of`` are left out, so the result for a past day can be had again; with
    ``known_by`` so are those recorded after that instant. A day with an amount of zero is a
    purchase, a day with only refunds is none. The order of the records does not matter, and they
    are read once, so a generator will do.

    Source of the facts: Fader, Hardie and Lee (2005), "Counting your customers" the easy way,
    section 3; there x, t_x and T.

    :raises CurrencyMismatch: if the purchases are in different currencies: convert them first with
        :class:`~crmkit.money.ExchangeRates`.
    :raises InvalidValue: if ``as_of`` is not a plain date, the unit no unit of time, or something
        among the purchases no :class:`~crmkit.records.Purchase`.

    >>> from datetime import date
    >>> bought = [
    ...     Purchase(CustomerId("C-7"), date(2026, 1, 5), Money("40.00", "EUR")),
    ...     Purchase(CustomerId("C-7"), date(2026, 1, 19), Money("12.50", "EUR")),
    ...     Purchase(CustomerId("C-7"), date(2026, 1, 19), Money("7.50", "EUR")),
    ... ]
    >>> summary = summarize_repeat_purchases(bought, as_of=date(2026, 2, 2), unit=Unit.WEEK)
    >>> facts = summary[CustomerId("C-7")]
    >>> facts.repeat_purchases, facts.age_at_last_purchase, facts.customer_age
    (1, 2.0, 4.0)
    >>> str(facts.mean_repeat_spend)
    '20.00 EUR'
    """
    check_date(as_of, "as_of")
    if known_by is not None:
        check_instant(known_by, "known_by")
    rules = RepeatPurchaseRules(
        unit=unit, whole_units=whole_units, refunds=refunds, days_in_year=days_in_year
    )
    currencies: set[str] = set()
    rows = rows_of_purchases(purchases, as_of, known_by, currencies)
    tally = tally_of(rows, until=as_of, refunds=refunds)
    return RepeatPurchaseSummary(tally, as_of, next(iter(currencies), None), rules)
