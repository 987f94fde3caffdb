"""What another tier policy would have done with last year's members, and what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidMoney, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    CalendarWindow,
    RollingWindow,
    TierBenefits,
    TierCosts,
    TierMember,
    TierPolicy,
    TierThreshold,
    replay_tiers,
    simulate_tiers,
)
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.tiering import Tier
from tests.loyalty.tier_words import (
    BRONZE,
    GOLD,
    JOINED,
    SILVER,
    by_hand,
    by_points,
    day,
    earns,
    given_by_hand,
    joined,
    policies,
    qualifications,
)

YEAR = Period.year(2026)
members = st.lists(
    st.builds(
        TierMember,
        member=st.sampled_from(["M-1", "M-2", "M-3"]).map(CustomerId),
        joined_on=joined,
        qualifications=qualifications.map(tuple),
        manual=given_by_hand.map(tuple),
    ),
    max_size=4,
)
over = Period(date(2024, 2, 1), date(2024, 8, 1))


def member(name: str, *entries: str, joined_on: date = JOINED, **more: Any) -> TierMember:
    """A member in words."""
    return TierMember(
        member=CustomerId(name), joined_on=joined_on, qualifications=tuple(earns(*entries)), **more
    )


EASIER = TierPolicy(
    BRONZE,
    (TierThreshold(tier=SILVER, points=500), TierThreshold(tier=GOLD, points=5_000)),
    CalendarWindow(),
)
CURRENT = by_points(CalendarWindow())
COSTS = TierCosts(
    currency="EUR",
    benefits=(
        TierBenefits("silver", Money("36.50", "EUR"), Decimal("1.5")),
        TierBenefits("gold", Money("365.00", "EUR"), Decimal(2)),
    ),
    point_value=Decimal("0.01"),
)


class TestSimulationLaws:
    """Every member is counted once, every day of theirs once, and shards make a whole."""

    @given(policies(), policies(), members, st.integers(0, 4))
    def test_shards_put_together_are_the_whole(self, current, other, some, cut):
        whole = simulate_tiers(current, other, some, over)
        left = simulate_tiers(current, other, some[:cut], over)
        right = simulate_tiers(current, other, some[cut:], over)
        assert left.merged(right) == whole
        assert set(right.merged(left).movers) == set(whole.movers)

    @given(policies(), policies(), members)
    def test_every_member_and_every_day_is_counted_once(self, current, other, some):
        found = simulate_tiers(current, other, some, over)
        assert found.matrix.customers == len(some)
        assert len(found.movers) == found.moved
        days = sum(max(0, (over.end - max(m.joined_on, over.start)).days) for m in some)
        points = sum(q.points for m in some for q in m.qualifications if q.on in over)
        for uses in (found.current, found.other):
            assert sum(use.days for use in uses) == days
            assert sum(use.points for use in uses) == points

    @given(policies(), members)
    def test_nobody_moves_under_the_same_policy(self, policy, some):
        found = simulate_tiers(policy, policy, some, over)
        assert (found.moved, found.movers) == (0, ())
        assert found.current == found.other

    @given(policies(), members)
    def test_days_are_those_on_which_the_tier_was_held(self, policy, some):
        days: dict[Tier, int] = {}
        for each in some:
            held = replay_tiers(
                policy,
                each.member,
                each.joined_on,
                each.qualifications,
                over.last,
                manual=each.manual,
            )
            for n in range(over.days):
                tier = held.tier_on(over.start + timedelta(days=n))
                if tier is not None:
                    days[tier] = days.get(tier, 0) + 1
        found = simulate_tiers(policy, policy, some, over)
        assert {use.tier: use.days for use in found.current if use.days} == days


class TestSimulation:
    """Who moves, from where to where, and what it costs."""

    def test_it_lists_who_moves(self):
        found = simulate_tiers(
            CURRENT, EASIER, [member("M-1", "03-01 600"), member("M-2", "03-01 1200")], YEAR
        )
        assert [(m.member, m.current, m.other) for m in found.movers] == [("M-1", BRONZE, SILVER)]
        assert (found.moved, found.matrix.count(BRONZE, SILVER)) == (1, 1)
        assert found.matrix.count(SILVER, SILVER) == 1
        assert (found.matrix.from_on, found.matrix.to_on) == (day("12-31"), day("12-31"))

    def test_how_many_movers_are_kept_can_be_bounded(self):
        some = [member(f"M-{n}", "03-01 600") for n in range(3)]
        found = simulate_tiers(CURRENT, EASIER, some, YEAR, keep_movers=1)
        assert (len(found.movers), found.moved) == (1, 3)
        with pytest.raises(InvalidValue, match="0 or more"):
            simulate_tiers(CURRENT, EASIER, some, YEAR, keep_movers=-1)

    def test_benefits_cost_by_the_day_and_a_purchase_earns_what_the_tier_before_it_gives(self):
        # Silver from 1 December on: 31 days, and 100 points in it.
        found = simulate_tiers(CURRENT, EASIER, [member("M-1", "12-01 600", "12-31 100")], YEAR)
        table = found.cost(COSTS)
        assert [(r.tier, str(r.current), str(r.other)) for r in table.rows] == [
            ("silver", "0.00 EUR", "4.60 EUR"),
            ("bronze", "7.00 EUR", "6.00 EUR"),
        ]
        assert str(table.total.difference) == "3.60 EUR"
        assert table.to_table() == (
            "| tier | current | other | difference |\n"
            "| --- | ---: | ---: | ---: |\n"
            "| silver | 0.00 EUR | 4.60 EUR | 4.60 EUR |\n"
            "| bronze | 7.00 EUR | 6.00 EUR | -1.00 EUR |\n"
            "| total | 7.00 EUR | 10.60 EUR | 3.60 EUR |"
        )

    def test_a_purchase_on_the_day_of_joining_earns_what_the_entry_tier_gives(self):
        found = simulate_tiers(CURRENT, EASIER, [member("M-1", "01-01 1000")], YEAR)
        assert {use.tier: (use.days, use.points) for use in found.current} == {
            SILVER: (365, 0),
            BRONZE: (0, 1_000),
        }

    def test_what_lies_outside_the_period_is_replayed_and_not_counted(self):
        earlier = member("M-1", "2025-12-15 1000", joined_on=day("2025-06-01"))
        found = simulate_tiers(CURRENT, by_points(RollingWindow(12, Unit.MONTH)), [earlier], YEAR)
        assert {use.tier: (use.days, use.points) for use in found.current} == {BRONZE: (365, 0)}
        assert {use.tier: use.days for use in found.other} == {SILVER: 348, BRONZE: 17}

    def test_a_member_who_joins_later_is_in_no_tier(self):
        later = member("M-1", joined_on=day("2027-01-01"))
        found = simulate_tiers(CURRENT, EASIER, [later], YEAR)
        assert (found.matrix.count(None, None), found.current) == (1, ())

    def test_a_tier_given_by_hand_counts(self):
        matched = member("M-1", manual=(by_hand(GOLD, "01-01", "12-31"),))
        assert simulate_tiers(CURRENT, EASIER, [matched], YEAR).matrix.count(GOLD, GOLD) == 1

    def test_simulations_of_other_days_do_not_go_together(self):
        whole, half = (
            simulate_tiers(CURRENT, EASIER, [], each)
            for each in (YEAR, Period.through(JOINED, day("06-30")))
        )
        with pytest.raises(InvalidValue, match="about the same days"):
            whole.merged(half)


class TestTierCosts:
    """What a tier costs: its benefits by the day, and its points."""

    def test_without_a_value_points_cost_nothing(self):
        costs = TierCosts(currency="EUR", benefits=(TierBenefits("gold", Money("73.00", "EUR")),))
        assert costs.of_tier("gold", days=73, points=1_000) == Money("14.60", "EUR")
        assert costs.of_tier("bronze", days=73, points=1_000) == Money("0.00", "EUR")

    def test_it_is_rounded_once_and_by_the_named_rule(self):
        costs = TierCosts(
            currency="EUR", benefits=(TierBenefits("gold", Money("1.00", "EUR")),), days_in_year=8
        )
        assert costs.of_tier("gold", days=1, points=0) == Money("0.12", "EUR")
        assert costs.of_tier("gold", days=3, points=0) == Money("0.38", "EUR")

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"benefits": (TierBenefits("gold", Money("1.00", "USD")),)}, "one currency"),
            ({"benefits": (TierBenefits("gold", Money("1.00", "EUR")),) * 2}, "named once"),
            ({"days_in_year": 0}, "a year has days"),
            ({"days_in_year": True}, "a year has days"),
            (
                {"benefits": (TierBenefits("gold", Money("1.00", "EUR"), Decimal(2)),)},
                "say with point_value",
            ),
        ],
    )
    def test_costs_that_contradict_themselves_are_refused(self, wrong, message):
        with pytest.raises(InvalidPolicy, match=message):
            TierCosts(**({"currency": "EUR", "benefits": ()} | wrong))

    def test_a_multiplier_takes_nothing_away(self):
        with pytest.raises(InvalidPolicy, match="zero or more"):
            TierBenefits("gold", Money("1.00", "EUR"), Decimal(-1))

    def test_the_value_of_a_point_is_exact(self):
        with pytest.raises(InvalidMoney, match="point_value"):
            TierCosts(currency="EUR", benefits=(), point_value=0.01)  # type: ignore[arg-type]
