"""Coupons: used at most as often as promised, and never beyond the day they always ended on."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision, explain
from crmkit.errors import IllegalTransition, InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, OrderId
from crmkit.lifecycle import Lifecycle
from crmkit.loyalty import (
    COUPON_LIFECYCLE,
    RESERVATION_LIFECYCLE,
    Coupon,
    CouponAction,
    CouponEvent,
    CouponFacts,
    CouponId,
    CouponPolicy,
    CouponStanding,
    CouponStatus,
    CouponVerdict,
    ReservationAction,
    ReservationStatus,
    ShareOff,
)
from crmkit.money import Money, Rounding
from crmkit.period import Period
from crmkit.serialization import make_converter
from tests.loyalty.earning_strategies import eur

MARCH = Period.month(2026, 3)
FIRST, LAST = MARCH.start, MARCH.last
MEMBER = CustomerId("M-7")
ORDERS = [OrderId("O-1"), OrderId("O-2"), OrderId("O-3")]
O1, O2, O3 = ORDERS
FIVE = eur("5.00")


def issue(value: Money | ShareOff = FIVE, **terms: Any) -> Coupon:
    """A coupon of five euros for March."""
    return Coupon.issue(CouponId("K-1"), FIRST, value, **({"valid": MARCH} | terms))


def shown(coupon: Coupon, paid: str = "20.00", **terms: Any) -> CouponFacts:
    """The coupon at the till."""
    facts: dict[str, Any] = {"member": MEMBER, "on": FIRST, "order": O1, "amount": eur(paid)}
    return CouponFacts(coupon=coupon, **(facts | terms))


def refused(facts: CouponFacts) -> set[str]:
    """What is in the way."""
    return {each.criterion for each in CouponPolicy()(facts).unmet}


# --- the tables -----------------------------------------------------------------------------------


class TestTables:
    """Every status of a coupon and of a reserved piece stands in its table."""

    @pytest.mark.parametrize(
        ("table", "statuses", "actions"),
        [
            (COUPON_LIFECYCLE, CouponStatus, CouponAction),
            (RESERVATION_LIFECYCLE, ReservationStatus, ReservationAction),
        ],
    )
    def test_the_table_is_complete(
        self, table: Lifecycle[Any, Any], statuses: Any, actions: Any
    ) -> None:
        """No status and no action is left out."""
        assert set(table.statuses) == set(statuses)
        assert set(table.actions) == set(actions)

    @pytest.mark.parametrize(
        ("status", "allowed"),
        [
            (CouponStatus.ISSUED, {"activate", "cancel"}),
            (CouponStatus.ACTIVE, {"use", "use-up", "restore", "cancel"}),
            (CouponStatus.REDEEMED, {"restore"}),
            (CouponStatus.CANCELLED, {"restore"}),
        ],
    )
    def test_what_may_be_done_with_a_coupon(self, status, allowed):
        """And nothing else."""
        assert set(COUPON_LIFECYCLE.allowed(status)) == allowed

    def test_what_is_released_stays_released(self):
        """A piece that is back is reserved anew, under another key."""
        assert RESERVATION_LIFECYCLE.allowed(ReservationStatus.RELEASED) == ()

    def test_every_standing_but_expired_is_a_status(self):
        """A coupon expires by the date, so that no trail says it."""
        assert {each.value for each in CouponStanding} == {
            *(each.value for each in CouponStatus),
            "expired",
        }


# --- laws -----------------------------------------------------------------------------------------


class TestAnyWalk:
    """Whatever is done with a coupon, in whatever order, it keeps its promises."""

    @given(
        uses=st.integers(1, 3),
        needs_activation=st.booleans(),
        steps=st.lists(
            st.tuples(
                st.sampled_from(["activate", "redeem", "restore", "cancel"]),
                st.sampled_from(ORDERS),
                st.integers(0, 9),
            ),
            max_size=12,
        ),
    )
    def test_it_is_used_no_more_often_than_promised(self, uses, needs_activation, steps):
        """Never beyond its last day, and the validity is what it was at first."""
        coupon = issue(uses=uses, needs_activation=needs_activation)
        on = FIRST
        held: list[OrderId] = []
        for what, order, days in steps:
            on += timedelta(days=days)
            before = coupon
            try:
                match what:
                    case "activate":
                        coupon = coupon.activate(on)
                    case "redeem":
                        coupon = coupon.redeem(order, on)
                        held.append(order)
                    case "restore":
                        coupon = coupon.restore(order, on)
                        held.remove(order)
                    case _:
                        coupon = coupon.cancel(on)
            except (IllegalTransition, InvalidValue):
                assert coupon is before
            assert coupon.orders == tuple(held)
            assert coupon.uses_left == uses - len(held) >= 0
            assert (coupon.status is CouponStatus.REDEEMED) <= (coupon.uses_left == 0)
            assert coupon.valid == MARCH
            assert all(e.on <= LAST for e in coupon.trail if e.action is CouponAction.USE_UP)
            assert (coupon.standing(on) is CouponStanding.EXPIRED) == (
                on > LAST and coupon.status in (CouponStatus.ISSUED, CouponStatus.ACTIVE)
            )

    @given(
        steps=st.lists(st.tuples(st.booleans(), st.sampled_from(ORDERS), st.integers(0, 9))),
        on=st.integers(0, 60),
        amount=st.integers(0, 3000),
    )
    def test_what_the_policy_allows_the_record_does(self, steps, on, amount):
        """And nothing but the amount and the member is asked besides."""
        coupon, day = issue(uses=2), FIRST
        for redeems, order, days in steps:
            day += timedelta(days=days)
            try:
                coupon = coupon.redeem(order, day) if redeems else coupon.restore(order, day)
            except (IllegalTransition, InvalidValue):
                continue
        today = FIRST + timedelta(days=on)
        facts = shown(coupon, on=today, amount=Money.of_minor(amount, "EUR"))
        verdict = CouponPolicy()(facts).outcome
        if verdict.allowed:
            assert O1 in coupon.redeem(O1, today).orders
            assert Money.zero("EUR") < verdict.discount <= facts.amount
        elif amount:
            with pytest.raises((IllegalTransition, InvalidValue)):
                coupon.redeem(O1, today)
        assert verdict.allowed or verdict.discount.is_zero

    @given(minor=st.integers(1, 10**6), share=st.fractions(Fraction(1, 100), 1))
    def test_a_share_is_never_more_than_the_price(self, minor, share):
        """Exactly the share, rounded as named."""
        facts = shown(issue(ShareOff(share)), amount=Money.of_minor(minor, "EUR"))
        for rounding in Rounding:
            off = CouponPolicy(rounding)(facts).outcome.discount
            assert off == Money.of_minor(minor, "EUR").times(share, rounding=rounding)
            assert off <= facts.amount

    def test_coupons_can_be_kept(self):
        """With their trail, and either kind of value."""
        converter = make_converter(Coupon, CouponPolicy)
        for coupon in (
            issue(uses=2, member=MEMBER, minimum=eur(9), source="R-1").redeem(O1, LAST),
            issue(ShareOff(Fraction(1, 3)), needs_activation=True),
        ):
            assert converter.loads(converter.dumps(coupon)) == coupon


# --- examples -------------------------------------------------------------------------------------


class TestExpiry:
    """A coupon expires by the date, and no job has to run."""

    @pytest.mark.parametrize(
        ("on", "standing"), [(LAST, "active"), (LAST + timedelta(days=1), "expired")]
    )
    def test_the_last_day_is_in_it(self, on, standing):
        """March has a 31st."""
        assert issue().standing(on) == standing
        assert CouponPolicy()(shown(issue(), on=on)).outcome.allowed is (standing == "active")

    def test_one_that_was_never_activated_expires_as_well(self):
        """And cannot be activated after that."""
        waiting = issue(needs_activation=True)
        assert waiting.standing(LAST) is CouponStanding.ISSUED
        assert waiting.standing(LAST + timedelta(days=1)) is CouponStanding.EXPIRED
        assert waiting.activate(LAST).status is CouponStatus.ACTIVE
        with pytest.raises(InvalidValue, match="activated and used before its last day"):
            waiting.activate(LAST + timedelta(days=1))

    def test_what_was_used_or_cancelled_does_not_expire(self):
        """It is what it was."""
        late = LAST + timedelta(days=400)
        assert issue().redeem(O1, LAST).standing(late) is CouponStanding.REDEEMED
        assert issue().cancel(LAST).standing(late) is CouponStanding.CANCELLED

    def test_redeem_and_cancel_does_not_make_it_last_longer(self):
        """Pain 6: redeem-and-cancel turned what expires into what never does."""
        back = issue().redeem(O1, LAST).restore(O1, LAST + timedelta(days=1))
        assert back.valid == MARCH
        assert back.standing(LAST) is CouponStanding.REDEEMED
        assert back.standing(LAST + timedelta(days=1)) is CouponStanding.EXPIRED
        in_time = issue().redeem(O1, FIRST).restore(O1, LAST)
        assert in_time.standing(LAST) is CouponStanding.ACTIVE
        assert in_time.redeem(O1, LAST).status is CouponStatus.REDEEMED

    def test_it_can_be_asked_as_of_an_earlier_day(self):
        """What was done later does not count."""
        coupon = issue(needs_activation=True).activate(date(2026, 3, 5)).redeem(O1, LAST)
        days = [FIRST, date(2026, 3, 4), date(2026, 3, 5), date(2026, 3, 30), LAST]
        assert [str(coupon.standing(day)) for day in days] == [
            "issued",
            "issued",
            "active",
            "active",
            "redeemed",
        ]
        with pytest.raises(InvalidValue, match="not issued yet"):
            coupon.standing(FIRST - timedelta(days=1))


class TestUses:
    """Once for each order, and as often as promised."""

    def test_the_last_use_uses_it_up(self):
        """Two uses, two orders, and one comes back."""
        coupon = issue(uses=2).redeem(O1, FIRST)
        assert (coupon.status, coupon.uses_left) == (CouponStatus.ACTIVE, 1)
        coupon = coupon.redeem(O2, FIRST)
        assert (coupon.status, coupon.orders) == (CouponStatus.REDEEMED, (O1, O2))
        with pytest.raises(IllegalTransition, match="cannot use from redeemed; allowed: restore"):
            coupon.redeem(O3, FIRST)
        coupon = coupon.restore(O1, FIRST)
        assert (coupon.status, coupon.orders) == (CouponStatus.ACTIVE, (O2,))
        assert coupon.redeem(O3, FIRST).status is CouponStatus.REDEEMED

    def test_an_order_has_one_use_and_gives_it_back_once(self):
        """A second time is refused."""
        coupon = issue(uses=3).redeem(O1, FIRST)
        with pytest.raises(InvalidValue, match="has used the coupon already"):
            coupon.redeem(O1, FIRST)
        with pytest.raises(InvalidValue, match="no use of the coupon to give back"):
            coupon.restore(O1, FIRST).restore(O1, FIRST)

    def test_an_order_cancelled_after_its_coupon_leaves_it_cancelled(self):
        """The use is undone, nothing can be used again."""
        coupon = issue(uses=2).redeem(O1, FIRST).cancel(FIRST).restore(O1, LAST)
        assert (coupon.status, coupon.orders) == (CouponStatus.CANCELLED, ())
        with pytest.raises(IllegalTransition):
            coupon.redeem(O2, LAST)


class TestRefusals:
    """A refusal is a decision that names everything that is in the way."""

    def test_what_is_in_the_way(self):
        """All of it, at once."""
        coupon = issue(member=CustomerId("M-8"), minimum=eur("50.00"), needs_activation=True)
        facts = shown(coupon, "49.99", on=date(2026, 4, 1))
        assert explain(CouponPolicy()(facts)) == (
            "coupon refused for M-7, by coupon policy, as of 2026-04-01\n"
            "- met: day is 2026-04-01; 2026-03-01 or later required\n"
            "- not met: day is 2026-04-01; 2026-03-31 or earlier required\n"
            "- not met: coupon is expired; active required\n"
            "- not met: for this member is no; yes required\n"
            "- met: used for this order is no; no required\n"
            "- met: currency is EUR; one of EUR required\n"
            "- met: currency is EUR; one of EUR required\n"
            "- not met: amount is 49.99 EUR; at least 50.00 EUR required\n"
            "- met: amount above zero is yes; yes required\n"
            "- noted: discount is 0.00 EUR"
        )

    @pytest.mark.parametrize(("amount", "allowed"), [("49.99", False), ("50.00", True)])
    def test_reaching_the_minimum_is_enough(self, amount, allowed):
        """Fifty is fifty."""
        facts = shown(issue(minimum=eur("50.00")), amount)
        assert CouponPolicy()(facts).outcome.allowed is allowed

    def test_no_more_than_the_price_comes_off(self):
        """Three euros of three, and five of five."""
        outcome = CouponPolicy()(shown(issue(), "3.00")).outcome
        assert outcome == CouponVerdict(True, eur("3.00"))
        assert str(outcome) == "3.00 EUR off"
        assert CouponPolicy()(shown(issue(), "5.01")).outcome.discount == eur("5.00")

    def test_of_nothing_nothing_comes_off(self):
        """A coupon is not wasted on a free article."""
        assert refused(shown(issue(), "0.00")) == {"amount-above-zero"}

    def test_another_currency(self):
        """Nothing is converted silently; a share is of any currency."""
        dollars: dict[str, Any] = {"amount": Money(20, "USD")}
        assert refused(shown(issue(minimum=eur(5)), **dollars)) == {"currency"}
        assert refused(shown(issue(ShareOff("0.1")), **dollars)) == set()

    @pytest.mark.parametrize(
        ("coupon", "why"),
        [
            (issue(needs_activation=True), {"coupon"}),
            (issue().cancel(FIRST), {"coupon"}),
            (issue().redeem(O2, FIRST), {"coupon"}),
            (issue().redeem(O1, FIRST), {"coupon", "used-for-this-order"}),
            (issue(uses=2).redeem(O1, FIRST), {"used-for-this-order"}),
            (issue(uses=2).redeem(O2, date(2026, 3, 9)), {"day-of-last-event"}),
            (issue(valid=Period(date(2026, 3, 2), date(2026, 3, 9))), {"day"}),
            (issue(member=MEMBER), set()),
        ],
    )
    def test_why(self, coupon, why):
        """One reason each, and none where there is none."""
        assert refused(shown(coupon)) == why

    def test_before_it_was_issued(self):
        """A coupon of tomorrow is no coupon yet."""
        facts = shown(issue(), on=FIRST - timedelta(days=1))
        assert refused(facts) == {"day", "day-of-last-event"}

    def test_a_decision_is_of_the_policy(self):
        """For whom, and when."""
        decision: Decision[CouponVerdict] = CouponPolicy()(shown(issue()))
        assert (decision.policy, decision.subject, decision.as_of) == (
            "coupon-policy",
            MEMBER,
            FIRST,
        )


class TestTerms:
    """A coupon that contradicts itself is refused."""

    @pytest.mark.parametrize(
        "terms",
        [
            {"value": eur(0)},
            {"value": -eur(1)},
            {"minimum": eur(0)},
            {"uses": 0},
            {"uses": True},
            {"member": " "},
            {"source": ""},
            {"valid": Period.month(2026, 2)},
        ],
    )
    def test_what_is_no_coupon(self, terms):
        """Of nothing, for nobody, never, or over before it begins."""
        with pytest.raises((InvalidValue, InvalidPolicy)):
            issue(**terms)

    @pytest.mark.parametrize("share", [0, -1, "1.01", 0.5])
    def test_a_share_is_a_part_of_one(self, share: Any):
        """And exact."""
        with pytest.raises(InvalidValue):
            ShareOff(share)
        assert ShareOff(1).share == 1

    @pytest.mark.parametrize(
        ("action", "order"),
        [
            (CouponAction.USE, None),
            (CouponAction.RESTORE, None),
            (CouponAction.CANCEL, O1),
            (CouponAction.ACTIVATE, O1),
            (CouponAction.USE, OrderId(" ")),
        ],
    )
    def test_a_use_is_for_an_order_and_nothing_else_is(self, action, order):
        """Or nobody could give it back."""
        with pytest.raises(InvalidValue):
            CouponEvent(action, FIRST, order)

    @pytest.mark.parametrize(
        "trail",
        [
            (CouponEvent(CouponAction.ACTIVATE, date(2026, 2, 28)),),
            (
                CouponEvent(CouponAction.ACTIVATE, LAST),
                CouponEvent(CouponAction.USE_UP, FIRST, O1),
            ),
            (
                CouponEvent(CouponAction.ACTIVATE, FIRST),
                CouponEvent(CouponAction.USE, FIRST, O1),
            ),
        ],
    )
    def test_a_trail_runs_forward_and_ends_with_the_last_use(self, trail):
        """Two days in the wrong order, or a use too many left."""
        with pytest.raises(InvalidValue):
            Coupon(id=CouponId("K-1"), issued_on=FIRST, value=eur(5), valid=MARCH, trail=trail)

    def test_a_coupon_is_used_from_its_first_day_on(self):
        """It may be issued, and activated, before."""
        april = issue(valid=Period.month(2026, 4))
        with pytest.raises(InvalidValue, match="from the first day"):
            april.redeem(O1, LAST)
        assert april.redeem(O1, LAST + timedelta(days=1)).orders == (O1,)
