"""What customers hold and held, and why it changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, all_of, at_least, none_of, noted
from crmkit.errors import InvalidValue, NaiveDatetime
from crmkit.identifiers import CustomerId
from crmkit.tiering import TierChange, TierHistory, retier
from tests.tiering.words import (
    BRONZE,
    CUSTOMER,
    GOLD,
    KEPT,
    NEW_YEAR,
    PLATINUM,
    SILVER,
    day,
    days,
    earned,
    histories,
    history,
    noon,
    tiers,
)


class TestTierChange:
    """A change has a day, a from, a to, and a reason."""

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"to_tier": BRONZE}, "leads to another tier"),
            ({"reason": "  "}, "has a reason"),
            ({"on": noon("01-01")}, "a datetime, not a date"),
            ({"recorded_at": datetime(2026, 1, 1)}, "needs a time zone"),  # noqa: DTZ001
        ],
        ids=["no change", "no reason", "an instant", "no zone"],
    )
    def test_what_is_no_change_is_refused(self, change, message):
        fine: dict[str, Any] = {"on": NEW_YEAR, "from_tier": BRONZE, "to_tier": GOLD}
        with pytest.raises(InvalidValue, match=message):
            TierChange(**{"reason": "earned"} | fine | change)

    def test_coming_in_and_leaving_are_changes(self):
        came = TierChange(on=NEW_YEAR, from_tier=None, to_tier=BRONZE, reason="joined")
        left = TierChange(on=NEW_YEAR, from_tier=BRONZE, to_tier=None, reason="moved away")
        assert came.from_tier is left.to_tier is None


class TestTierHistory:
    """A dated history of tiers with reasons; it only grows."""

    @given(histories, days)
    def test_the_tier_on_a_day_is_that_of_the_last_change_until_then(self, history, on):
        until = [change.to_tier for change in history.changes if change.on <= on]
        assert history.tier_on(on) == (until[-1] if until else None)

    @given(histories, days, days)
    def test_the_past_of_the_past_is_the_past(self, history, one, other):
        assert history.as_of(one).as_of(other) == history.as_of(min(one, other))

    @given(histories)
    def test_each_change_begins_where_the_one_before_ended(self, history):
        chain = [None, *(change.to_tier for change in history.changes)]
        assert [(c.from_tier, c.to_tier) for c in history.changes] == list(pairwise(chain))

    @given(histories)
    def test_a_history_can_be_kept(self, history):
        assert KEPT.loads(KEPT.dumps(history)) == history

    def test_a_customer_without_changes_has_no_tier(self):
        new = TierHistory(CUSTOMER)
        assert (new.tier, new.since, new.tier_on(NEW_YEAR)) == (None, None, None)

    def test_a_tier_is_held_from_the_day_of_its_change(self):
        held = history("01-01 silver", "03-01 gold")
        assert (held.tier_on(day("02-28")), held.tier_on(day("03-01"))) == (SILVER, GOLD)
        assert (held.tier, held.since) == (GOLD, day("03-01"))

    def test_a_customer_who_left_holds_nothing_and_may_come_back(self):
        left = history("01-01 gold", "06-01 none")
        assert (left.tier, left.since, left.tier_on(day("05-31"))) == (None, None, GOLD)
        back = left.changed(SILVER, on=day("06-01"), reason="came back")
        assert (back.tier, back.since) == (SILVER, day("06-01"))

    def test_two_changes_on_one_day_leave_the_later_one(self):
        assert history("01-01 gold", "01-01 silver").tier_on(NEW_YEAR) == SILVER

    def test_a_change_must_not_be_dated_before_the_last_one(self):
        with pytest.raises(InvalidValue, match="run forward in time"):
            history("03-01 gold", "02-28 silver")

    def test_a_change_begins_at_the_tier_that_is_held(self):
        change = TierChange(on=day("03-01"), from_tier=BRONZE, to_tier=GOLD, reason="earned")
        with pytest.raises(InvalidValue, match="begins at the tier that is held"):
            history("01-01 silver").after(change)

    def test_a_change_to_the_tier_that_is_held_is_none(self):
        with pytest.raises(InvalidValue, match="leads to another tier"):
            history("01-01 gold", "02-01 gold")

    def test_a_history_is_about_somebody(self):
        with pytest.raises(InvalidValue, match="customer is empty"):
            TierHistory(CustomerId(""))

    def test_the_past_is_asked_by_days(self):
        with pytest.raises(InvalidValue, match="as_of is a datetime"):
            history("01-01 gold").as_of(noon("01-01"))


class TestWhatWasKnown:
    """A change that was written down late was not known before."""

    LATE = (
        TierHistory(CUSTOMER)
        .changed(SILVER, on=day("01-01"), reason="earned", recorded_at=noon("01-02"))
        .changed(GOLD, on=day("03-01"), reason="earned", recorded_at=noon("03-10"))
    )

    @given(
        st.lists(st.tuples(tiers, st.none() | st.integers(0, 400)), max_size=6),
        st.integers(-1, 401),
    )
    def test_what_was_known_is_the_history_up_to_the_first_change_not_known(self, moves, seen):
        start = datetime(2026, 1, 1, tzinfo=UTC)
        full, last = TierHistory(CUSTOMER), start
        for to, hours in moves:
            instant = None if hours is None else start + timedelta(hours=hours)
            if to != full.tier and (instant is None or instant >= last):
                full = full.changed(to, on=NEW_YEAR, reason="earned", recorded_at=instant)
                last = instant or last
        known_by = start + timedelta(hours=seen)
        known = full.as_of(NEW_YEAR, known_by=known_by).changes
        assert known == full.changes[: len(known)]
        assert all(change.recorded_at is None or change.recorded_at <= known_by for change in known)
        following = full.changes[len(known) :][:1]
        assert all((change.recorded_at or known_by) > known_by for change in following)

    @pytest.mark.parametrize(
        ("seen", "tier"), [("01-01", None), ("01-02", SILVER), ("03-09", SILVER), ("03-10", GOLD)]
    )
    def test_a_change_is_known_from_the_instant_of_its_record(self, seen, tier):
        assert self.LATE.tier_on(day("12-31"), known_by=noon(seen)) == tier

    def test_what_followed_an_unknown_change_was_not_known_either(self):
        later = self.LATE.changed(BRONZE, on=day("04-01"), reason="a host without records")
        assert later.tier_on(day("12-31"), known_by=noon("03-09")) == SILVER
        assert later.tier_on(day("12-31"), known_by=noon("03-10")) == BRONZE

    def test_changes_are_recorded_in_their_order(self):
        unrecorded = self.LATE.changed(BRONZE, on=day("04-01"), reason="a host without records")
        for full in (self.LATE, unrecorded):
            with pytest.raises(InvalidValue, match="recorded after the ones before it"):
                full.changed(PLATINUM, on=day("05-01"), reason="earned", recorded_at=noon("03-09"))

    def test_an_instant_has_a_zone(self):
        with pytest.raises(NaiveDatetime):
            self.LATE.as_of(NEW_YEAR, known_by=datetime(2026, 1, 1))  # noqa: DTZ001

    @pytest.mark.parametrize(
        ("changes", "fell"),
        [
            ([], False),
            (["01-01 gold"], False),
            (["01-01 gold", "02-01 silver"], True),
            (["01-01 gold", "02-01 silver", "03-01 gold"], False),
            (["01-01 gold", "02-01 none"], False),
        ],
    )
    def test_a_tier_was_reached_by_falling_if_a_higher_one_came_before(self, changes, fell):
        assert history(*changes).fell is fell


class TestRetier:
    """A decision becomes a dated change with its reason, or nothing if nothing changes."""

    @given(histories, tiers, days)
    def test_deciding_twice_is_deciding_once(self, history, tier, on):
        on = max(on, history.changes[-1].on) if history.changes else on
        decision = Decision(tier, "yearly-spend", on)
        once = retier(history, decision)
        assert once.tier == tier
        assert retier(once, decision) is once

    def test_the_change_tells_the_day_the_policy_and_the_record(self):
        spend = at_least("yearly-spend", 5_200, 5_000)
        now = noon("03-02")
        held = retier(history("01-01 silver"), earned("gold", "03-01", spend), recorded_at=now)
        assert held.changes[-1] == TierChange(
            on=day("03-01"),
            from_tier=SILVER,
            to_tier=GOLD,
            reason="up to gold by yearly-spend, as of 2026-03-01: yearly spend met",
            policy="yearly-spend",
            recorded_at=now,
        )

    def test_the_reason_of_a_fall_names_what_was_missing(self):
        visits, spend = at_least("visits", 9, 5), at_least("yearly-spend", 4_200, 5_000)
        not_barred = none_of("barred", at_least("open-claims", 0, 1))
        evidence = (all_of("gold", visits, spend), noted("channel", "web"), not_barred)
        held = retier(history("01-01 gold"), earned("silver", "03-01", *evidence))
        assert held.changes[-1].reason == (
            "down to silver by yearly-spend, as of 2026-03-01: yearly spend not met"
        )
        held = retier(TierHistory(CUSTOMER), earned("silver", "03-01", *evidence))
        assert held.changes[-1].reason == (
            "in at silver by yearly-spend, as of 2026-03-01: visits, barred met"
        )

    def test_a_reason_is_given_even_without_evidence(self):
        held = retier(history("01-01 gold"), earned("silver", "03-01"))
        assert held.changes[-1].reason == "down to silver by yearly-spend, as of 2026-03-01"

    @pytest.mark.parametrize(
        ("decision", "message"),
        [
            (Decision(GOLD, "x", day("03-01"), subject="C-8"), "about another customer"),
            (Decision(GOLD, "x", noon("03-01")), "a datetime, not a date"),
            (Decision(GOLD, "x", day("01-31")), "before the last change"),
            (Decision(SILVER, "x", day("01-31")), "before the last change"),
        ],
        ids=["somebody else", "an instant", "too early", "too early without a change"],
    )
    def test_a_decision_that_does_not_continue_the_history_is_refused(self, decision, message):
        with pytest.raises(InvalidValue, match=message):
            retier(history("02-01 silver"), decision)

    def test_a_decision_on_the_day_of_the_last_change_continues_it(self):
        decision = Decision(GOLD, "x", day("02-01"), subject="C-7")
        assert retier(history("02-01 silver"), decision).tier == GOLD
