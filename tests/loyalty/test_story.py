"""A year of a shop with five members, with all that goes wrong on the way."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from crmkit.loyalty import (
    COUPONS,
    MEMBERSHIPS,
    REWARD_STOCKS,
    TIER_CHANGED_TOPIC,
    CouponStanding,
    LiabilityFacts,
    Passed,
    PointsLiability,
    estimate_breakage,
    points_by_month,
)
from crmkit.money import Money
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore
from tests.loyalty.shop import BRONZE, GOLD, SILVER
from tests.loyalty.story import (
    ANNA,
    BEN,
    CLARA,
    CLUB,
    DORA,
    EMIL,
    MEMBERS,
    SPRING,
    YEAR,
    delivered_twice,
    on,
    opened,
    tell,
)

DAY = timedelta(days=1)
DAYS = [date(2026, 1, 5) + number * DAY for number in range(365)]
SILVESTER = date(2026, 12, 31)


def kept_in(kind, path):
    return MemoryStore() if kind == "memory" else SqliteStore.open(path / "kept.db", create=True)


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def desk(request, tmp_path_factory):
    with kept_in(request.param, tmp_path_factory.mktemp("story")) as store:
        yield tell(opened(store))


@pytest.fixture(scope="module")
def once():
    """How the year ends if everything is delivered once, in order."""
    desk = tell(opened(MemoryStore()))
    return everything(desk), Counter(outbox(desk))


@pytest.fixture(scope="module")
def ledgers(desk):
    return {member: desk.ledger(member) for member in MEMBERS}


def outbox(desk):
    """What is told, in the order of the commits: it is handed over, and told no more."""
    found = []
    while desk.store.deliver(lambda message: found.append((message.topic, message.payload))):
        pass
    return found


def everything(desk):
    """All that is kept, of everybody."""
    with desk.store.unit_of_work() as unit:
        members = [unit.repository(MEMBERSHIPS).get(member).record for member in MEMBERS]
        stock = unit.repository(REWARD_STOCKS).get("mug").record
        coupon = unit.repository(COUPONS).get(SPRING).record
    ledgers = [desk.ledger(member) for member in MEMBERS]
    return members, stock.left, stock.taken, coupon, ledgers


def figures(ledger, day):
    balance = ledger.balance(day)
    return balance.available, balance.pending, balance.held, balance.deficit


class TestEveryDay:
    """Whatever happened, each point is somewhere."""

    def test_every_ledger_conserves(self, ledgers):
        assert all(ledger.balance(day).is_conserved for ledger in ledgers.values() for day in DAYS)

    def test_what_is_owed_is_what_members_have(self, ledgers):
        for day in DAYS:
            balances = [ledger.balance(day) for ledger in ledgers.values()]
            by_month = points_by_month(ledgers.values(), day).total
            assert by_month.open == sum(b.available + b.pending + b.held for b in balances)
            assert by_month.expired == sum(each.expired for each in balances)

    def test_what_one_gives_another_has(self, ledgers):
        """But for what was owed already, nothing comes in that does not go out."""
        for day in DAYS:
            balances = [ledger.balance(day) for ledger in ledgers.values()]
            assert sum(b.received for b in balances) == sum(b.transferred_out for b in balances)

    def test_the_snapshots_agree(self, desk):
        for member in MEMBERS:
            assert desk.verify(member) == desk.ledger(member).account

    @pytest.mark.parametrize("day", [on(1, 5), on(2, 11), on(4, 2), on(5, 4), SILVESTER])
    def test_the_desk_says_what_the_ledger_says(self, desk, ledgers, day):
        for member in MEMBERS:
            assert desk.balance(member, day) == ledgers[member].balance(day)


class TestAnna:
    """Anna brings a friend, checks out twice, and cancels what had expired meanwhile."""

    @pytest.mark.parametrize(
        ("day", "available", "pending", "held"),
        [
            (on(1, 20), 0, 120, 0),  # Seventy and a welcome wait for two weeks.
            (on(1, 21), 120, 0, 0),
            (on(2, 3), 120, 200, 0),  # Dora came.
            (on(2, 10), 20, 200, 100),
            (on(2, 11), 40, 200, 0),  # Of the hundred held, eighty were paid with.
            (on(2, 20), 210, 0, 30),
            (on(2, 21), 210, 0, 30),
            (on(2, 22), 240, 0, 0),  # Nobody came back to the till.
            (on(3, 25), 200, 0, 0),
            (on(3, 31), 200, 0, 0),
            (on(4, 1), 200, 0, 0),
            (on(4, 2), 200, 0, 0),  # What was redeemed of January is back, and gone.
            (on(4, 30), 200, 0, 0),
            (on(5, 1), 0, 0, 0),
        ],
    )
    def test_what_she_has(self, ledgers, day, available, pending, held):
        assert figures(ledgers[ANNA], day) == (available, pending, held, 0)

    def test_what_was_cancelled_is_not_eternal(self, ledgers):
        expired = [
            (line.on, sum(lot.points for lot in line.expired))
            for line in ledgers[ANNA].statement(SILVESTER)
            if isinstance(line, Passed) and line.expired
        ]
        assert expired == [(on(4, 2), 40), (on(5, 1), 200)]

    def test_she_is_paid_for_dora_once(self, ledgers):
        shares = Counter(
            share.rule
            for entry in ledgers[ANNA].entries
            for share in getattr(entry.posting, "breakdown", ())
        )
        assert shares == {"one a euro": 1, "welcome": 1, "friends": 1}


class TestBen:
    """Ben is capped and lifted, takes a mug and brings it back, and turns out to be Clara."""

    @pytest.mark.parametrize(
        ("day", "available", "pending"),
        [
            (on(1, 23), 0, 800),  # Of a thousand, eight hundred.
            (on(2, 24), 800, 0),
            (on(2, 25), 700, 0),
            (on(3, 31), 700, 0),
            (on(4, 1), 0, 0),
            (on(4, 3), 0, 0),  # The mug is back; its points had their last day.
            (on(5, 4), 600, 0),  # Clara's, less her gift.
            (on(5, 11), 245, 0),  # Four ninths of eight hundred go with the rug.
            (on(5, 31), 245, 0),
            (on(6, 1), 0, 0),
        ],
    )
    def test_what_he_has(self, ledgers, day, available, pending):
        assert figures(ledgers[BEN], day) == (available, pending, 0, 0)

    def test_the_mug_is_there_again(self, desk):
        assert everything(desk)[1:3] == (1, 0)

    def test_clara_has_nothing_any_more(self, ledgers):
        assert figures(ledgers[CLARA], on(5, 3)) == (600, 0, 0, 0)
        assert figures(ledgers[CLARA], on(5, 4)) == (0, 0, 0, 0)


class TestDora:
    """Dora is gold for three weeks, and her coupon ends when it always did."""

    @pytest.mark.parametrize(
        ("day", "tier"),
        [(on(4, 9), BRONZE), (on(4, 10), GOLD), (on(4, 30), GOLD), (on(5, 1), BRONZE)],
    )
    def test_gold_is_for_its_time(self, desk, day, tier):
        assert desk.tier(DORA, day).outcome == tier

    @pytest.mark.parametrize(
        ("day", "available", "pending"),
        [
            (on(2, 3), 0, 200),  # Fifty, a welcome, and a hundred for being brought.
            (on(4, 2), 170, 0),
            (on(4, 15), 170, 100),  # Fifty euros, twice, since she is gold by then.
            (on(4, 20), 170, 0),
            (on(4, 30), 170, 0),
            (on(5, 1), 0, 0),
        ],
    )
    def test_what_she_has(self, ledgers, day, available, pending):
        assert figures(ledgers[DORA], day) == (available, pending, 0, 0)

    def test_the_coupon_is_restored_and_expires(self, desk):
        coupon = everything(desk)[3]
        standing = [coupon.standing(day) for day in (on(4, 15), on(4, 20), on(5, 1))]
        assert standing == [
            CouponStanding.REDEEMED,
            CouponStanding.ACTIVE,
            CouponStanding.EXPIRED,
        ]


class TestEmil:
    """Emil gives back what he has spent, and September is heard of in October."""

    @pytest.mark.parametrize(
        ("day", "available", "pending", "deficit"),
        [
            (on(1, 11), 0, 0, 0),  # Bought on the ninth, and nobody knew.
            (on(1, 22), 0, 60, 0),
            (on(1, 23), 60, 0, 0),
            (on(3, 10), 0, 0, 60),
            (on(3, 12), 0, 40, 0),
            (on(4, 21), 240, 0, 0),
            (on(5, 31), 240, 0, 0),
            (on(6, 1), 0, 0, 0),  # Clara's gift ends when it would have with her.
            (on(10, 2), 790, 10, 0),  # Ten were left of September.
            (on(10, 5), 790, 510, 0),
            (on(11, 3), 1_300, 800, 0),
            (on(11, 30), 2_100, 0, 0),
            (on(12, 1), 1_300, 0, 0),
            (on(12, 20), 700, 0, 0),
            (SILVESTER, 700, 0, 0),
            (date(2027, 1, 1), 700, 0, 0),
        ],
    )
    def test_what_he_has(self, ledgers, day, available, pending, deficit):
        assert figures(ledgers[EMIL], day) == (available, pending, 0, deficit)


class TestTiers:
    """Members rise at once and fall at the review, and each change is told once."""

    @pytest.mark.parametrize(
        ("member", "changes"),
        [
            (ANNA, [(BRONZE, on(1, 5))]),
            (BEN, [(BRONZE, on(1, 5)), (SILVER, on(1, 10)), (BRONZE, on(7, 1))]),
            (CLARA, [(BRONZE, on(1, 5)), (SILVER, on(3, 5))]),
            (DORA, [(BRONZE, on(2, 2))]),
            (EMIL, [(BRONZE, on(1, 5)), (SILVER, on(9, 15)), (GOLD, on(11, 3))]),
        ],
    )
    def test_by_the_terms(self, desk, member, changes):
        history = desk.membership(member).tiers
        assert [(each.to_tier, each.on) for each in history.changes] == changes

    def test_gold_ends_at_the_next_review_unless_it_is_earned(self, desk):
        held = [desk.tier(EMIL, date(2027, 1, 1) + days * DAY).outcome for days in (-1, 0, 89, 90)]
        assert held == [GOLD, SILVER, SILVER, BRONZE]

    def test_each_change_is_told_once(self, desk):
        found = []
        for member in MEMBERS:
            names = ["", *(each.to_tier.name for each in desk.membership(member).tiers.changes)]
            moves = pairwise(names)
            found += [(TIER_CHANGED_TOPIC, f"{member}\n{was}\n{now}") for was, now in moves]
        assert Counter(outbox(desk)) == Counter(found)


class TestTheYearsEnd:
    """What is open on the last day of the year is owed."""

    def test_the_liability(self, ledgers):
        found = points_by_month(ledgers.values(), SILVESTER)
        assert found.total.open == 700
        assert found.total.earned == (120 + 200) + 800 + 800 + (200 + 100) + (160 + 1_300 + 800)
        breakage = estimate_breakage(found)
        assert CLUB.point_value is not None
        policy = PointsLiability(CLUB.point_value, breakage)
        assert policy(LiabilityFacts.of(found)).evidence[1].observed == Money("7.00", "EUR")
        settled = [each for month, each in found.months.items() if month < on(11, 1)]
        expired, redeemed = sum(e.expired for e in settled), sum(e.redeemed for e in settled)
        assert breakage.points == expired + redeemed
        assert breakage.share.limit_denominator() * breakage.points == expired


class TestTheQueue:
    """Whatever is delivered twice happened once, in whatever order members came."""

    @pytest.mark.parametrize("kind", ["memory", "sqlite"])
    @pytest.mark.parametrize("seed", range(4))
    def test_the_year_ends_in_the_same_way(self, once, kind, seed, tmp_path):
        with kept_in(kind, tmp_path) as store:
            desk = tell(opened(store), delivered_twice(seed))
            assert everything(desk) == once[0]
            assert Counter(outbox(desk)) == once[1]
            for member in MEMBERS:
                assert desk.verify(member) == desk.ledger(member).account

    def test_it_was_delivered_twice(self):
        assert all(
            Counter(map(id, delivered_twice(seed))) == Counter([*map(id, YEAR)] * 2)
            for seed in range(4)
        )
