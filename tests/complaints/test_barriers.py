"""Whoever is dissatisfied is encouraged to say so, told where, and it is easy."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.policies.barriers import (
    ENCOURAGEMENTS,
    Barrier,
    BarrierFacts,
    BarrierRemoval,
)
from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidIdentifier, InvalidPolicy, InvalidValue
from crmkit.money import Money
from crmkit.serialization import make_converter

POLICY = BarrierRemoval(
    encouraged_by=ENCOURAGEMENTS,
    least_channels=2,
    least_places=2,
    most_minutes=5,
    most_steps=3,
    most_cost=Money("0.20", "EUR"),
)
OPEN = BarrierFacts(
    as_of=date(2026, 5, 31),
    encouraged_by=ENCOURAGEMENTS,
    publicized_in=["receipt", "website"],
    channels=["phone", "e-mail"],
    minutes=5,
    steps=3,
    cost=Money("0.20", "EUR"),
)


class TestBarrierRemoval:
    """Encourage: guarantee, transparency, reward. Guide: publicized. Ease: time, effort, money."""

    def test_at_the_terms_no_barrier_is_left(self):
        decision = POLICY(OPEN)
        assert (decision.outcome.barriers, decision.unmet) == ((), ())
        assert str(decision.outcome) == "no barrier left"

    @pytest.mark.parametrize(
        ("change", "barrier"),
        [
            ({"encouraged_by": ["guarantee", "reward"]}, Barrier.NOT_ENCOURAGED),
            ({"encouraged_by": ["transparency", "reward"]}, Barrier.NOT_ENCOURAGED),
            ({"publicized_in": ["receipt"]}, Barrier.NOT_GUIDED),
            ({"channels": ["phone"]}, Barrier.NOT_GUIDED),
            ({"minutes": 6}, Barrier.NOT_EASY),
            ({"steps": 4}, Barrier.NOT_EASY),
            ({"cost": Money("0.21", "EUR")}, Barrier.NOT_EASY),
        ],
    )
    def test_whatever_is_short_of_a_term_is_a_barrier(self, change, barrier):
        assert POLICY(evolve(OPEN, **change)).outcome.barriers == (barrier,)

    @given(st.integers(0, 9), st.integers(0, 9), st.sets(st.sampled_from("abcd")))
    def test_the_outcome_can_be_read_off_the_evidence(self, minutes, steps, channels):
        decision = POLICY(evolve(OPEN, minutes=minutes, steps=steps, channels=channels))
        unmet = [item.criterion for item in decision.unmet]
        names = {"guide": Barrier.NOT_GUIDED, "ease": Barrier.NOT_EASY}
        assert [names[word] for word in unmet] == [*decision.outcome.barriers]

    def test_it_can_be_explained(self):
        text = explain(POLICY(evolve(OPEN, minutes=12, encouraged_by=())))
        assert text.startswith("not encouraged, not easy, by barrier removal, as of 2026-05-31")
        assert "  - not met: reward is no; yes required" in text
        assert "  - not met: minutes is 12; at most 5 allowed" in text

    def test_a_shop_asks_for_what_it_thinks_right(self):
        own = evolve(POLICY, encouraged_by=["thanks"])
        assert own(evolve(OPEN, encouraged_by=["thanks"])).outcome.barriers == ()


class TestWhatIsRefused:
    """Terms that could never be missed or met, and numbers that could not be found."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"encouraged_by": ()},
            {"encouraged_by": "reward"},
            {"least_channels": 0},
            {"least_places": 0},
            {"most_minutes": 0},
            {"most_steps": 0},
            {"most_cost": Money(-1, "EUR")},
        ],
    )
    def test_terms(self, terms):
        with pytest.raises(InvalidPolicy):
            evolve(POLICY, **terms)

    @pytest.mark.parametrize(
        "changes", [{"minutes": -1}, {"minutes": True}, {"steps": -1}, {"cost": Money(-1, "EUR")}]
    )
    def test_numbers(self, changes):
        with pytest.raises(InvalidValue):
            evolve(OPEN, **changes)

    @pytest.mark.parametrize(
        "changes", [{"encouraged_by": [""]}, {"publicized_in": [""]}, {"channels": [""]}]
    )
    def test_words_that_are_no_keys(self, changes):
        with pytest.raises(InvalidIdentifier):
            evolve(OPEN, **changes)

    def test_an_encouragement_that_is_no_key(self):
        with pytest.raises(InvalidIdentifier):
            evolve(POLICY, encouraged_by=[""])

    def test_another_currency(self):
        with pytest.raises(CurrencyMismatch):
            POLICY(evolve(OPEN, cost=Money(0, "USD")))


class TestAsData:
    """The checklist is data."""

    def test_written_and_read_again(self):
        converter = make_converter(BarrierRemoval, BarrierFacts)
        for item in (POLICY, OPEN):
            assert converter.loads(converter.dumps(item)) == item
