"""The tiers of members at the desk: a day is what it was decided to be, and no job has to run."""

from __future__ import annotations

from datetime import date

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CorruptStore, InvalidValue
from crmkit.identifiers import Actor
from crmkit.loyalty import (
    POINTS_LEDGERS,
    QUALIFICATIONS,
    TIER_CHANGED_TOPIC,
    AfterManual,
    AtReset,
    CalendarWindow,
    ClosedLedger,
    ManualTier,
    TierPolicy,
    TierThreshold,
)
from crmkit.period import Unit
from crmkit.tiering import Downgrade, Grace
from tests.loyalty.shop import (
    ANNA,
    BASE,
    BEN,
    BRONZE,
    DAY,
    GOLD,
    JANUARY,
    SILVER,
    TIERS,
    bought,
    desk_in_memory,
    joined,
    program,
)

EVA = Actor("eva")
STEPS = evolve(TIERS, downgrade=Downgrade.ONE_STEP)
WAITS = evolve(TIERS, grace=Grace(30, Unit.DAY))
POLICIES = [TIERS, STEPS, WAITS, evolve(STEPS, grace=Grace(1, Unit.MONTH))]


def messages(desk):
    found = []
    while desk.store.deliver(lambda message: found.append((message.topic, message.payload))):
        pass
    return found


def by_hand(**what):
    terms = {"tier": GOLD, "from_on": JANUARY, "until": JANUARY + 20 * DAY, "reason": "a match"}
    return ManualTier(**{**terms, "by": EVA, **what})


class TestNoJobHasToRun:
    """Who holds which tier on a day follows from the day, not from when somebody looked."""

    @given(
        policy=st.sampled_from(POLICIES),
        purchases=st.lists(
            st.tuples(st.integers(0, 500), st.sampled_from([300, 1_000, 5_000])), max_size=4
        ).map(sorted),
        runs=st.lists(st.integers(0, 1_200), max_size=4).map(sorted),
        asked=st.integers(0, 1_300),
    )
    def test_asked_early_or_late_the_tier_is_the_same(self, policy, purchases, runs, asked):
        looked, not_looked = (joined(desk_in_memory(BASE, tiers=policy)) for _ in range(2))
        for desk in (looked, not_looked):
            for number, (day, amount) in enumerate(purchases):
                facts = bought(ANNA, JANUARY + day * DAY, f"{amount}.00")
                desk.purchase(facts, key=f"o-{number}")
        for day in runs:
            looked.retier(JANUARY + day * DAY)
        on = JANUARY + asked * DAY
        assert looked.tier(ANNA, on).outcome == not_looked.tier(ANNA, on).outcome
        not_looked.retier(JANUARY + 1_300 * DAY)
        held = not_looked.membership(ANNA).tiers.tier_on(on)
        assert not_looked.tier(ANNA, on).outcome == held

    def test_two_steps_down_are_two_though_nobody_looked_meanwhile(self):
        desk = joined(desk_in_memory(BASE, tiers=STEPS))
        desk.purchase(bought(ANNA, JANUARY, "6000.00"), key="o-1")
        first = date(2027, 1, 5)
        held = [desk.tier(ANNA, first + days * DAY).outcome for days in (-1, 0, 1, 200)]
        assert held == [GOLD, SILVER, BRONZE, BRONZE]
        desk.retier(first)
        assert desk.tier(ANNA, first).outcome == SILVER


