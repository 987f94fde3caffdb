"""Keeping tiers and policies: load, decide, keep, in one transaction."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.segmentation import CUSTOMARY_SEGMENTS, RfmScale, RfmSegmentation
from crmkit.segmentation.desk import SegmentationDesk
from crmkit.segmentation.kept import TIER_HISTORIES
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import Downgrade, Grace, RetieringPolicy, ReviewCycle, TierLadder

LADDER = TierLadder.of("base", "silver", "gold")
ANNA = CustomerId("anna")
MARCH = date(2026, 3, 1)


def desk_with(**terms: object) -> SegmentationDesk:
    return SegmentationDesk(store=MemoryStore(), retiering=RetieringPolicy(LADDER, **terms))  # type: ignore[arg-type]


def earned(tier: str, on: date, customer: str | None = "anna") -> Decision:
    return Decision(LADDER.tier(tier), "yearly-spend", on, subject=customer)


class TestRetiering:
    """Tiers change as the policy says, and every change is kept with its day and reason."""

    def test_a_first_decision_opens_the_history(self):
        desk = desk_with()
        result = desk.retier([earned("silver", MARCH)])
        assert [str(d.outcome) for d in result.moved] == ["silver"]
        assert result.unchanged == 0
        history = desk.history(ANNA)
        assert [(c.on, str(c.to_tier)) for c in history.changes] == [(MARCH, "silver")]
        assert (
            "yearly-spend" in history.changes[0].reason or "retiering" in history.changes[0].reason
        )

    def test_a_customer_who_was_never_tiered_has_an_empty_history(self):
        assert desk_with().history(ANNA).changes == ()

    @given(tiers=st.lists(st.sampled_from(["base", "silver", "gold"]), min_size=1, max_size=6))
    def test_running_a_day_twice_is_running_it_once(self, tiers):
        """Deciding twice is deciding once."""
        desk = desk_with()
        for number, tier in enumerate(tiers):
            day = MARCH + timedelta(days=number)
            desk.retier([earned(tier, day)])
            before = desk.history(ANNA)
            again = desk.retier([earned(tier, day)])
            assert again.moved == ()
            assert again.unchanged == 1
            assert desk.history(ANNA) == before
        assert desk.history(ANNA).tier == LADDER.tier(tiers[-1])

    def test_a_grace_period_is_counted_from_the_day_the_earned_tier_fell(self):
        """The earned tiers are kept too, so that a grace period can run."""
        desk = desk_with(grace=Grace(30, Unit.DAY))
        desk.retier([earned("gold", MARCH)])
        fell = MARCH + timedelta(days=10)
        desk.retier([earned("base", fell)])
        desk.retier([earned("base", fell + timedelta(days=29))])
        assert desk.history(ANNA).tier == LADDER.tier("gold")
        desk.retier([earned("base", fell + timedelta(days=30))])
        assert desk.history(ANNA).tier == LADDER.tier("base")

    def test_a_review_that_was_missed_is_made_up_by_the_next_run(self):
        """A nightly job that did not run on the day of the review loses nothing."""
        desk = desk_with(reviews=ReviewCycle(date(2026, 4, 1), 1, Unit.QUARTER))
        desk.retier([earned("gold", MARCH)])
        desk.retier([earned("base", date(2026, 3, 20))])
        assert desk.history(ANNA).tier == LADDER.tier("gold")
        desk.retier([earned("base", date(2026, 4, 3))])
        assert desk.history(ANNA).tier == LADDER.tier("base")

    def test_tiers_that_never_fall_stay(self):
        desk = desk_with(downgrade=Downgrade.NEVER)
        desk.retier([earned("gold", MARCH)])
        assert desk.retier([earned("base", date(2027, 3, 1))]).unchanged == 1
        assert desk.history(ANNA).tier == LADDER.tier("gold")

    def test_when_a_change_was_written_down_is_kept(self):
        at = datetime(2026, 3, 2, 8, tzinfo=UTC)
        desk = desk_with()
        desk.retier([earned("gold", MARCH)], recorded_at=at)
        assert desk.history(ANNA).changes[0].recorded_at == at

    def test_a_decision_about_nobody_is_refused_and_nothing_is_kept(self):
        desk = desk_with()
        with pytest.raises(InvalidValue, match="subject"):
            desk.retier([earned("gold", MARCH), earned("gold", MARCH, customer=None)])
        assert desk.history(ANNA).changes == ()


class TestMembers:
    """The members of a tier are found by index, the longest standing first."""

    def test_members_come_in_the_order_of_their_standing(self):
        desk = desk_with()
        desk.retier([earned("gold", MARCH, "late"), earned("silver", MARCH, "other")])
        desk.retier([earned("gold", date(2026, 1, 1), "early")])
        first = desk.members(LADDER.tier("gold"), limit=1)
        rest = desk.members(LADDER.tier("gold"), after=first.next)
        names = [stored.record.customer for stored in (*first.items, *rest.items)]
        assert names == ["early", "late"]

    def test_a_customer_who_left_is_a_member_of_nothing(self):
        desk = desk_with()
        desk.retier([earned("gold", MARCH)])
        with desk.store.unit_of_work() as unit:
            repository = unit.repository(TIER_HISTORIES)
            stored = repository.get(ANNA)
            gone = stored.record.changed(None, on=MARCH, reason="closed the account")
            repository.replace(gone, stored.version)
            unit.commit()
        assert desk.members(LADDER.tier("gold")).items == ()


class TestUnitOfTheHost:
    """A unit of work that was handed in is the host's to commit."""

    def test_nothing_is_kept_before_the_host_commits(self):
        desk = desk_with()
        with desk.store.unit_of_work() as unit:
            desk.retier([earned("gold", MARCH)], unit=unit)
            desk.adopt("tiers", RetieringPolicy(LADDER), valid_from=MARCH, unit=unit)
            assert desk.history(ANNA, unit=unit).tier == LADDER.tier("gold")
            unit.rollback()
        assert desk.history(ANNA).changes == ()
        assert desk.policy_on("tiers", MARCH) is None

    def test_everything_is_kept_once_the_host_commits(self):
        desk = desk_with()
        with desk.store.unit_of_work() as unit:
            desk.retier([earned("gold", MARCH)], unit=unit)
            unit.commit()
        assert desk.history(ANNA).tier == LADDER.tier("gold")


