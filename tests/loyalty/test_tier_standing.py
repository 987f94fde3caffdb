"""What is missing to the next tier, when the present one falls, and what keeps it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.loyalty import (
    AtReset,
    CalendarWindow,
    ManualTier,
    ManualWins,
    Qualification,
    Reaching,
    RollingWindow,
    SinceLastChange,
    TierFacts,
    TierGoal,
    TierPolicy,
    TierThreshold,
    replay_terms,
    replay_tiers,
    tier_standing,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.tiering import Downgrade, Grace, ReviewCycle
from tests.loyalty.tier_words import (
    BRONZE,
    FIRST,
    GOLD,
    JOINED,
    LAST,
    MEMBER,
    SILVER,
    by_hand,
    by_points,
    day,
    earns,
    facts,
    given_by_hand,
    joined,
    policies,
    qualifications,
)

asked_on = st.dates(FIRST, LAST)


def known_by(
    policy: TierPolicy,
    joined_on: date,
    known: list[Qualification],
    as_of: date,
    manual: list[ManualTier] | None = None,
) -> TierFacts:
    """The facts of a member whose tier was decided on every day before."""
    then = [each for each in known if each.on <= as_of]
    history = replay_terms(policy, MEMBER, joined_on, then, as_of, manual=manual or [])
    return TierFacts.of(MEMBER, joined_on, then, as_of, history, manual or [])


def made_up(goal: TierGoal, on: date, *, less: int = 0) -> Qualification:
    """One purchase of what is missing: of all that is, or of one where that is enough."""
    only = goal.shortfalls if goal.reaching is Reaching.ALL else goal.shortfalls[:1]
    amounts: dict[str, Any] = {}
    for each in only:
        missing = each.missing
        if isinstance(missing, Money):
            amounts[each.basis.value] = Money.of_minor(missing.minor - less, "EUR")
        else:
            amounts[each.basis.value] = missing - less
    return Qualification(on, **amounts)


def told(policy: TierPolicy, asked: TierFacts) -> Any:
    """What a member is told; whether a goal is there is for each law to say."""
    return tier_standing(policy, asked)


terms_of: Any = replay_terms
tiers_of: Any = replay_tiers


def the(goal: TierGoal | None) -> TierGoal:
    """A goal that is there."""
    assert goal is not None
    return goal


class TestStandingLaws:
    """What a member is told about the days to come is what comes, if nothing else happens."""

    @given(policies(), joined, qualifications, given_by_hand, asked_on)
    def test_the_tier_falls_on_the_day_named_and_not_before(
        self, policy, joined_on, known, manual, as_of
    ):
        as_of = max(as_of, joined_on)
        asked = known_by(policy, joined_on, known, as_of, manual)
        standing = told(policy, asked)
        years = as_of + timedelta(days=3_000)
        held = tiers_of(policy, MEMBER, joined_on, asked.qualifications, years, manual=manual)
        assert held.tier_on(as_of) == standing.tier
        lower = [c.on for c in held.changes if c.on > as_of and c.to_tier < standing.tier]
        assert standing.falls_on == (lower[0] if lower else None)

    @given(policies(), joined, qualifications, asked_on, st.data())
    def test_what_is_missing_is_enough_until_the_day_named(
        self, policy, joined_on, known, as_of, data
    ):
        as_of = max(as_of, joined_on)
        asked = known_by(policy, joined_on, known, as_of)
        goal = told(policy, asked).next_tier
        if goal is None:
            return  # Nothing is above the highest tier.
        through = goal.through or as_of + timedelta(days=400)
        if through <= as_of:
            return
        on = data.draw(st.dates(as_of + timedelta(days=1), through))
        more = [*asked.qualifications, made_up(goal, on)]
        assert terms_of(policy, MEMBER, joined_on, more, on).tier >= goal.tier

    @given(policies(), joined, qualifications, asked_on)
    def test_a_little_less_than_what_is_missing_is_not(self, policy, joined_on, known, as_of):
        as_of = max(as_of, joined_on)
        asked = known_by(policy, joined_on, known, as_of)
        standing = told(policy, asked)
        goal = standing.next_tier
        if goal is None:
            return
        on = goal.through or as_of + timedelta(days=1)
        if on <= as_of:
            return
        nearly = [*asked.qualifications, made_up(goal, on, less=1)]
        assert terms_of(policy, MEMBER, joined_on, nearly, on).tier < goal.tier

    @given(policies(), joined, qualifications, given_by_hand, asked_on)
    def test_a_renewal_keeps_the_tier_on_the_day_on_which_it_would_fall(
        self, policy, joined_on, known, manual, as_of
    ):
        as_of = max(as_of, joined_on)
        much = Qualification(as_of, points=30, spend=Money(20, "EUR"), visits=4)
        asked = known_by(policy, joined_on, [*known, much], as_of, manual)
        standing = told(policy, asked)
        goal, falls_on = standing.renewal, standing.falls_on
        if goal is None or goal.through <= as_of:
            return  # Nothing falls, nothing can keep it, or there is no day left to do so.
        more = [*asked.qualifications, made_up(goal, goal.through)]
        kept = tiers_of(policy, MEMBER, joined_on, more, falls_on, manual=manual)
        assert kept.tier_on(falls_on) >= standing.tier
        nearly = [*asked.qualifications, made_up(goal, goal.through, less=1)]
        lost = tiers_of(policy, MEMBER, joined_on, nearly, falls_on, manual=manual)
        assert lost.tier_on(falls_on) < standing.tier


class TestStanding:
    """Numbers that a member can be told."""

    def test_a_calendar_year_ends_and_with_it_the_time_to_reach_more(self):
        standing = tier_standing(by_points(CalendarWindow()), facts(earns("02-01 1200"), "03-01"))
        assert standing.tier == SILVER
        assert (the(standing.next_tier).tier, the(standing.next_tier).window_from) == (GOLD, JOINED)
        assert the(standing.next_tier).shortfalls[0].missing == 3_800
        assert the(standing.next_tier).through == day("12-31")
        assert standing.falls_on == day("2027-01-01")

    def test_in_a_rolling_window_so_much_is_enough_until_the_first_of_it_leaves(self):
        standing = tier_standing(
            by_points(RollingWindow(12, Unit.MONTH)), facts(earns("02-01 1200"), "03-01")
        )
        assert the(standing.next_tier).through == day("2027-01-31")
        assert standing.falls_on == day("2027-02-01")
        assert the(standing.renewal).shortfalls[0].missing == 1_000
        assert the(standing.renewal).window_from == day("02-02")

    def test_a_review_at_the_reset_asks_for_the_year_that_ends(self):
        policy = by_points(CalendarWindow(), reviews=AtReset())
        known = earns("02-01 1200", "2027-02-01 400")
        asked = known_by(policy, JOINED, known, day("2027-03-01"))
        standing = tier_standing(policy, asked)
        assert (standing.tier, standing.falls_on) == (SILVER, day("2028-01-01"))
        assert the(standing.renewal).through == day("2027-12-31")
        assert the(standing.renewal).shortfalls[0].missing == 600

    def test_in_the_highest_tier_there_is_no_next_one(self):
        standing = tier_standing(by_points(CalendarWindow()), facts(earns("02-01 5000"), "03-01"))
        assert standing.next_tier is None

    def test_what_never_falls_needs_no_renewal(self):
        policy = by_points(CalendarWindow(), downgrade=Downgrade.NEVER)
        standing = tier_standing(policy, facts(earns("02-01 5000"), "03-01"))
        assert (standing.falls_on, standing.renewal) == (None, None)

    def test_nobody_can_earn_what_was_fixed_by_hand(self):
        lowered = by_hand(BRONZE, "04-01", "06-30", wins=ManualWins.FIXED)
        policy = by_points(CalendarWindow())
        standing = tier_standing(policy, facts(earns("02-01 1200"), "03-01", manual=[lowered]))
        assert (standing.falls_on, standing.renewal) == (day("04-01"), None)

    def test_after_a_tier_by_hand_the_tier_itself_can_be_earned(self):
        matched = by_hand(GOLD, "02-01", "06-30")
        standing = tier_standing(
            by_points(CalendarWindow()), facts(earns("02-01 1200"), "03-01", manual=[matched])
        )
        assert (standing.tier, standing.falls_on) == (GOLD, day("07-01"))
        assert the(standing.renewal).shortfalls[0].missing == 3_800

    def test_on_the_day_of_a_change_the_new_window_is_the_one_to_fill(self):
        policy = by_points(SinceLastChange(), grace=Grace(6, Unit.MONTH))
        known = earns("02-01 1200")
        standing = tier_standing(policy, known_by(policy, JOINED, known, day("02-01")))
        assert the(standing.next_tier).shortfalls[0].missing == 5_000
        assert the(standing.next_tier).window_from == day("02-02")
        assert standing.falls_on == the(standing.next_tier).through == day("08-02")

    @pytest.mark.parametrize(
        ("reaching", "short"), [(Reaching.ALL, {"visits"}), (Reaching.ANY, set())]
    )
    def test_of_several_amounts_only_those_are_missing_that_are(self, reaching, short):
        policy = TierPolicy(
            BRONZE,
            (TierThreshold(tier=GOLD, spend=Money("50.00", "EUR"), visits=3),),
            CalendarWindow(),
            reaching=reaching,
            reviews=ReviewCycle(JOINED, 1, Unit.YEAR),
        )
        bought = [Qualification(JOINED, spend=Money("60.00", "EUR"), visits=1)]
        standing = tier_standing(policy, facts(bought, "03-01"))
        found = the(standing.next_tier).shortfalls if standing.next_tier else ()
        assert {each.basis.value for each in found} == short
