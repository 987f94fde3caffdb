"""Which tier of the program a member holds, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    STORED_TYPES,
    AfterManual,
    AfterReturn,
    AnniversaryWindow,
    AtReset,
    CalendarWindow,
    ManualTier,
    ManualWins,
    Qualification,
    Reaching,
    RollingWindow,
    SinceJoining,
    SinceLastChange,
    TierFacts,
    TierMember,
    TierPolicy,
    TierThreshold,
    replay_terms,
    replay_tiers,
    with_manual,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.serialization import make_converter
from crmkit.tiering import Downgrade, Grace, ReviewCycle, Tier, TierHistory
from tests.loyalty.tier_words import (
    BRONZE,
    FIRST,
    GOLD,
    JOINED,
    LAST,
    MEMBER,
    POINTS,
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
    told,
)

YEARLY = ReviewCycle(date(2026, 1, 1), 1, Unit.YEAR)
KEPT = make_converter(*STORED_TYPES)


def replay(
    policy: TierPolicy,
    known: list[Qualification],
    until: str,
    manual: tuple[ManualTier, ...] = (),
    joined_on: date = JOINED,
) -> list[str]:
    """The tiers of a member in words."""
    return told(replay_tiers(policy, MEMBER, joined_on, known, day(until), manual=manual))


class TestTierLaws:
    """A tier is what the terms make of what a member has done, and of nothing else."""

    @given(policies(), joined, qualifications, st.integers(1, 40), st.dates(FIRST, LAST))
    def test_more_qualifying_never_lowers_what_is_earned(self, policy, joined_on, known, more, on):
        on = max(on, joined_on)
        known = [each for each in known if each.on <= on]
        extra = Qualification(on, points=more, spend=Money(more, "EUR"), visits=more)
        before = policy(TierFacts.of(MEMBER, joined_on, known, on)).outcome
        assert policy(TierFacts.of(MEMBER, joined_on, [*known, extra], on)).outcome >= before

    @given(policies(), joined, qualifications, given_by_hand, st.dates(FIRST, LAST))
    def test_many_are_decided_as_one_by_one(self, policy, joined_on, known, manual, on):
        on = max(on, joined_on)
        history = replay_terms(policy, MEMBER, joined_on, known, on, manual=manual)
        some = [
            TierFacts.of(MEMBER, joined_on, known, on, kept, manual)
            for kept in (None, history, history.as_of(on - timedelta(days=30)))
        ]
        assert policy.outcomes(some) == [policy(each).outcome for each in some]

    @given(policies(), joined, qualifications, st.dates(FIRST, LAST))
    def test_the_outcome_stands_in_the_evidence(self, policy, joined_on, known, on):
        on = max(on, joined_on)
        decision = policy(TierFacts.of(MEMBER, joined_on, known, on))
        assert decision.evidence[0].observed == str(decision.outcome)

    @given(policies(), joined, qualifications, given_by_hand)
    def test_after_a_tier_by_hand_ends_it_is_as_if_never_there(
        self, policy, joined_on, known, manual
    ):
        resumed = [each for each in manual if each.then is AfterManual.RESUME]
        without = replay_tiers(policy, MEMBER, joined_on, known, LAST)
        held = replay_tiers(policy, MEMBER, joined_on, known, LAST, manual=resumed)
        for n in range((LAST - joined_on).days + 1):
            on = joined_on + timedelta(days=n)
            if not any(each.holds_on(on) for each in resumed):
                assert held.tier_on(on) == without.tier_on(on)

    @given(policies())
    def test_a_policy_is_data(self, policy):
        assert KEPT.loads(KEPT.dumps(policy)) == policy


class TestTheTable:
    """Every amount has exactly one tier; a table in which that is not so is refused."""

    @pytest.mark.parametrize(
        ("points", "tier"),
        [
            (-5, BRONZE),
            (0, BRONZE),
            (999, BRONZE),
            (1_000, SILVER),
            (4_999, SILVER),
            (5_000, GOLD),
            (10**12, GOLD),
        ],
    )
    def test_reaching_the_threshold_is_enough(self, points, tier):
        known = [Qualification(JOINED, points=points)]
        assert by_points(CalendarWindow())(facts(known, "01-01")).outcome == tier

    @pytest.mark.parametrize(
        ("reaching", "spent", "visits", "tier"),
        [
            (Reaching.ALL, "10.00", 1, BRONZE),
            (Reaching.ALL, "9.99", 9, BRONZE),
            (Reaching.ALL, "10.00", 2, SILVER),
            (Reaching.ALL, "20.00", 3, SILVER),
            (Reaching.ALL, "20.00", 4, GOLD),
            (Reaching.ANY, "9.99", 1, BRONZE),
            (Reaching.ANY, "10.00", 1, SILVER),
            (Reaching.ANY, "0.00", 4, GOLD),
        ],
    )
    def test_several_amounts_are_all_needed_or_one_is_enough(self, reaching, spent, visits, tier):
        policy = TierPolicy(
            BRONZE,
            (
                TierThreshold(tier=SILVER, spend=Money("10.00", "EUR"), visits=2),
                TierThreshold(tier=GOLD, spend=Money("20.00", "EUR"), visits=4),
            ),
            CalendarWindow(),
            reaching=reaching,
        )
        bought = Qualification(JOINED, spend=Money(spent, "EUR"), visits=visits)
        assert policy(facts([bought], "01-01")).outcome == tier

    @pytest.mark.parametrize(
        ("thresholds", "reaching", "finding"),
        [
            ((), Reaching.ALL, "no tier above the entry"),
            ((POINTS[1], POINTS[0]), Reaching.ALL, "unsorted: silver stands after gold"),
            ((POINTS[0], POINTS[0]), Reaching.ALL, "a tier stands in it twice"),
            ((TierThreshold(tier=BRONZE, points=5),), Reaching.ALL, "bronze stands after bronze"),
            (
                (POINTS[0], TierThreshold(tier=GOLD, points=1_000)),
                Reaching.ALL,
                "overlap: silver and gold take the same points",
            ),
            (
                (POINTS[0], TierThreshold(tier=GOLD, points=999)),
                Reaching.ALL,
                "unsorted: gold takes less points than silver",
            ),
            (
                (POINTS[0], TierThreshold(tier=GOLD, visits=3)),
                Reaching.ALL,
                "gap: silver takes points, gold takes visits",
            ),
            (
                (
                    TierThreshold(tier=SILVER, spend=Money("1.00", "EUR")),
                    TierThreshold(tier=GOLD, spend=Money("2.00", "USD")),
                ),
                Reaching.ALL,
                "in two currencies",
            ),
            (
                (
                    TierThreshold(tier=SILVER, points=10, visits=2),
                    TierThreshold(tier=GOLD, points=20, visits=2),
                ),
                Reaching.ANY,
                "overlap: silver and gold take the same visits",
            ),
            (
                (
                    TierThreshold(tier=SILVER, points=10, visits=2),
                    TierThreshold(tier=GOLD, points=10, visits=2),
                ),
                Reaching.ALL,
                "overlap: silver and gold take the same points, visits",
            ),
        ],
    )
    def test_gaps_overlaps_and_disorder_are_refused(self, thresholds, reaching, finding):
        with pytest.raises(InvalidPolicy, match=finding):
            TierPolicy(BRONZE, thresholds, CalendarWindow(), reaching=reaching)

    def test_all_findings_are_listed_at_once(self):
        with pytest.raises(InvalidPolicy) as refused:
            TierPolicy(
                Tier("bronze", 9),
                (POINTS[1], TierThreshold(tier=SILVER, points=1)),
                RollingWindow(1, Unit.YEAR),
                reviews=AtReset(),
            )
        assert str(refused.value).count(";") == 3

    @pytest.mark.parametrize(
        "amounts",
        [
            {},
            {"points": 0},
            {"points": True},
            {"visits": -1},
            {"visits": 1.5},
            {"spend": Money("0.00", "EUR")},
            {"spend": 5},
        ],
    )
    def test_a_threshold_is_above_zero(self, amounts: dict[str, Any]):
        with pytest.raises(InvalidPolicy, match="threshold"):
            TierThreshold(tier=SILVER, **amounts)

    def test_spend_in_another_currency_is_not_converted_silently(self):
        policy = TierPolicy(
            BRONZE, (TierThreshold(tier=SILVER, spend=Money(9, "EUR")),), CalendarWindow()
        )
        with pytest.raises(CurrencyMismatch):
            policy(facts([Qualification(JOINED, spend=Money(9, "USD"))], "03-01"))
        assert policy(facts([Qualification(JOINED, points=9)], "03-01")).outcome == BRONZE


class TestTheTerms:
    """Terms that contradict each other are refused when the policy is built."""

    @pytest.mark.parametrize(
        ("window", "terms", "message"),
        [
            (RollingWindow(1, Unit.YEAR), {"reviews": AtReset()}, "begins anew by itself"),
            (SinceJoining(), {"reviews": AtReset()}, "begins anew by itself"),
            (SinceLastChange(), {"reviews": AtReset()}, "begins anew by itself"),
            (SinceLastChange(), {}, "unearned the day after"),
            (
                SinceLastChange(),
                {"reviews": YEARLY, "returns": AfterReturn.AT_ONCE},
                "used up when the window restarts",
            ),
            (CalendarWindow(), {"returns": "at-once"}, "returns is an AfterReturn"),
            (CalendarWindow(), {"reaching": "any"}, "reaching is a Reaching"),
            (CalendarWindow(), {"downgrade": "never"}, "is a Downgrade"),
            (CalendarWindow(), {"downgrade": Downgrade.NEVER, "reviews": YEARLY}, "never fall"),
        ],
    )
    def test_what_does_not_go_together_is_refused(self, window, terms, message):
        with pytest.raises(InvalidPolicy, match=message):
            by_points(window, **terms)

    def test_a_shop_owner_can_write_it_down(self):
        terms = """
