"""Laws that hold for every policy of value, and words to speak of money and days with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from crmkit.decision import Decision, Evidence, explain
from crmkit.lifetime_value.kept import STORED_TYPES
from crmkit.money import Money, sum_money
from crmkit.period import Rate
from crmkit.serialization import make_converter

DAY = date(2026, 6, 30)
CONVERTER = make_converter(Decision, *STORED_TYPES)

amounts = st.integers(-1_000_000, 1_000_000).map(lambda minor: Money.of_minor(minor, "EUR"))
positive = st.integers(1, 1_000_000).map(lambda minor: Money.of_minor(minor, "EUR"))
shares = st.fractions(0, 1, max_denominator=1000)
annual_rates = st.integers(1, 500).map(lambda n: Rate.annual(Fraction(n, 1000)))


# The laws of policies write and read a lot for every example: a quarter of the usual number do.
a_few = settings(max_examples=max(10, settings().max_examples // 4))


def euros(amount: int | str) -> Money:
    """An amount in euros."""
    return Money(amount, "EUR")


def added_up(evidence: Iterable[Evidence], *, of: Sequence[str], currency: str = "EUR") -> Money:
    """The sum of what the evidence says under criteria that begin so."""
    lines = [item.observed for item in evidence if item.criterion.startswith(tuple(of))]
    return sum_money((line for line in lines if isinstance(line, Money)), currency)


def noted_in(evidence: Iterable[Evidence], criterion: str) -> Any:
    """What stands under one criterion, wherever it stands."""
    for item in evidence:
        if item.criterion == criterion:
            return item.observed
        found = noted_in(item.parts, criterion)
        if found is not None:
            return found
    return None


def written_and_read(value: Any) -> Any:
    """The value after a journey through JSON."""
    return CONVERTER.loads(CONVERTER.dumps(value))


def assert_value_laws(policy: Any, facts: Sequence[Any]) -> None:
    """What is true of every policy, whatever it decides."""
    decisions = [policy(item) for item in facts]
    outcomes = [decision.outcome for decision in decisions]
    assert policy.outcomes(facts) == outcomes, "a batch gives what one by one gives"
    assert policy.outcomes(iter(facts)) == outcomes, "a batch may be a stream"
    again = written_and_read(policy)
    assert again == policy, "a policy is data"
    assert [again(item) for item in facts] == decisions, "and decides the same after"
    for item, decision in zip(facts, decisions, strict=True):
        assert decision.evidence, "a decision can say why"
        assert decision.as_of == item.as_of
        assert decision.subject == getattr(item, "customer", None)
        assert explain(decision)
        assert written_and_read(decision) == decision, "a decision can be kept"
