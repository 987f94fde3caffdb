"""What an account is after an entry, and which entries cannot be true of it."""

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidIdentifier, InvalidValue
from crmkit.identifiers import Actor, CustomerId
from crmkit.loyalty import (
    Accrual,
    Capture,
    ClosedLedger,
    Credit,
    Debit,
    ExpiresAfter,
    Held,
    Hold,
    InsufficientPoints,
    LedgerEntry,
    LedgerRefused,
    LedgerTerms,
    Lot,
    MergedFrom,
    MergedInto,
    OverReturn,
    PointsAccount,
    PointsLedger,
    Qualification,
    Qualified,
    Redemption,
    Release,
    Reversal,
    Rollback,
    RuleShare,
    TransferIn,
    TransferOut,
    merge_members,
)
from tests.loyalty.ledger_words import BEA, CEM, DAY, TEN_DAYS, new, on

NOW = on(1, 10)
LOT = Lot("o", 10, on(1, 1), on(1, 5), on(1, 20))
NOBODY = CustomerId("")
LATER = Lot("p", 10, on(1, 1), on(1, 5))
LOCKED = Lot("q", 10, on(1, 9), on(1, 15))


def account():
    """Three lots, one of them locked, and 4 points of another on hold."""
    then = PointsAccount()
    for lot in (LOT, LATER, LOCKED):
        then = then.after(LedgerEntry(lot.id, on(1, 9), Accrual(lot=lot)))
    return then.after(LedgerEntry("h", NOW, Hold(lots=[LOT.part(4)])))


def posted(posting, key="n", on=NOW, reason="a gesture"):
    """An entry of today."""
    return LedgerEntry(key, on, posting, reason=reason)


def part(lot, points):
    """A lot with more points than it has."""
    return Lot(lot.id, points, lot.earned_on, lot.unlocks_on, lot.valid_through)


class TestWhatCannotBe:
    """An entry that moves points that are not there is refused."""

    @pytest.mark.parametrize(
        "posting",
        [
            Redemption(lots=[LOT.part(7)]),
            Redemption(lots=[part(LOT, 11)]),
            Redemption(lots=[Lot("z", 1, NOW, NOW)]),
            Redemption(lots=[Lot("p", 1, on(1, 1), on(1, 5), on(12, 31))]),
            Redemption(lots=[Lot("p", 1, on(1, 2), on(1, 5))]),
            Redemption(lots=[LATER.part(6), LATER.part(6)]),
            Redemption(lots=[LOCKED]),
            TransferOut(to=BEA, lots=[LOCKED]),
            TransferOut(to=BEA, lots=[part(LATER, 11)]),
            Hold(lots=[LOCKED]),
            Hold(lots=[part(LATER, 11)]),
            Hold(lots=[LATER], lapses_on=NOW),
            Debit(lots=[part(LATER, 11)]),
            Reversal(accrual="o", lots=[part(LATER, 11)]),
            Rollback(redemption="r", lots=[LOT.part(1)]),
            Rollback(redemption="r", lots=[Lot("o", 1, NOW, NOW)], member=BEA),
            Capture(hold="h", lots=[LOT.part(5)]),
            Capture(hold="h", lots=[LATER.part(1)]),
            Capture(hold="i", lots=[LOT.part(1)]),
            Release(hold="i"),
            Release(hold="h", settled=[LOT.part(1)]),
            Accrual(lot=Lot("other", 1, NOW, NOW)),
            Credit(lot=Lot("other", 1, NOW, NOW)),
            Accrual(lot=Lot("n", 5, NOW, NOW), settled=[Lot("n", 1, NOW, NOW)]),
            TransferIn(sender=BEA, lots=[LATER]),
            TransferIn(sender=BEA, lots=[LOT.part(2)]),
            MergedFrom(member=BEA, lots=[LATER]),
            MergedFrom(member=BEA, lots=[Lot("z", 1, NOW, NOW)], settled=[LATER.part(1)]),
            MergedInto(survivor=BEA, lots=[LOT.part(6), LATER, LOCKED]),
        ],
    )
    def test_it_is_refused(self, posting):
        with pytest.raises(LedgerRefused) as refused:
            account().after(posted(posting))
        assert refused.value.code == "ledger-refused"

    @pytest.mark.parametrize("lot", [LOT, LATER])
    def test_a_lot_has_a_number_of_its_own(self, lot):
        """Though all that is left of the other lot is on hold."""
        held = account().after(posted(Hold(lots=[LOT.part(6), LATER]), "all"))
        for posting in (Accrual(lot=lot), Credit(lot=lot)):
            with pytest.raises(LedgerRefused):
                held.after(posted(posting, lot.id))
        with pytest.raises(LedgerRefused):
            held.after(posted(TransferIn(sender=BEA, lots=[lot])))
        with pytest.raises(LedgerRefused):
            held.after(posted(MergedFrom(member=BEA, lots=[lot])))

    def test_expired_points_cannot_be_moved(self):
        for posting in (Redemption(lots=[LOT.part(1)]), Debit(lots=[LOT.part(1)])):
            assert account().after(posted(posting, on=on(1, 20)))
            with pytest.raises(LedgerRefused):
                account().after(posted(posting, on=on(1, 21)))

    @pytest.mark.parametrize("deficit", [0, 1])
    def test_a_member_who_goes_takes_everything(self, deficit):
        free = account().after(posted(Release(hold="h"), "x"))
        with pytest.raises(LedgerRefused):
            free.after(posted(MergedInto(survivor=BEA, lots=[LOT, LATER], deficit=deficit)))
        everything = MergedInto(survivor=BEA, lots=[LOT, LATER, LOCKED], deficit=deficit)
        if deficit:
            with pytest.raises(LedgerRefused):
                free.after(posted(everything))
        else:
            assert free.after(posted(everything)).lots == ()

    def test_nothing_is_posted_before_the_last_entry(self):
        with pytest.raises(LedgerRefused):
            account().after(posted(Release(hold="h"), on=NOW - DAY))
        with pytest.raises(LedgerRefused):
            account().step(posted(Release(hold="h"), on=NOW - DAY))

    def test_nor_after_a_merge(self):
        gone = PointsAccount().after(posted(MergedInto(survivor=BEA)))
        with pytest.raises(ClosedLedger) as refused:
            gone.after(posted(Qualified(qualification=Qualification(NOW))))
        assert refused.value.survivor == BEA

    def test_nothing_of_an_account_is_changed_by_what_is_refused(self):
        before = account()
        with pytest.raises(LedgerRefused):
            before.after(posted(Redemption(lots=[LOCKED])))
        assert before == account()


