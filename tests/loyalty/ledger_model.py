"""A points program counted point by point: slow, dull, and built another way than the ledger.

Every single point is an object that knows its own days and where it is now. Lots, balances and
deficits fall out by counting. Days pass one at a time, and each month is walked through. Nothing of
the ledger is used but the names of the terms.
"""

import copy
from calendar import monthrange
from collections import Counter
from datetime import date, timedelta

from crmkit.loyalty import (
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    LedgerTerms,
    NeverExpires,
    OverReturn,
)
from crmkit.period import Unit

DAY = timedelta(days=1)
FREE, EXPIRED, GONE = "free", "expired", "gone"
MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}


class Refused(Exception):
    """The program would not do it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def month_end(day: date) -> date:
    """Walk to the last day of the month."""
    while (day + DAY).month == day.month:
        day += DAY
    return day


def later(day: date, count: int, unit: Unit) -> date:
    """The same day so many units later, or the last one of a month that lacks it."""
    if unit in (Unit.DAY, Unit.WEEK):
        for _ in range(count * (7 if unit is Unit.WEEK else 1)):
            day += DAY
        return day
    first = day.replace(day=1)
    for _ in range(count * MONTHS[unit]):
        first = month_end(first) + DAY
    return first.replace(day=min(day.day, monthrange(first.year, first.month)[1]))


def last_day(terms: LedgerTerms, earned: date) -> date | None:
    """The last day on which points can be spent."""
    match terms.expiry:
        case NeverExpires():
            return None
        case ExpiresAfter(count, unit):
            return later(earned, count, unit)
        case ExpiresAtMonthEnd(months):
            end = month_end(earned)
            for _ in range(months):
                end = month_end(end + DAY)
            return end
        case ExpiresAtYearEnd(years, last_month):
            end = month_end(earned)
            while end.month != last_month:
                end = month_end(end + DAY)
            return month_end(end.replace(day=1, year=end.year + years))


def first_day(terms: LedgerTerms, earned: date) -> date:
    """The first day on which points can be spent."""
    return later(earned, terms.lock.count, terms.lock.unit) if terms.lock else earned


class Point:
    """One point."""

    def __init__(self, owner, number, earned, unlocks, last, origin=None):
        self.owner = owner
        self.number = number
        self.earned = earned
        self.unlocks = unlocks
        self.last = last
        self.origin = origin
        self.where = FREE
        self.written_off = False
        """Whether a return has counted that it had expired."""

    @property
    def turn(self):
        """When it is spent: what expires first, then what was earned first."""
        return (self.last or date.max, self.earned, self.number)


class Book:
    """What is noted of one member beside the points."""

    def __init__(self):
        self.owed = 0
        self.into = None
        self.posted_on = None
        self.holds = {}
        self.earned = {}
        self.spent = {}
        self.sums: Counter[str] = Counter()


class NaiveProgram:
    """Some members and all their points, today."""

    def __init__(self, members, terms, today):
        self.terms = terms
        self.today = today
        self.points = []
        self.books = {name: Book() for name in members}

    # --- days pass ---

    def next_day(self):
        self.today += DAY
        for name, book in self.books.items():
            self._expire(name)
            for key in sorted(key for key, lapses in book.holds.items() if lapses == self.today):
                self._unhold(name, key)

    def in_days(self, count):
        """The program after so many more days on which nobody does anything."""
        then = copy.deepcopy(self)
        for _ in range(count):
            then.next_day()
        return then

    def _expire(self, name):
        for point in self._of(name):
            if point.last is not None and point.last < self.today:
                point.where = EXPIRED

    def _of(self, name, where=FREE):
        return [point for point in self.points if point.owner == name and point.where == where]

    def _arrive(self, name, points):
        """Points are free for a member: debts are paid first, and what is too old expires."""
        book = self.books[name]
        for point in sorted(points, key=lambda point: point.turn):
            point.owner, point.where = name, FREE
            if book.owed and (point.last is None or point.last >= self.today):
                point.where = GONE
                book.owed -= 1
        self._expire(name)

    def _unhold(self, name, key):
        del self.books[name].holds[key]
        self._arrive(name, self._of(name, ("held", name, key)))

    # --- what may not be ---

    def _open(self, name, on=None):
        book = self.books[name]
        if book.into is not None:
            raise Refused("closed")
        if on is not None and book.posted_on is not None and on < book.posted_on:
            raise Refused("refused")
        return book

    def _spendable(self, name, count, locked=False):
        free = sorted(self._of(name), key=lambda point: point.turn)
        if not locked:
            free = [point for point in free if point.unlocks <= self.today]
        if len(free) < count:
            raise Refused("insufficient")
        return free[:count]

    def _done(self, *names):
        for name in names:
            self.books[name].posted_on = self.today

    # --- points come in ---

    def _new(self, name, count, number, earned, origin=None):
        unlocks, last = first_day(self.terms, earned), last_day(self.terms, earned)
        points = [Point(name, number, earned, unlocks, last, origin) for _ in range(count)]
        self.points += points
        self._arrive(name, points)
        self._done(name)

    def accrue(self, name, key, count, earned):
        book = self._open(name)
        book.sums["accrued"] += count
        book.earned[key] = [count, 0]
        self._new(name, count, key, earned, (name, key))

    def credit(self, name, key, count, earned):
        self._open(name).sums["received"] += count
        self._new(name, count, key, earned)

    # --- points go out ---

    def debit(self, name, count):
        book = self._open(name)
        for point in self._spendable(name, count, locked=True):
            point.where = GONE
        book.sums["debited"] += count
        self._done(name)

    def redeem(self, name, key, count):
        book = self._open(name)
        spent = self._spendable(name, count)
        self._spend(name, key, spent)
        book.sums["redeemed"] += count
        self._done(name)

    def _spend(self, name, key, points):
        self.books[name].spent[key] = points
        for point in points:
            point.where = ("spent", name, key)

    def _names(self, member, name):
        """By which members the points of one went to another."""
        names = []
        while member != name:
            if self.books[member].into is None:
                raise Refused("refused")
            names.append(member)
            member = self.books[member].into
        return names

    def still_spent(self, spender, redemption):
        spent = self.books[spender].spent.get(redemption, [])
        return [point for point in spent if point.where == ("spent", spender, redemption)]

    def roll_back(self, name, spender, redemption, count=None):
        book = self._open(name)
        names = self._names(spender, name)
        left = self.still_spent(spender, redemption)
        if not left or (count or 0) > len(left):
            raise Refused("refused")
        back = left[-(count or len(left)) :]
        for point in back:
            for each in names:
                point.number = f"{each}:{point.number}"
        if names:
            book.sums["received"] += len(back)
        else:
            book.sums["redeemed"] -= len(back)
        self._arrive(name, back)
        self._done(name)

    def returnable(self, earner, accrual):
        count, taken = self.books[earner].earned.get(accrual, (0, 0))
        return count - taken

    def reverse(self, name, earner, accrual, count=None):
        book = self._open(name)
        self._names(earner, name)
        left = self.returnable(earner, accrual)
        if not left or (count or 0) > left:
            raise Refused("refused")
        count = count or left
        self.books[earner].earned[accrual][1] += count
        origin = (earner, accrual)
        free = sorted(self._of(name), key=lambda point: point.turn)
        expired = [
            point
            for point in self.points
            if point.origin == origin and point.where == EXPIRED and not point.written_off
        ]
        for point in [each for each in free if each.origin == origin][:count]:
            point.where = GONE
            book.sums["reversed"] += 1
            count -= 1
        for point in expired[:count]:
            point.written_off = True
            count -= 1
        for point in [each for each in free if each.origin != origin][:count]:
            point.where = GONE
            book.sums["reversed"] += 1
            count -= 1
        if self.terms.over_return is OverReturn.DEBT:
            book.sums["reversed"] += count
            book.owed += count
        self._done(name)

    # --- points are put aside ---

    def hold(self, name, key, count, lapses=None):
        book = self._open(name)
        held = self._spendable(name, count)
        if lapses is not None and lapses <= self.today:
            raise Refused("refused")
        for point in held:
            point.where = ("held", name, key)
        book.holds[key] = lapses
        self._done(name)

    def held(self, name, key):
        held = self._of(name, ("held", name, key))
        return sorted(held, key=lambda point: point.turn)

    def capture(self, name, key, hold, count=None):
        book = self._open(name)
        held = self.held(name, hold)
        if not held:
            raise Refused("refused")
        if (count or 0) > len(held):
            raise Refused("insufficient")
        spent = held[: count or len(held)]
        self._spend(name, key, spent)
        book.sums["redeemed"] += len(spent)
        self._unhold(name, hold)
        self._done(name)

    def release(self, name, hold):
        self._open(name)
        if not self.held(name, hold):
            raise Refused("refused")
        self._unhold(name, hold)
        self._done(name)

    # --- two members ---

    def transfer(self, sender, to, key, count):
        self._open(sender)
        given = self._spendable(sender, count)
        self._open(to)
        lots = list(dict.fromkeys(point.number for point in given))
        new = []
        for point in given:
            point.where = GONE
            number = f"{key}:{1 + lots.index(point.number)}"
            new.append(Point(to, number, point.earned, point.unlocks, point.last))
        self.points += new
        self.books[sender].sums["transferred_out"] += count
        self.books[to].sums["received"] += count
        self._arrive(to, new)
        self._done(sender, to)

    def merge(self, survivor, other):
        gone = self._open(other)
        if gone.holds:
            raise Refused("refused")
        book = self._open(survivor)
        points = self._of(other)
        for point in points:
            point.owner = survivor
            point.number = f"{other}:{point.number}"
        book.sums["received"] += len(points) - gone.owed
        gone.sums["transferred_out"] += len(points) - gone.owed
        book.owed += gone.owed
        gone.owed, gone.into = 0, survivor
        self._arrive(survivor, self._of(survivor))
        self._done(survivor, other)

    # --- counted ---

    def lots(self, name, where=FREE):
        """Lots fall out by counting the points of one number."""
        return Counter(
            (point.number, point.earned, point.unlocks, point.last)
            for point in self._of(name, where)
        )

    def count(self, name):
        """What a balance says, counted."""
        book, free = self.books[name], self._of(name)
        held = [p for p in self.points if p.owner == name and p.where[:2] == ("held", name)]
        counted = {
            "available": sum(point.unlocks <= self.today for point in free),
            "pending": sum(point.unlocks > self.today for point in free),
            "held": len(held),
            "deficit": book.owed,
            "expired": len(self._of(name, EXPIRED)),
        }
        sums = ("accrued", "received", "redeemed", "reversed", "debited", "transferred_out")
        return counted | {each: book.sums[each] for each in sums}
