"""What other points programs got wrong: every class is one complaint, reproduced."""

from decimal import Decimal
from fractions import Fraction

import pytest
from attrs import evolve

from crmkit.errors import InvalidValue
from crmkit.loyalty import (
    ExpiresAfter,
    ExpiresAtMonthEnd,
    InsufficientPoints,
    LedgerRefused,
    LedgerTerms,
    Lock,
    OverReturn,
)
from tests.loyalty.ledger_words import (
    A_YEAR,
    CLAMPED,
    DAY,
    FOR_EVER,
    MONTH_END,
    TEN_DAYS,
    figures,
    last,
    lots,
    new,
    on,
)


class TestAMonthEndThatSlips:
    """Points of 22 January, locked for 14 days, expired on 14 February instead of 31 January: the
    days to the end of the month were counted on from the end of the lock."""

    TERMS = LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(14))

    def test_a_lock_does_not_move_the_last_day(self):
        ledger = new(self.TERMS).accrue(100, on=on(1, 22), key="o")
        assert lots(ledger, on(1, 31)) == {"o": (100, on(1, 31))}
        assert figures(ledger, on(1, 31)) == (0, 100, 0, 0, 0)
        assert figures(ledger, on(2, 1)) == (0, 0, 0, 0, 100)

    def test_points_that_nobody_can_ever_spend_are_found_beforehand(self):
        assert self.TERMS.never_spendable(on(1, 22))
        assert not self.TERMS.never_spendable(on(1, 17))

    def test_what_is_unlocked_in_time_can_be_spent_to_the_last_day(self):
        ledger = new(self.TERMS).accrue(100, on=on(1, 17), key="o")
        assert figures(ledger, on(1, 30)) == (0, 100, 0, 0, 0)
        assert figures(ledger, on(1, 31)) == (100, 0, 0, 0, 0)


class TestABackDatedImport:
    """Old purchases were imported with the day of the import, and lived too long."""

    def test_lock_and_expiry_count_from_the_day_of_the_purchase(self):
        terms = LedgerTerms(ExpiresAfter(30), lock=Lock(14))
        ledger = new(terms).accrue(50, on=on(3, 1), earned_on=on(2, 20), key="o")
        assert lots(ledger, on(3, 1)) == {"o": (50, on(3, 22))}
        assert figures(ledger, on(3, 5)) == (0, 50, 0, 0, 0)
        assert figures(ledger, on(3, 6)) == (50, 0, 0, 0, 0)

    def test_what_is_older_than_the_program_allows_is_expired_as_it_comes_in(self):
        ledger = new(TEN_DAYS).accrue(50, on=on(3, 1), earned_on=on(1, 5), key="o")
        assert figures(ledger, on(3, 1)) == (0, 0, 0, 0, 50)

    def test_and_pays_no_debts(self):
        ledger = new(TEN_DAYS).accrue(30, on=on(1, 1), key="a").redeem(30, on=on(1, 1), key="r")
        ledger = ledger.reverse("a", on=on(1, 2), key="x")
        ledger = ledger.accrue(50, on=on(3, 1), earned_on=on(1, 5), key="o")
        assert figures(ledger, on(3, 1)) == (0, 0, 0, 30, 50)

    def test_whatever_day_an_import_runs_the_points_are_the_same(self):
        imported = [
            new(MONTH_END).accrue(9, on=on(2, day), earned_on=on(2, 3), key="o")
            for day in (3, 11, 28)
        ]
        assert len({ledger.account.lots for ledger in imported}) == 1


