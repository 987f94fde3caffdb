"""From purchases to recency, frequency and money: one pass, mergeable, exact."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property
from itertools import compress
from typing import Any, Self

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue, UnknownCustomer
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money, Rounding, digits_of, round_fraction
from crmkit.period import check_date, check_instant
from crmkit.records import Purchase
from crmkit.segmentation.facts import Histogram, RfmFacts
from crmkit.segmentation.tally import Counting, MonetaryMeasure, Order, Refunds, SummaryRules, Tally

__all__ = ["RfmColumns", "RfmSummary", "summarize_rfm"]


@frozen
class RfmColumns:
    """The facts of all customers with a purchase, as equally long columns.

    ``last_days`` are ordinals of dates, ``monetary`` and ``totals`` minor units.
    """

    customers: list[CustomerId] = field(repr=False)
    last_days: list[int] = field(repr=False)
    purchase_days: list[int] = field(repr=False)
    """The set of purchase days: bit ``k`` stands for the day ``last - k``."""
    frequency: list[int] = field(repr=False)
    monetary: list[int] = field(repr=False)
    totals: list[int] = field(repr=False)

    @cached_property
    def rows(self) -> Mapping[CustomerId, int]:
        """Where in the columns a customer stands."""
        return {customer: row for row, customer in enumerate(self.customers)}

    @cached_property
    def first_days(self) -> list[int]:
        """The ordinals of the first purchase days."""
        lengths = map(int.bit_length, self.purchase_days)
        return [last - length + 1 for last, length in zip(self.last_days, lengths, strict=True)]


class RfmSummary(Mapping[CustomerId, RfmFacts]):
    """Recency, frequency and money of a whole customer base as of a day.

    A read-only mapping from customer to :class:`~crmkit.segmentation.RfmFacts`, in the order in
    which the customers were first seen. Only customers with at least one purchase are in it; those
    who only ever got money back are listed by :attr:`without_purchase`.

    Two summaries of different records under equal rules and of one day :meth:`merge`, in any
    order, to the summary of all records. To add the records of a new day, roll yesterday's summary
    forward: ``yesterday.rolled_to(today).merge(summarize_rfm(new, as_of=today))``.
    """

    def __init__(
        self, state: Tally, as_of: date, currency: str | None, rules: SummaryRules
    ) -> None:
        """Made by :func:`summarize_rfm`, :meth:`from_columns` and :meth:`merge`."""
        self._state = state
        self.as_of = as_of
        """The last day that is included."""
        self.currency = currency
        """The currency of all amounts; None for a summary of nothing."""
        self.rules = rules
        """How purchases were counted, money was measured and refunds were treated."""

    @classmethod
    def from_columns(
        cls,
        customers: Iterable[str],
        days: Iterable[int],
        minors: Iterable[int],
        *,
        as_of: date,
        currency: str,
        rules: SummaryRules | None = None,
    ) -> Self:
        """Sum up purchases that are columns already: customers, days, amounts.

        This is the fast way for millions of rows out of a database or a data frame; it gives what
        :func:`summarize_rfm` gives. Days are ordinals (``date.toordinal()``), amounts minor units
        of the currency, negative ones refunds. There are no order numbers here. Columns may be
        lists, iterators, or arrays that have a ``tolist``.

        :raises InvalidValue: if the rules need order numbers, the columns differ in length, or a
            day or an amount is no whole number.
        :raises InvalidIdentifier: if a customer could not serve as a key.
        :raises InvalidMoney: if the currency is unknown.
        """
        rules = rules or SummaryRules()
        check_date(as_of, "as_of")
        digits_of(currency)
        if rules.refunds is Refunds.CANCEL_ORDERS:
            raise InvalidValue("columns have no order numbers: use summarize_rfm to cancel orders")
        rows = _rows_of(*map(_plain, (customers, days, minors)))
        state = Tally()
        try:
            state.add_rows(rows, limit=as_of.toordinal(), rules=rules)
        except TypeError as error:
            raise InvalidValue("customers are texts, amounts whole minor units") from error
        for customer in state.index:
            check_identifier(customer, "customer")
        # Whatever was added to whole numbers, and was none, has left none.
        if {type(minor) for column in state.years.values() for minor in column} - {int}:
            raise InvalidValue("amounts are whole minor units: pass 1230 for 12.30 EUR")
        return cls(state, as_of, currency, rules)

    # --- a mapping of facts ---

    def __getitem__(self, customer: CustomerId) -> RfmFacts:
        position = self.columns.rows.get(customer)
        if position is None:
            raise UnknownCustomer
        return self._facts(position)

    def __iter__(self) -> Iterator[CustomerId]:
        return iter(self.columns.customers)

    def __len__(self) -> int:
        return len(self.columns.customers)

    def _facts(self, position: int) -> RfmFacts:
        columns = self.columns
        customer = columns.customers[position]
        first = date.fromordinal(columns.first_days[position])
        return RfmFacts(
            customer=customer,
            as_of=self.as_of,
            first_purchase_on=first,
            last_purchase_on=date.fromordinal(columns.last_days[position]),
            frequency=columns.frequency[position],
            monetary=self._money(columns.monetary[position]),
            total=self._money(columns.totals[position]),
            yearly_totals=self._yearly(self._state.index[customer], first.year),
        )

    def _money(self, minor: int) -> Money:
        return Money.of_minor(minor, str(self.currency))

    def _yearly(self, row: int, first: int) -> dict[int, Money]:
        """The money of each calendar year from the first purchase to ``as_of``."""
        years = self._state.years
        before = [year for year, column in years.items() if year < first and column[row]]
        return {
            year: self._money(years[year][row] if year in years else 0)
            for year in [*before, *range(first, self.as_of.year + 1)]
        }

    @cached_property
    def columns(self) -> RfmColumns:
        """The facts of all customers with a purchase, as columns: for work on millions."""
        state = self._with_orders() if self.rules.follows_orders else self._state
        columns: tuple[list[Any], ...] = (list(state.index), state.last, state.days, state.totals())
        if 0 in state.last:
            columns = tuple(list(compress(column, state.last)) for column in columns)
        customers, last, days, totals = columns
        if self.rules.counting is Counting.ORDERS:
            frequency = [self._orders_of(state.index[customer]) for customer in customers]
        else:
            frequency = list(map(int.bit_count, days))
        return RfmColumns(
            customers=customers,
            last_days=last,
            purchase_days=days,
            frequency=frequency,
            monetary=self._measured(totals, frequency),
            totals=totals,
        )

    def _with_orders(self) -> Tally:
        """The state with the days of all orders that count, which only the end can tell."""
        state = self._state.copy()
        for row, orders in state.orders.items():
            for order in filter(self._is_purchase, orders.values()):
                for day in order.days:
                    state.mark(row, 1, day)
        return state

    def _is_purchase(self, order: Order) -> bool:
        return order.is_kept or (
            bool(order.days) and self.rules.refunds is not Refunds.CANCEL_ORDERS
        )

    def _orders_of(self, row: int) -> int:
        orders = self._state.orders.get(row, {}).values()
        return self._state.loose[row] + sum(map(self._is_purchase, orders))

    def _measured(self, totals: list[int], frequency: list[int]) -> list[int]:
        if self.rules.monetary is MonetaryMeasure.SUM:
            return totals
        return [
            round_fraction(Fraction(total, count), Rounding.HALF_EVEN)
            for total, count in zip(totals, frequency, strict=True)
        ]

    # --- the whole base ---

    @property
    def revenue(self) -> Money:
        """All money of the customers with a purchase.

        :raises InvalidValue: for a summary of nothing, which has no currency.
        """
        if self.currency is None:
            raise InvalidValue("a summary of no purchases has no currency: ask for len() first")
        return self._money(sum(self.columns.totals))

    @property
    def without_purchase(self) -> tuple[CustomerId, ...]:
        """Customers who only got money back, or gave back all they ever ordered."""
        return tuple(CustomerId(c) for c in self._state.index if c not in self.columns.rows)

    def recency_histogram(self) -> Histogram:
        """How many customers have bought how many days ago."""
        today = self.as_of.toordinal()
        counts = Counter(self.columns.last_days)
        return Histogram({today - day: count for day, count in counts.items()})

    def frequency_histogram(self) -> Histogram:
        """How many customers have bought how often."""
        return Histogram.of(self.columns.frequency)

    def monetary_histogram(self) -> Histogram:
        """How many customers have spent how much, in minor units, by the measure of the rules."""
        return self._monetary_counts

    def total_histogram(self) -> Histogram:
        """How many customers have brought how much in all, in minor units: what ABC shares out."""
        if self.rules.monetary is MonetaryMeasure.SUM:
            return self._monetary_counts
        return Histogram.of(self.columns.totals, self.currency)

    @cached_property
    def _monetary_counts(self) -> Histogram:
        return Histogram.of(self.columns.monetary, self.currency)

    # --- merging ---

    def rolled_to(self, as_of: date) -> "RfmSummary":
        """The same records seen from a later day; the later records are yet to be merged in.

        :raises InvalidValue: if the day is earlier: what had happened by then is not known here.
        """
        check_date(as_of, "as_of")
        if as_of < self.as_of:
            raise InvalidValue("a summary cannot be rolled back: summarize the records as of then")
        return RfmSummary(self._state, as_of, self.currency, self.rules)

    def merge(self, other: "RfmSummary") -> "RfmSummary":
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
        if len(large._state.index) < len(small._state.index):
            large, small = other, self
        state = large._state.copy()
        state.add_tally(small._state)
        return RfmSummary(state, self.as_of, self.currency or other.currency, self.rules)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RfmSummary):
            return NotImplemented
        same_terms = (self.as_of, self.currency, self.rules) == (
            other.as_of,
            other.currency,
            other.rules,
        )
        return same_terms and self._known() == other._known()

    __hash__ = None  # type: ignore[assignment]

    def _known(self) -> dict[str, object]:
        """All that is known of each customer, in a form that does not depend on any order."""
        state = self._state
        return {
            customer: (
                (state.last[row], state.days[row]),
                state.loose[row],
                {year: column[row] for year, column in state.years.items() if column[row]},
                state.orders.get(row, {}),
            )
            for customer, row in state.index.items()
        }

    def __repr__(self) -> str:
        return f"<RfmSummary of {len(self)} customers as of {self.as_of}>"


def summarize_rfm(
    purchases: Iterable[Purchase],
    *,
    as_of: date,
    counting: Counting = Counting.DAYS,
    monetary: MonetaryMeasure = MonetaryMeasure.SUM,
    refunds: Refunds = Refunds.NET,
    known_by: datetime | None = None,
) -> RfmSummary:
    """Sum up what each customer bought, when, and for how much, up to and including a day.

    Records after ``as_of`` are left out, so the result for a past day can be had again; with
    ``known_by`` so are those recorded after that instant. A day with an amount of zero is a
    purchase, a day with only refunds is none; identical lines are all counted as money. The order
    of the records does not matter, and they are read once, so a generator will do.

    :raises CurrencyMismatch: if the purchases are in different currencies: convert them first with
        :class:`~crmkit.money.ExchangeRates`.
    :raises InvalidValue: if ``as_of`` is not a plain date.

    >>> from datetime import date
    >>> from crmkit.money import Money
    >>> bought = [
    ...     Purchase(CustomerId("C-7"), date(2026, 1, 5), Money("40.00", "EUR")),
    ...     Purchase(CustomerId("C-7"), date(2026, 3, 1), Money("12.50", "EUR")),
    ... ]
    >>> facts = summarize_rfm(bought, as_of=date(2026, 3, 31))[CustomerId("C-7")]
    >>> facts.recency_days, facts.frequency, str(facts.monetary)
    (30, 2, '52.50 EUR')
    """
    check_date(as_of, "as_of")
    if known_by is not None:
        check_instant(known_by, "known_by")
    rules = SummaryRules(counting=counting, monetary=monetary, refunds=refunds)
    state = Tally()
    currencies: set[str] = set()
    wanted = _wanted(purchases, as_of, known_by, refunds, currencies)
    if rules.follows_orders:
        for purchase in wanted:
            state.add_order(purchase)
    else:
        rows = ((p.customer, p.on.toordinal(), p.amount.minor) for p in wanted)
        state.add_rows(rows, limit=as_of.toordinal(), rules=rules)
    return RfmSummary(state, as_of, next(iter(currencies), None), rules)


def _plain(column: Iterable[Any]) -> Iterable[Any]:
    """The values of an array as Python's own; the numbers of arrays wrap around at 64 bits."""
    return column.tolist() if hasattr(column, "tolist") else column


def _rows_of(
    customers: Iterable[str], days: Iterable[int], minors: Iterable[int]
) -> Iterator[tuple[str, int, int]]:
    try:
        yield from zip(customers, days, minors, strict=True)
    except ValueError:
        raise InvalidValue("the columns differ in length: pass one value for each row") from None


def _wanted(
    purchases: Iterable[Purchase],
    as_of: date,
    known_by: datetime | None,
    refunds: Refunds,
    currencies: set[str],
) -> Iterator[Purchase]:
    """The purchases that count as of a day; their one currency is noted on the way."""
    for purchase in purchases:
        if purchase.on > as_of:
            continue
        if known_by is not None and (
            purchase.recorded_at is not None and purchase.recorded_at > known_by
        ):
            continue
        if refunds is Refunds.IGNORE and purchase.amount.minor < 0:
            continue
        if purchase.amount.currency not in currencies:
            if currencies:
                raise CurrencyMismatch(min(currencies), purchase.amount.currency)
            currencies.add(purchase.amount.currency)
        yield purchase