class TestWhatIsDecidedStays:
    """New terms and merges begin on a day, and the days before it stay what they were."""

    def easier(self, desk):
        silver, gold = TierThreshold(tier=SILVER, points=500), TierThreshold(tier=GOLD, points=900)
        terms = evolve(TIERS, thresholds=(silver, gold))
        return evolve(desk, program=program(BASE, tiers=terms))

    def test_a_past_day_keeps_the_tier_of_its_terms(self):
        desk = joined(desk_in_memory())
        desk.purchase(bought(ANNA, JANUARY + DAY, "600.00"), key="o-1")
        desk.retier(JANUARY + 100 * DAY)
        then = self.easier(desk)
        past = then.tier(ANNA, JANUARY + 50 * DAY)
        assert (past.outcome, past.subject) == (BRONZE, ANNA)
        assert [each.criterion for each in past.evidence] == ["decided-before"]
        # The day that was decided last may be decided again: it was not over.
        assert then.tier(ANNA, JANUARY + 99 * DAY).outcome == BRONZE
        assert then.tier(ANNA, JANUARY + 100 * DAY).outcome == SILVER

    def test_and_what_was_given_by_hand(self):
        desk = joined(desk_in_memory(BASE))
        desk.give_tier(ANNA, by_hand())
        desk.purchase(bought(ANNA, JANUARY + DAY, "600.00"), key="o-1")
        desk.retier(JANUARY + 100 * DAY)
        then = self.easier(desk)
        assert then.tier(ANNA, JANUARY + 20 * DAY).outcome == GOLD
        assert then.tier(ANNA, JANUARY + 21 * DAY).outcome == BRONZE

    def test_before_anything_was_decided_the_terms_of_today_say(self):
        desk = joined(desk_in_memory(BASE, tiers=None))
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        then = evolve(desk, program=program(BASE))
        assert then.tier(ANNA, JANUARY).outcome == SILVER
        assert then.tier(ANNA, JANUARY + 400 * DAY).outcome == BRONZE


class TestGivenByHand:
    """A tier given by hand reaches no day that is decided."""

    def test_one_that_falls_on_a_decided_day_is_refused(self):
        desk = joined(desk_in_memory(BASE, tiers=WAITS))
        desk.retier(JANUARY + 21 * DAY)
        with pytest.raises(InvalidValue, match="are decided"):
            desk.give_tier(ANNA, by_hand(then=AfterManual.FALL))
        assert desk.give_tier(ANNA, by_hand()).manual == (by_hand(),)
        assert desk.tier(ANNA, JANUARY + 20 * DAY).outcome == GOLD

    @pytest.mark.parametrize("days", [0, 20])
    def test_one_that_ends_today_falls_under_the_terms(self, days):
        """Thirty days of grace follow, whether today had been decided or not."""
        desk = joined(desk_in_memory(BASE, tiers=WAITS))
        desk.retier(JANUARY + days * DAY)
        messages(desk)
        desk.give_tier(ANNA, by_hand(then=AfterManual.FALL))
        desk.retier(JANUARY + 400 * DAY)
        (_, up, down) = desk.membership(ANNA).tiers.changes
        assert (up.to_tier, up.on) == (GOLD, JANUARY + 20 * DAY)
        assert (down.to_tier, down.on) == (BRONZE, JANUARY + 50 * DAY)
        assert messages(desk) == [
            (TIER_CHANGED_TOPIC, "anna\nbronze\ngold"),
            (TIER_CHANGED_TOPIC, "anna\ngold\nbronze"),
        ]

    def test_giving_one_decides_no_day_anew(self):
        """New terms begin with the next day that is decided, not with a tier given by hand."""
        desk = joined(desk_in_memory(BASE))
        desk.purchase(bought(ANNA, JANUARY + DAY, "600.00"), key="o-1")
        then = TestWhatIsDecidedStays().easier(desk)
        then.give_tier(ANNA, by_hand(until=JANUARY + DAY))
        assert then.membership(ANNA).tiers.tier == BRONZE

    def test_whoever_was_merged_away_is_given_nothing(self):
        desk = joined(desk_in_memory(), ANNA, BEN)
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        with pytest.raises(ClosedLedger):
            desk.give_tier(BEN, by_hand())

    def test_nor_decided_about_any_more(self):
        desk = joined(desk_in_memory(), ANNA, BEN)
        desk.purchase(bought(BEN, JANUARY, "1000.00"), key="o-1")
        desk.merge(ANNA, BEN, on=JANUARY, key="m")
        gone = desk.membership(BEN)
        desk.retier(JANUARY + 500 * DAY)
        assert desk.membership(BEN) == gone

    @pytest.mark.parametrize("then", AfterManual)
    def test_it_comes_along_in_a_merge_from_that_day_on(self, then):
        desk = joined(desk_in_memory(BASE, tiers=WAITS), ANNA, BEN)
        desk.give_tier(BEN, by_hand(then=then))
        desk.give_tier(BEN, by_hand(until=JANUARY + 9 * DAY))
        merged_on = JANUARY + 10 * DAY
        desk.merge(ANNA, BEN, on=merged_on, key="m")
        assert desk.membership(ANNA).manual == (by_hand(from_on=merged_on, then=then),)
        held = [desk.tier(ANNA, JANUARY + days * DAY).outcome for days in (9, 10, 20)]
        assert held == [BRONZE, GOLD, GOLD]
        after = GOLD if then is AfterManual.FALL else BRONZE
        assert desk.tier(ANNA, JANUARY + 21 * DAY).outcome == after

    def test_days_that_were_decided_before_the_merge_was_heard_of_stay(self):
        desk = joined(desk_in_memory(BASE, tiers=WAITS), ANNA, BEN)
        desk.give_tier(BEN, by_hand(then=AfterManual.FALL))
        desk.retier(JANUARY + 20 * DAY)
        desk.merge(ANNA, BEN, on=JANUARY + 10 * DAY, key="m")
        assert desk.tier(ANNA, JANUARY + 19 * DAY).outcome == BRONZE
        assert desk.tier(ANNA, JANUARY + 20 * DAY).outcome == GOLD
        desk.retier(JANUARY + 30 * DAY)
        assert desk.membership(ANNA).tiers.tier == GOLD