class TestSpendingByCreationDate:
    """First in, first out let points expire that could have been spent."""

    def test_what_expires_first_is_spent_first_whenever_it_came(self):
        ledger = new(LedgerTerms(ExpiresAfter(90))).accrue(10, on=on(1, 1), key="a-long")
        ledger = evolve(ledger, terms=TEN_DAYS).accrue(10, on=on(1, 5), key="z-short")
        ledger = ledger.redeem(10, on=on(1, 6), key="r")
        assert lots(ledger, on(1, 6)) == {"a-long": (10, on(4, 1))}

    def test_of_two_that_expire_together_the_one_earned_first_is_spent_first(self):
        ledger = new(MONTH_END).accrue(10, on=on(1, 5), earned_on=on(1, 4), key="b")
        ledger = ledger.accrue(10, on=on(1, 6), earned_on=on(1, 2), key="c")
        ledger = ledger.accrue(10, on=on(1, 7), earned_on=on(1, 3), key="a")
        ledger = ledger.redeem(15, on=on(1, 7), key="r")
        assert lots(ledger, on(1, 7)) == {"a": (5, on(1, 31)), "b": (10, on(1, 31))}

    def test_locked_points_are_passed_over(self):
        ledger = new(LedgerTerms(ExpiresAfter(20), lock=Lock(5))).accrue(9, on=on(1, 1), key="a")
        ledger = evolve(ledger, terms=FOR_EVER).accrue(9, on=on(1, 2), key="b")
        ledger = ledger.redeem(9, on=on(1, 3), key="r")
        assert lots(ledger, on(1, 3)) == {"a": (9, on(1, 21))}


class TestADebtThatVanishes:
    """More was given back than was left, and the rest of the debt was dropped without a word."""

    def test_what_is_missing_is_owed(self):
        ledger = new().accrue(100, on=on(1, 1), key="o").redeem(70, on=on(1, 2), key="r")
        ledger = ledger.reverse("o", on=on(1, 3), key="x")
        assert figures(ledger, on(1, 3)) == (0, 0, 0, 70, 0)
        assert ledger.balance(on(1, 3)).total == -70

    def test_the_next_points_pay_for_it(self):
        ledger = new().accrue(100, on=on(1, 1), key="o").redeem(100, on=on(1, 2), key="r")
        ledger = ledger.reverse("o", on=on(1, 3), key="x").accrue(60, on=on(1, 4), key="p")
        assert figures(ledger, on(1, 4)) == (0, 0, 0, 40, 0)
        ledger = ledger.credit(50, on=on(1, 5), key="sorry", reason="it was our fault")
        assert figures(ledger, on(1, 5)) == (10, 0, 0, 0, 0)

    def test_locked_points_pay_as_well(self):
        locked = LedgerTerms(lock=Lock(5))
        ledger = new().accrue(10, on=on(1, 1), key="o").redeem(10, on=on(1, 2), key="r")
        ledger = evolve(ledger.reverse("o", on=on(1, 3), key="x"), terms=locked)
        assert figures(ledger.accrue(15, on=on(1, 3), key="p"), on(1, 3)) == (0, 5, 0, 0, 0)

    def test_a_program_may_waive_it_and_the_books_say_so(self):
        ledger = new(CLAMPED).accrue(100, on=on(1, 1), key="o").redeem(70, on=on(1, 2), key="r")
        ledger = ledger.reverse("o", on=on(1, 3), key="x")
        assert figures(ledger, on(1, 3)) == (0, 0, 0, 0, 0)
        reversal = last(ledger)
        assert (reversal.waived, reversal.deficit, reversal.points) == (70, 0, 100)

    def test_what_was_waived_is_not_taken_back_later(self):
        ledger = new(CLAMPED).accrue(10, on=on(1, 1), key="o").redeem(10, on=on(1, 2), key="r")
        ledger = ledger.reverse("o", on=on(1, 3), key="x").accrue(5, on=on(1, 4), key="p")
        assert figures(ledger, on(1, 4)) == (5, 0, 0, 0, 0)
        with pytest.raises(LedgerRefused):
            ledger.reverse("o", on=on(1, 5), key="y")

    def test_a_hold_that_lapsed_has_paid_before_new_points_come_in(self):
        """The ledger refused the new points: it had them pay for a debt that was paid by then."""
        ledger = new().accrue(50, on=on(1, 1), key="o")
        ledger = ledger.hold(50, on=on(1, 1), key="h", lapses_on=on(1, 5))
        ledger = ledger.reverse("o", on=on(1, 2), key="x")
        assert figures(ledger, on(1, 4)) == (0, 0, 50, 50, 0)
        assert figures(ledger, on(1, 5)) == (0, 0, 0, 0, 0)
        earned = ledger.accrue(20, on=on(1, 6), key="p")
        assert figures(earned, on(1, 6)) == (20, 0, 0, 0, 0)
        given = ledger.credit(20, on=on(1, 6), key="p", reason="a gesture")
        assert figures(given, on(1, 6)) == (20, 0, 0, 0, 0)


