"""Upgrades at once, and downgrades as the policy says."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, at_least, explain
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.period import Unit, add_units
from crmkit.tiering import (
    Downgrade,
    Grace,
    RetieringFacts,
    RetieringPolicy,
    ReviewCycle,
    Tier,
    TierHistory,
    TierLadder,
    retier,
)
from tests.tiering.words import (
    BRONZE,
    CUSTOMER,
    GOLD,
    KEPT,
    LADDER,
    NEW_YEAR,
    SILVER,
    day,
    days,
    earned,
    histories,
    history,
    kept,
    noon,
    steps,
    tiers,
    units,
)

cycles = st.builds(
    ReviewCycle, st.dates(date(2025, 11, 1), date(2026, 2, 28)), st.integers(1, 3), units
)


class TestReviewCycle:
    """Reviews are counted from the first one, every so many units."""

    @given(cycles, days)
    def test_the_next_review_is_the_first_that_is_not_over(self, cycle, on):
        reviews = reviews_until(cycle, on)
        assert cycle.next_from(on) == next(review for review in reviews if review >= on)
        assert (on in cycle) is (on in reviews)

    @given(cycles, st.integers(0, 60))
    def test_every_review_is_a_review(self, cycle, number):
        assert cycle.review(number) in cycle
        assert cycle.next_from(cycle.review(number)) == cycle.review(number)

    def test_a_month_end_is_not_worn_down(self):
        monthly = ReviewCycle(day("01-31"), 1, Unit.MONTH)
        assert [monthly.next_from(day(f"{m:02}-02")) for m in (2, 3, 4, 5)] == [
            day("02-28"),
            day("03-31"),
            day("04-30"),
            day("05-31"),
        ]

    def test_there_is_no_review_before_the_first(self):
        yearly = ReviewCycle(day("07-01"), 1, Unit.YEAR)
        assert yearly.next_from(date(2020, 1, 1)) == day("07-01")
        assert date(2025, 7, 1) not in yearly

    @pytest.mark.parametrize("every", [0, -1, True, "2"])
    def test_a_cycle_is_at_least_one_unit_long(self, every):
        with pytest.raises(InvalidPolicy, match="a review cycle lasts at least one whole unit"):
            ReviewCycle(NEW_YEAR, every, Unit.MONTH)

    def test_the_first_review_is_a_day(self):
        with pytest.raises(InvalidValue, match="not a date"):
            ReviewCycle(noon("01-01"), 1, Unit.MONTH)


class TestGrace:
    """A grace period begins when the earned tier falls below and lasts whole units."""

    def test_its_end_is_the_first_day_after_it(self):
        assert Grace(1, Unit.MONTH).end(day("01-31")) == day("02-28")
        assert Grace(90, Unit.DAY).end(day("01-01")) == day("04-01")

    @pytest.mark.parametrize("count", [0, -1, True])
    def test_it_is_at_least_one_unit_long(self, count):
        with pytest.raises(InvalidPolicy, match="a grace period lasts at least one whole unit"):
            Grace(count, Unit.DAY)


class TestRetieringFacts:
    """What is held, since when, what is earned, and since when that is less."""

    @given(histories, steps(tiers), tiers, days)
    def test_facts_of_a_past_day_do_not_know_what_came_later(self, held, before, tier, on):
        decision = Decision(tier, "yearly-spend", on)
        before = kept(before)
        facts = RetieringFacts.of(held, decision, earned_before=before)
        then = RetieringFacts.of(held.as_of(on), decision, earned_before=before.as_of(on))
        assert facts == then
        assert (facts.held, facts.as_of) == (held.tier_on(on), on)

    @given(histories, steps(tiers), tiers, days)
    def test_whether_the_fresh_decision_is_written_already_makes_no_difference(
        self, held, before, tier, on
    ):
        decision = Decision(tier, "yearly-spend", on)
        before = kept(before).as_of(on)
        assert RetieringFacts.of(held, decision, earned_before=before) == RetieringFacts.of(
            held, decision, earned_before=retier(before, decision)
        )

    @given(histories, steps(tiers), tiers, days)
    def test_less_has_been_earned_on_every_day_since(self, held, before, tier, on):
        decision = Decision(tier, "yearly-spend", on)
        before = retier(kept(before).as_of(on), decision)
        facts = RetieringFacts.of(held, decision, earned_before=before)
        assert (facts.below_since is not None) is facts.is_below
        if facts.below_since is not None:
            since = facts.below_since
            lengths = range((on - since).days + 1)
            assert all(before.tier_on(since + timedelta(days=n)) < facts.held for n in lengths)
            earlier = before.as_of(since - timedelta(days=1)).tier
            on_the_day = [change.from_tier for change in before.changes if change.on == since]
            assert any(t is None or t >= facts.held for t in [earlier, *on_the_day])

    def test_without_a_history_of_the_earned_tiers_nobody_knows_since_when(self):
        facts = RetieringFacts.of(history("01-01 gold"), earned("silver", "03-01"))
        assert (facts.is_below, facts.below_since) == (True, None)

    def test_facts_can_be_kept(self):
        before = history("01-01 gold", "02-01 bronze")
        facts = RetieringFacts.of(
            history("01-01 gold"),
            earned("silver", "03-01", at_least("spend", 4, 5)),
            earned_before=before,
        )
        assert facts.below_since == day("02-01")
        assert KEPT.loads(KEPT.dumps(facts)) == facts

    @pytest.mark.parametrize(
        ("contradiction", "message"),
        [
            ({"held_since": None}, "which tier is held and since when"),
            ({"held": None}, "which tier is held and since when"),
            ({"held": BRONZE, "below_since": day("02-01")}, "needs an earned tier that is below"),
            ({"held_since": day("03-02")}, "lie on the day decided on, or before"),
            ({"below_since": day("03-02")}, "lie on the day decided on, or before"),
            ({"held_since": noon("02-01")}, "a datetime, not a date"),
            ({"customer": CustomerId(" C-7")}, "customer begins or ends with white space"),
            ({"earned": Decision(SILVER, "x", noon("03-01"))}, "a datetime, not a date"),
            ({"earned": Decision(SILVER, "x", day("03-01"), subject="C-8")}, "another customer"),
        ],
    )
    def test_facts_that_contradict_each_other_are_refused(self, contradiction, message):
        terms: dict[str, Any] = {
            "customer": CUSTOMER,
            "earned": earned("silver", "03-01"),
            "held": GOLD,
            "held_since": day("01-01"),
            "below_since": day("02-01"),
        }
        assert RetieringFacts(**terms).as_of == day("03-01")
        with pytest.raises(InvalidValue, match=message):
            RetieringFacts(**terms | contradiction)

    def test_both_histories_are_about_one_customer(self):
        with pytest.raises(InvalidValue, match="about different customers"):
            RetieringFacts.of(
                history("01-01 gold"),
                earned("silver", "03-01"),
                earned_before=TierHistory(CustomerId("C-8")),
            )

    def test_facts_are_of_a_day(self):
        with pytest.raises(InvalidValue, match="a datetime, not a date"):
            RetieringFacts.of(history("01-01 gold"), Decision(GOLD, "x", noon("03-01")))


graces = st.none() | st.builds(Grace, st.integers(1, 40), st.sampled_from([Unit.DAY, Unit.WEEK]))
policies = st.one_of(
    st.builds(
        RetieringPolicy,
        st.just(LADDER),
        downgrade=st.sampled_from([Downgrade.TO_EARNED, Downgrade.ONE_STEP]),
        grace=graces,
        reviews=st.none() | cycles,
        landing=graces,
    ),
    st.just(RetieringPolicy(LADDER, downgrade=Downgrade.NEVER)),
)
# Days between two decisions, and what was earned then.
weeks = st.lists(st.tuples(st.integers(0, 45), tiers), min_size=1, max_size=12)


class Turn(NamedTuple):
    """One decision in the life of a customer."""

    facts: RetieringFacts
    decision: Decision[Tier]
    after: TierHistory


def live(policy: RetieringPolicy, life: list[tuple[int, Tier]]) -> list[Turn]:
    """Let a policy decide through the life of one customer."""
    on, held, before, turns = NEW_YEAR, TierHistory(CUSTOMER), TierHistory(CUSTOMER), []
    for gap, tier in life:
        on += timedelta(days=gap)
        fresh = Decision(tier, "yearly-spend", on)
        before = retier(before, fresh)
        facts = RetieringFacts.of(held, fresh, earned_before=before)
        decision = policy(facts)
        held = retier(held, decision)
        turns.append(Turn(facts, decision, held))
    return turns


def reviews_until(cycle: ReviewCycle, last: date) -> list[date]:
    """All reviews up to a day, one by one, and the first after it."""
    reviews = [cycle.first_on]
    while reviews[-1] <= last:
        reviews.append(add_units(cycle.first_on, len(reviews) * cycle.every, cycle.unit))
    return reviews


def may_fall(policy: RetieringPolicy, turns: list[Turn], now: int) -> bool:
    """An oracle that looks at every day: may the tier held before turn ``now`` fall at it?"""
    facts = turns[now].facts
    if policy.downgrade is Downgrade.NEVER or facts.held is None or not facts.is_below:
        return False
    assert facts.held_since is not None
    since = facts.as_of
    for turn in reversed(turns[: now + 1]):
        if turn.facts.earned.outcome >= facts.held:
            break
        since = turn.facts.as_of
    start = max(since, facts.held_since)
    on = start if policy.grace is None else add_units(start, policy.grace.count, policy.grace.unit)
    came_from = [t.facts.held for t in turns[:now] if t.after.since == facts.held_since]
    if policy.landing is not None and came_from and came_from[0] and came_from[0] > facts.held:
        on = max(on, policy.landing.end(facts.held_since))
    reviews = policy.reviews and reviews_until(policy.reviews, facts.as_of)
    while on <= facts.as_of:
        if on > facts.held_since and (reviews is None or on in reviews):
            return True
        on += timedelta(days=1)
    return False


class TestRetieringLaws:
    """Upgrades at once, and downgrades only as the policy says."""

    @given(policies, weeks)
    def test_an_upgrade_is_given_at_once(self, policy, life):
        for turn in live(policy, life):
            assert turn.decision.outcome >= turn.facts.earned.outcome

    @given(policies, weeks)
    def test_a_tier_falls_when_the_rule_says_so_and_never_otherwise(self, policy, life):
        turns = live(policy, life)
        for now, turn in enumerate(turns):
            held = turn.facts.held
            fell = held is not None and turn.decision.outcome < held
            assert fell is may_fall(policy, turns, now)

    @given(policies, weeks)
    def test_a_tier_falls_no_further_than_the_policy_says(self, policy, life):
        for turn in live(policy, life):
            held, outcome = turn.facts.held, turn.decision.outcome
            if held is not None and outcome < held:
                one_step = policy.downgrade is Downgrade.ONE_STEP
                assert outcome == (LADDER.below(held) if one_step else turn.facts.earned.outcome)

    @given(policies, weeks)
    def test_deciding_twice_on_one_day_changes_nothing(self, policy, life):
        again = [(gap, tier) for first, tier in life for gap in (first, 0)]
        once, twice = live(policy, life), live(policy, again)
        assert [turn.after for turn in twice[1::2]] == [turn.after for turn in once]

    @given(policies, tiers, st.lists(st.integers(0, 45), min_size=1, max_size=12))
    def test_a_customer_who_keeps_earning_the_same_is_left_alone(self, policy, tier, gaps):
        turns = live(policy, [(gap, tier) for gap in gaps])
        assert turns[-1].after == turns[0].after
        assert turns[0].after.tier == tier

    @given(policies, weeks)
    def test_many_are_decided_as_one_by_one(self, policy, life):
        facts = [turn.facts for turn in live(policy, life)]
        assert policy.outcomes(facts) == [policy(each).outcome for each in facts]

    @given(policies, weeks)
    def test_the_outcome_can_be_read_off_the_evidence(self, policy, life):
        for facts, decision, _ in live(policy, life):
            of_earning, *conditions = decision.evidence
            waits = any(item.met is False for item in conditions)
            lower = facts.earned.outcome
            if policy.downgrade is Downgrade.ONE_STEP and facts.held is not None:
                lower = LADDER.below(facts.held) or facts.held
            read = of_earning.observed if of_earning.met else of_earning.required
            assert str(decision.outcome) == (read if of_earning.met or waits else str(lower))

    @given(policies, weeks)
    def test_a_warning_names_the_day_on_which_the_tier_falls(self, policy, life):
        for now, turn in enumerate(turns := live(policy, life)):
            falls_on = policy.falls_on(turn.facts)
            falls = falls_on is not None and falls_on <= turn.facts.as_of
            assert falls is may_fall(policy, turns, now)

    @given(policies)
    def test_a_policy_is_data(self, policy):
        assert KEPT.loads(KEPT.dumps(policy)) == policy


class TestRetieringPolicy:
    """Upgrades at once, downgrades at a review, after a grace period, or one step at a time."""

    HELD = history("01-01 gold")

    @staticmethod
    def outcome(policy: RetieringPolicy, name: str, on: str, *, below_since: str) -> str:
        """What becomes of a gold member since new year."""
        facts = RetieringFacts(
            customer=CUSTOMER,
            earned=earned(name, on),
            held=GOLD,
            held_since=NEW_YEAR,
            below_since=day(below_since),
        )
        return str(policy(facts).outcome)

    def test_at_first_tiers_follow_what_is_earned(self):
        follow = RetieringPolicy(LADDER)
        assert self.outcome(follow, "bronze", "01-02", below_since="01-02") == "bronze"

    def test_a_tier_given_today_is_kept_today(self):
        follow = RetieringPolicy(LADDER)
        assert self.outcome(follow, "bronze", "01-01", below_since="01-01") == "gold"

    def test_on_the_last_day_of_the_calendar_there_is_no_day_after(self):
        held = TierHistory(CUSTOMER).changed(GOLD, on=date.max, reason="earned")
        facts = RetieringFacts.of(held, Decision(BRONZE, "yearly-spend", date.max))
        assert RetieringPolicy(LADDER).falls_on(facts) == date.max

    @pytest.mark.parametrize(("on", "tier"), [("03-31", "gold"), ("04-01", "bronze")])
    def test_a_review_lowers_on_its_day(self, on, tier):
        quarterly = RetieringPolicy(LADDER, reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER))
        assert self.outcome(quarterly, "bronze", on, below_since="01-15") == tier

    def test_a_missed_review_is_made_up_for(self):
        quarterly = RetieringPolicy(LADDER, reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER))
        assert self.outcome(quarterly, "bronze", "04-07", below_since="04-01") == "bronze"
        assert self.outcome(quarterly, "bronze", "04-07", below_since="04-02") == "gold"

    def test_without_knowing_since_when_only_the_day_of_the_review_counts(self):
        quarterly = RetieringPolicy(LADDER, reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER))
        for on, tier in [("03-31", GOLD), ("04-01", BRONZE), ("04-02", GOLD)]:
            facts = RetieringFacts.of(self.HELD, earned("bronze", on))
            assert quarterly(facts).outcome == tier

    def test_the_review_of_the_day_on_which_a_tier_was_reached_does_not_lower_it(self):
        yearly = RetieringPolicy(LADDER, reviews=ReviewCycle(NEW_YEAR, 1, Unit.YEAR))
        assert self.outcome(yearly, "bronze", "12-31", below_since="01-01") == "gold"

    @pytest.mark.parametrize(("on", "tier"), [("05-01", "gold"), ("05-02", "bronze")])
    def test_a_grace_period_is_counted_from_the_day_the_earned_tier_fell_below(self, on, tier):
        lenient = RetieringPolicy(LADDER, grace=Grace(90, Unit.DAY))
        assert self.outcome(lenient, "bronze", on, below_since="02-01") == tier

    def test_a_grace_period_is_not_counted_from_before_the_tier_was_held(self):
        lenient = RetieringPolicy(LADDER, grace=Grace(30, Unit.DAY))
        before = history("01-01 bronze")
        held = history("01-01 platinum", "03-01 gold")
        for on, tier in [("03-30", GOLD), ("03-31", BRONZE)]:
            facts = RetieringFacts.of(held, earned("bronze", on), earned_before=before)
            assert lenient(facts).outcome == tier

    @pytest.mark.parametrize(("on", "tier"), [("06-30", "gold"), ("07-01", "bronze")])
    def test_after_the_grace_period_a_review_may_still_be_awaited(self, on, tier):
        both = RetieringPolicy(
            LADDER,
            grace=Grace(90, Unit.DAY),
            reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER),
        )
        assert self.outcome(both, "bronze", on, below_since="02-01") == tier

    def test_a_review_on_the_day_the_grace_period_ends_counts(self):
        both = RetieringPolicy(
            LADDER,
            grace=Grace(2, Unit.MONTH),
            reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER),
        )
        assert self.outcome(both, "bronze", "04-01", below_since="02-01") == "bronze"

    def test_one_step_at_a_time_each_waits_for_a_review_of_its_own(self):
        soft = RetieringPolicy(
            LADDER,
            downgrade=Downgrade.ONE_STEP,
            reviews=ReviewCycle(NEW_YEAR, 1, Unit.MONTH),
        )
        held, before = history("01-01 platinum"), history("01-02 bronze")
        falls = []
        for n in range(120):
            on = NEW_YEAR + timedelta(days=n)
            fresh = Decision(BRONZE, "yearly-spend", on)
            held = retier(held, soft(RetieringFacts.of(held, fresh, earned_before=before)))
            falls = [(change.on, str(change.to_tier)) for change in held.changes[1:]]
        assert falls == [(day("02-01"), "gold"), (day("03-01"), "silver"), (day("04-01"), "bronze")]

    def test_a_soft_landing_is_one_step_down_and_a_rest_there(self):
        soft = RetieringPolicy(LADDER, downgrade=Downgrade.ONE_STEP, landing=Grace(6, Unit.MONTH))
        held = history("01-01 platinum")
        for on in ("02-01", "02-02", "07-31", "08-01"):
            fresh = earned("bronze", on)
            before = history("02-01 bronze")
            held = retier(held, soft(RetieringFacts.of(held, fresh, earned_before=before)))
        falls = [(change.on, str(change.to_tier)) for change in held.changes[1:]]
        assert falls == [(day("02-01"), "gold"), (day("08-01"), "silver")]

    def test_a_tier_that_was_reached_from_below_does_not_rest(self):
        soft = RetieringPolicy(LADDER, downgrade=Downgrade.ONE_STEP, landing=Grace(6, Unit.MONTH))
        facts = RetieringFacts.of(history("01-01 silver", "02-01 gold"), earned("bronze", "02-03"))
        assert (facts.fell, str(soft(facts).outcome)) == (False, "silver")

    def test_a_tier_that_never_falls_says_so(self):
        never = RetieringPolicy(LADDER, downgrade=Downgrade.NEVER)
        decision = never(RetieringFacts.of(self.HELD, earned("bronze", "12-31")))
        assert explain(decision) == (
            "gold for C-7, by retiering, as of 2026-12-31\n"
            "- not met: earned tier is bronze; at least gold required\n"
            "- not met: tiers can fall is no; yes required"
        )

    def test_the_decision_shows_why_less_is_earned_and_how_long_it_is_tolerated(self):
        lenient = RetieringPolicy(LADDER, grace=Grace(90, Unit.DAY))
        spend = at_least("yearly-spend", 4_200, 5_000)
        facts = RetieringFacts.of(
            self.HELD,
            earned("silver", "03-01", spend),
            earned_before=history("02-01 silver"),
        )
        assert lenient.falls_on(facts) == day("05-02")
        assert explain(lenient(facts)) == (
            "gold for C-7, by retiering, as of 2026-03-01\n"
            "- not met: earned tier is silver; at least gold required\n"
            "  - not met: yearly spend is 4,200; at least 5,000 required\n"
            "- noted: held since is 2026-01-01\n"
            "- noted: below since is 2026-02-01\n"
            "- not met: day of decision is 2026-03-01; 2026-05-02 or later required"
        )

    def test_a_new_customer_begins_at_the_tier_that_is_earned(self):
        policy = RetieringPolicy(LADDER, reviews=ReviewCycle(NEW_YEAR, 1, Unit.YEAR))
        decision = policy(RetieringFacts.of(TierHistory(CUSTOMER), earned("gold", "03-01")))
        assert explain(decision) == (
            "gold for C-7, by retiering, as of 2026-03-01\n- met: earned tier is gold"
        )

    def test_there_is_nothing_to_warn_of_while_the_tier_is_earned(self):
        follow = RetieringPolicy(LADDER)
        assert follow.falls_on(RetieringFacts.of(self.HELD, earned("gold", "03-01"))) is None
        new = RetieringFacts.of(TierHistory(CUSTOMER), earned("gold", "03-01"))
        assert follow.falls_on(new) is None

    def test_a_grace_period_asks_since_when_less_is_earned(self):
        lenient = RetieringPolicy(LADDER, grace=Grace(90, Unit.DAY))
        facts = RetieringFacts.of(self.HELD, earned("silver", "03-01"))
        with pytest.raises(InvalidValue, match="pass it as earned_before"):
            lenient(facts)
        with pytest.raises(InvalidValue, match="pass it as earned_before"):
            lenient.outcomes([facts])

    @pytest.mark.parametrize("earned_tier", [Tier("diamond", 9), Tier("gold", 9)])
    def test_tiers_of_another_ladder_are_refused(self, earned_tier):
        facts = RetieringFacts.of(self.HELD, Decision(earned_tier, "x", day("03-01")))
        with pytest.raises(InvalidValue, match="not on the ladder"):
            RetieringPolicy(LADDER)(facts)
        with pytest.raises(InvalidValue, match="not on the ladder"):
            RetieringPolicy(TierLadder.of("bronze", "silver"))(
                RetieringFacts.of(self.HELD, earned("silver", "03-01"))
            )

    @pytest.mark.parametrize(
        "terms",
        [
            {"grace": Grace(1, Unit.DAY)},
            {"reviews": ReviewCycle(NEW_YEAR, 1, Unit.DAY)},
            {"landing": Grace(1, Unit.DAY)},
        ],
    )
    def test_what_never_happens_needs_no_date(self, terms):
        with pytest.raises(InvalidPolicy, match="tiers that never fall need no"):
            RetieringPolicy(LADDER, downgrade=Downgrade.NEVER, **terms)

    def test_the_text_never_is_refused_and_does_not_let_tiers_fall(self):
        with pytest.raises(InvalidPolicy, match="how far a tier falls is a Downgrade"):
            RetieringPolicy(LADDER, downgrade="never")  # type: ignore[arg-type]

    def test_a_shop_owner_can_write_it_down(self):
        text = """
            kind = "retiering-policy"
            version = 1

            [data]
            downgrade = "one-step"
            grace = { count = 90, unit = "day" }
            reviews = { first_on = 2026-01-01, every = 1, unit = "quarter" }
            ladder.tiers = [
              { name = "bronze", rank = 1 },
              { name = "silver", rank = 2 },
              { name = "gold", rank = 3 },
              { name = "platinum", rank = 4 },
            ]
        """
        assert KEPT.loads_toml(text) == RetieringPolicy(
            LADDER,
            downgrade=Downgrade.ONE_STEP,
            grace=Grace(90, Unit.DAY),
            reviews=ReviewCycle(NEW_YEAR, 1, Unit.QUARTER),
        )