class TestHeldByTheOther:
    """A tier that is held beyond what counts is not lost in a merge."""

    BY_THE_YEAR = TierPolicy(BRONZE, TIERS.thresholds, CalendarWindow(), reviews=AtReset())

    def merged(self, policy, on, amount="5000.00"):
        desk = joined(desk_in_memory(BASE, tiers=policy), ANNA, BEN)
        desk.purchase(bought(BEN, JANUARY, amount), key="o-1")
        messages(desk)
        desk.merge(ANNA, BEN, on=on, key="m")
        return desk

    def test_it_is_held_until_the_review(self):
        """Gold of 2026 is held through 2027, and Ben earned nothing more."""
        desk = self.merged(self.BY_THE_YEAR, date(2027, 3, 1))
        days = [date(2027, 2, 28), date(2027, 3, 1), date(2027, 12, 31), date(2028, 1, 1)]
        assert [desk.tier(ANNA, day).outcome for day in days] == [BRONZE, GOLD, GOLD, BRONZE]
        assert messages(desk) == [(TIER_CHANGED_TOPIC, "anna\nbronze\ngold")]

    def test_a_tier_for_life_is_for_life(self):
        for_life = evolve(TIERS, downgrade=Downgrade.NEVER)
        desk = self.merged(for_life, date(2030, 3, 1), "1000.00")
        assert desk.tier(ANNA, date(2040, 1, 1)).outcome == SILVER

    def test_what_still_counts_needs_no_hand(self):
        desk = self.merged(TIERS, JANUARY + DAY)
        assert desk.tier(ANNA, JANUARY + DAY).outcome == GOLD
        assert desk.membership(ANNA).manual == ()
        assert messages(desk) == [(TIER_CHANGED_TOPIC, "anna\nbronze\ngold")]

    def test_what_is_no_longer_held_is_not_held_on(self):
        desk = self.merged(TIERS, date(2027, 3, 1))
        assert desk.membership(ANNA).tiers.tier == BRONZE
        assert (desk.membership(ANNA).manual, messages(desk)) == ((), [])

    def test_a_program_without_tiers_merges_all_the_same(self):
        desk = self.merged(None, JANUARY + DAY)
        assert desk.membership(ANNA).tiers.tier is None


def test_what_counts_for_the_tier_is_verified_too():
    """A snapshot that says something else than the entries is found out, whichever it is."""
    desk = joined(desk_in_memory())
    desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
    wrong = evolve(QUALIFICATIONS, step=lambda counted, _: counted)
    with desk.store.unit_of_work() as unit:
        unit.stream(POINTS_LEDGERS).snapshot(ANNA, wrong)
        unit.commit()
    with pytest.raises(CorruptStore):
        desk.verify(ANNA)


def test_what_counts_for_the_tier_is_read_from_the_snapshot_on(monkeypatch):
    """Of twenty-three purchases, three came after the last snapshot."""
    desk = evolve(joined(desk_in_memory()), snapshot_every=10)
    for number in range(23):
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key=f"o-{number}")
    read, loads = list[str](), type(POINTS_LEDGERS).loads

    def counted(stream, document):
        read.append(document)
        return loads(stream, document)

    monkeypatch.setattr(type(POINTS_LEDGERS), "loads", counted)
    assert desk.tier(ANNA, JANUARY + DAY).outcome == BRONZE
    assert len(read) == 3
