"""Laws that hold for every policy of segmentation, and words to build populations with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.money import Money
from crmkit.segmentation.facts import CustomerValue
from crmkit.serialization import DocumentConverter, make_converter

DAY = date(2026, 6, 30)


def euros(*amounts: int | str) -> list[Money]:
    """Amounts in euros: ``euros(500, "12.30")``."""
    return [Money(amount, "EUR") for amount in amounts]


def cents(amounts: Iterable[int]) -> list[Money]:
    """Amounts in cents, where only their order matters."""
    return [Money.of_minor(amount, "EUR") for amount in amounts]


def worth(value: Money, customer: str = "C-1") -> CustomerValue:
    """Facts about a customer of whom only the value matters."""
    return CustomerValue(customer=customer, as_of=DAY, value=value)  # type: ignore[arg-type]


# Few distinct values make ties; many make long tails.
populations = st.one_of(
    st.lists(st.integers(-3, 5), min_size=1, max_size=15),
    st.lists(st.integers(-500, 10_000), min_size=1, max_size=15),
)


def shares(count: int) -> st.SearchStrategy[list[Fraction]]:
    """Rising shares above 0 and at most 1; sixtieths hold halves, thirds, fifths and more."""
    some = st.sets(st.integers(1, 60), min_size=count, max_size=count)
    return some.map(lambda parts: [Fraction(part, 60) for part in sorted(parts)])


# Making a converter takes a while, and a law asks for one again and again.
_converters: dict[type, DocumentConverter] = {}


def written_and_read(policy: Any) -> Any:
    """The policy after a journey through JSON."""
    kind = type(policy)
    converter = _converters[kind] = _converters.get(kind) or make_converter(kind)
    return converter.loads(converter.dumps(policy))


def assert_policy_laws(policy: Any, facts: Sequence[Any]) -> None:
    """What is true of every policy, whatever it decides."""
    decisions = [policy(item) for item in facts]
    outcomes = [decision.outcome for decision in decisions]
    assert policy.outcomes(facts) == outcomes, "a batch gives what one by one gives"
    assert policy.outcomes(iter(facts)) == outcomes, "a batch may be a stream"
    assert [policy(item) for item in facts] == decisions, "equal facts give equal decisions"
    again = written_and_read(policy)
    assert again == policy, "a policy is data"
    assert [again(item) for item in facts] == decisions, "and decides the same after"
    for item, decision in zip(facts, decisions, strict=True):
        assert decision.evidence, "a decision can say why"
        assert (decision.subject, decision.as_of) == (item.customer, item.as_of)
        assert explain(decision).startswith(str(decision.outcome).replace("-", " "))
