"""Rewards: who may have one, what is missing, and that no piece is given twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import explain
from crmkit.errors import IllegalTransition, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    CapPeriod,
    ExpiresAfter,
    OutOfStock,
    PieceMoved,
    PieceReserved,
    Redeemed,
    ReservationAction,
    Restocked,
    Reward,
    RewardCatalog,
    RewardFacts,
    RewardLimit,
    RewardPolicy,
    RewardStock,
    RewardVerdict,
)
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.serialization import make_converter
from tests.loyalty.earning_strategies import eur

ON = date(2026, 3, 31)
MEMBER = CustomerId("M-7")
CONVERTER = make_converter(RewardCatalog, RewardStock, RewardFacts)


def facts(**terms: Any) -> RewardFacts:
    """A member of a year with a thousand points."""
    known: dict[str, Any] = {"member": MEMBER, "on": ON, "points": 1000}
    known |= {"member_since": date(2025, 3, 31)}
    return RewardFacts(**(known | terms))


def verdict(reward: Reward, **terms: Any) -> RewardVerdict:
    """What the policy says."""
    return RewardPolicy(reward)(facts(**terms)).outcome


class TestPolicy:
    """A reward is for whoever it is for, while it is offered, in stock and paid for."""

    @pytest.mark.parametrize(("points", "missing"), [(499, 1), (500, 0), (501, 0), (-20, 520)])
    def test_enough_points_are_enough(self, points, missing):
        """And what is missing is told, to the point; a debt counts."""
        outcome = verdict(Reward("mug", 500), points=points)
        assert (outcome.allowed, outcome.missing_points) == (missing == 0, missing)

    @pytest.mark.parametrize(
        ("left", "allowed"), [({}, True), ({"mug": 1}, True), ({"mug": 0}, False)]
    )
    def test_a_piece_has_to_be_left(self, left, allowed):
        """Whatever nobody counts yet is all there."""
        assert verdict(Reward("mug", 500, stock=3), left=left).allowed is allowed
        assert verdict(Reward("mug", 500), left=left).allowed
        assert not verdict(Reward("mug", 500, stock=0)).allowed

    @pytest.mark.parametrize(
        ("tier", "allowed"), [("gold", True), ("silver", False), (None, False)]
    )
    def test_tiers(self, tier, allowed):
        """A member without a tier is in none."""
        assert verdict(Reward("lounge", 500, tiers={"gold"}), tier=tier).allowed is allowed

    @pytest.mark.parametrize(("days", "allowed"), [(364, True), (365, True), (366, False)])
    def test_days_as_a_member(self, days, allowed):
        """A member since 31 March 2025 has 365 of them a year later."""
        outcome = verdict(Reward("lounge", 500, member_days=days))
        assert outcome.allowed is allowed
        assert outcome.member_from == date(2025, 3, 31) + timedelta(days=days)

    @pytest.mark.parametrize(
        ("on", "allowed"),
        [
            (date(2026, 2, 28), False),
            (date(2026, 3, 1), True),
            (date(2026, 3, 31), True),
            (date(2026, 4, 1), False),
        ],
    )
    def test_it_is_offered_through_the_last_day(self, on, allowed):
        """The 31st is one."""
        assert verdict(Reward("egg", 500, offered=Period.month(2026, 3)), on=on).allowed is allowed

    @pytest.mark.parametrize(
        ("per", "had_on", "allowed"),
        [
            (CapPeriod.DAY, ON, False),
            (CapPeriod.DAY, date(2026, 3, 30), True),
            (CapPeriod.MONTH, date(2026, 3, 1), False),
            (CapPeriod.MONTH, date(2026, 2, 28), True),
            (CapPeriod.YEAR, date(2026, 1, 1), False),
            (CapPeriod.YEAR, date(2025, 12, 31), True),
            (CapPeriod.PROGRAM, date(2001, 1, 1), False),
        ],
    )
    def test_once_for_a_member_in_a_period(self, per, had_on, allowed):
        """Another reward does not count."""
        reward = Reward("mug", 500, limits=(RewardLimit(1, per),))
        assert verdict(reward, redeemed=(Redeemed("mug", had_on),)).allowed is allowed
        assert verdict(reward, redeemed=(Redeemed("pen", had_on),)).allowed

    def test_twice_is_twice(self):
        """The third time is one too many."""
        reward = Reward("mug", 500, limits=(RewardLimit(2, CapPeriod.YEAR),))
        had = (Redeemed("mug", ON), Redeemed("mug", ON))
        assert verdict(reward, redeemed=had[:1]).allowed
        assert not verdict(reward, redeemed=had).allowed

    @pytest.mark.parametrize(
        ("valid", "usable"),
        [
            (None, None),
            (ExpiresAfter(30), Period.through(ON, date(2026, 4, 30))),
            (ExpiresAfter(1, Unit.MONTH), Period.through(ON, date(2026, 4, 30))),
            (Period.year(2026), Period.through(ON, date(2026, 12, 31))),
            (Period.month(2026, 5), Period.month(2026, 5)),
            (Period.month(2026, 3), Period.through(ON, ON)),
        ],
    )
    def test_when_it_can_be_used(self, valid, usable):
        """For so long after it was redeemed, or on fixed days that are left."""
        assert verdict(Reward("mug", 500, valid=valid)).usable == usable

    def test_what_can_no_longer_be_used_is_not_given(self):
        """Its validity is over."""
        outcome = verdict(Reward("mug", 500, valid=Period.month(2026, 2)))
        assert (outcome.allowed, outcome.usable) == (False, None)

    def test_everything_in_the_way_is_told(self):
        """At once, in words."""
        reward = Reward(
            "lounge",
            3000,
            stock=1,
            tiers={"gold", "black"},
            member_days=400,
            offered=Period.month(2026, 2),
            limits=(RewardLimit(1, CapPeriod.YEAR),),
        )
        decision = RewardPolicy(reward)(
            facts(left={"lounge": 0}, redeemed=(Redeemed("lounge", ON),), tier="silver")
        )
        assert explain(decision) == (
            "lounge refused, 2,000 points missing for M-7, by reward policy, as of 2026-03-31\n"
            "- not met: points is 1,000; at least 3,000 required\n"
            "- not met: pieces left is 0; at least 1 required\n"
            "- not met: tier is silver; one of black, gold required\n"
            "- not met: days as member is 365; at least 400 required\n"
            "- met: day is 2026-03-31; 2026-02-01 or later required\n"
            "- not met: day is 2026-03-31; 2026-02-28 or earlier required\n"
            "- not met: had this year is 1; less than 1 required"
        )

    def test_a_verdict_says_what_it_costs(self):
        """Points, and money where the member adds some."""
        assert str(verdict(Reward("mug", 500))) == "mug for 500 points"
        outcome = verdict(Reward("mug", 500, pays=eur("4.90")))
        assert str(outcome) == "mug for 500 points and 4.90 EUR"
        assert str(verdict(Reward("egg", 500, stock=0))) == "egg refused"

    @given(
        points=st.lists(st.integers(-100, 2000), max_size=5),
        cost=st.integers(1, 1500),
    )
    def test_many_at_once_are_as_one_by_one(self, points, cost):
        """A reward costs everybody the same."""
        policy = RewardPolicy(Reward("mug", cost))
        many = [facts(points=each) for each in points]
        assert policy.outcomes(many) == [policy(each).outcome for each in many]
        assert [each.allowed for each in policy.outcomes(many)] == [p >= cost for p in points]


class TestCatalog:
    """All the rewards of a program, each under its own name."""

    catalog = RewardCatalog((Reward("mug", 500), Reward("trip", 9000), Reward("pen", 1000)))

    def test_which_rewards_a_member_can_have(self):
        """In the order of the catalog, and why not the others."""
        decision = self.catalog(facts())
        assert decision.outcome == ("mug", "pen")
        assert [each.criterion for each in decision.unmet] == ["reward trip"]
        assert decision.subject == MEMBER

    def test_one_reward(self):
        """By its name."""
        assert self.catalog.can_redeem("trip", facts()).outcome.missing_points == 8000
        with pytest.raises(InvalidValue, match="there are mug, trip, pen"):
            self.catalog.reward("car")

    def test_names_are_their_own(self):
        """And there is a reward at least."""
        for rewards in ((), (Reward("mug", 1), Reward("mug", 2))):
            with pytest.raises(InvalidPolicy, match="each with a name of its own"):
                RewardCatalog(rewards)

    def test_a_shop_keeps_its_catalog_as_a_document(self):
        """With everything it says."""
        catalog = RewardCatalog(
            (
                Reward(
                    "lounge",
                    3000,
                    pays=eur("5.00"),
                    stock=3,
                    tiers={"gold"},
                    member_days=30,
                    limits=(RewardLimit(1, CapPeriod.YEAR),),
                    offered=Period.year(2026),
                    valid=ExpiresAfter(30),
                ),
                Reward("mug", 1, valid=Period.year(2027)),
            )
        )
        assert CONVERTER.loads(CONVERTER.dumps(catalog)) == catalog
        known = facts(left={"mug": 2}, redeemed=(Redeemed("mug", ON),))
        assert CONVERTER.loads(CONVERTER.dumps(known)) == known

    @pytest.mark.parametrize(
        "terms",
        [
            {"points": 0},
            {"points": True},
            {"points": 1.0},
            {"pays": eur(0)},
            {"stock": -1},
            {"stock": True},
            {"member_days": -1},
            {"tiers": "gold"},
            {"limits": (RewardLimit(1, CapPeriod.DAY), RewardLimit(2, CapPeriod.DAY))},
            {"offered": Period.month(2026, 3), "valid": Period.month(2026, 2)},
        ],
    )
    def test_what_is_no_reward(self, terms: dict[str, Any]):
        """For nothing, of less than nothing, for the letters of a word, or over too soon."""
        with pytest.raises(InvalidPolicy):
            Reward(**(dict[str, Any](name="mug", points=1) | terms))

    def test_names_are_keys(self):
        """Those of rewards and of tiers."""
        wrong: list[dict[str, Any]] = [{"name": " "}, {"name": "mug", "tiers": {" gold"}}]
        for terms in wrong:
            with pytest.raises(InvalidValue):
                Reward(points=1, **terms)

    @pytest.mark.parametrize(
        ("times", "per"),
        [(0, CapPeriod.DAY), (True, CapPeriod.DAY), (1, CapPeriod.PURCHASE)],
    )
    def test_what_is_no_limit(self, times, per):
        """Not at all, or by the purchase."""
        with pytest.raises(InvalidPolicy):
            RewardLimit(times, per)

    @pytest.mark.parametrize(
        "terms",
        [
            {"points": 1.0},
            {"points": True},
            {"member": ""},
            {"member_since": ON + timedelta(days=1)},
        ],
    )
    def test_what_is_no_member(self, terms):
        """Broken points, no key, or not a member yet."""
        with pytest.raises(InvalidValue):
            facts(**terms)
        assert facts(member_since=ON).member_since == ON


class TestStock:
    """The stock of a reward is a fold of its moves, and never below zero."""

    @given(
        initial=st.integers(0, 3),
        steps=st.lists(
            st.tuples(
                st.sampled_from(["reserve", "take", "release", "restock"]),
                st.sampled_from(["a", "b", "c", "d", "e"]),
            ),
            max_size=25,
        ),
    )
    def test_pieces_are_conserved(self, initial, steps):
        """What came in is left, put aside, or taken: equal to a plain count beside it."""
        stock, count = RewardStock("mug", initial), initial
        held: dict[str, str] = {}
        delivered = set()
        for what, key in steps:
            try:
                match what:
                    case "reserve":
                        stock = stock.reserve(key, ON)
                    case "take":
                        stock = stock.take(key, ON)
                    case "release":
                        stock = stock.release(key, ON)
                    case _:
                        stock = stock.restock(key, 2, ON)
            except (OutOfStock, InvalidValue, IllegalTransition):
                assert not possible(what, key, count, held)
                continue
            assert possible(what, key, count, held)
            if what == "restock":
                count += 2 * (key not in delivered)
                delivered.add(key)
            elif what == "reserve" and key not in held:
                held[key] = "reserved"
                count -= 1
            elif what == "take":
                held[key] = "taken"
            elif what == "release" and held[key] != "released":
                held[key] = "released"
                count += 1
            assert stock.left == count >= 0
            assert stock.reserved == list(held.values()).count("reserved")
            assert stock.taken == list(held.values()).count("taken")
        assert CONVERTER.loads(CONVERTER.dumps(stock)) == stock

    def test_the_last_piece_goes_to_one_member(self):
        """The next one is told."""
        stock = RewardStock("mug", 1).reserve("a", ON)
        with pytest.raises(OutOfStock) as caught:
            stock.reserve("b", ON)
        assert caught.value.reward == "mug"
        assert str(caught.value) == "nothing is left of mug: release a piece, or restock"
        assert stock.take("a", ON).release("a", ON).reserve("b", ON).left == 0

    def test_asking_twice_under_one_key_is_asking_once(self):
        """A till that tries again takes one piece."""
        stock = RewardStock("mug", 5).reserve("a", ON)
        assert stock.reserve("a", ON) is stock
        taken = stock.take("a", ON)
        assert taken.take("a", ON) is taken
        more = taken.restock("truck", 2, ON)
        assert more.restock("truck", 2, ON) is more
        assert (more.left, more.taken, more.reserved) == (6, 1, 0)

    def test_without_an_end(self):
        """None are counted, all are noted."""
        stock = RewardStock("mail", None).reserve("a", ON).restock("b", 1, ON)
        assert (stock.left, stock.reserved) == (None, 1)

    def test_what_was_released_is_not_taken(self):
        """It is reserved anew, under another key."""
        stock = RewardStock("mug", 1).reserve("a", ON).release("a", ON)
        with pytest.raises(IllegalTransition):
            stock.take("a", ON)

    @pytest.mark.parametrize(
        "moves",
        [
            (PieceMoved("a", ReservationAction.TAKE, ON),),
            (PieceReserved("a", ON), PieceReserved("a", ON)),
            (Restocked("a", 1, ON), Restocked("a", 1, ON)),
            (PieceReserved("a", ON), PieceReserved("b", ON - timedelta(days=1))),
            (PieceReserved(" ", ON),),
        ],
    )
    def test_moves_that_cannot_have_happened(self, moves):
        """Of a piece nobody reserved, twice under one key, or before the one before."""
        with pytest.raises(InvalidValue):
            RewardStock("mug", 9, moves)

    @pytest.mark.parametrize("initial", [-1, True, 1.0])
    def test_a_stock_has_whole_pieces(self, initial: Any):
        """Zero or more; and deliveries bring some."""
        with pytest.raises(InvalidValue):
            RewardStock("mug", initial)
        with pytest.raises(InvalidValue):
            Restocked("a", 0, ON)
        with pytest.raises(InvalidValue):
            Restocked("a", True, ON)


def possible(what: str, key: str, count: int, held: dict[str, str]) -> bool:
    """Whether a plain shop assistant would do it."""
    match what:
        case "reserve":
            return key in held or count > 0
        case "take":
            return held.get(key) in ("reserved", "taken")
        case "release":
            return key in held
        case _:
            return True


def test_money_is_money():
    """A co-payment is exact."""
    assert Reward("mug", 1, pays=Money("0.01", "EUR")).pays == eur("0.01")
