"""Value of a customer by how many periods ago they last bought, and when to stop writing to them.

The table of P. E. Pfeifer and R. L. Carraway, "Modeling Customer Relationships as Markov Chains",
Journal of Interactive Marketing 14 (2000).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.facts import RepeatPurchaseFacts
from crmkit.lifetime_value.policies.exact import as_ratios, note_number
from crmkit.lifetime_value.policies.markov import MarkovTable, StateFacts
from crmkit.lifetime_value.policies.stopping import StopContacting
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit, check_date

__all__ = ["MarkovValue", "RecencyFacts"]


@frozen(kw_only=True)
class RecencyFacts:
    """How many periods ago a customer last bought, counted as the paper counts, as of a day.

    ``recency_state`` is 1 for who bought in the period that has just ended, 2 for the one before.
    ``unit`` is the period in which it is counted, if that is known.

    :raises InvalidValue: if the day is not a plain date, or the state is not counted from 1.
    """

    customer: CustomerId
    as_of: date
    recency_state: int
    unit: Unit | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        if type(self.recency_state) is not int or self.recency_state < 1:
            raise InvalidValue("recency states are counted from 1, who has bought just now")

    @classmethod
    def of(cls, facts: RepeatPurchaseFacts) -> Self:
        """Count from repeat-purchase facts, in their unit of time.

        :raises InvalidValue: if they do not say who the customer is, or as of which day they are.

        >>> RecencyFacts.of(RepeatPurchaseFacts(
        ...     2, 30.43, 38.86, unit=Unit.WEEK, customer="C-7", as_of=date(2026, 6, 30)
        ... )).recency_state
        9
        """
        if facts.customer is None or facts.as_of is None:
            raise InvalidValue("these facts name no customer or no day: summarize the purchases")
        quiet = facts.customer_age - facts.age_at_last_purchase
        return cls(
            customer=facts.customer,
            as_of=facts.as_of,
            recency_state=1 + int(quiet),
            unit=facts.unit,
        )


@frozen(kw_only=True)
class MarkovValue:
    """What a customer is worth who is contacted every period, buys or not, and is given up one day.

    ``purchase_probabilities`` are those of buying in the coming period, by recency state: the first
    is that of customers who bought in the period that has just ended. Whoever buys brings the
    margin and is in the first state again; after the last state a customer is a former one, worth
    nothing. The margin of the first state has come in, so that :attr:`value` is what winning a
    customer brings. ``periods`` counts the periods ahead, None is for ever.

    Everything is computed in fractions: :attr:`exact` is the value before its one rounding. For
    states of another kind there is :class:`MarkovTable`.

    :raises InvalidPolicy: if a bare number stands for the margin, the cost or the discount, there
        is no probability or one is none, or the value for ever has no bound because nothing is
        discounted.
    :raises CurrencyMismatch: if margin and cost are of different currencies.

    >>> from crmkit.decision import explain
    >>> catalogue = MarkovValue(
    ...     margin=Money("40.00", "EUR"),
    ...     contact_cost=Money("4.00", "EUR"),
    ...     discount=Rate.annual("0.2"),
    ...     purchase_probabilities=("0.3", "0.2", "0.15", "0.05"),
    ... )
    >>> catalogue.value
    Money('52.32', 'EUR')
    >>> catalogue.contact_until
    3
    >>> facts = RecencyFacts(customer="C-7", as_of=date(2026, 6, 30), recency_state=2)
    >>> print(explain(catalogue(facts)))
    5.55 EUR for C-7, by markov value, as of 2026-06-30
    - noted: recency state is 2
    - noted: margin is 40.00 EUR
    - noted: contact cost is 4.00 EUR
    - noted: probability of a purchase is 0.2
    - noted: state is recency-2
    - noted: discount a year is 0.2
    - noted: periods is for ever
    - noted: income is 0.00 EUR
    - noted: cost is -4.00 EUR
    - noted: next recency 1 is 8.72 EUR
      - noted: probability is 0.2
      - noted: value then is 52.32 EUR
    - noted: next recency 3 is 0.83 EUR
      - noted: probability is 0.8
      - noted: value then is 1.25 EUR
    """

    margin: Money
    contact_cost: Money
    discount: Rate
    purchase_probabilities: tuple[Fraction, ...] = field(converter=as_ratios)
    unit: Unit = Unit.YEAR
    periods: int | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    _table: MarkovTable = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        table = MarkovTable.by_recency(
            margin=self.margin,
            contact_cost=self.contact_cost,
            discount=self.discount,
            purchase_probabilities=self.purchase_probabilities,
            unit=self.unit,
            periods=self.periods,
            rounding=self.rounding,
        )
        object.__setattr__(self, "_table", table)

    @property
    def table(self) -> MarkovTable:
        """The states, with their incomes and costs, and the matrix of transitions."""
        return self._table

    @property
    def exact(self) -> Fraction:
        """The value of who has bought just now in major units, before any rounding."""
        return next(iter(self._table.exact_values().values()))

    @property
    def value(self) -> Money:
        """The value of who has bought just now."""
        return next(iter(self._table.values().values()))

    @property
    def by_state(self) -> Mapping[str, Money]:
        """The value of each recency state, and of former customers."""
        return self._table.values()

    @property
    def contact_until(self) -> int:
        """The last recency state in which contact is worth its cost; 0 if it never is."""
        stops = StopContacting(self._table).stops_in
        names = [state.name for state in self._table.states]
        going_on = [at for at, name in enumerate(names, start=1) if name not in stops]
        return max(going_on, default=0)

    def stopping_in_time(self) -> StopContacting:
        """The policy that says when to stop contacting a customer, for :meth:`state_of` facts."""
        return StopContacting(self._table)

    def state_of(self, facts: RecencyFacts) -> StateFacts:
        """The state in the table that a customer is in.

        :raises InvalidValue: if the facts count in another unit of time.
        """
        return StateFacts(customer=facts.customer, as_of=facts.as_of, state=self._state(facts))

    def __call__(self, facts: RecencyFacts, /) -> Decision[Money]:
        """Value one customer by how long ago they last bought."""
        state = self._state(facts)
        evidence = (
            noted("recency-state", facts.recency_state),
            noted("margin", self.margin),
            noted("contact-cost", self.contact_cost),
            *self._chance(facts),
            *self._table.evidence_of(state),
        )
        outcome = self._table.values()[state]
        return Decision(outcome, "markov-value", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[RecencyFacts]) -> list[Money]:
        """The values of many customers, as the call gives them one by one."""
        values = self._table.values()
        return [values[self._state(item)] for item in facts]

    def _chance(self, facts: RecencyFacts) -> tuple[Evidence, ...]:
        if facts.recency_state > len(self.purchase_probabilities):
            return ()
        chance = self.purchase_probabilities[facts.recency_state - 1]
        return (note_number("probability-of-a-purchase", chance),)

    def _state(self, facts: RecencyFacts) -> str:
        if facts.unit not in (None, self.unit):
            raise InvalidValue(
                f"the policy counts in {self.unit}s and the facts in {facts.unit}s: summarize the "
                f"purchases with unit=Unit.{self.unit.name}"
            )
        last = len(self._table.states)
        return self._table.states[min(facts.recency_state, last) - 1].name
