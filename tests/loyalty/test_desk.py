"""The desk of a program keeps what its ledgers, rules and tiers say, in one transaction."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import (
    CorruptStore,
    IdempotencyMismatch,
    InvalidIdentifier,
    InvalidPolicy,
    InvalidValue,
    VersionConflict,
)
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    MEMBERSHIPS,
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    STORED_TYPES,
    TIER_CHANGED_TOPIC,
    Absorbed,
    AfterReturn,
    CapPeriod,
    ClosedLedger,
    Counted,
    CouponPolicy,
    EarningCap,
    EarningRules,
    InsufficientPoints,
    LoyaltyDesk,
    ManualTier,
    Membership,
    NotAMember,
    PointsAccount,
    PointsLedger,
    PointsReturn,
    Qualification,
    Qualified,
    ReturnBasis,
    RuleShare,
    TierThreshold,
    posted_key,
)
from crmkit.money import Money
from crmkit.serialization import make_converter
from crmkit.storage.memory import MemoryStore
from crmkit.tiering import Tier, TierHistory
from tests.loyalty.shop import (
    ANNA,
    BASE,
    BEN,
    BRONZE,
    CLARA,
    DAY,
    FRIENDS,
    GOLD,
    GOLD_DOUBLES,
    JANUARY,
    LOCKED,
    SILVER,
    TIERS,
    WELCOME,
    bought,
    desk_in_memory,
    euros,
    joined,
    program,
)

EVA = Actor("eva")


@pytest.fixture
def desk(store):
    return joined(LoyaltyDesk(store=store, program=program()), ANNA, BEN)


def messages(desk):
    found = []
    while desk.store.deliver(lambda message: found.append((message.topic, message.payload))):
        pass
    return found


class TestMembers:
    """Whoever joins has a ledger and the entry tier; nobody else has."""

    def test_joining_begins_at_the_entry_tier(self, desk):
        assert desk.membership(ANNA).tiers.tier == BRONZE
        assert desk.balance(ANNA, JANUARY).credited == 0

    def test_joining_twice_is_joining_once(self, desk):
        before = desk.membership(ANNA)
        assert desk.join(ANNA, on=JANUARY + 30 * DAY) == before

    def test_a_program_without_tiers_has_members_without_tiers(self):
        desk = joined(desk_in_memory(BASE, tiers=None))
        assert desk.membership(ANNA).tiers.tier is None
        assert messages(desk) == []

    @pytest.mark.parametrize(
        "command",
        [
            lambda desk: desk.membership(CLARA),
            lambda desk: desk.balance(CLARA, JANUARY),
            lambda desk: desk.expiring(CLARA, JANUARY, JANUARY),
            lambda desk: desk.ledger(CLARA),
            lambda desk: desk.verify(CLARA),
            lambda desk: desk.tier(CLARA, JANUARY),
            lambda desk: desk.purchase(bought(CLARA, JANUARY, "1.00"), key="k"),
            lambda desk: desk.redeem(CLARA, 1, on=JANUARY, key="k"),
            lambda desk: desk.transfer(ANNA, CLARA, 1, on=JANUARY, key="k"),
            lambda desk: desk.transfer(CLARA, ANNA, 1, on=JANUARY, key="k"),
            lambda desk: desk.merge(ANNA, CLARA, on=JANUARY, key="k"),
            lambda desk: desk.merge(CLARA, ANNA, on=JANUARY, key="k"),
        ],
    )
    def test_who_has_not_joined_is_refused(self, desk, command):
        with pytest.raises(NotAMember, match="join"):
            command(desk)

    def test_a_refusal_does_not_say_who_it_was(self, desk):
        with pytest.raises(NotAMember) as caught:
            desk.membership(CLARA)
        assert CLARA not in str(caught.value)

    def test_members_of_a_tier_are_found_the_longest_standing_first(self, desk):
        desk.purchase(bought(BEN, JANUARY + DAY, "1000.00"), key="o-1")
        desk.purchase(bought(ANNA, JANUARY + 2 * DAY, "1000.00"), key="o-1")
        found = desk.members_of(SILVER).items
        assert [stored.record.member for stored in found] == [BEN, ANNA]
        assert desk.members_of(BRONZE).items == ()
        first = desk.members_of(SILVER, limit=1)
        second = desk.members_of(SILVER, limit=1, after=first.next)
        assert [stored.record.member for stored in second.items] == [ANNA]

    @pytest.mark.parametrize("terms", [{"snapshot_every": 0}, {"attempts": 0}, {"attempts": True}])
    def test_counts_of_a_desk_begin_at_one(self, terms):
        with pytest.raises(InvalidPolicy):
            LoyaltyDesk(store=MemoryStore(), program=program(), **terms)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"tiers": TierHistory(BEN)}, "those of its member"),
            (
                {"tiers": TierHistory(ANNA).changed(BRONZE, on=JANUARY - DAY, reason="early")},
                "from the day of joining",
            ),
        ],
    )
    def test_a_membership_cannot_contradict_itself(self, changes, why):
        with pytest.raises(InvalidValue, match=why):
            evolve(Membership(ANNA, JANUARY, TierHistory(ANNA)), **changes)

    def test_no_two_pairs_of_member_and_key_have_one_key(self):
        assert posted_key(CustomerId("a"), "bc") != posted_key(CustomerId("ab"), "c")
        with pytest.raises(InvalidIdentifier):
            posted_key(ANNA, " ")


class TestPurchases:
    """A purchase earns what the rules give, and counts for the tier, at once."""

    def test_it_is_posted_with_its_breakdown(self, desk):
        done = desk.purchase(bought(ANNA, JANUARY, "42.50"), key="o-1", source="shop-3")
        assert done.posted.balance.available == 42
        assert done.posted.entry.posting.breakdown == (RuleShare("one a euro", 42),)
        assert done.posted.entry.posting.source == "shop-3"
        assert done.decision.outcome.points == 42
        assert done.referral is None

    def test_the_same_again_posts_nothing(self, desk):
        first = desk.purchase(bought(ANNA, JANUARY, "42.50"), key="o-1")
        again = desk.purchase(bought(ANNA, JANUARY, "42.50"), key="o-1")
        assert (again.posted.entry, again.posted.is_new) == (first.posted.entry, False)
        assert again.decision is None
        assert again.posted.balance == first.posted.balance
        assert desk.balance(ANNA, JANUARY).available == 42

    @pytest.mark.parametrize("other", [("42.51", JANUARY), ("42.50", JANUARY - DAY)])
    def test_another_purchase_under_the_key_is_refused(self, desk, other):
        desk.purchase(bought(ANNA, JANUARY, "42.50"), key="o-1")
        with pytest.raises(IdempotencyMismatch):
            desk.purchase(bought(ANNA, other[1], other[0]), key="o-1", on=JANUARY)

    def test_a_purchase_under_the_key_of_something_else_is_refused(self, desk):
        desk.credit(ANNA, 10, on=JANUARY, key="k", reason="sorry")
        with pytest.raises(IdempotencyMismatch):
            desk.purchase(bought(ANNA, JANUARY, "10.00"), key="k")

    def test_the_same_key_of_another_member_is_another_command(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
        assert desk.purchase(bought(BEN, JANUARY, "20.00"), key="o-1").posted.is_new

    def test_one_that_earns_nothing_counts_for_the_tier_all_the_same(self, desk):
        done = desk.purchase(bought(ANNA, JANUARY, "0.99"), key="o-1")
        assert isinstance(done.posted.entry.posting, Qualified)
        (counted,) = desk.ledger(ANNA).qualifications()
        assert (counted.spend, counted.visits, counted.points) == (euros("0.99"), 1, 0)
        again = desk.purchase(bought(ANNA, JANUARY, "0.99"), key="o-1")
        assert not again.posted.is_new

    def test_heard_of_late_it_counts_from_its_own_day(self, desk):
        bought_on, heard_on = JANUARY + 3 * DAY, JANUARY + 20 * DAY
        done = desk.purchase(bought(ANNA, bought_on, "10.00"), key="o-1", on=heard_on)
        entry = done.posted.entry
        assert (entry.on, entry.posting.lot.earned_on) == (heard_on, bought_on)
        assert entry.posting.qualification.counts_for == bought_on
        assert desk.balance(ANNA, bought_on).credited == 0

    def test_it_lifts_the_member_at_once_and_tells(self, desk):
        messages(desk)
        desk.purchase(bought(ANNA, JANUARY + DAY, "1000.00"), key="o-1")
        assert desk.membership(ANNA).tiers.tier == SILVER
        assert messages(desk) == [(TIER_CHANGED_TOPIC, "anna\nbronze\nsilver")]

    def test_the_multiplier_is_that_of_the_tier_held_the_day_before(self, desk):
        lifts = desk.purchase(bought(ANNA, JANUARY + DAY, "5000.00"), key="o-1")
        same_day = desk.purchase(bought(ANNA, JANUARY + DAY, "10.00"), key="o-2")
        next_day = desk.purchase(bought(ANNA, JANUARY + 2 * DAY, "10.00"), key="o-3")
        earned = [each.decision.outcome.points for each in (lifts, same_day, next_day)]
        assert earned == [5000, 10, 20]

    def test_a_tier_that_the_host_names_is_taken(self, desk):
        done = desk.purchase(bought(ANNA, JANUARY, "10.00", tier="gold"), key="o-1")
        assert done.decision.outcome.points == 20

    def test_a_first_purchase_may_have_its_bonus(self):
        desk = joined(desk_in_memory(BASE, WELCOME))
        done = desk.purchase(bought(ANNA, JANUARY, "10.00", is_first_purchase=True), key="o-1")
        assert done.posted.balance.available == 60

    def test_what_is_posted_is_recorded_with_when_and_by_whom(self, desk):
        noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
        done = desk.purchase(
            bought(ANNA, JANUARY, "10.00"), key="o-1", recorded_at=noon, by=EVA, reason="sale"
        )
        entry = done.posted.entry
        assert (entry.recorded_at, entry.by, entry.reason) == (noon, EVA, "sale")


class TestReferrals:
    """Both sides of a referral are paid, each exactly once."""

    @pytest.fixture
    def desk(self, store):
        return joined(LoyaltyDesk(store=store, program=program(BASE, FRIENDS)), ANNA, BEN)

    def refer(self, desk, on=JANUARY, key="o-1", **what):
        facts = bought(BEN, on, "10.00", is_first_purchase=True, referred_by=ANNA, **what)
        return desk.purchase(facts, key=key)

    def test_both_are_paid(self, desk):
        done = self.refer(desk)
        assert done.posted.balance.available == 110
        assert done.referral.balance.available == 200
        assert done.referral.entry.posting.breakdown == (RuleShare("friends", 200),)

    def test_it_does_not_count_for_the_tier_of_the_referrer(self, desk):
        self.refer(desk)
        assert desk.ledger(ANNA).qualifications() == ()

    def test_nobody_is_paid_twice(self, desk):
        self.refer(desk)
        again = self.refer(desk)
        another = self.refer(desk, key="o-2")
        assert again.referral is None
        assert another.referral is None
        assert another.decision.outcome.points == 10
        assert desk.balance(ANNA, JANUARY).available == 200

    def test_a_referrer_who_is_no_member_gets_nothing(self, desk):
        facts = bought(BEN, JANUARY, "10.00", is_first_purchase=True, referred_by=CLARA)
        done = desk.purchase(facts, key="o-1")
        assert done.referral is None
        assert done.posted.balance.available == 110

    def test_a_referrer_who_was_here_since_is_paid_for_the_day_of_the_purchase(self, desk):
        desk.purchase(bought(ANNA, JANUARY + 9 * DAY, "1.00"), key="own")
        done = self.refer(desk)
        entry = done.referral.entry
        assert (entry.on, entry.posting.lot.earned_on) == (JANUARY + 9 * DAY, JANUARY)

    def test_a_referrer_who_was_merged_away_gets_nothing_any_more(self, desk):
        joined(desk, CLARA)
        desk.merge(CLARA, ANNA, on=JANUARY, key="m")
        assert self.refer(desk).referral is None


class TestCaps:
    """What a cap has let through is read off the ledger."""

    @pytest.fixture
    def desk(self, store):
        capped = evolve(BASE, caps=(EarningCap(100, CapPeriod.MONTH),))
        return joined(LoyaltyDesk(store=store, program=program(capped)), ANNA)

    def test_a_month_has_no_more_than_its_cap(self, desk):
        days = [JANUARY, JANUARY + DAY, JANUARY + 2 * DAY, date(2026, 2, 1)]
        earned = [
            desk.purchase(bought(ANNA, day, "60.00"), key=f"o-{day}").decision.outcome.points
            for day in days
        ]
        assert earned == [60, 40, 0, 60]

    def test_a_return_makes_room_again(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "60.00"), key="o-1")
        back = (RuleShare("one a euro", -60),)
        desk.reverse(ANNA, "o-1", on=JANUARY + DAY, key="r-1", breakdown=back)
        done = desk.purchase(bought(ANNA, JANUARY + 2 * DAY, "100.00"), key="o-2")
        assert done.decision.outcome.points == 100

    def test_the_caps_of_a_referrer_are_those_of_the_referrer(self, store):
        friends = evolve(FRIENDS, caps=(EarningCap(300, CapPeriod.YEAR),))
        desk = joined(LoyaltyDesk(store=store, program=program(BASE, friends)), ANNA, BEN, CLARA)
        paid = []
        for friend in (BEN, CLARA):
            facts = bought(friend, JANUARY, "1.00", is_first_purchase=True, referred_by=ANNA)
            done = desk.purchase(facts, key="o")
            assert done.referral is not None
            paid.append(done.referral.balance.accrued)
        assert paid == [200, 300]


class TestCommands:
    """Every command of a ledger goes through the desk, once."""

    @pytest.fixture
    def desk(self, store):
        desk = joined(LoyaltyDesk(store=store, program=program()), ANNA, BEN)
        desk.purchase(bought(ANNA, JANUARY, "100.00"), key="o-1")
        return desk

    COMMANDS = {
        "redeem": lambda desk: desk.redeem(ANNA, 30, on=JANUARY, key="k", reward="coffee"),
        "hold": lambda desk: desk.hold(ANNA, 30, on=JANUARY, key="k", lapses_on=JANUARY + DAY),
        "credit": lambda desk: desk.credit(ANNA, 30, on=JANUARY, key="k", reason="sorry"),
        "debit": lambda desk: desk.debit(ANNA, 30, on=JANUARY, key="k", reason="a mistake"),
        "reverse": lambda desk: desk.reverse(ANNA, "o-1", 30, on=JANUARY, key="k"),
    }

    @pytest.mark.parametrize(
        ("name", "available"),
        [("redeem", 70), ("hold", 70), ("credit", 130), ("debit", 70), ("reverse", 70)],
    )
    def test_it_is_posted_once(self, desk, name, available):
        first, again = (self.COMMANDS[name](desk) for _ in range(2))
        assert (first.is_new, again.is_new) == (True, False)
        assert first.entry == again.entry
        assert first.balance.available == available
        assert desk.balance(ANNA, JANUARY).available == available
        assert desk.balance(ANNA, JANUARY).is_conserved

    @pytest.mark.parametrize("name", COMMANDS)
    def test_another_command_under_its_key_is_refused(self, desk, name):
        self.COMMANDS[name](desk)
        with pytest.raises(IdempotencyMismatch):
            desk.redeem(ANNA, 1, on=JANUARY, key="k")

    def test_a_checkout_that_goes_through(self, desk):
        desk.hold(ANNA, 60, on=JANUARY, key="h")
        for _ in range(2):
            desk.capture(ANNA, "h", 50, on=JANUARY, key="c", reward="book")
        balance = desk.balance(ANNA, JANUARY)
        assert (balance.available, balance.held, balance.redeemed) == (50, 0, 50)

    def test_a_checkout_that_comes_to_nothing(self, desk):
        desk.hold(ANNA, 60, on=JANUARY, key="h")
        for _ in range(2):
            desk.release(ANNA, "h", on=JANUARY, key="c")
        assert desk.balance(ANNA, JANUARY).available == 100

    def test_a_redemption_that_is_cancelled(self, desk):
        desk.redeem(ANNA, 60, on=JANUARY, key="r")
        for _ in range(2):
            desk.roll_back(ANNA, "r", on=JANUARY, key="c")
        assert desk.balance(ANNA, JANUARY).available == 100

    def test_a_refused_command_leaves_the_store_as_it_was(self, desk):
        before = desk.ledger(ANNA)
        with pytest.raises(InsufficientPoints):
            desk.redeem(ANNA, 101, on=JANUARY, key="k")
        assert desk.ledger(ANNA) == before
        assert desk.redeem(ANNA, 100, on=JANUARY, key="k").is_new

    def test_a_return_can_take_a_tier_back(self, store):
        strict = evolve(TIERS, returns=AfterReturn.AT_ONCE)
        desk = joined(LoyaltyDesk(store=store, program=program(tiers=strict)))
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        desk.reverse(ANNA, "o-1", on=JANUARY + DAY, key="r")
        assert desk.membership(ANNA).tiers.tier == BRONZE

    def test_points_are_transferred_once_and_with_their_last_day(self, desk):
        for _ in range(2):
            sent, got = desk.transfer(ANNA, BEN, 40, on=JANUARY + DAY, key="t")
        assert (sent.is_new, got.is_new) == (False, False)
        assert desk.balance(ANNA, JANUARY + DAY).available == 60
        (expiring,) = desk.expiring(BEN, JANUARY + DAY, date(2027, 12, 31))
        assert (expiring.points, expiring.valid_through) == (40, date(2027, 1, 5))

    def test_a_unit_of_the_host_is_joined_and_never_committed(self, desk):
        with desk.store.unit_of_work() as unit:
            desk.redeem(ANNA, 30, on=JANUARY, key="k", unit=unit)
            assert desk.balance(ANNA, JANUARY, unit=unit).available == 70
        assert desk.balance(ANNA, JANUARY).available == 100

    def test_of_two_units_at_once_one_has_to_read_again(self, desk):
        with desk.store.unit_of_work() as one:
            desk.redeem(ANNA, 80, on=JANUARY, key="k", unit=one)
            desk.redeem(ANNA, 70, on=JANUARY, key="l")
            with pytest.raises(VersionConflict):
                one.commit()
        assert desk.balance(ANNA, JANUARY).available == 30


class TestMerging:
    """Two members turn out to be one customer, who has everything then."""

    @pytest.fixture
    def desk(self, store):
        desk = LoyaltyDesk(store=store, program=program())
        desk.join(ANNA, on=JANUARY + 5 * DAY)
        desk.join(BEN, on=JANUARY)
        desk.purchase(bought(ANNA, JANUARY + 5 * DAY, "600.00"), key="o-1")
        desk.purchase(bought(BEN, JANUARY + 6 * DAY, "500.00"), key="o-1")
        desk.redeem(BEN, 100, on=JANUARY + 7 * DAY, key="r")
        messages(desk)
        return desk

    def merge(self, desk):
        return desk.merge(ANNA, BEN, on=JANUARY + 10 * DAY, key="m")

    def test_the_survivor_has_everything(self, desk):
        assert self.merge(desk).balance.available == 1000
        assert desk.balance(BEN, JANUARY + 10 * DAY).total == 0

    def test_what_counted_for_one_counts_for_both_from_that_day_on(self, desk):
        self.merge(desk)
        changes = desk.membership(ANNA).tiers.changes
        assert [(change.to_tier, change.on) for change in changes] == [
            (BRONZE, JANUARY + 5 * DAY),
            (SILVER, JANUARY + 10 * DAY),
        ]
        assert messages(desk) == [(TIER_CHANGED_TOPIC, "anna\nbronze\nsilver")]

    def test_the_survivor_is_a_member_since_the_earlier_of_both(self, desk):
        self.merge(desk)
        membership = desk.membership(ANNA)
        assert membership.joined_on == JANUARY
        assert membership.absorbed == (Absorbed(BEN, JANUARY + 10 * DAY),)
        assert desk.membership(BEN).survivor == ANNA

    def test_merged_twice_is_merged_once(self, desk):
        first, again = self.merge(desk), self.merge(desk)
        assert (first.is_new, again.is_new) == (True, False)
        assert len(desk.membership(ANNA).absorbed) == 1

    def test_nothing_is_posted_to_who_is_gone(self, desk):
        self.merge(desk)
        with pytest.raises(ClosedLedger):
            desk.purchase(bought(BEN, JANUARY + 11 * DAY, "1.00"), key="o-2")
        assert [s.record.member for s in desk.members_of(BRONZE).items] == []

    def test_goods_of_the_other_are_given_back_to_the_survivor(self, desk):
        self.merge(desk)
        day = JANUARY + 11 * DAY
        desk.reverse(ANNA, "o-1", 500, on=day, key="b-1", of=BEN)
        desk.roll_back(ANNA, "r", on=day, key="b-2", of=BEN)
        balance = desk.balance(ANNA, day)
        assert (balance.available, balance.deficit) == (600, 0)
        assert balance.is_conserved

    def test_the_whole_ledger_knows_the_one_that_was_merged(self, desk):
        self.merge(desk)
        counted = desk.ledger(ANNA).qualifications()
        assert sum(each.points for each in counted) == 1100
        assert {each.on for each in counted} == {JANUARY + 5 * DAY, JANUARY + 10 * DAY}
        known = desk.tier_facts(ANNA, JANUARY + 10 * DAY).qualifications
        assert known == tuple(
            evolve(each, key=None) for each in sorted(counted, key=lambda each: each.on)
        )


class TestTiers:
    """Tiers are held by what counts and by time; a run that comes late changes nothing."""

    def test_a_tier_falls_when_what_counted_leaves_the_window(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        messages(desk)
        late = date(2027, 3, 1)
        changed, after = desk.retier(late)
        assert [each.member for each in changed] == [ANNA]
        assert after is None
        assert changed[0].tiers.since < late
        assert messages(desk) == [(TIER_CHANGED_TOPIC, "anna\nsilver\nbronze")]
        assert desk.retier(late) == ((), None)

    @given(runs=st.lists(st.integers(1, 900), max_size=4).map(sorted))
    def test_how_often_it_runs_makes_no_difference(self, runs):
        def histories(days):
            desk = joined(desk_in_memory())
            desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
            for day in (*days, 1000):
                desk.retier(JANUARY + day * DAY)
            return desk.membership(ANNA).tiers

        assert histories(runs) == histories([])

    def test_two_purchases_of_one_day_lift_twice(self, desk):
        desk.purchase(bought(ANNA, JANUARY + DAY, "1000.00"), key="o-1")
        desk.purchase(bought(ANNA, JANUARY + DAY, "4000.00"), key="o-2")
        assert desk.membership(ANNA).tiers.tier == GOLD
        assert [payload for _, payload in messages(desk)][2:] == [
            "anna\nbronze\nsilver",
            "anna\nsilver\ngold",
        ]

    def test_a_day_is_decided_when_it_is_over(self, desk):
        """Bought and given back on one day: the day left no trace, but both moves were told."""
        desk.purchase(bought(ANNA, JANUARY + DAY, "1000.00"), key="o-1")
        desk.reverse(ANNA, "o-1", on=JANUARY + DAY, key="r-1")
        assert [change.to_tier for change in desk.membership(ANNA).tiers.changes] == [BRONZE]
        assert [payload for _, payload in messages(desk)][2:] == [
            "anna\nbronze\nsilver",
            "anna\nsilver\nbronze",
        ]

    def test_new_terms_do_not_reach_back(self, desk):
        desk.purchase(bought(ANNA, JANUARY + DAY, "600.00"), key="o-1")
        desk.retier(JANUARY + 100 * DAY)
        easier = evolve(TIERS, thresholds=(TierThreshold(tier=SILVER, points=500),))
        then = evolve(desk, program=program(BASE, tiers=easier))
        then.retier(JANUARY + 101 * DAY)
        (_, silver) = then.membership(ANNA).tiers.changes
        assert (silver.to_tier, silver.on) == (SILVER, JANUARY + 101 * DAY)

    def test_page_by_page(self, desk):
        for member in (ANNA, BEN):
            desk.purchase(bought(member, JANUARY, "1000.00"), key="o-1")
        first, after = desk.retier(date(2027, 3, 1), limit=1)
        second, end = desk.retier(date(2027, 3, 1), limit=1, after=after)
        assert [each.member for each in (*first, *second)] == [ANNA, BEN]
        assert end is None

    def test_a_day_before_the_last_change_is_left_alone(self, desk):
        desk.purchase(bought(ANNA, JANUARY + 9 * DAY, "1000.00"), key="o-1")
        before = desk.membership(ANNA)
        assert desk.retier(JANUARY + 3 * DAY) == ((), None)
        assert desk.membership(ANNA) == before

    def test_members_who_join_later_are_left_alone(self, desk):
        desk.join(CLARA, on=JANUARY + 9 * DAY)
        assert desk.retier(JANUARY + 3 * DAY) == ((), None)

    def test_a_tier_given_by_hand_holds_for_its_time(self, desk):
        gold = ManualTier(
            tier=GOLD, from_on=JANUARY, until=JANUARY + 5 * DAY, reason="status match", by=EVA
        )
        for _ in range(2):
            assert desk.give_tier(ANNA, gold).manual == (gold,)
        held = [desk.tier(ANNA, JANUARY + days * DAY).outcome for days in (0, 5, 6)]
        assert held == [GOLD, GOLD, BRONZE]
        done = desk.purchase(bought(ANNA, JANUARY + DAY, "10.00"), key="o-1")
        assert done.decision.outcome.points == 20

    def test_a_tier_that_is_on_no_ladder_is_not_given(self, desk):
        odd = ManualTier(tier=Tier("ruby", 9), from_on=JANUARY, until=JANUARY, reason="why", by=EVA)
        with pytest.raises(InvalidValue, match="ladder"):
            desk.give_tier(ANNA, odd)

    def test_a_program_without_tiers_says_so(self):
        desk = joined(desk_in_memory(BASE, tiers=None))
        with pytest.raises(InvalidValue, match="no tiers"):
            desk.tier(ANNA, JANUARY)
        assert desk.purchase(bought(ANNA, JANUARY, "5.00"), key="k").posted.balance.available == 5

    def test_the_decision_says_why(self, desk):
        desk.purchase(bought(ANNA, JANUARY, "1000.00"), key="o-1")
        decision = desk.tier(ANNA, JANUARY + DAY)
        assert decision.outcome == SILVER
        assert decision.subject == ANNA


class TestSnapshots:
    """A balance begins at a snapshot, which says what all entries say."""

    def busy(self, store, entries, every):
        desk = LoyaltyDesk(store=store, program=program(), snapshot_every=every)
        joined(desk)
        for number in range(entries):
            desk.purchase(bought(ANNA, JANUARY + number * DAY, "10.00"), key=f"o-{number}")
        return desk

    def read_for_a_balance(self, desk, monkeypatch):
        """How many entries are read from the store to give a balance."""
        read = []
        loads = type(POINTS_LEDGERS).loads

        def counted(*args):
            read.append(args)
            return loads(*args)

        monkeypatch.setattr(type(POINTS_LEDGERS), "loads", counted)
        desk.balance(ANNA, date(2026, 12, 31))
        return len(read)

    def test_a_balance_reads_only_what_came_after(self, store, monkeypatch):
        desk = self.busy(store, 23, every=10)
        assert self.read_for_a_balance(desk, monkeypatch) == 3

    def test_without_a_snapshot_it_reads_everything(self, store, monkeypatch):
        desk = self.busy(store, 23, every=1000)
        assert self.read_for_a_balance(desk, monkeypatch) == 23

    def test_the_snapshot_agrees_with_the_entries(self, store):
        desk = self.busy(store, 23, every=10)
        assert desk.verify(ANNA) == desk.ledger(ANNA).account

    def test_a_snapshot_that_was_tampered_with_is_found_out(self, store):
        desk = self.busy(store, 10, every=10)
        wrong = evolve(POINTS_ACCOUNT, step=lambda account, _: evolve(account, accrued=999_999))
        with store.unit_of_work() as unit:
            log = unit.stream(POINTS_LEDGERS)
            log.append(ANNA, desk.ledger(ANNA).entries[:0], 10)
            evolved = evolve(wrong, start=PointsAccount())
            assert evolved.name == POINTS_ACCOUNT.name
            log.append(
                ANNA,
                PointsLedger.continued(ANNA, desk.program.terms, desk.verify(ANNA))
                .credit(1, on=date(2026, 6, 1), key="x", reason="x")
                .entries,
                10,
            )
            log.snapshot(ANNA, evolved)
            unit.commit()
        with pytest.raises(CorruptStore):
            desk.verify(ANNA)

    def test_a_day_before_the_last_entry_is_read_off_the_whole_ledger(self, store):
        desk = self.busy(store, 12, every=10)
        assert desk.balance(ANNA, JANUARY + 4 * DAY).accrued == 50
        assert desk.expiring(ANNA, JANUARY, date(2027, 1, 5))[0].points == 10

    def test_points_wait_for_their_lock(self, store):
        desk = joined(LoyaltyDesk(store=store, program=program(terms=LOCKED)))
        desk.purchase(bought(ANNA, JANUARY, "10.00"), key="o-1")
        assert desk.balance(ANNA, JANUARY + 13 * DAY).pending == 10
        assert desk.balance(ANNA, JANUARY + 14 * DAY).available == 10


class TestDocuments:
    """Whatever a shop keeps of its program comes back as it was."""

    @pytest.mark.parametrize(
        "kept",
        [
            program(BASE, GOLD_DOUBLES, WELCOME, FRIENDS, terms=LOCKED),
            Membership(ANNA, JANUARY, TierHistory(ANNA), absorbed=(Absorbed(BEN, JANUARY),)),
            CouponPolicy(),
            PointsReturn(EarningRules((BASE,)), ReturnBasis.BY_LINE),
            Counted.of([Qualification(JANUARY, points=5, spend=euros("5.00"), visits=1)]),
        ],
        ids=lambda kept: type(kept).__name__,
    )
    def test_round_trip(self, kept):
        converter = make_converter(*STORED_TYPES)
        assert converter.loads(converter.dumps(kept)) == kept

    @given(
        counted=st.lists(
            st.builds(
                Qualification,
                st.dates(date(2020, 1, 1), date(2030, 1, 1)),
                st.integers(-(10**9), 10**9),
                st.none() | st.integers(-(10**9), 10**9).map(lambda n: Money.of_minor(n, "EUR")),
                st.integers(-5, 5),
                st.none() | st.dates(date(2010, 1, 1), date(2019, 12, 31)),
            )
        )
    )
    def test_what_counts_comes_back_from_its_lines(self, counted):
        kept = Counted.of(counted)
        converter = make_converter(*STORED_TYPES)
        assert converter.loads(converter.dumps(kept)).items == tuple(counted)

    def test_memberships_are_kept_under_their_member(self):
        assert MEMBERSHIPS.key(Membership(ANNA, JANUARY, TierHistory(ANNA))) == ANNA
