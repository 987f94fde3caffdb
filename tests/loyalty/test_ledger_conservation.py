"""Whatever members do, in whatever order: not one point is made or lost.

A normal run takes ``CRMKIT_LEDGER_STEPS`` steps, 1,500 unless told, and compares each with a
program that is counted point by point (``ledger_model.py``). A release runs 50,000, at low priority
(about three minutes of one core)::

    CRMKIT_LEDGER_STEPS=50000 nice pytest tests/loyalty/test_ledger_conservation.py
"""

import os
from datetime import date
from functools import partial

import pytest
from attrs import asdict, evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from crmkit.errors import IdempotencyMismatch
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    ClosedLedger,
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    Hold,
    InsufficientPoints,
    LedgerEntry,
    LedgerRefused,
    LedgerTerms,
    Lock,
    NeverExpires,
    OverReturn,
    Passed,
    PointsLedger,
    Qualification,
    Redemption,
    TransferOut,
    merge_members,
    transfer,
)
from crmkit.money import Money
from crmkit.period import Unit
from tests.loyalty.ledger_model import DAY, FREE, NaiveProgram, Refused

STEPS = int(os.environ.get("CRMKIT_LEDGER_STEPS", "1500"))
A_STORY = 50

MEMBERS = tuple(CustomerId(name) for name in ("ann", "bea", "cem", "dan"))
TERMS = (
    LedgerTerms(),
    LedgerTerms(ExpiresAfter(5)),
    LedgerTerms(ExpiresAfter(30), lock=Lock(3), over_return=OverReturn.CLAMP),
    LedgerTerms(ExpiresAfter(1, Unit.MONTH), lock=Lock(1, Unit.WEEK)),
    LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(3)),
    LedgerTerms(ExpiresAtMonthEnd(), lock=Lock(14), over_return=OverReturn.CLAMP),
    LedgerTerms(ExpiresAtMonthEnd(1)),
    LedgerTerms(ExpiresAtYearEnd(), lock=Lock(1)),
    LedgerTerms(ExpiresAtYearEnd(last_month=2), over_return=OverReturn.CLAMP),
    LedgerTerms(NeverExpires(), lock=Lock(2)),
)
FIRST_DAYS = (date(2024, 2, 27), date(2026, 1, 22), date(2026, 12, 28))
KINDS = {"insufficient": InsufficientPoints, "closed": ClosedLedger, "refused": LedgerRefused}
REASON = "a gesture"

members = st.sampled_from(MEMBERS)
few = st.integers(1, 12)


def a_key(number):
    """Keys whose order is not the one in which they are used."""
    return f"k{number * 7 % 10}-{number}"


def has_points(self):
    return any(point.where == FREE for point in self.program.points)


def has_holds(self):
    return any(book.holds for book in self.program.books.values())


def was_spent(self):
    return any(point.where[0] == "spent" for point in self.program.points)


def was_earned(self):
    return any(book.earned for book in self.program.books.values())


def always(self):
    return True


def to_merge(self):
    return self.keys > 8 and sum(book.into is None for book in self.program.books.values()) > 1


# What happens, how often, and when it can: mostly only what can be done, at times what cannot.
DOINGS = [
    *[("accrue", always)] * 4,
    ("credit", always),
    ("debit", has_points),
    *[("redeem", has_points)] * 3,
    *[("roll_back", was_spent)] * 3,
    *[("reverse", was_earned)] * 3,
    ("spend_and_return", was_earned),
    *[("hold", has_points)] * 3,
    *[("capture", has_holds)] * 2,
    ("release", has_holds),
    *[("give", has_points)] * 2,
    ("merge", to_merge),
    *[("days_pass", always)] * 3,
    *[("anything_else", always)] * 2,
]


