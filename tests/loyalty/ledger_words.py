"""Ledgers in few words, and ledgers drawn at random."""

from datetime import date, timedelta
from functools import reduce

from hypothesis import strategies as st

from crmkit.errors import CrmkitError
from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    ExpiresAfter,
    ExpiresAtMonthEnd,
    ExpiresAtYearEnd,
    LedgerTerms,
    Lock,
    NeverExpires,
    OverReturn,
    PointsLedger,
)
from crmkit.period import Unit

ANNA, BEA, CEM = CustomerId("anna"), CustomerId("bea"), CustomerId("cem")
DAY = timedelta(days=1)
FIRST = date(2026, 1, 20)
FOR_EVER = LedgerTerms()
A_YEAR = LedgerTerms(ExpiresAfter(1, Unit.YEAR))
TEN_DAYS = LedgerTerms(ExpiresAfter(10))
CLAMPED = LedgerTerms(over_return=OverReturn.CLAMP)
MONTH_END = LedgerTerms(ExpiresAtMonthEnd())
LOCKED = LedgerTerms(ExpiresAfter(30), lock=Lock(14))


def new(terms=FOR_EVER, member=ANNA):
    """The ledger of a member without an entry."""
    return PointsLedger(member, terms)


def on(month, day, year=2026):
    """A day of 2026."""
    return date(year, month, day)


def figures(ledger, day):
    """What there is: available, pending, held, deficit, expired."""
    balance = ledger.balance(day)
    assert balance.is_conserved
    return (
        balance.available,
        balance.pending,
        balance.held,
        balance.deficit,
        balance.expired,
    )


def lots(ledger, day):
    """The lots there are: points and last day, by number."""
    return {
        lot.id: (lot.points, lot.valid_through) for lot in ledger.as_of(day).account.as_of(day).lots
    }


def last(ledger):
    """What the last entry did."""
    return ledger.entries[-1].posting


all_terms = st.sampled_from(
    [
        FOR_EVER,
        TEN_DAYS,
        CLAMPED,
        MONTH_END,
        LOCKED,
        LedgerTerms(ExpiresAfter(2, Unit.WEEK), lock=Lock(3), over_return=OverReturn.CLAMP),
        LedgerTerms(ExpiresAtMonthEnd(1), lock=Lock(1, Unit.WEEK)),
        LedgerTerms(ExpiresAtYearEnd(last_month=1)),
        LedgerTerms(NeverExpires(), lock=Lock(2)),
    ]
)
doings = st.tuples(
    st.sampled_from(["earn", "earn", "earn late", "give", "spend", "take", "return", "cancel"]),
    st.integers(1, 40),
    st.integers(0, 6),
)
with_holds = st.tuples(
    st.sampled_from(["earn", "earn late", "spend", "return", "hold", "hold", "capture", "release"]),
    st.integers(1, 40),
    st.integers(0, 6),
)


def _do(past, doing):
    """One more thing happens, unless the ledger refuses it."""
    ledger, day = past
    what, points, days = doing
    day += days * DAY
    key = f"{what}-{len(ledger.entries)}"
    earlier = [entry.key for entry in ledger.entries]
    some = earlier[points % len(earlier)] if earlier else "nothing"
    post = {
        "earn": lambda: ledger.accrue(points, on=day, key=key),
        "earn late": lambda: ledger.accrue(points, on=day, key=key, earned_on=day - points * DAY),
        "give": lambda: ledger.credit(points, on=day, key=key, reason="a gesture"),
        "spend": lambda: ledger.redeem(points, on=day, key=key),
        "take": lambda: ledger.debit(points, on=day, key=key, reason="an error"),
        "return": lambda: ledger.reverse(some, on=day, key=key),
        "cancel": lambda: ledger.roll_back(some, on=day, key=key),
        "hold": lambda: ledger.hold(points, on=day, key=key, lapses_on=day + (points % 9) * DAY),
        "capture": lambda: ledger.capture(some, on=day, key=key),
        "release": lambda: ledger.release(some, on=day, key=key),
    }[what]
    try:
        return post(), day
    except CrmkitError:
        return ledger, day


def pasts(doing=doings, member=ANNA, terms=all_terms):
    """A ledger after some months, and the day that it is now."""
    return st.builds(
        lambda terms, doings: reduce(_do, doings, (new(terms, member), FIRST)),
        terms,
        st.lists(doing, min_size=1, max_size=15),
    )
