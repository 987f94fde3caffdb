"""How policies that are told by name which fact to look at read it."""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum, StrEnum
from types import SimpleNamespace
from typing import Any

import pytest

from crmkit.decision import Comparison
from crmkit.errors import CurrencyMismatch, InvalidMoney, InvalidPolicy
from crmkit.money import Money
from crmkit.segmentation.policies.conditions import Condition, Known
from crmkit.segmentation.policies.fields import (
    FieldMismatch,
    UnknownField,
    check_field,
    criterion_of,
    kind_of_value,
    read_field,
    read_quantity,
    read_word,
)
from crmkit.segmentation.policies.matrix import CustomerMatrix, MatrixAxis, MatrixWordAxis
from crmkit.segmentation.policies.normalization import FixedBounds
from crmkit.segmentation.policies.ordinal import LOW_MIDDLE_HIGH
from crmkit.segmentation.policies.value_score import ValueFactor, ValueScale
from crmkit.tiering import Tier
from tests.segmentation.policy_laws import DAY


class Mood(StrEnum):
    FINE = "fine"


class Stars(IntEnum):
    FIVE = 5


def facts(**values: Any) -> Any:
    """Facts of a host's own making."""
    return SimpleNamespace(**values)


class TestNames:
    """A fact is named by the attribute that holds it."""

    @pytest.mark.parametrize("name", ["", "_secret", "__class__", "recency days", "a.b", "2nd"])
    def test_what_no_public_attribute_can_be_called_is_refused(self, name):
        """By every policy that names facts."""
        for build in (
            check_field,
            Known,
            lambda fact: MatrixAxis(fact, [1]),
            lambda fact: MatrixWordAxis(fact, LOW_MIDDLE_HIGH, ["high"]),
            lambda fact: ValueFactor(fact, 1, FixedBounds(worst=0, best=1)),
        ):
            with pytest.raises(InvalidPolicy, match="names a public attribute"):
                build(name)

    def test_a_criterion_is_written_with_hyphens(self):
        assert criterion_of("relative_strength") == "relative-strength"


class TestReading:
    """A fact is read by its name, exactly, or refused with what would have worked."""

    @pytest.mark.parametrize(
        "read",
        [
            lambda known: read_field(known, "visits"),
            lambda known: read_quantity(known, "visits", 1),
            lambda known: read_word(known, "visits"),
            Condition("visits", Comparison.AT_LEAST, 1).holds,
            MatrixAxis("visits", [1]).reached,
            CustomerMatrix.key_accounts(
                attractive_from=1, strong_from=1, attractiveness="spend", relative_strength="visits"
            ),
            ValueScale(factors=[ValueFactor("visits", 1, FixedBounds(worst=0, best=1))]),
        ],
    )
    def test_a_fact_that_is_not_there_is_told_those_that_are(self, read):
        """In the same words by every policy."""
        with pytest.raises(UnknownField, match="the facts have no visits; they have") as refused:
            read(facts(customer="C-1", as_of=DAY, spend=1))
        assert refused.value.code == "unknown-field"
        assert refused.value.known == ("as_of", "customer", "spend")

    def test_a_missing_fact_and_a_tier(self):
        assert read_field(facts(visits=None), "visits") is None
        assert read_field(facts(tier=Tier("gold", 3)), "tier") == "gold"

    @pytest.mark.parametrize(
        ("value", "like"), [(3, Decimal("2.5")), (Decimal("2.5"), 3), (Money(3, "EUR"),) * 2]
    )
    def test_a_fact_of_the_kind_of_the_term(self, value, like):
        assert read_quantity(facts(visits=value), "visits", like) == value

    @pytest.mark.parametrize(
        ("value", "like", "found", "expected"),
        [
            (2.5, 1, "a value of type float", "a number"),
            (True, 1, "yes or no", "a number"),
            (None, 1, "nothing", "a number"),
            (Stars.FIVE, 1, "a value of type Stars", "a number"),
            (Money(3, "EUR"), 1, "money", "a number"),
            (3, Money(3, "EUR"), "a number", "money"),
            (Decimal("NaN"), 1, "a number that is not finite", "a number"),
            (Decimal("sNaN"), Decimal(1), "a number that is not finite", "a number"),
            (Decimal("-Infinity"), 1, "a number that is not finite", "a number"),
        ],
    )
    def test_a_fact_of_another_kind(self, value, like, found, expected):
        """It is refused by a condition as well as by a policy that measures."""
        known = facts(visits=value)
        asked = [lambda: read_quantity(known, "visits", like)]
        if value is not None:
            asked.append(lambda: Condition("visits", Comparison.AT_LEAST, like).holds(known))
        for ask in asked:
            with pytest.raises(FieldMismatch) as refused:
                ask()
            assert (refused.value.found, refused.value.expected) == (found, expected)
            assert str(refused.value) == (
                f"visits holds {found}, and the policy compares it with {expected}"
            )

    def test_a_number_that_would_take_minutes_to_compute_with(self):
        with pytest.raises(InvalidMoney, match="visits is not"):
            read_quantity(facts(visits=Decimal("1E+999999")), "visits", 1)

    def test_a_fact_in_another_currency(self):
        with pytest.raises(CurrencyMismatch) as caught:
            read_quantity(facts(spend=Money(3, "USD")), "spend", Money(3, "EUR"))
        assert (caught.value.left, caught.value.right) == ("USD", "EUR")

    @pytest.mark.parametrize(
        ("value", "word"), [("fine", "fine"), (Mood.FINE, "fine"), (Tier("gold", 3), "gold")]
    )
    def test_a_word(self, value, word):
        read = read_word(facts(mood=value), "mood")
        assert read == word
        assert type(read) is str

    @pytest.mark.parametrize(("value", "found"), [(5, "a number"), (None, "nothing")])
    def test_what_is_no_word(self, value, found):
        with pytest.raises(FieldMismatch) as refused:
            read_word(facts(mood=value), "mood")
        assert (refused.value.found, refused.value.expected) == (found, "text")


class TestKinds:
    """What can be compared with what."""

    @pytest.mark.parametrize(
        ("value", "kind"),
        [(Mood.FINE, "text"), (Stars.FIVE, None), (True, "yes or no"), (0.5, None), (None, None)],
    )
    def test_a_word_of_an_enumeration_is_a_text_and_a_number_of_one_is_not(self, value, kind):
        assert kind_of_value(value) == kind