class TestCancelOfAPartlyUsedLot:
    """Cancelling an order left its points with the member, if one of them had been spent."""

    def test_what_is_left_of_the_lot_goes_and_what_was_spent_comes_from_others(self):
        ledger = new(A_YEAR).accrue(100, on=on(1, 1), key="o").redeem(30, on=on(1, 2), key="r")
        ledger = ledger.accrue(50, on=on(1, 3), key="p").reverse("o", on=on(1, 4), key="x")
        assert lots(ledger, on(1, 4)) == {"p": (20, on(1, 3, 2027))}

    def test_the_own_lot_goes_first_though_others_expire_earlier(self):
        ledger = new(A_YEAR).accrue(9, on=on(1, 1), key="o")
        ledger = evolve(ledger, terms=TEN_DAYS).accrue(9, on=on(1, 2), key="p")
        ledger = ledger.reverse("o", 5, on=on(1, 3), key="x")
        assert lots(ledger, on(1, 3)) == {"p": (9, on(1, 12)), "o": (4, on(1, 1, 2027))}

    def test_then_what_would_be_spent_next(self):
        ledger = new(A_YEAR).accrue(9, on=on(1, 1), key="o").redeem(9, on=on(1, 1), key="r")
        ledger = ledger.accrue(9, on=on(1, 2), key="p")
        ledger = evolve(ledger, terms=TEN_DAYS).accrue(9, on=on(1, 3), key="q")
        ledger = ledger.reverse("o", 5, on=on(1, 3), key="x")
        assert lots(ledger, on(1, 3)) == {"q": (4, on(1, 13)), "p": (9, on(1, 2, 2027))}

    def test_what_had_expired_is_not_taken_twice(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").redeem(40, on=on(1, 2), key="r")
        ledger = ledger.accrue(50, on=on(1, 20), key="p").reverse("o", on=on(1, 21), key="x")
        assert figures(ledger, on(1, 21)) == (10, 0, 0, 0, 60)
        reversal = last(ledger)
        assert (reversal.expired, reversal.points) == (60, 100)

    def test_nor_by_two_returns_in_parts(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").redeem(40, on=on(1, 2), key="r")
        ledger = ledger.accrue(50, on=on(1, 20), key="p")
        ledger = ledger.reverse("o", 50, on=on(1, 21), key="x")
        assert figures(ledger, on(1, 21)) == (50, 0, 0, 0, 60)
        ledger = ledger.reverse("o", 50, on=on(1, 21), key="y")
        assert figures(ledger, on(1, 21)) == (10, 0, 0, 0, 60)


class TestRedeemAndCancel:
    """Redeem, cancel, and points that were about to expire were good for ever."""

    def test_points_come_back_with_the_last_day_they_always_had(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").redeem(60, on=on(1, 10), key="r")
        ledger = ledger.roll_back("r", on=on(1, 11), key="b")
        assert lots(ledger, on(1, 11)) == {"o": (100, on(1, 11))}
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 0, 100)

    def test_after_their_last_day_they_are_gone_at_once(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").redeem(60, on=on(1, 11), key="r")
        ledger = ledger.roll_back("r", on=on(1, 12), key="b")
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 0, 100)

    def test_nor_do_new_terms_make_them_live_longer(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").redeem(60, on=on(1, 2), key="r")
        ledger = evolve(ledger, terms=A_YEAR).roll_back("r", on=on(1, 3), key="b")
        assert lots(ledger, on(1, 3)) == {"o": (100, on(1, 11))}

    def test_a_redemption_is_cancelled_once(self):
        ledger = new().accrue(9, on=on(1, 1), key="o").redeem(6, on=on(1, 2), key="r")
        ledger = ledger.roll_back("r", on=on(1, 3), key="b")
        with pytest.raises(LedgerRefused):
            ledger.roll_back("r", on=on(1, 3), key="c")
        with pytest.raises(LedgerRefused):
            ledger.roll_back("r", 1, on=on(1, 3), key="c")

    def test_of_a_part_what_was_spent_last_comes_back(self):
        ledger = new(TEN_DAYS).accrue(5, on=on(1, 1), key="a").accrue(5, on=on(1, 2), key="b")
        ledger = ledger.redeem(10, on=on(1, 3), key="r").roll_back("r", 6, on=on(1, 3), key="x")
        assert lots(ledger, on(1, 3)) == {"a": (1, on(1, 11)), "b": (5, on(1, 12))}

    def test_held_points_that_come_back_late_are_gone_at_once(self):
        ledger = new(TEN_DAYS).accrue(10, on=on(1, 1), key="o").hold(10, on=on(1, 11), key="h")
        assert figures(ledger, on(1, 20)) == (0, 0, 10, 0, 0)
        released = ledger.release("h", on=on(1, 12), key="x")
        assert figures(released, on(1, 12)) == (0, 0, 0, 0, 10)
        taken = ledger.capture("h", 4, on=on(1, 12), key="c")
        assert figures(taken, on(1, 12)) == (0, 0, 0, 0, 6)


class TestExpiryThatDependsOnAJob:
    """Expired points could be spent until the nightly job had run."""

    def test_on_the_day_after_the_last_nothing_can_be_spent(self):
        ledger = new(TEN_DAYS).accrue(10, on=on(1, 1), key="o")
        with pytest.raises(InsufficientPoints):
            ledger.redeem(1, on=on(1, 12), key="r")
        assert figures(ledger.redeem(10, on=on(1, 11), key="r"), on(1, 12)) == (0, 0, 0, 0, 0)

    def test_expiry_is_no_entry_and_needs_none(self):
        ledger = new(TEN_DAYS).accrue(10, on=on(1, 1), key="o")
        assert figures(ledger, on(1, 12)) == (0, 0, 0, 0, 10)
        assert len(ledger.entries) == 1

    def test_an_entry_in_between_changes_nothing(self):
        ledger = new(TEN_DAYS).accrue(10, on=on(1, 1), key="o")
        busy = ledger.accrue(1, on=on(1, 12), key="p").accrue(1, on=on(1, 13), key="q")
        quiet = ledger.accrue(2, on=on(1, 13), key="q")
        assert figures(busy, on(1, 13)) == figures(quiet, on(1, 13)) == (2, 0, 0, 0, 10)


class TestBalanceCollapse:
    """Balance = unexpired credits - all debits: what had been spent was deducted a second time on
    the day that its lot expired."""

    def test_expiry_takes_only_what_was_not_spent(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").accrue(100, on=on(1, 9), key="p")
        ledger = ledger.redeem(80, on=on(1, 10), key="r")
        assert figures(ledger, on(1, 11)) == (120, 0, 0, 0, 0)
        assert figures(ledger, on(1, 12)) == (100, 0, 0, 0, 20)

    def test_a_lot_that_was_spent_expires_without_a_trace(self):
        ledger = new(TEN_DAYS).accrue(100, on=on(1, 1), key="o").accrue(10, on=on(1, 9), key="p")
        ledger = ledger.redeem(100, on=on(1, 10), key="r")
        assert figures(ledger, on(1, 12)) == (10, 0, 0, 0, 0)


class TestFloatPoints:
    """0.1 + 0.2 points: balances that were off by 1e-14, and could not be spent to zero."""

    @pytest.mark.parametrize("points", [1.0, 0.5, Decimal(1), Fraction(1), True, "1", None])
    def test_points_are_whole(self, points):
        ledger = new().accrue(10, on=on(1, 1), key="o").hold(5, on=on(1, 1), key="h")
        day, key = on(1, 1), "n"
        doings = [ledger.accrue, ledger.redeem, ledger.hold]
        by_hand = [ledger.credit, ledger.debit]
        for doing in doings:
            with pytest.raises(InvalidValue):
                doing(points, on=day, key=key)
        for doing in by_hand:
            with pytest.raises(InvalidValue):
                doing(points, on=day, key=key, reason="a gesture")
        if points is not None:
            with pytest.raises(InvalidValue):
                ledger.reverse("o", points, on=day, key=key)
            with pytest.raises(InvalidValue):
                ledger.capture("h", points, on=day, key=key)
            with pytest.raises(InvalidValue):
                ledger.redeem(1, on=day, key="r").roll_back("r", points, on=day, key=key)

    @pytest.mark.parametrize("points", [0, -1, 10**15 + 1])
    def test_and_from_one_up(self, points):
        with pytest.raises(InvalidValue):
            new().accrue(points, on=on(1, 1), key="o")

    def test_the_most_points_are_points(self):
        assert figures(new().accrue(10**15, on=on(1, 1), key="o"), on(1, 1))[0] == 10**15


class TestRefunds:
    """Refunded orders kept their points, or were deducted twice."""

    def test_a_refund_takes_the_points_back(self):
        ledger = new().accrue(100, on=on(1, 1), key="o").reverse("o", on=on(1, 2), key="x")
        assert figures(ledger, on(1, 2)) == (0, 0, 0, 0, 0)

    def test_a_refund_that_is_reported_twice_takes_them_once(self):
        ledger = new().accrue(100, on=on(1, 1), key="o").accrue(50, on=on(1, 1), key="p")
        once = ledger.reverse("o", on=on(1, 2), key="x")
        assert once.reverse("o", on=on(1, 3), key="x") == once
        assert figures(once, on(1, 3)) == (50, 0, 0, 0, 0)

    @pytest.mark.parametrize("over_return", OverReturn)
    def test_a_second_refund_of_one_order_is_refused(self, over_return):
        ledger = new(LedgerTerms(over_return=over_return)).accrue(100, on=on(1, 1), key="o")
        ledger = ledger.accrue(50, on=on(1, 1), key="p").reverse("o", on=on(1, 2), key="x")
        for points in (None, 1, 100):
            with pytest.raises(LedgerRefused):
                ledger.reverse("o", points, on=on(1, 3), key="y")

    def test_refunds_in_parts_never_take_more_than_was_earned(self):
        ledger = new().accrue(100, on=on(1, 1), key="o").accrue(50, on=on(1, 1), key="p")
        ledger = ledger.reverse("o", 60, on=on(1, 2), key="x")
        with pytest.raises(LedgerRefused):
            ledger.reverse("o", 41, on=on(1, 3), key="y")
        assert figures(ledger.reverse("o", 40, on=on(1, 3), key="y"), on(1, 3))[0] == 50


class TestPublishedVectors:
    """The examples that another ledger is documented and tested with."""

    def test_100_less_30_is_70(self):
        ledger = new().accrue(100, on=on(1, 1), key="a").redeem(30, on=on(1, 2), key="r")
        assert figures(ledger, on(1, 2)) == (70, 0, 0, 0, 0)

    def test_of_june_and_january_january_is_spent(self):
        ledger = new(LedgerTerms(ExpiresAfter(151))).accrue(100, on=on(1, 27), key="june")
        assert lots(ledger, on(1, 27)) == {"june": (100, on(6, 27))}
        sooner = LedgerTerms(ExpiresAfter(31))
        ledger = evolve(ledger, terms=sooner).accrue(
            100, on=on(1, 27), earned_on=on(12, 27, 2025), key="january"
        )
        assert lots(ledger, on(1, 27))["january"] == (100, on(1, 27))
        ledger = ledger.redeem(100, on=on(1, 27), key="r")
        assert lots(ledger, on(1, 27)) == {"june": (100, on(6, 27))}

    def test_what_never_expires_is_spent_last(self):
        ledger = new(FOR_EVER).accrue(100, on=on(1, 1), key="a")
        ledger = evolve(ledger, terms=A_YEAR).accrue(100, on=on(1, 2), key="b")
        ledger = ledger.redeem(150, on=on(1, 3), key="r")
        assert lots(ledger, on(1, 3)) == {"a": (50, None)}

    def test_50_and_50_less_70_leaves_30_in_the_later_lot(self):
        ledger = new(TEN_DAYS).accrue(50, on=on(1, 1), key="a").accrue(50, on=on(1, 2), key="b")
        ledger = ledger.redeem(70, on=on(1, 2), key="r")
        assert lots(ledger, on(1, 2)) == {"b": (30, on(1, 2) + 10 * DAY)}
