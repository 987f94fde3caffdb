"""A points ledger: commands a second, and the balance of a member with 10,000 entries.

Printed are commands a second of the pure ledger (a member with 200 entries, who buys four times,
then spends, and cancels one of ten redemptions) and of the desk on a file of sqlite (each command a
transaction of its own). Then a member with 10,000 entries asks for the balance: from the snapshot,
and from all entries. Both have to say the same. Processor time counts, the best of some turns.

There is no peer that keeps lots with their last days and could be held against this in Python: the
ratio is that of the snapshot to reading everything. Exit status 1 if it is above its limit, 2 if
the two balances differ.

Run: ``make bench``, or ``python benchmarks/loyalty_ledger.py [ENTRIES]``.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from crmkit.identifiers import CustomerId
from crmkit.loyalty import (
    POINTS_ACCOUNT,
    POINTS_LEDGERS,
    QUALIFICATIONS,
    BaseRate,
    EarningRule,
    EarningRules,
    ExpiresAfter,
    LedgerTerms,
    LoyaltyDesk,
    PointsLedger,
    Program,
)
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.storage.sqlite import SqliteStore

LIMIT = 0.05
"""What a balance from the snapshot may take of one from all entries."""

TERMS = LedgerTerms(ExpiresAfter(1, Unit.YEAR))
BASE = EarningRule("one a euro", BaseRate(1, per=Money("1.00", "EUR")), priority=1)
PROGRAM = Program(name="club", earning=EarningRules((BASE,)), terms=TERMS)
FIRST, DAY = date(2020, 1, 1), timedelta(days=1)
MEMBER = CustomerId("M-7")


def lived(entries: int) -> PointsLedger:
    """The ledger of a member who buys four times, then spends, and now and then cancels."""
    ledger, number = PointsLedger(MEMBER, TERMS), 0
    while number < entries:
        on, key = FIRST + number // 4 * DAY, f"k-{number}"
        if number % 50 == 49:
            ledger = ledger.roll_back(f"k-{number - 5}", on=on, key=key)
        elif number % 5 == 4:
            ledger = ledger.redeem(30, on=on, key=key)
        else:
            ledger = ledger.accrue(10 + number % 7, on=on, key=key)
        number += 1
    return ledger


def seconds(work: Callable[[], object], turns: int = 5) -> float:
    """The processor time that some work takes at best."""
    best = float("inf")
    for _ in range(turns):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


def at_the_desk(store: SqliteStore, commands: int) -> None:
    """Purchases and redemptions, each in a transaction of its own."""
    desk = LoyaltyDesk(store=store, program=PROGRAM)
    desk.join(MEMBER, on=FIRST)
    for number in range(commands):
        key = f"k-{number}"
        if number % 5 == 4:
            desk.redeem(MEMBER, 30, on=FIRST, key=key)
        else:
            desk.credit(MEMBER, 10, on=FIRST, key=key, reason="so it is")


def keep(store: SqliteStore, ledger: PointsLedger) -> LoyaltyDesk:
    """Keep a long ledger as a desk would have kept it."""
    desk = LoyaltyDesk(store=store, program=PROGRAM)
    desk.join(MEMBER, on=FIRST)
    with store.unit_of_work() as unit:
        log = unit.stream(POINTS_LEDGERS)
        log.append(MEMBER, ledger.entries[:-25], 0)
        log.snapshot(MEMBER, POINTS_ACCOUNT)
        log.snapshot(MEMBER, QUALIFICATIONS)
        log.append(MEMBER, ledger.entries[-25:], len(ledger.entries) - 25)
        unit.commit()
    return desk


def main(entries: int = 10_000) -> int:
    """Print what commands and balances take."""
    print(f"pure ledger, 200 entries: {200 / seconds(lambda: lived(200)):8,.0f} commands a second")
    long = lived(entries)
    today = FIRST + entries // 4 * DAY
    with tempfile.TemporaryDirectory() as folder:
        with SqliteStore.open(Path(folder) / "desk.crmkit", create=True) as store:
            took = seconds(lambda: at_the_desk(store, 200), turns=1)
            print(f"desk on sqlite:           {200 / took:8,.0f} commands a second")
        with SqliteStore.open(Path(folder) / "long.crmkit", create=True) as store:
            desk = keep(store, long)
            quick = seconds(lambda: desk.balance(MEMBER, today))
            whole = seconds(lambda: desk.ledger(MEMBER).balance(today), turns=2)
            same = desk.balance(MEMBER, today) == desk.ledger(MEMBER).balance(today)
            desk.verify(MEMBER)
    ratio = quick / whole
    print(
        f"balance of {entries:,} entries: {quick * 1e3:.1f} ms from the snapshot (25 entries behind"
        f" it), {whole * 1e3:.0f} ms from all of them: {ratio:.4f} (limit {LIMIT})"
    )
    if not same:
        return 2
    return int(ratio > LIMIT)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