class TestPolicies:
    """A changed policy is a new version; a decision of the past can be had under its terms."""

    def segmentation(self, euros: int) -> RfmSegmentation:
        scale = RfmScale(
            recency_at_most=(300, 200, 100, 30),
            frequency_at_least=(2, 3, 5, 8),
            monetary_at_least=tuple(Money(euros * n, "EUR") for n in (1, 2, 3, 4)),
        )
        return RfmSegmentation(scale=scale, segments=CUSTOMARY_SEGMENTS)

    def test_the_terms_of_a_day_are_those_adopted_last_before_it(self):
        desk = desk_with()
        old, new = self.segmentation(10), self.segmentation(20)
        desk.adopt("segments", old, valid_from=date(2026, 1, 1))
        desk.adopt("segments", new, valid_from=date(2026, 7, 1))
        desk.adopt("other", RetieringPolicy(LADDER), valid_from=date(2020, 1, 1))
        assert desk.policy_on("segments", date(2025, 12, 31)) is None
        assert desk.policy_on("segments", date(2026, 1, 1)) == old
        assert desk.policy_on("segments", date(2026, 6, 30)) == old
        assert desk.policy_on("segments", date(2026, 7, 1)) == new

    def test_adopting_the_same_terms_again_changes_nothing(self):
        desk = desk_with()
        first = desk.adopt("tiers", RetieringPolicy(LADDER), valid_from=MARCH)
        assert desk.adopt("tiers", RetieringPolicy(LADDER), valid_from=MARCH) == first

    def test_other_terms_for_the_same_day_are_refused(self):
        desk = desk_with()
        desk.adopt("segments", self.segmentation(10), valid_from=MARCH)
        with pytest.raises(InvalidValue, match="from another day"):
            desk.adopt("segments", self.segmentation(20), valid_from=MARCH)
        assert desk.policy_on("segments", MARCH) == self.segmentation(10)

    def test_something_that_is_no_policy_of_the_room_is_refused(self):
        with pytest.raises(InvalidPolicy, match="not kept here"):
            desk_with().adopt("odd", object(), valid_from=MARCH)
