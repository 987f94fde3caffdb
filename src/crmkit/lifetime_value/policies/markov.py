"""Value of a customer who moves from state to state, period by period (a Markov chain).

P. E. Pfeifer and R. L. Carraway, "Modeling Customer Relationships as Markov Chains", Journal of
Interactive Marketing 14 (2000): with the matrix P of transitions, the vector R of rewards and the
discount d a period, the value over T periods ahead is the sum over t = 0, ..., T of
((1 + d)**-1 P)**t R, and for ever (I - (1 + d)**-1 P)**-1 R. All of it is computed in fractions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Self

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, noted
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.lifetime_value.policies.chain import Chain, StateValues
from crmkit.lifetime_value.policies.exact import (
    ExactNumber,
    as_ratios,
    check_money,
    check_periods,
    check_probability,
    check_rate,
    check_rounding,
    check_unit,
    exact,
    note_number,
    note_rate,
    per_unit,
    split_money,
    to_money,
)
from crmkit.money import Money, Rounding
from crmkit.period import Rate, Unit, check_date

__all__ = ["MarkovState", "MarkovTable", "StateFacts"]

MOST_STATES = 60
"""The most states of a table: sixty are solved exactly in a second or two."""


@frozen
class MarkovState:
    """A state that a customer can be in: what it brings, and what serving them in it costs.

    The income has come in with the state, whatever is done now; the cost is that of going on.

    :raises InvalidPolicy: if a bare number stands for money, or the cost is negative.
    :raises CurrencyMismatch: if the two are of different currencies.
    """

    name: str
    income: Money
    cost: Money

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "the name of a state")
        check_money(self.income, "an income")
        check_money(self.cost, "a cost")
        if self.cost.currency != self.income.currency:
            raise CurrencyMismatch(self.income.currency, self.cost.currency)
        if self.cost.is_negative:
            raise InvalidPolicy("a cost is zero or more: put what a state brings into its income")


@frozen(kw_only=True)
class StateFacts:
    """In which state a customer is, as of a day.

    :raises InvalidValue: if the day is not a plain date.
    """

    customer: CustomerId
    as_of: date
    state: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")


def _as_states(states: Iterable[MarkovState]) -> tuple[MarkovState, ...]:
    return tuple(states)


def _as_table(rows: Iterable[Iterable[ExactNumber]]) -> tuple[tuple[Fraction, ...], ...]:
    return tuple(as_ratios(row) for row in rows)


@frozen(kw_only=True)
class MarkovTable:
    """What a customer is worth by the state they are in, from any table of transitions.

    ``transitions`` has a row for each state: the probabilities of being in each state one ``unit``
    of time later. ``periods`` counts the periods ahead, None is for ever.

    :raises InvalidPolicy: if there is no state or more than sixty, two share a name, the table is
        not square, a row is not made of probabilities that add up to 1, a bare number stands for
        the discount, or the value for ever has no bound because nothing is discounted.
    :raises CurrencyMismatch: if the states are of two currencies.

    >>> def state(name: str, income: int, cost: int) -> MarkovState:
    ...     return MarkovState(name, Money(income, "EUR"), Money(cost, "EUR"))
    >>> table = MarkovTable(
    ...     states=[state("gold", 50, 5), state("plain", 20, 5), state("gone", 0, 0)],
    ...     transitions=[["0.7", "0.2", "0.1"], ["0.1", "0.6", "0.3"], [0, 0, 1]],
    ...     discount=Rate.annual("0.25"),
    ... )
    >>> {name: str(value) for name, value in table.values().items()}
    {'gold': '119.44 EUR', 'plain': '47.22 EUR', 'gone': '0.00 EUR'}
    """

    states: tuple[MarkovState, ...] = field(converter=_as_states)
    transitions: tuple[tuple[Fraction, ...], ...] = field(converter=_as_table)
    discount: Rate
    unit: Unit = Unit.YEAR
    periods: int | None = None
    rounding: Rounding = Rounding.HALF_EVEN
    # The exact value of each state without a right to stop: worked out once.
    _chain: Chain = field(init=False, repr=False, eq=False)
    _always: StateValues = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_rate(self.discount)
        check_unit(self.unit)
        check_periods(self.periods)
        check_rounding(self.rounding)
        self._check_states()
        self._check_transitions()
        chain = Chain(
            [exact(state.income) for state in self.states],
            [exact(state.cost) for state in self.states],
            self.transitions,
            1 / (1 + per_unit(self.discount, self.unit)),
        )
        if self.periods is None and chain.factor >= 1:
            raise InvalidPolicy("a value for ever needs a discount above zero; or name the periods")
        object.__setattr__(self, "_chain", chain)
        object.__setattr__(self, "_always", chain.values(self.periods))

    def _check_states(self) -> None:
        if not 1 <= len(self.states) <= MOST_STATES:
            raise InvalidPolicy(f"a table has 1 to {MOST_STATES} states")
        if len({state.name for state in self.states}) < len(self.states):
            raise InvalidPolicy("two states share a name: give each its own")
        for state in self.states:
            if state.income.currency != self.currency:
                raise CurrencyMismatch(self.currency, state.income.currency)

    def _check_transitions(self) -> None:
        size = len(self.states)
        if [len(row) for row in self.transitions] != [size] * size:
            raise InvalidPolicy(
                "transitions have one row for each state, and one probability in it for each"
            )
        for row in self.transitions:
            for probability in row:
                check_probability(probability, "a transition")
            if sum(row) != 1:
                raise InvalidPolicy("each row of transitions adds up to 1: who leaves has a state")

    @classmethod
    def by_recency(
        cls,
        *,
        margin: Money,
        contact_cost: Money,
        discount: Rate,
        purchase_probabilities: Iterable[ExactNumber],
        unit: Unit = Unit.YEAR,
        periods: int | None = None,
        rounding: Rounding = Rounding.HALF_EVEN,
    ) -> Self:
        """The table of customers who are contacted each period, buy or not, and are given up.

        Whoever buys moves to the first state, whoever does not to the next; after the last one they
        are a former customer for ever, who costs nothing and brings nothing. The margin comes in
        with the purchase, the contact is paid in every state but the last.

        :raises InvalidPolicy: if there is no probability, or one is none.

        >>> table = MarkovTable.by_recency(
        ...     margin=Money(40, "EUR"), contact_cost=Money(4, "EUR"),
        ...     discount=Rate.annual("0.2"), purchase_probabilities=["0.3", "0.2", "0.15", "0.05"],
        ... )
        >>> [str(value) for value in table.values().values()]
        ['52.32 EUR', '5.55 EUR', '1.25 EUR', '-1.82 EUR', '0.00 EUR']
        """
        chances = as_ratios(purchase_probabilities)
        check_money(margin, "a margin")
        check_money(contact_cost, "a contact cost")
        if not chances:
            raise InvalidPolicy("name at least one probability of a purchase")
        for chance in chances:
            check_probability(chance, "the probability of a purchase")
        nothing = Money.zero(margin.currency)
        incomes = [margin, *[nothing] * len(chances)]
        costs = [*[contact_cost] * len(chances), nothing]
        names = [*(f"recency-{n}" for n in range(1, len(chances) + 1)), "former"]
        return cls(
            states=map(MarkovState, names, incomes, costs),
            transitions=_by_recency(chances),
            discount=discount,
            unit=unit,
            periods=periods,
            rounding=rounding,
        )

    # --- values ---

    @property
    def currency(self) -> str:
        """The currency of all incomes and costs."""
        return self.states[0].income.currency

    def exact_values(self, *, may_stop: bool = False) -> Mapping[str, Fraction]:
        """The value of each state in major units, before any rounding.

        With ``may_stop`` the firm may stop serving whenever going on is not worth it, which never
        makes a state worth less. That is worked out anew with each call.
        """
        values = self._stopping() if may_stop else self._always
        return self._by_name(values.current)

    def values(self, *, may_stop: bool = False) -> Mapping[str, Money]:
        """The value of each state, each rounded once."""
        return {
            name: self._rounded(value)
            for name, value in self.exact_values(may_stop=may_stop).items()
        }

    def value_of_going_on(self) -> Mapping[str, Fraction]:
        """What serving on in each state is worth to a firm that may stop later, in major units."""
        return self._by_name(self._chain.going_on(self._stopping().later))

    def _stopping(self) -> StateValues:
        return self._chain.values(self.periods, may_stop=True)

    def _by_name(self, values: Sequence[Fraction]) -> dict[str, Fraction]:
        return {state.name: value for state, value in zip(self.states, values, strict=True)}

    def state(self, name: str) -> MarkovState:
        """The state of a name.

        :raises InvalidValue: if there is none.
        """
        return self.states[self._place(name)]

    def _rounded(self, amount: Fraction) -> Money:
        return to_money(amount, self.currency, self.rounding)

    # --- the policy ---

    def __call__(self, facts: StateFacts, /) -> Decision[Money]:
        """Value one customer by the state they are in."""
        evidence = self.evidence_of(facts.state)
        outcome = self._rounded(self._always.current[self._place(facts.state)])
        return Decision(outcome, "markov-table", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[StateFacts]) -> list[Money]:
        """The values of many customers, as the call gives them one by one."""
        values = self.values()
        return [values[self.state(item.state).name] for item in facts]

    def evidence_of(self, state: str) -> tuple[Evidence, ...]:
        """How the value of a state arises: income, cost, and what each next state adds to them.

        The amounts add up to the value.

        :raises InvalidValue: if there is no such state.
        """
        at, chain, later = self._place(state), self._chain, self._always.later
        nexts = [j for j, p in enumerate(self.transitions[at]) if p]
        ahead = chain.ahead(at, later)
        pieces = [chain.incomes[at], -chain.costs[at], *(ahead[j] for j in nexts)]
        income, cost, *added = split_money(pieces, self.currency, self.rounding)
        return (
            noted("state", state),
            note_rate("discount", self.discount, self.unit),
            noted("periods", "for ever" if self.periods is None else self.periods),
            noted("income", income),
            noted("cost", cost),
            *(self._next(at, j, amount, later) for j, amount in zip(nexts, added, strict=True)),
        )

    def _next(self, at: int, j: int, amount: Money, later: Sequence[Fraction]) -> Evidence:
        parts = (
            note_number("probability", self.transitions[at][j]),
            noted("value-then", self._rounded(later[j])),
        )
        return Evidence(f"next {self.states[j].name}", amount, parts=parts)

    def _place(self, state: str) -> int:
        for at, known in enumerate(self.states):
            if known.name == state:
                return at
        names = ", ".join(known.name for known in self.states)
        raise InvalidValue(f"no such state in the table; there are: {names}")


def _by_recency(chances: Sequence[Fraction]) -> list[list[Fraction]]:
    size = len(chances) + 1
    rows = [[Fraction(0)] * size for _ in range(size)]
    for at, chance in enumerate(chances):
        rows[at][0] = chance
        rows[at][at + 1] += 1 - chance
    rows[-1][-1] = Fraction(1)
    return rows
