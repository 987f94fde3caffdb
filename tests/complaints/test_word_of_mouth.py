"""What complainants tell others is reckoned as a range, from shares that can be seen."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.word_of_mouth import (
    COCA_COLA_1981,
    Listeners,
    WordOfMouth,
    WordOfMouthFacts,
)
from crmkit.decision import explain
from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.serialization import make_converter

DAY = date(2026, 5, 31)


def ended(satisfied: int = 0, unresolved: int = 0, between: int = 0) -> WordOfMouthFacts:
    """So many complaints ended so."""
    return WordOfMouthFacts(as_of=DAY, satisfied=satisfied, unresolved=unresolved, between=between)


endings = st.builds(ended, *[st.integers(0, 10_000)] * 3)


class TestCocaCola1981:
    """4-5 told and 10 % buy more; 9-10 told, 1/3 boycott, 45 % buy less, over 12 % tell 20+."""

    def test_three_hundred_complaints(self):
        estimate = COCA_COLA_1981(ended(100, 180, 20)).outcome
        assert (estimate.told_good, estimate.told_bad) == (
            Listeners(400, 500),
            Listeners(1_620, 1_800),
        )
        assert estimate.buy_more == 10
        assert estimate.boycott == 60
        assert estimate.buy_less == 81
        assert (estimate.tell_many, estimate.many) == (Fraction("21.6"), 20)
        assert estimate.between == 20

    def test_of_the_other_22_percent_nothing_is_said(self):
        assert COCA_COLA_1981.undescribed_share == Fraction(13, 60)

    @given(endings)
    def test_every_unresolved_customer_is_accounted_for_once(self, facts):
        estimate = COCA_COLA_1981(facts).outcome
        told = estimate.boycott + estimate.buy_less + estimate.undescribed
        assert told == facts.unresolved

    @given(endings, endings)
    def test_two_months_together_are_the_sum_of_both(self, one, other):
        both = ended(
            one.satisfied + other.satisfied,
            one.unresolved + other.unresolved,
            one.between + other.between,
        )
        sums = [COCA_COLA_1981(facts).outcome for facts in (one, other, both)]
        for part in ("told_good", "told_bad"):
            first, second, whole = (getattr(estimate, part) for estimate in sums)
            assert whole == Listeners(first.least + second.least, first.most + second.most)
        assert sums[0].boycott + sums[1].boycott == sums[2].boycott

    def test_the_parameters_are_in_the_evidence(self):
        text = explain(COCA_COLA_1981(ended(100, 60)))
        assert "- noted: unresolved boycott is 0.333333" in text
        assert "- noted: unresolved undescribed is 0.216667" in text
        assert "- noted: tell 20 or more is 0.12" in text
        assert text.startswith("400 to 500 people hear good things, 540 to 600 hear bad things")

    @given(endings)
    def test_the_estimate_can_be_had_again_from_the_evidence(self, facts):
        """But for the third, of which the evidence has six digits."""
        decision = COCA_COLA_1981(facts)
        seen = {item.criterion: Fraction(str(item.observed)) for item in decision.evidence[6:]}
        assert decision.outcome.buy_less == facts.unresolved * Fraction("0.45")
        assert seen["unresolved-boycott"] == Fraction("0.333333")
        for part, share in (("buy_less", "unresolved-buy-less"), ("tell_many", "tell-20-or-more")):
            assert getattr(decision.outcome, part) == facts.unresolved * seen[share]


class TestWhatIsRefused:
    """Shares that contradict each other."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"unresolved_boycott": "0.56"},
            {"satisfied_buy_more": "1.01"},
            {"tell_many_share": -1},
            {"many": -1},
        ],
    )
    def test_terms_out_of_range(self, terms):
        with pytest.raises(InvalidPolicy):
            evolve(COCA_COLA_1981, **terms)

    def test_all_of_them_may_leave(self):
        policy = evolve(COCA_COLA_1981, unresolved_boycott="0.55")
        assert policy.undescribed_share == 0

    @pytest.mark.parametrize(("least", "most"), [(-1, 1), (2, 1)])
    def test_listeners_upside_down(self, least, most):
        with pytest.raises(InvalidPolicy, match="the least before the most"):
            Listeners(least, most)

    @pytest.mark.parametrize("numbers", [(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
    def test_fewer_than_no_customers(self, numbers):
        with pytest.raises(InvalidValue, match="whole"):
            ended(*numbers)

    @pytest.mark.parametrize("number", [1.5, True])
    def test_half_a_customer(self, number):
        with pytest.raises(InvalidValue, match="whole"):
            ended(satisfied=number)

    def test_a_float_is_refused(self):
        with pytest.raises(InvalidMoney):
            evolve(COCA_COLA_1981, unresolved_boycott=0.33)  # type: ignore[arg-type]


class TestAsData:
    """The study of another house is put in its place as data."""

    def test_written_and_read_again(self):
        converter = make_converter(WordOfMouth, WordOfMouthFacts)
        for item in (COCA_COLA_1981, ended(1, 2, 3)):
            assert converter.loads(converter.dumps(item)) == item