kind = "tier-policy"
version = 1

[data]
entry = { name = "bronze", rank = 1 }
thresholds = [
  { tier = { name = "silver", rank = 2 }, points = 1000 },
  { tier = { name = "gold", rank = 3 }, points = 5000 },
]
window = { kind = "calendar-window", unit = "year", first_month = 4 }
reviews = { kind = "at-reset" }
downgrade = "one-step"
landing = { count = 6, unit = "month" }
"""
        policy = KEPT.loads_toml(terms)
        assert policy == by_points(
            CalendarWindow(Unit.YEAR, 4),
            reviews=AtReset(),
            downgrade=Downgrade.ONE_STEP,
            landing=Grace(6, Unit.MONTH),
        )
        assert replay(policy, earns("04-01 5000"), "2028-12-31") == [
            "2026-01-01 bronze",
            "2026-04-01 gold",
            "2028-04-01 silver",
        ]


class TestHowTiersFall:
    """Up at once; down at a review, after a time of grace, one step at a time, or never."""

    KNOWN = staticmethod(lambda: earns("03-10 5000"))
    WINDOW = RollingWindow(30, Unit.DAY)  # 10 March is in it through 8 April.

    @pytest.mark.parametrize(
        ("terms", "falls"),
        [
            ({}, ["2026-04-09 bronze"]),
            ({"downgrade": Downgrade.NEVER}, []),
            ({"grace": Grace(10, Unit.DAY)}, ["2026-04-19 bronze"]),
            ({"reviews": ReviewCycle(JOINED, 1, Unit.QUARTER)}, ["2026-07-01 bronze"]),
            ({"reviews": ReviewCycle(day("04-08"), 1, Unit.MONTH)}, ["2026-05-08 bronze"]),
            ({"reviews": ReviewCycle(day("04-09"), 1, Unit.MONTH)}, ["2026-04-09 bronze"]),
            (
                {"downgrade": Downgrade.ONE_STEP},
                ["2026-04-09 silver", "2026-04-10 bronze"],
            ),
            (
                {"downgrade": Downgrade.ONE_STEP, "grace": Grace(1, Unit.MONTH)},
                ["2026-05-09 silver", "2026-06-09 bronze"],
            ),
            (
                {"downgrade": Downgrade.ONE_STEP, "landing": Grace(6, Unit.MONTH)},
                ["2026-04-09 silver", "2026-10-09 bronze"],
            ),
        ],
    )
    def test_a_tier_falls_as_the_terms_say(self, terms, falls):
        policy = by_points(self.WINDOW, **terms)
        assert replay(policy, self.KNOWN(), "12-31") == [
            "2026-01-01 bronze",
            "2026-03-10 gold",
            *falls,
        ]

    def test_what_is_earned_again_in_time_ends_the_grace_period(self):
        policy = by_points(self.WINDOW, grace=Grace(10, Unit.DAY))
        known = [*self.KNOWN(), *earns("04-18 5000")]
        assert replay(policy, known, "12-31")[2:] == ["2026-05-28 bronze"]

    @pytest.mark.parametrize(
        ("returns", "changes"),
        [
            (AfterReturn.UNDER_TERMS, ["2027-01-01 bronze"]),
            (AfterReturn.AT_ONCE, ["2026-03-20 silver", "2027-01-01 bronze"]),
        ],
    )
    def test_whether_a_return_takes_a_tier_back_at_once_is_a_term(self, returns, changes):
        policy = by_points(
            CalendarWindow(), reviews=ReviewCycle(day("2027-01-01"), 1, Unit.YEAR), returns=returns
        )
        known = earns("03-10 5000", "03-20 -500")
        found = replay(policy, [*known, *earns("12-30 -4500")], "2027-06-30")
        if returns is AfterReturn.AT_ONCE:
            changes = ["2026-03-20 silver", "2026-12-30 bronze"]
        assert found == ["2026-01-01 bronze", "2026-03-10 gold", *changes]

    def test_a_return_does_not_hasten_what_was_waiting_to_fall(self):
        policy = by_points(self.WINDOW, grace=Grace(2, Unit.MONTH), returns=AfterReturn.AT_ONCE)
        known = [*self.KNOWN(), *earns("04-20 1000", "04-25 -10")]
        assert replay(policy, known, "06-08")[2:] == []
        assert replay(policy, known, "06-09")[2:] == ["2026-06-09 bronze"]

    def test_a_return_says_that_it_undid_the_tier(self):
        policy = by_points(CalendarWindow(), reviews=AtReset(), returns=AfterReturn.AT_ONCE)
        known = earns("03-10 5000", "03-20 -500")
        history = replay_terms(policy, MEMBER, JOINED, known, day("03-19"))
        decision = policy(facts(known, "03-20", history))
        assert decision.outcome == SILVER
        assert decision.evidence[-1].criterion == "undone-by-a-return"

    @pytest.mark.parametrize(
        ("returns", "changes"),
        [
            (AfterReturn.UNDER_TERMS, ["2028-01-01 bronze"]),
            (AfterReturn.AT_ONCE, ["2027-01-01 silver", "2028-01-01 bronze"]),
        ],
    )
    def test_a_return_on_the_day_of_a_review_counts_in_the_year_reviewed(self, returns, changes):
        policy = by_points(
            CalendarWindow(), reviews=AtReset(), grace=Grace(6, Unit.MONTH), returns=returns
        )
        known = earns("03-10 5000", "2027-01-01 -500 for 12-30", "2027-01-01 -1")
        assert replay(policy, known, "2028-12-31")[2:] == changes

    def test_a_review_shows_the_window_that_was_completed(self):
        policy = by_points(CalendarWindow(), reviews=AtReset())
        known = earns("03-10 1000", "2027-01-01 200")
        history = replay_terms(policy, MEMBER, JOINED, known, day("2026-12-31"))
        assert explain(policy(facts(known, "2027-01-01", history))).splitlines()[1:] == [
            "- met: earned tier is silver; at least silver required",
            "  - noted: window from is 2027-01-01",
            "  - not met: points for gold is 200; at least 5,000 required",
            "  - not met: points for silver is 200; at least 1,000 required",
            "  - noted: window completed last",
            "    - noted: window from is 2026-01-01",
            "    - not met: points for gold is 1,000; at least 5,000 required",
            "    - met: points for silver is 1,000; at least 1,000 required",
        ]

    def test_a_tier_is_reached_when_what_was_taken_back_leaves_the_window(self):
        known = earns("03-10 -500", "03-20 1000")
        assert replay(by_points(self.WINDOW), known, "12-31") == [
            "2026-01-01 bronze",
            "2026-04-09 silver",
            "2026-04-19 bronze",
        ]

    def test_what_is_returned_leaves_the_window_with_what_was_bought(self):
        policy = by_points(CalendarWindow())
        joined_on = day("2025-11-01")
        known = earns("2025-12-20 1000", "01-05 1000", "01-10 -400 for 2025-12-20")
        assert replay(policy, known, "06-30", joined_on=joined_on)[-1] == "2026-01-05 silver"
        known = earns("2025-12-20 1000", "01-05 1000", "01-10 -400 for 01-05")
        assert replay(policy, known, "06-30", joined_on=joined_on)[-1] == "2026-01-10 bronze"


class TestGivenByHand:
    """A tier given by hand wins as named, and ends by its date."""

    POLICY = by_points(CalendarWindow(), reviews=ReviewCycle(JOINED, 1, Unit.QUARTER))

    def test_it_is_held_from_its_first_through_its_last_day(self):
        gold = by_hand(GOLD, "02-01", "02-28")
        assert replay(self.POLICY, [], "12-31", (gold,)) == [
            "2026-01-01 bronze",
            "2026-02-01 gold",
            "2026-03-01 bronze",
        ]

    @pytest.mark.parametrize(
        ("wins", "tier", "held"),
        [
            (ManualWins.FLOOR, BRONZE, SILVER),
            (ManualWins.FLOOR, GOLD, GOLD),
            (ManualWins.FIXED, BRONZE, BRONZE),
            (ManualWins.FIXED, GOLD, GOLD),
        ],
    )
    def test_it_is_at_least_held_or_it_is_fixed(self, wins, tier, held):
        manual = [by_hand(tier, "02-01", "03-31", wins=wins)]
        assert self.POLICY(facts(earns("01-05 1000"), "03-01", manual=manual)).outcome == held

    def test_a_fixed_one_wins_over_floors_and_the_last_begun_over_earlier_ones(self):
        manual = [
            by_hand(GOLD, "01-01", "12-31"),
            by_hand(SILVER, "02-01", "12-31", wins=ManualWins.FIXED),
            by_hand(BRONZE, "01-15", "12-31", wins=ManualWins.FIXED),
        ]
        assert self.POLICY(facts([], "03-01", manual=manual)).outcome == SILVER
        together = [*manual, by_hand(BRONZE, "02-01", "12-31", wins=ManualWins.FIXED)]
        assert self.POLICY(facts([], "03-01", manual=together)).outcome == BRONZE
        assert self.POLICY(facts([], "01-10", manual=manual)).outcome == GOLD

    def test_it_can_fall_under_the_terms_like_any_other(self):
        gold = by_hand(GOLD, "02-01", "02-28", then=AfterManual.FALL)
        assert replay(self.POLICY, [], "12-31", (gold,)) == [
            "2026-01-01 bronze",
            "2026-02-01 gold",
            "2026-04-01 bronze",
        ]

    def test_without_terms_it_falls_the_day_after_it_ends(self):
        gold = by_hand(GOLD, "02-01", "02-28", then=AfterManual.FALL)
        assert replay(by_points(CalendarWindow()), [], "12-31", (gold,))[-1] == "2026-03-01 bronze"

    def test_the_grace_period_is_counted_from_its_last_day(self):
        gold = by_hand(GOLD, "02-01", "02-28", then=AfterManual.FALL)
        policy = by_points(CalendarWindow(), grace=Grace(10, Unit.DAY))
        assert replay(policy, [], "12-31", (gold,))[-1] == "2026-03-10 bronze"

    def test_that_nobody_decided_on_its_last_day_changes_nothing(self):
        gold = by_hand(GOLD, "02-01", "02-28", then=AfterManual.FALL)
        history = replay_terms(self.POLICY, MEMBER, JOINED, [], day("02-10"), manual=[gold])
        assert history.tier == BRONZE
        late = self.POLICY(facts([], "03-15", history, [gold]))
        assert late.outcome == GOLD
        decision = self.POLICY.by_terms(facts([], "02-28", history, [gold]))
        assert decision.outcome == GOLD
        assert decision.evidence[-1].criterion == "manual-tier-falls-from"

    def test_the_decision_says_who_gave_it_and_until_when(self):
        decision = self.POLICY(facts([], "03-01", manual=[by_hand(GOLD, "02-01", "12-31")]))
        assert explain(decision).splitlines()[:5] == [
            "gold for M-7, by tier policy, as of 2026-03-01",
            "- noted: manual tier is gold",
            "  - noted: manual wins is floor",
            "  - noted: manual reason is status match",
            "  - noted: manual until is 2026-12-31",
        ]

    def test_it_is_laid_over_a_kept_history_and_says_why(self):
        kept = replay_terms(self.POLICY, MEMBER, JOINED, earns("05-01 1000"), day("12-31"))
        gold = by_hand(GOLD, "02-01", "04-30")
        held = with_manual(kept, [gold], day("12-31"))
        assert [change.reason for change in held.changes] == [
            "in at bronze by tier-policy",
            "given by hand: status match",
            "up to silver by tier-policy: 1000 points from 2026-01-01",
        ]
        ended = with_manual(kept, [by_hand(GOLD, "02-01", "03-31")], day("04-15"))
        assert ended.changes[-1].reason == "end of a tier given by hand"
        assert with_manual(kept, [], day("12-31")) == kept

    def test_who_has_left_holds_no_tier_by_hand(self):
        left = TierHistory(MEMBER).changed(GOLD, on=JOINED, reason="joined")
        left = left.changed(None, on=day("03-01"), reason="left")
        held = with_manual(left, [by_hand(SILVER, "2025-02-01", "12-31")], day("2027-01-31"))
        assert told(held) == ["2026-01-01 gold", "2026-03-01 None"]
        assert held.changes[-1].reason == "left"

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"until": date(2026, 1, 31)}, "ends on the day it begins"),
            ({"reason": " "}, "has a reason"),
            ({"by": ""}, "who gave a tier"),
            ({"wins": "fixed"}, "ManualWins"),
            ({"then": "fall"}, "AfterManual"),
            ({"from_on": datetime(2026, 1, 1, tzinfo=UTC)}, "not a date"),
            ({"until": datetime(2026, 3, 1, tzinfo=UTC)}, "not a date"),
        ],
    )
    def test_what_is_not_complete_is_refused(self, wrong, message):
        good = {
            "tier": GOLD,
            "from_on": date(2026, 2, 1),
            "until": date(2026, 2, 28),
            "reason": "status match",
            "by": Actor("desk-4"),
        }
        with pytest.raises(InvalidValue, match=message):
            ManualTier(**(good | wrong))

    def test_a_tier_that_the_program_does_not_have_is_refused(self):
        manual = [by_hand(Tier("platinum", 9), "02-01", "12-31")]
        for ask in (self.POLICY, lambda f: self.POLICY.outcomes([f])):
            with pytest.raises(InvalidValue, match="not on the ladder"):
                ask(facts([], "01-05", manual=manual))
        with pytest.raises(InvalidValue, match="not on the ladder"):
            replay_tiers(self.POLICY, MEMBER, JOINED, [], day("01-05"), manual=manual)


class TestOpenLoyaltyFaults:
    """What went wrong with tiers elsewhere: each as it should be."""

    def test_a_rolling_window_really_rolls(self):
        """Documented as the last days, it was the days since the last recalculation."""
        policy = by_points(RollingWindow(90, Unit.DAY))
        known = earns("03-20 600", "04-10 600")
        found = replay(policy, known, "12-31")
        assert found == ["2026-01-01 bronze", "2026-04-10 silver", "2026-06-18 bronze"]

    def test_since_the_last_change_really_restarts_at_a_promotion(self):
        """It never restarted: the points that made silver counted for gold again."""
        policy = by_points(SinceLastChange(), downgrade=Downgrade.NEVER)
        known = earns("02-01 1000", "03-01 4000", "04-01 1000")
        assert replay(policy, known, "12-31") == [
            "2026-01-01 bronze",
            "2026-02-01 silver",
            "2026-04-01 gold",
        ]

    def test_a_tier_is_reviewed_a_year_after_it_was_reached(self):
        """The day of a change, and not that of joining, begins the year in which to renew it."""
        policy = by_points(SinceLastChange(12, Unit.MONTH), reviews=AtReset())
        renewed = earns("03-15 5000", "2027-03-14 1000", "2028-03-15 1000")
        assert replay(policy, renewed, "2031-12-31") == [
            "2026-01-01 bronze",
            "2026-03-15 gold",
            "2027-03-15 silver",
            "2030-03-15 bronze",
        ]

    def test_the_two_windows_are_not_the_same(self):
        """Both modes ran the same expression."""
        known = earns("02-01 1000", "03-01 4000")
        rolling = by_points(RollingWindow(90, Unit.DAY), downgrade=Downgrade.NEVER)
        since = by_points(SinceLastChange(), downgrade=Downgrade.NEVER)
        assert replay(rolling, known, "12-31")[-1] == "2026-03-01 gold"
        assert replay(since, known, "12-31")[-1] == "2026-02-01 silver"

    def test_a_tier_by_hand_wins_as_named_and_not_as_its_reward_is(self):
        """It won only while its reward exceeded that of the computed one."""
        lowered = by_hand(BRONZE, "02-01", "02-28", wins=ManualWins.FIXED)
        assert replay(by_points(CalendarWindow()), earns("01-10 5000"), "12-31", (lowered,)) == [
            "2026-01-01 bronze",
            "2026-01-10 gold",
            "2026-02-01 bronze",
            "2026-03-01 gold",
        ]

    def test_tiers_are_reviewed_before_the_counter_is_reset(self):
        """Reset first, every member would fall on the day of the reset."""
        policy = by_points(CalendarWindow(), reviews=AtReset())
        known = earns("03-01 5000", "2027-06-01 1000")
        assert replay(policy, known, "2029-12-31") == [
            "2026-01-01 bronze",
            "2026-03-01 gold",
            "2028-01-01 silver",
            "2029-01-01 bronze",
        ]

    def test_it_does_not_matter_when_the_recalculation_runs(self):
        """The day of the next recalculation was set by the run itself."""
        policy = by_points(AnniversaryWindow(90, Unit.DAY), reviews=AtReset())
        known = earns("01-10 1000")
        kept = TierHistory(MEMBER)
        for on in ("01-31", "06-11", "08-02", "12-31"):
            kept = replay_terms(policy, MEMBER, JOINED, known, day(on), history=kept)
        assert kept == replay_terms(policy, MEMBER, JOINED, known, day("12-31"))
        assert told(kept)[-1] == "2026-06-30 bronze"

    def test_active_points_that_are_spent_do_not_lower_a_tier(self):
        """Counting what can be spent, a member fell by redeeming: only what qualifies counts."""
        policy = by_points(CalendarWindow())
        assert replay(policy, earns("02-01 1000"), "12-31")[-1] == "2026-02-01 silver"


class TestTierFacts:
    """What is known on the day decided on, and nothing later."""

    def test_what_comes_later_is_left_out(self):
        found = facts(earns("03-01 10", "03-02 10"), "03-01")
        assert len(found.qualifications) == 1

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"joined_on": date(2026, 3, 2)}, "from the day they joined"),
            ({"history": TierHistory(CustomerId("M-8"))}, "of another member"),
            ({"qualifications": tuple(earns("03-02 1"))}, "known on the day decided on"),
            (
                {"history": TierHistory(MEMBER).changed(GOLD, on=day("03-02"), reason="x")},
                "known on the day decided on",
            ),
            ({"as_of": datetime(2026, 3, 1, tzinfo=UTC)}, "not a date"),
            ({"joined_on": datetime(2026, 3, 1, tzinfo=UTC)}, "not a date"),
            ({"member": CustomerId("")}, "member is empty"),
        ],
    )
    def test_facts_that_contradict_themselves_are_refused(self, wrong, message):
        good = {
            "member": MEMBER,
            "joined_on": JOINED,
            "as_of": day("03-01"),
            "qualifications": (),
            "history": TierHistory(MEMBER),
        }
        with pytest.raises(InvalidValue, match=message):
            TierFacts(**(good | wrong))

    def test_a_member_has_a_key_and_a_day(self):
        with pytest.raises(InvalidValue, match="member is empty"):
            TierMember(member=CustomerId(""), joined_on=JOINED)

    def test_a_history_goes_on_for_the_same_member_only(self):
        with pytest.raises(InvalidValue, match="another member"):
            replay_terms(
                by_points(CalendarWindow()),
                MEMBER,
                JOINED,
                [],
                day("03-01"),
                history=TierHistory(CustomerId("M-8")),
            )

    def test_new_terms_do_not_rewrite_the_days_that_were_decided(self):
        old = by_points(CalendarWindow(), downgrade=Downgrade.NEVER)
        kept = replay_terms(old, MEMBER, JOINED, earns("03-01 1000"), day("2027-06-30"))
        new = by_points(CalendarWindow())
        resumed = replay_terms(
            new,
            MEMBER,
            JOINED,
            earns("03-01 1000"),
            day("2027-12-31"),
            history=kept,
            decided_through=day("2027-06-30"),
        )
        assert told(resumed)[-1] == "2027-07-01 bronze"
