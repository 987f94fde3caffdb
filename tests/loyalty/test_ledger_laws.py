"""What is true of every ledger, whatever is in it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from crmkit.errors import IdempotencyMismatch, NaiveDatetime
from crmkit.identifiers import Actor
from crmkit.loyalty import (
    Accrual,
    LedgerEntry,
    LedgerRefused,
    Lot,
    Passed,
    PointsAccount,
    PointsLedger,
    Qualification,
    Redemption,
    RuleShare,
    merge_members,
    transfer,
)
from crmkit.money import Money
from crmkit.serialization import make_converter
from tests.loyalty.ledger_words import (
    A_YEAR,
    ANNA,
    BEA,
    CEM,
    DAY,
    FIRST,
    TEN_DAYS,
    all_terms,
    last,
    new,
    on,
    pasts,
    with_holds,
)

points = st.integers(1, 200)
days = st.integers(0, 60)
everything = pasts() | pasts(with_holds)


def has(account):
    """What an account is, however many entries it took."""
    return evolve(account, entries=0)


class TestConservation:
    """credited = available + pending + held + redeemed net of rollbacks + expired + reversed +
    debited + transferred out - deficit."""

    @given(past=everything, later=days)
    def test_every_point_that_came_in_is_somewhere(self, past, later):
        ledger, day = past
        then = ledger.balance(day + later * DAY)
        assert then.accrued + then.received == (
            then.available + then.pending + then.held + then.redeemed
            + then.expired + then.reversed + then.debited + then.transferred_out - then.deficit
        )  # fmt: skip

    @given(past=everything, later=days)
    def test_nothing_is_below_zero_and_nobody_owes_and_has(self, past, later):
        ledger, day = past
        account = ledger.account.as_of(day + later * DAY)
        assert all(lot.points > 0 for lot in account.lots)
        assert account.deficit == 0 or not account.lots


class TestDaysPass:
    """Expiry follows from the date that is asked about."""

    @given(past=everything, first=days, second=days)
    def test_it_does_not_matter_how_often_anybody_looked(self, past, first, second):
        ledger, day = past
        looked = ledger.account.as_of(day + first * DAY)
        last = day + (first + second) * DAY
        assert looked.as_of(last) == ledger.account.as_of(last)

    @given(past=pasts(), later=days)
    def test_a_night_takes_exactly_what_was_left_of_the_lots_that_end(self, past, later):
        """The "balance collapse": a spent lot that expires must not be deducted again."""
        ledger, day = past
        evening = day + later * DAY
        before, after = ledger.balance(evening), ledger.balance(evening + DAY)
        ending = [lot for lot in ledger.account.as_of(evening).lots if lot.valid_through == evening]
        assert before.total - after.total == sum(lot.points for lot in ending)

    @given(past=pasts(), later=days)
    def test_what_was_announced_is_what_expires(self, past, later):
        ledger, day = past
        last = day + later * DAY
        announced = sum(each.points for each in ledger.expiring(day, last))
        assert ledger.balance(last + DAY).expired - ledger.balance(day).expired == announced

    @given(past=everything, ago=days)
    def test_the_past_stays_as_it_was(self, past, ago):
        ledger, day = past
        then = day - ago * DAY
        early = PointsLedger(
            ledger.member, ledger.terms, entries=[e for e in ledger.entries if e.on <= then]
        )
        assert ledger.as_of(then) == early
        assert ledger.balance(then) == early.balance(then)


class TestSpending:
    """Of what can be spent, that which expires first goes first."""

    @given(past=everything, data=st.data())
    def test_spent_and_partly_cancelled_is_as_if_less_had_been_spent(self, past, data):
        ledger, day = past
        there = ledger.balance(day).available
        assume(there > 1)
        spent = data.draw(st.integers(2, there))
        back = data.draw(st.integers(1, spent - 1))
        twice = ledger.redeem(spent, on=day, key="r").roll_back("r", back, on=day, key="b")
        assert has(twice.account) == has(ledger.redeem(spent - back, on=day, key="r").account)

    @given(past=everything, data=st.data())
    def test_spent_and_cancelled_is_as_if_nothing_had_been_spent(self, past, data):
        ledger, day = past
        there = ledger.balance(day).available
        assume(there)
        spent = data.draw(st.integers(1, there))
        twice = ledger.redeem(spent, on=day, key="r").roll_back("r", on=day, key="b")
        assert has(twice.account) == evolve(has(ledger.account.as_of(day)), on=day)

    @given(past=everything, data=st.data())
    def test_cancelled_bit_by_bit_is_as_if_cancelled_at_once(self, past, data):
        ledger, day = past
        there = ledger.balance(day).available
        assume(there > 1)
        bit = data.draw(st.integers(1, there - 1))
        spent = ledger.redeem(there, on=day, key="r")
        bits = spent.roll_back("r", bit, on=day, key="b").roll_back("r", on=day, key="c")
        assert has(bits.account) == has(spent.roll_back("r", on=day, key="b").account)

    @given(past=everything, data=st.data())
    def test_put_aside_and_taken_is_the_same_as_spent(self, past, data):
        ledger, day = past
        there = ledger.balance(day).available
        assume(there)
        held = data.draw(st.integers(1, there))
        taken = data.draw(st.integers(1, held))
        checkout = ledger.hold(held, on=day, key="h").capture("h", taken, on=day, key="c")
        assert has(checkout.account) == has(ledger.redeem(taken, on=day, key="r").account)
        back = checkout.roll_back("c", on=day, key="b")
        assert has(back.account) == evolve(has(ledger.account.as_of(day)), on=day)

    @given(past=everything, data=st.data())
    def test_put_aside_and_released_is_as_if_never_put_aside(self, past, data):
        ledger, day = past
        there = ledger.balance(day).available
        assume(there)
        held = ledger.hold(data.draw(st.integers(1, there)), on=day, key="h")
        released = held.release("h", on=day, key="x")
        assert has(released.account) == evolve(has(ledger.account.as_of(day)), on=day)
        assert has(held.account.as_of(day)) != has(released.account)

    @given(past=everything, data=st.data())
    def test_one_by_one_is_the_same_as_at_once(self, past, data):
        ledger, day = past
        there = min(ledger.balance(day).available, 12)
        assume(there)
        bit_by_bit = ledger
        for number in range(there):
            bit_by_bit = bit_by_bit.redeem(1, on=day, key=f"r{number}")
        assert has(bit_by_bit.account) == has(ledger.redeem(there, on=day, key="r").account)


class TestReturns:
    """A purchase that is given back takes its points along, once."""

    @given(terms=all_terms, earned=points, spent=points, data=st.data(), later=days)
    def test_in_parts_is_the_same_as_at_once(self, terms, earned, spent, data, later):
        day = FIRST + later * DAY
        ledger = new(terms).accrue(40, on=FIRST, key="before").accrue(earned, on=FIRST, key="o")
        there = ledger.balance(day).available
        if there:
            ledger = ledger.redeem(min(spent, there), on=day, key="r")
        whole = ledger.reverse("o", on=day, key="x")
        cut = data.draw(st.integers(1, earned))
        parts = ledger.reverse("o", cut, on=day, key="y")
        if cut < earned:
            parts = parts.reverse("o", on=day, key="z")
        assert has(parts.account) == has(whole.account)

    @given(
        earned=points,
        cuts=st.lists(st.integers(1, 60), max_size=8),
        counted=st.integers(0, 500),
        minor=st.integers(0, 99_999),
        visits=st.integers(0, 3),
    )
    def test_what_counted_for_the_tier_goes_to_the_last_cent(
        self, earned, cuts, counted, minor, visits
    ):
        bought = Qualification(
            FIRST, points=counted, spend=Money.of_minor(minor, "EUR"), visits=visits
        )
        ledger = new().accrue(earned, on=FIRST, key="o", qualification=bought)
        left = earned
        for number, cut in enumerate([*cuts, earned]):
            cut = min(cut, left)
            if not cut:
                break
            left -= cut
            ledger = ledger.reverse("o", cut, on=FIRST + number * DAY, key=f"x{number}")
            counts = ledger.qualifications()
            still = sum(each.spend.minor for each in counts if each.spend is not None)
            assert 0 <= still * earned - minor * left < earned
        assert sum(each.points for each in counts) == 0
        assert sum(each.visits for each in counts) == 0
        assert all(each.counts_for == FIRST for each in counts)
        assert still == 0


class TestTwice:
    """A command that comes again changes nothing; another one under its key is an error."""

    @given(past=everything, later=days, number=st.integers(0, 20))
    def test_a_key_is_used_once(self, past, later, number):
        ledger, day = past
        assume(ledger.entries)
        key = ledger.entries[number % len(ledger.entries)].key
        with pytest.raises(IdempotencyMismatch):
            ledger.qualify(Qualification(day), on=day + later * DAY, key=key)

    @given(past=everything)
    def test_folding_the_entries_anew_gives_the_same_account(self, past):
        ledger, _ = past
        anew = PointsLedger(ledger.member, ledger.terms, entries=ledger.entries)
        assert anew == ledger

    @given(past=everything, doing=st.data())
    def test_a_snapshot_goes_on_as_the_whole_ledger_does(self, past, doing):
        ledger, day = past
        goes_on = PointsLedger.continued(ledger.member, ledger.terms, ledger.account)
        there = ledger.balance(day).available
        assert goes_on.balance(day) == ledger.balance(day)
        assert goes_on.accrue(5, on=day, key="n").account == (
            ledger.accrue(5, on=day, key="n").account
        )
        if there:
            redeemed = goes_on.redeem(there, on=day, key="n")
            assert redeemed.account == ledger.redeem(there, on=day, key="n").account


class TestTwoMembers:
    """Points change hands and keep their days."""

    @given(one=pasts(), other=pasts(with_holds, BEA), data=st.data())
    def test_a_gift_keeps_its_last_days(self, one, other, data):
        (sender, today), (to, tomorrow) = one, other
        day = max(today, tomorrow)
        there = sender.balance(day).available
        assume(there)
        given_points = data.draw(st.integers(1, there))
        gave, got = transfer(sender, to, given_points, on=day, key="gift")
        left, came = last(gave).lots, last(got).lots
        same = ("points", "earned_on", "unlocks_on", "valid_through")
        assert [[getattr(lot, each) for each in same] for lot in left] == [
            [getattr(lot, each) for each in same] for lot in came
        ]
        assert gave.balance(day).total + got.balance(day).total == (
            sender.balance(day).total + to.balance(day).total
        )
        assert transfer(gave, got, given_points, on=day, key="gift") == (gave, got)
        assert transfer(gave, to, given_points, on=day, key="gift") == (gave, got)

    @given(one=everything, other=pasts(member=BEA))
    def test_a_merge_makes_and_loses_nothing(self, one, other):
        (survivor, today), (gone, tomorrow) = one, other
        day = max(today, tomorrow)
        both, closed = merge_members(survivor, gone, on=day, key="m")
        assert both.balance(day).total == survivor.balance(day).total + gone.balance(day).total
        assert closed.balance(day).total == 0
        assert both.balance(day).is_conserved
        assert closed.balance(day).is_conserved
        known = {
            (lot.earned_on, lot.unlocks_on, lot.valid_through)
            for ledger in (survivor, gone)
            for lot in ledger.account.lots
        }
        assert {
            (lot.earned_on, lot.unlocks_on, lot.valid_through) for lot in both.account.lots
        } <= known
        assert merge_members(both, closed, on=day + DAY, key="m") == (both, closed)
        assert merge_members(survivor, closed, on=day, key="m") == (both, closed)

    @given(
        first=pasts(member=CEM, terms=st.just(TEN_DAYS)),
        second=pasts(member=BEA, terms=st.just(TEN_DAYS)),
        third=pasts(terms=st.just(TEN_DAYS)),
    )
    def test_whatever_a_member_had_done_can_be_undone_after_two_merges(self, first, second, third):
        """Cem turns out to be Bea, and Bea turns out to be Anna: it is as if Cem had returned and
        cancelled everything on that day, alone."""
        (cem, one), (bea, other), (anna, another) = first, second, third
        day = max(one, other, another)
        bea_and_cem, _ = merge_members(bea, cem, on=day, key="m1")
        all_three, _ = merge_members(anna, bea_and_cem, on=day, key="m2")
        together = undone(all_three, cem.entries, day, CEM).balance(day)
        alone = undone(cem, cem.entries, day).balance(day)
        assert together.is_conserved
        assert together.total == alone.total + bea.balance(day).total + anna.balance(day).total


def undone(ledger, entries, day, member=None):
    """Everything spent is cancelled and everything bought is given back, as far as it was not."""
    for entry in entries:
        if isinstance(entry.posting, Redemption | Accrual):
            spent = isinstance(entry.posting, Redemption)
            undo = ledger.roll_back if spent else ledger.reverse
            with suppress(LedgerRefused):
                ledger = undo(entry.key, on=day, key=f"undo {entry.key}", member=member)
    return ledger


class TestLookingBack:
    """What was known, when, and how it came about."""

    RECORDED = datetime(2026, 1, 20, 9, tzinfo=UTC)

    @given(past=everything)
    def test_a_statement_tells_what_happened_by_itself_between_the_entries(self, past):
        ledger, day = past
        end = day + 40 * DAY
        lines = list(ledger.statement(end))
        assert tuple(line for line in lines if isinstance(line, LedgerEntry)) == ledger.entries
        passed = [line for line in lines if isinstance(line, Passed)]
        expired = sum(lot.points for line in passed for lot in line.expired)
        assert expired == ledger.balance(end).expired
        assert [line.on for line in lines] == sorted(line.on for line in lines)
        for line in passed:
            assert all(lot.is_expired(line.on) for lot in line.expired)

    @given(past=everything, number=st.integers(0, 20))
    def test_what_was_known_at_an_instant_is_what_had_been_written_down(self, past, number):
        ledger, _ = past
        entries = [
            evolve(entry, recorded_at=self.RECORDED + timedelta(hours=hour))
            for hour, entry in enumerate(ledger.entries)
        ]
        stamped = PointsLedger(ledger.member, ledger.terms, entries=entries)
        then = self.RECORDED + timedelta(hours=number, minutes=59)
        assert stamped.known_by(then).entries == tuple(entries[: number + 1])
        assert stamped.known_by(self.RECORDED - timedelta(seconds=1)).entries == ()

    def test_an_entry_without_a_time_was_always_known(self):
        ledger = new().accrue(10, on=FIRST, key="a")
        ledger = ledger.accrue(5, on=FIRST, key="b", recorded_at=self.RECORDED)
        assert ledger.known_by(self.RECORDED) == ledger
        assert len(ledger.known_by(self.RECORDED - timedelta(seconds=1)).entries) == 1

    def test_an_instant_has_a_time_zone(self):
        with pytest.raises(NaiveDatetime):
            new().known_by(self.RECORDED.replace(tzinfo=None))

    def test_what_was_heard_of_late_was_not_known_before(self):
        """Points of a purchase that is posted on the 9th are no part of the balance of the 8th."""
        ledger = new(A_YEAR).accrue(10, on=on(1, 9), earned_on=on(1, 2), key="a")
        assert ledger.balance(on(1, 8)).available == 0
        assert ledger.balance(on(1, 9)).available == 10

    def test_before_a_merge_nobody_else_counts(self):
        """Looked at as of a day before the merge, the survivor is nobody but themselves."""
        bought = Qualification(FIRST, points=7)
        anna = new().accrue(1, on=FIRST, key="a")
        bea = new(member=BEA).accrue(2, on=FIRST, key="a", qualification=bought)
        both, _ = merge_members(anna, bea, on=FIRST + DAY, key="m", recorded_at=self.RECORDED)
        assert both.as_of(FIRST) == anna
        assert both.known_by(self.RECORDED - DAY) == anna
        assert both.as_of(FIRST).qualifications() == ()
        assert sum(each.points for each in both.qualifications()) == 7


class TestDocuments:
    """An entry and an account are documents, and come back as they were."""

    converter = make_converter(LedgerEntry, PointsAccount)

    @given(past=everything)
    def test_everything_that_members_do_comes_back(self, past):
        ledger, _ = past
        for value in (*ledger.entries, ledger.account):
            assert self.converter.loads(self.converter.dumps(value), type(value)) == value

    def test_gifts_and_merges_come_back(self):
        anna = new(A_YEAR).accrue(9, on=FIRST, key="a")
        bea = new(member=BEA).accrue(2, on=FIRST, key="a")
        anna, bea = transfer(anna, bea, 4, on=FIRST, key="gift")
        both, anna = merge_members(bea, anna, on=FIRST, key="m", by=Actor("till 3"))
        both = both.reverse("a", on=FIRST, key="x", member=ANNA)
        for value in (*anna.entries, *both.entries, anna.account, both.account):
            assert self.converter.loads(self.converter.dumps(value), type(value)) == value

    def test_a_full_accrual_comes_back(self):
        what = Accrual(
            lot=Lot("a", 3, FIRST, FIRST, on(12, 31)),
            settled=[Lot("a", 1, FIRST, FIRST, on(12, 31))],
            breakdown=[RuleShare("base", 2), RuleShare("tuesday", 1)],
            qualification=Qualification(FIRST, spend=Money("2.50", "EUR"), visits=1),
            source="order-9",
        )
        entry = LedgerEntry("a", FIRST, what, reason="tuesday", by=Actor("till 3"))
        assert self.converter.loads(self.converter.dumps(entry), LedgerEntry) == entry


@given(past=everything, other=all_terms)
def test_other_terms_from_now_on_change_nothing_that_was_given(past, other):
    ledger, day = past
    changed = evolve(ledger, terms=other)
    assert changed.account == ledger.account
    there = ledger.balance(day).available
    if there:
        spent = changed.redeem(there, on=day, key="r").roll_back("r", on=day, key="b")
        assert spent.account.lots == ledger.account.as_of(day).lots