class TestWhatIsAsked:
    """An account answers for today and later."""

    def test_the_days_before_its_last_entry_are_over(self):
        for ask in (account().as_of, account().balance):
            assert ask(NOW)
            with pytest.raises(InvalidValue):
                ask(NOW - DAY)
        with pytest.raises(InvalidValue):
            account().expiring(NOW - DAY, NOW)

    @pytest.mark.parametrize("day", ["2026-01-10", datetime(2026, 1, 10, tzinfo=UTC), None])
    def test_a_day_is_a_plain_date(self, day):
        for ask in (account().as_of, account().balance, account().check_open):
            with pytest.raises(InvalidValue):
                ask(day)
        with pytest.raises(InvalidValue):
            account().expiring(NOW, day)

    def test_a_hold_is_found_as_long_as_it_stands(self):
        assert account().held("h", NOW) == Held("h", (LOT.part(4),))
        with pytest.raises(LedgerRefused):
            account().held("o", NOW)

    def test_what_is_held_can_be_counted_and_cut(self):
        held = Held("h", (LOT.part(4), LATER.part(3)))
        assert held.points == 7
        assert held.first(5) == (LOT.part(4), LATER.part(1))
        assert held.without(held.first(5)) == (LATER.part(2),)
        with pytest.raises(InsufficientPoints):
            held.first(8)
        with pytest.raises(InvalidValue):
            held.first(0)
        with pytest.raises(LedgerRefused):
            held.without([LATER.part(4)])

    def test_what_is_spent_next(self):
        assert account().to_spend(8, NOW) == (LOT.part(6), LATER.part(2))
        assert account().to_spend(20, on(1, 15)) == (LOT.part(6), LATER, LOCKED.part(4))
        assert account().to_debit(20, NOW) == (LOT.part(6), LATER, LOCKED.part(4))
        for points in (0, 1.0, True):
            with pytest.raises(InvalidValue):
                account().to_spend(points, NOW)
            with pytest.raises(InvalidValue):
                account().to_debit(points, NOW)
        for ask, there in ((account().to_spend, 16), (account().to_debit, 26)):
            with pytest.raises(InsufficientPoints) as refused:
                ask(27, NOW)
            assert refused.value.available == there

    def test_whoever_owes_nothing_pays_nothing(self):
        assert account().settling([LOT], NOW) == ()

    def test_what_comes_in_too_late_is_gone_as_soon_as_it_is_posted(self):
        late = Lot("n", 3, on(1, 1), on(1, 1), on(1, 9))
        after = PointsAccount().after(posted(Accrual(lot=late)))
        assert (after.lots, after.expired) == ((), 3)
        in_time = PointsAccount().after(posted(Accrual(lot=LOT), "o"))
        assert (in_time.lots, in_time.expired) == ((LOT,), 0)

    def test_a_debt_is_paid_by_what_expires_first_and_not_by_what_has_expired(self):
        owing = PointsAccount().after(posted(Reversal(accrual="x", deficit=12)))
        assert owing.settling([LATER, LOT], NOW) == (LOT, LATER.part(2))
        assert owing.settling([LATER, LOT], on(1, 20)) == (LOT, LATER.part(2))
        assert owing.settling([LATER, LOT], on(1, 21)) == (LATER,)
        with pytest.raises(InvalidValue):
            owing.settling([LATER], NOW - DAY)

    def test_two_holds_that_lapse_on_one_day_lapse_by_their_keys(self):
        ledger = new(TEN_DAYS).accrue(10, on=on(1, 1), key="o")
        for key in ("b", "a"):
            ledger = ledger.hold(5, on=on(1, 1), key=key, lapses_on=on(1, 3))
        ledger = ledger.hold(1, on=on(1, 4), key="c", lapses_on=on(1, 5))
        lapsed = [line.lapsed for line in ledger.statement(on(1, 9)) if hasattr(line, "lapsed")]
        assert lapsed == ["a", "b", "c"]

    def test_an_empty_account_has_nothing(self):
        balance = PointsAccount().balance(NOW)
        assert (balance.total, balance.credited, balance.lifetime_earned) == (0, 0, 0)
        assert balance.is_conserved
        assert not evolve(balance, available=1).is_conserved

    def test_lifetime_earned_is_what_was_earned_and_not_given_back(self):
        ledger = new().accrue(10, on=NOW, key="o").accrue(5, on=NOW, key="p")
        ledger = ledger.credit(7, on=NOW, key="c", reason="a gesture").redeem(20, on=NOW, key="r")
        ledger = ledger.reverse("p", on=NOW, key="x")
        balance = ledger.balance(NOW)
        assert balance.lifetime_earned == 10
        assert (balance.credited, balance.total) == (22, -3)

    @given(
        spent=st.integers(0, 10),
        over_return=st.sampled_from(OverReturn),
        days=st.sampled_from([0, 400]),
    )
    def test_who_gave_everything_back_has_earned_nothing(self, spent, over_return, days):
        """Whatever had become of the points: left, spent, expired, owed or waived."""
        terms = LedgerTerms(ExpiresAfter(100), over_return=over_return)
        ledger = PointsLedger(BEA, terms).accrue(10, on=NOW, key="o")
        if spent:
            ledger = ledger.redeem(spent, on=NOW, key="r")
        ledger = ledger.reverse("o", on=NOW + timedelta(days=days), key="x")
        assert ledger.account.balance(NOW + timedelta(days=days)).lifetime_earned == 0

    def test_what_a_merged_member_gives_back_was_not_earned_here(self):
        anna = new().accrue(10, on=NOW, key="o")
        cem = PointsLedger(CEM, anna.terms).accrue(7, on=NOW, key="o")
        anna, _ = merge_members(anna, cem, on=NOW, key="m")
        anna = anna.reverse("o", on=NOW, key="x", member=CEM)
        assert anna.balance(NOW).lifetime_earned == 10