class Members(RuleBasedStateMachine):
    """Members of one program, in ledgers and counted point by point."""

    steps = 0

    @initialize(terms=st.sampled_from(TERMS), first_day=st.sampled_from(FIRST_DAYS))
    def begin(self, terms, first_day):
        self.program = NaiveProgram(MEMBERS, terms, first_day)
        self.ledgers = {name: PointsLedger(name, terms) for name in MEMBERS}
        self.kept = {}  # What every ledger was, and every balance, at the end of each day.
        self.done = []  # Every command that was taken.
        self.keys = 0
        self.returns = {}  # By (earner, accrual): what counts for the tier since.

    @rule(data=st.data())
    def something_happens(self, data):
        Members.steps += 1
        unlikely = self.keys % 8 == 5
        likely = [name for name, can in DOINGS if unlikely or can(self)]
        getattr(self, data.draw(st.sampled_from(likely)))(data)

    @property
    def today(self):
        return self.program.today

    # --- both are told the same, and say the same ---

    def both(self, names, ledgers, counted, again=None):
        """Both do it, or both refuse it for the same reason; a refused command changes nothing."""
        before = dict(self.ledgers)
        try:
            counted()
        except Refused as refused:
            with pytest.raises(KINDS[refused.kind]):
                ledgers(self.today)
        else:
            self.take(names, ledgers(self.today))
            self.done.append((names, ledgers, again))
        for name in MEMBERS:
            if self.ledgers[name] is before[name]:
                self.check_counted(name)
            else:
                self.check(name, self.ledgers[name])

    def take(self, names, ledgers):
        for name, ledger in zip(names, ledgers, strict=True):
            self.ledgers[name] = ledger

    def one(self, name, command, counted, *args, key, **how):
        """A command of one member; under the same key with a point more it is another one."""

        def posted(on, **other):
            doing = getattr(self.ledgers[name], command)
            return (doing(*args, on=on, key=key, **how | other),)

        def another(on):
            ledger = self.ledgers[name]
            if command == "redeem":
                return ledger.hold(1, on=on, key=key)
            return ledger.redeem(1, on=on, key=key)

        self.both([name], posted, counted, another)

    def new_key(self, name):
        """A key that is new to a member, in no order; others use it as well, as order 3 of one is
        not order 3 of another."""
        self.keys += 1
        return a_key(len(self.ledgers[name].entries))

    # --- who does what: as a rule something that can be done ---

    def one_of(self, data, likely, else_):
        return data.draw(st.sampled_from([*likely * 4, else_] if likely else [else_]))

    def somebody(self, data, able=lambda counted: True):
        """A member who can, as a rule."""
        likely = [
            name
            for name in MEMBERS
            if self.program.books[name].into is None and able(self.program.count(name))
        ]
        return self.one_of(data, likely, MEMBERS[self.keys % len(MEMBERS)])

    def some(self, data, most):
        """Some points of so many, half the time all of them, now and then one too many."""
        most = max(most, 1)
        return data.draw(st.integers(1, most) | st.just(most) | st.integers(most, most + 1))

    def some_or_all(self, data, most):
        return data.draw(st.none() | st.just(self.some(data, most)))

    def names_of(self, name):
        """All that a member was before, by the names of those who were merged."""
        before = [name]
        for each in before:
            before += [other for other in MEMBERS if self.program.books[other].into == each]
        return before

    # --- points come in ---

    def accrue(self, data):
        points, ago = data.draw(few), data.draw(st.sampled_from([0, 0, 0, 1, 3, 6, 31, 400]))
        self.the_program_changes(data)
        name, earned = self.somebody(data), self.today - ago * DAY
        key = self.new_key(name)
        counts = Qualification(
            earned, points=3 * points, spend=Money.of_minor(7 * points + 1, "EUR"), visits=1
        )
        self.one(
            name,
            "accrue",
            lambda: self.program.accrue(name, key, points, earned),
            points,
            key=key,
            earned_on=earned if ago else None,
            qualification=counts,
        )

    def credit(self, data):
        points, ago = data.draw(few), data.draw(st.sampled_from([0, 0, 2, 40]))
        self.the_program_changes(data)
        name, earned = self.somebody(data), self.today - ago * DAY
        key = self.new_key(name)
        self.one(
            name,
            "credit",
            lambda: self.program.credit(name, key, points, earned),
            points,
            key=key,
            reason=REASON,
            earned_on=earned if ago else None,
        )

    # --- points go out ---

    def debit(self, data):
        name = self.somebody(data, lambda counted: counted["available"] + counted["pending"])
        counted = self.program.count(name)
        points = self.some(data, counted["available"] + counted["pending"])
        self.one(
            name,
            "debit",
            lambda: self.program.debit(name, points),
            points,
            key=self.new_key(name),
            reason=REASON,
        )

    def spend_and_return(self, data):
        """Everything is spent, and then the goods are given back that it was earned with."""
        name = self.somebody(data, lambda counted: counted["accrued"] and counted["available"])
        points, key = max(self.program.count(name)["available"], 1), self.new_key(name)
        self.one(name, "redeem", lambda: self.program.redeem(name, key, points), points, key=key)
        for what in list(self.program.books[name].earned):
            if self.program.returnable(name, what):
                counted = partial(self.program.reverse, name, name, what)
                self.one(name, "reverse", counted, what, key=self.new_key(name))

    def somebody_with_points(self, data):
        name = self.somebody(data, lambda counted: counted["available"])
        return name, self.some(data, self.program.count(name)["available"])

    def redeem(self, data):
        name, points = self.somebody_with_points(data)
        key = self.new_key(name)
        self.one(name, "redeem", lambda: self.program.redeem(name, key, points), points, key=key)

    def roll_back(self, data):
        theirs = [
            (name, each, key)
            for name in MEMBERS
            if self.program.books[name].into is None
            for each in self.names_of(name)
            for key in self.program.books[each].spent
            if self.program.still_spent(each, key)
        ]
        theirs += [each for each in theirs if each[0] != each[1]] * 3  # Of those who were merged.
        rare = (self.somebody(data), MEMBERS[self.keys % 4], a_key(self.keys % 5))
        name, whose, what = self.one_of(data, theirs, rare)
        points = self.some_or_all(data, len(self.program.still_spent(whose, what)))
        self.one(
            name,
            "roll_back",
            lambda: self.program.roll_back(name, whose, what, points),
            what,
            points,
            key=self.new_key(name),
            member=None if whose == name else whose,
        )

    def reverse(self, data):
        theirs = [
            (name, each, key)
            for name in MEMBERS
            if self.program.books[name].into is None
            for each in self.names_of(name)
            for key in self.program.books[each].earned
            if self.program.returnable(each, key)
        ]
        theirs += [each for each in theirs if each[0] != each[1]] * 3  # Of those who were merged.
        rare = (self.somebody(data), MEMBERS[self.keys % 4], a_key(self.keys % 5))
        name, whose, what = self.one_of(data, theirs, rare)
        points = self.some_or_all(data, self.program.returnable(whose, what))
        self.one(
            name,
            "reverse",
            lambda: self.program.reverse(name, whose, what, points),
            what,
            points,
            key=self.new_key(name),
            member=None if whose == name else whose,
        )

    # --- points are put aside ---

    def hold(self, data):
        days = data.draw(st.sampled_from([None, 0, 1, 2, 5, 9]))
        name, points = self.somebody_with_points(data)
        key, lapses = self.new_key(name), None if days is None else self.today + days * DAY
        self.one(
            name,
            "hold",
            lambda: self.program.hold(name, key, points, lapses),
            points,
            key=key,
            lapses_on=lapses,
        )

    def a_hold(self, data):
        holds = [(name, key) for name in MEMBERS for key in self.program.books[name].holds]
        return self.one_of(data, holds, (self.somebody(data), "nothing"))

    def capture(self, data):
        name, hold = self.a_hold(data)
        key = self.new_key(name)
        points = self.some_or_all(data, len(self.program.held(name, hold)))
        self.one(
            name,
            "capture",
            lambda: self.program.capture(name, key, hold, points),
            hold,
            points,
            key=key,
        )

    def release(self, data):
        name, hold = self.a_hold(data)
        key = self.new_key(name)
        self.one(name, "release", lambda: self.program.release(name, hold), hold, key=key)

    # --- two members ---

    def give(self, data):
        (sender, points), to = self.somebody_with_points(data), self.somebody(data)
        if sender == to:
            return
        self.keys += 1
        key = f"gift-{self.keys}"

        def given(on, points=points):
            return transfer(self.ledgers[sender], self.ledgers[to], points, on=on, key=key)

        self.both(
            [sender, to],
            given,
            lambda: self.program.transfer(sender, to, key, points),
            lambda on: given(on, points + 1),
        )

    def merge(self, data):
        survivor, other = self.somebody(data), self.somebody(data)
        if survivor == other:
            return
        self.keys += 1
        key = f"one-{self.keys}"

        def joined(on):
            return merge_members(self.ledgers[survivor], self.ledgers[other], on=on, key=key)

        def for_somebody_else(on):
            third = next(name for name in MEMBERS if name not in (survivor, other))
            return merge_members(self.ledgers[third], self.ledgers[other], on=on, key=key)

        self.both(
            [survivor, other],
            joined,
            lambda: self.program.merge(survivor, other),
            for_somebody_else,
        )

    # --- what is no command ---

    def days_pass(self, data):
        days = data.draw(st.sampled_from([1, 1, 2, 3, 9, 35]))
        self.keep_today()
        for _ in range(days):
            self.program.next_day()
        for name in MEMBERS:
            self.check_counted(name)

    def keep_today(self):
        counted = {name: self.program.count(name) for name in MEMBERS}
        self.kept[self.today] = (dict(self.ledgers), counted)

    def anything_else(self, data):
        others = [self.say_it_again, self.come_too_late, self.look_ahead]
        data.draw(st.sampled_from(others))(data)

    def say_it_again(self, data):
        """The same command comes once more, today or tomorrow; or its key with another one."""
        if not self.done:
            return
        names, ledgers, another = data.draw(st.sampled_from(self.done))
        on = self.today + data.draw(st.integers(0, 1)) * DAY
        for name, ledger in zip(names, ledgers(on), strict=True):
            assert ledger is self.ledgers[name]
        with pytest.raises(IdempotencyMismatch):
            another(on)

    def come_too_late(self, data):
        """A day that is over cannot be posted to."""
        name = data.draw(members)
        book = self.program.books[name]
        if book.posted_on is None:
            return
        day = book.posted_on - DAY
        refusal = ClosedLedger if book.into else LedgerRefused
        ledger, key = self.ledgers[name], self.new_key(name)
        with pytest.raises(refusal):
            ledger.accrue(1, on=day, key=key)
        with pytest.raises(refusal):
            ledger.redeem(1, on=day, key=key)

    def the_program_changes(self, data):
        """Points that were given before stay what they are."""
        terms = data.draw(st.none() | st.sampled_from(TERMS))
        if terms is None:
            return
        self.program.terms = terms
        self.ledgers = {name: evolve(ledger, terms=terms) for name, ledger in self.ledgers.items()}

    def look_ahead(self, data):
        """What will be if nobody does anything is known today."""
        name, days = data.draw(members), data.draw(st.integers(0, 40))
        then = self.program.in_days(days)
        ledger, day = self.ledgers[name], self.today + days * DAY
        self.compare(ledger.balance(day), then.count(name))
        gone = then.count(name)["expired"] - self.program.count(name)["expired"]
        if not self.program.books[name].holds:
            soon = ledger.expiring(self.today, day - DAY)
            assert sum(each.points for each in soon) == gone
            assert [each.valid_through for each in soon] == sorted(
                {each.valid_through for each in soon}
            )

    # --- what must be true ---

    def compare(self, balance, counted):
        said = asdict(balance)
        assert {name: said[name] for name in counted} == counted
        came = said["accrued"] + said["received"]
        here = said["available"] + said["pending"] + said["held"]
        went = sum(
            said[name] for name in ("redeemed", "expired", "reversed", "debited", "transferred_out")
        )
        assert came == here + went - said["deficit"]
        assert balance.is_conserved
        assert min(here, said["redeemed"], said["expired"], said["reversed"]) >= 0

    def check_counted(self, name):
        ledger = self.ledgers[name]
        self.compare(ledger.balance(self.today), self.program.count(name))

    def check(self, name, ledger):
        """After a command: the same as counted, in every respect."""
        self.check_counted(name)
        account = ledger.account.as_of(self.today)
        lots = {
            (lot.id, lot.earned_on, lot.unlocks_on, lot.valid_through): lot.points
            for lot in account.lots
        }
        assert lots == dict(self.program.lots(name))
        assert all(lot.points > 0 for lot in account.lots)
        last_days = [lot.valid_through or date.max for lot in account.lots]
        assert last_days == sorted(last_days)
        assert not (account.deficit and account.lots)
        assert {held.key: held.lapses_on for held in account.holds} == self.program.books[
            name
        ].holds
        for held in account.holds:
            assert {lot.id: lot.points for lot in held.lots} == {
                each[0]: count
                for each, count in self.program.lots(name, ("held", name, held.key)).items()
            }
        self.check_last_entry(name, ledger)
        anew = PointsLedger(name, ledger.terms, entries=ledger.entries, merged=ledger.merged)
        assert anew == ledger
        self.check_what_counts(ledger)
        if self.kept:
            days = sorted(self.kept)
            self.check_day(name, days[self.keys % len(days)])

    def check_last_entry(self, name, ledger):
        """Nothing is spent before its lock ends or after its last day, and what expires first goes
        first: nothing that is left would have gone earlier."""
        entry = ledger.entries[-1]
        if not isinstance(entry.posting, Redemption | TransferOut | Hold):
            return
        spent = entry.posting.lots
        for lot in spent:
            assert lot.unlocks_on <= entry.on <= (lot.valid_through or date.max)
        left = [lot for lot in ledger.account.lots if lot.unlocks_on <= entry.on]
        last = max(lot.valid_through or date.max for lot in spent)
        assert all((lot.valid_through or date.max) >= last for lot in left)

    def check_what_counts(self, ledger):
        """A return takes as large a share from the tier as it takes of the points."""
        counts = dict.fromkeys(("points", "visits", "spend"), 0)
        for each in ledger.qualifications():
            counts["points"] += each.points
            counts["visits"] += each.visits
            counts["spend"] += each.spend.minor
        low, high = dict.fromkeys(counts, 0), dict.fromkeys(counts, 0)
        for name in self.names_of(ledger.member):
            for count, taken in self.program.books[name].earned.values():
                whole = {"points": 3 * count, "visits": 1, "spend": 7 * count + 1}
                for what, counted in whole.items():
                    left, over = divmod(counted * (count - taken), count)
                    low[what] += left
                    high[what] += left + bool(over)
        assert all(low[what] <= counts[what] <= high[what] for what in counts)

    def check_day(self, name, day):
        """What was on an earlier day is what it was on that day."""
        ledgers, counted = self.kept[day]
        self.compare(self.ledgers[name].balance(day), counted[name])
        then = self.ledgers[name].as_of(day)
        assert evolve(ledgers[name], terms=then.terms) == then

    def check_statement(self, name, ledger):
        """The lines of a statement are the entries, and what expired between them."""
        lines = list(ledger.statement(self.today))
        assert tuple(line for line in lines if isinstance(line, LedgerEntry)) == ledger.entries
        gone = [lot for line in lines if isinstance(line, Passed) for lot in line.expired]
        assert sum(lot.points for lot in gone) == self.program.count(name)["expired"]
        days = [line.on for line in lines]
        assert days == sorted(days)

    def teardown(self):
        if not hasattr(self, "program"):
            return
        for name, ledger in self.ledgers.items():
            self.check_statement(name, ledger)
            for day in self.kept:
                self.check_day(name, day)


def test_no_point_is_made_or_lost():
    Members.steps = 0
    run_state_machine_as_test(
        Members,
        # Some stories end before their fiftieth step.
        settings=settings(max_examples=STEPS // 45 + 1, stateful_step_count=A_STORY),
    )
    assert Members.steps >= STEPS
