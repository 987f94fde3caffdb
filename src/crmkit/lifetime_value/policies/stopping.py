"""When to stop contacting a customer: where going on is worth less than it costs."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, above, noted
from crmkit.lifetime_value.policies.exact import read_only, to_money
from crmkit.lifetime_value.policies.markov import MarkovTable, StateFacts
from crmkit.money import Money, Rounding

__all__ = ["ContactVerdict", "StopContacting"]


class ContactVerdict(StrEnum):
    """Whether to go on serving a customer."""

    CONTINUE = "continue"
    STOP = "stop"


@frozen
class StopContacting:
    """Stop contacting a customer where going on is not worth more than it costs.

    What going on is worth counts with the right to stop later. The best rule is found exactly.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> from crmkit.period import Rate
    >>> stop = StopContacting(MarkovTable.by_recency(
    ...     margin=Money(40, "EUR"), contact_cost=Money(4, "EUR"),
    ...     discount=Rate.annual("0.2"), purchase_probabilities=["0.3", "0.2", "0.15", "0.05"],
    ... ))
    >>> stop.stops_in
    ('recency-4', 'former')
    >>> facts = StateFacts(customer="C-7", as_of=date(2026, 6, 30), state="recency-4")
    >>> print(explain(stop(facts)))
    stop for C-7, by stop contacting, as of 2026-06-30
    - noted: state is recency-4
    - noted: cost is 4.00 EUR
    - not met: value of going on is -1.78 EUR; more than 0.00 EUR required
    """

    table: MarkovTable
    # What going on from each state is worth: worked out once.
    _worth: Mapping[str, Fraction] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_worth", read_only(self.table.value_of_going_on()))

    @property
    def stops_in(self) -> tuple[str, ...]:
        """The states in which contact ends."""
        return tuple(name for name, worth in self._worth.items() if worth <= 0)

    def __call__(self, facts: StateFacts, /) -> Decision[ContactVerdict]:
        """Say whether to go on serving one customer, and what that is worth."""
        state = self.table.state(facts.state)
        worth = self._worth[state.name]
        # Rounded towards more money: above zero stays above zero.
        going_on = to_money(worth, self.table.currency, Rounding.CEILING)
        evidence = (
            noted("state", state.name),
            noted("cost", state.cost),
            above("value-of-going-on", going_on, Money.zero(self.table.currency)),
        )
        return Decision(
            _verdict(worth), "stop-contacting", facts.as_of, evidence, subject=facts.customer
        )

    def outcomes(self, facts: Iterable[StateFacts]) -> list[ContactVerdict]:
        """The verdicts on many customers, as the call gives them one by one."""
        return [_verdict(self._worth[self.table.state(item.state).name]) for item in facts]


def _verdict(worth: Fraction) -> ContactVerdict:
    return ContactVerdict.CONTINUE if worth > 0 else ContactVerdict.STOP
