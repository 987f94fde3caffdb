"""Credit grades from trading volume and credit standing."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.segmentation.policies.credit_grade import CreditFacts, CreditGrades, GradeStandard
from crmkit.segmentation.policies.ordinal import OrdinalScale
from tests.segmentation.policy_laws import DAY, assert_policy_laws

WORDS = ("bad", "fair", "good")
ONE = GradeStandard(grade="1", volume_from=Money(900, "EUR"), standing_from="good")
TWO = GradeStandard(grade="2", volume_from=Money(200, "EUR"), standing_from="fair")
GRADES = CreditGrades(standing=OrdinalScale(WORDS), standards=[ONE, TWO], rest="3")


def borrower(volume: int | str, standing: str) -> CreditFacts:
    """A customer that trades so much and stands so with credit."""
    return CreditFacts(
        customer=CustomerId("C-7"), as_of=DAY, volume=Money(volume, "EUR"), standing=standing
    )


borrowers = st.builds(borrower, st.integers(-100, 1_200), st.sampled_from(WORDS))


class TestCreditGrades:
    """A grade takes a trading volume and a credit standing; every customer is placed."""

    @given(st.lists(borrowers, min_size=1, max_size=8))
    def test_laws_of_a_policy(self, facts):
        assert_policy_laws(GRADES, facts)

    @given(borrowers)
    def test_every_customer_is_placed_as_the_evidence_says(self, facts):
        decision = GRADES(facts)
        met = [grade for grade, item in zip("12", decision.evidence, strict=True) if item.met]
        assert decision.outcome == [*met, "3"][0]

    @given(borrowers, st.integers(0, 1_000), st.integers(0, 2))
    def test_more_volume_or_a_better_standing_never_lower_the_grade(self, facts, more, steps):
        words = WORDS[WORDS.index(facts.standing) :]
        better = evolve(
            facts,
            volume=facts.volume + Money(more, "EUR"),
            standing=words[min(steps, len(words) - 1)],
        )
        assert GRADES(better).outcome <= GRADES(facts).outcome

    @pytest.mark.parametrize(
        ("volume", "standing", "grade"),
        [
            (900, "good", "1"),
            ("899.99", "good", "2"),
            (900, "fair", "2"),
            (200, "fair", "2"),
            ("199.99", "good", "3"),
            (900, "bad", "3"),
        ],
    )
    def test_reaching_both_is_enough(self, volume, standing, grade):
        assert GRADES(borrower(volume, standing)).outcome == grade

    def test_grades_in_order(self):
        assert GRADES.grades == ("1", "2", "3")

    @pytest.mark.parametrize(
        "changes",
        [
            {"standards": []},
            {"standards": [TWO, ONE]},
            {"standards": [ONE, evolve(TWO, volume_from=Money(901, "EUR"))]},
            {"standards": [evolve(ONE, standing_from="bad"), TWO]},
            {"rest": "1"},
        ],
    )
    def test_standards_that_make_no_sense_are_refused(self, changes: dict[str, Any]):
        with pytest.raises(InvalidPolicy):
            evolve(GRADES, **changes)

    def test_grades_may_differ_in_one_of_the_two_only(self):
        evolve(GRADES, standards=[ONE, evolve(ONE, grade="2", standing_from="fair")])
        evolve(GRADES, standards=[ONE, evolve(TWO, standing_from="good")])

    def test_a_standing_off_the_scale_is_refused(self):
        with pytest.raises(InvalidValue, match="standing_from is not on its scale"):
            evolve(GRADES, standards=[evolve(ONE, standing_from="AAA")])
        with pytest.raises(InvalidValue, match="standing is not on its scale"):
            GRADES(borrower(500, "AAA"))

    def test_currencies_do_not_mix(self):
        with pytest.raises(CurrencyMismatch):
            evolve(GRADES, standards=[ONE, evolve(TWO, volume_from=Money(1, "USD"))])

    @pytest.mark.parametrize("changes", [{"customer": ""}, {"as_of": None}])
    def test_facts_name_a_customer_and_a_day(self, changes: dict[str, Any]):
        with pytest.raises(InvalidValue):
            evolve(borrower(1, "bad"), **changes)