class TestRecords:
    """A line of a ledger cannot contradict itself."""

    DAYS = (on(1, 1), on(1, 5), on(1, 20))

    @pytest.mark.parametrize(
        ("points", "days"),
        [
            (0, DAYS),
            (-1, DAYS),
            (10**15 + 1, DAYS),
            (1.0, DAYS),
            (True, DAYS),
            (1, ("2026-01-01", on(1, 5), None)),
            (1, (on(1, 1), datetime(2026, 1, 5, tzinfo=UTC), None)),
            (1, (on(1, 1), on(1, 5), "2026-01-20")),
        ],
    )
    def test_a_lot_has_points_and_days(self, points, days):
        with pytest.raises(InvalidValue):
            Lot("o", points, *days)

    def test_the_days_of_a_lot(self):
        states = [
            (LOT.is_pending(day), LOT.is_spendable(day), LOT.is_expired(day))
            for day in (on(1, 4), on(1, 5), on(1, 20), on(1, 21))
        ]
        spendable = (False, True, False)
        assert states == [(True, False, False), spendable, spendable, (False, False, True)]
        assert not LATER.is_expired(on(12, 31, 9999))

    def test_a_part_of_a_lot(self):
        assert LOT.part(10) is LOT
        assert LOT.part(3) == Lot("o", 3, *self.DAYS)

    @pytest.mark.parametrize(
        "write",
        [
            lambda: Redemption(lots=[]),
            lambda: Rollback(redemption="r", lots=[]),
            lambda: Debit(lots=[]),
            lambda: TransferOut(to=BEA, lots=[]),
            lambda: TransferIn(sender=BEA, lots=[]),
            lambda: Hold(lots=[]),
            lambda: Capture(hold="h", lots=[]),
            lambda: Reversal(accrual="o"),
            lambda: Reversal(accrual="o", expired=-1, deficit=2),
            lambda: Reversal(accrual="o", deficit=1.0),  # type: ignore[arg-type]
            lambda: Reversal(accrual="o", deficit=1, waived=-1),
            lambda: MergedFrom(member=BEA, deficit=-1),
            lambda: MergedInto(survivor=BEA, deficit=True),
            lambda: Accrual(lot=LOT.part(1), settled=[LOT.part(2)]),
            lambda: Credit(lot=LOT.part(1), settled=[LOT.part(2)]),
            lambda: TransferIn(sender=BEA, lots=[LOT.part(1)], settled=[LOT.part(2)]),
            lambda: Rollback(redemption="r", lots=[LOT.part(1)], settled=[LOT.part(2)]),
            lambda: Accrual(lot=LOT, breakdown=[RuleShare("base", 9)]),
            lambda: Reversal(accrual="o", deficit=2, breakdown=[RuleShare("base", 2)]),
            lambda: Hold(lots=[LOT], lapses_on="2026-01-01"),  # type: ignore[arg-type]
            lambda: LedgerEntry("o", "2026-01-01", Release(hold="h")),  # type: ignore[arg-type]
            lambda: LedgerEntry("o", NOW, Credit(lot=LOT)),
            lambda: LedgerEntry("o", NOW, Debit(lots=[LOT]), reason=" "),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, write):
        with pytest.raises(InvalidValue):
            write()

    @pytest.mark.parametrize(
        "write",
        [
            lambda: Accrual(lot=LOT, source=""),
            lambda: Qualified(qualification=Qualification(NOW), source=" o"),
            lambda: TransferIn(sender=NOBODY, lots=[LOT]),
            lambda: MergedFrom(member=NOBODY),
            lambda: Redemption(lots=[LOT], reward=""),
            lambda: Rollback(redemption="", lots=[LOT]),
            lambda: Reversal(accrual="", deficit=1),
            lambda: TransferOut(to=NOBODY, lots=[LOT]),
            lambda: MergedInto(survivor=NOBODY),
            lambda: Capture(hold="", lots=[LOT]),
            lambda: Capture(hold="h", lots=[LOT], reward=""),
            lambda: Release(hold=""),
            lambda: LedgerEntry("", NOW, Release(hold="h")),
            lambda: LedgerEntry("o", NOW, Release(hold="h"), by=Actor("")),
        ],
    )
    def test_names_are_names(self, write):
        with pytest.raises(InvalidIdentifier):
            write()

    def test_what_a_reversal_accounts_for(self):
        assert Reversal(accrual="o", lots=[LOT], expired=1, deficit=2, waived=3).points == 16

    def test_who_goes_is_named(self):
        gone = PointsAccount().after(posted(MergedInto(survivor=CEM)))
        assert gone.merged_into == CEM
