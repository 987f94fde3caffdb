"""Many at one PostgreSQL, and a PostgreSQL that stops under load: nothing lost, nothing doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from sqlalchemy import create_engine

from crmkit.errors import StoreBusy, VersionConflict
from crmkit.storage import StoreUnavailable
from tests.reliability import Check, Outcome, Size, control
from tests.storage import workers
from tests.storage.crowds import add_all, at_once
from tests.storage.postgres import fresh_schema, own_cluster, postgres_engine, postgres_url
from tests.storage.sqlalchemy_stores import Database, open_postgres, points_in
from tests.storage.sqlite_files import ACCOUNTS, Account, carry_out
from tests.storage.workers import BANK, PRICE, TOTAL, Job, held, wallets


@contextmanager
def shop(*accounts: Account) -> Iterator[tuple[Database, str]]:
    """A store with some accounts, and where other processes find it."""
    with fresh_schema() as schema:
        database = Database(postgres_engine(), schema)
        add_all(database.made(), accounts)
        yield database, f"{schema} {postgres_url()}"


# --- many at once ---------------------------------------------------------------------------------


def crowd(processes: int, times: int) -> Outcome:
    """Many processes earn points on one account, every fifth command twice."""
    with shop(Account("a")) as (database, address):
        conflicts = sum(at_once(workers.earn_with_care, open_postgres, address, processes, times))
        found = points_in(database)
    asked = processes * times
    return Outcome(
        promise="PostgreSQL, many processes on one record: nothing lost, nothing done twice",
        cases=asked,
        failures=abs(asked - found),
        figure=f"{processes} processes, {asked} commands and every fifth twice, {found} kept; "
        f"{conflicts} conflicts",
    )


def careless_crowd(processes: int, times: int) -> Outcome:
    """The same without a look at the version."""
    with shop(Account("a")) as (database, address):
        at_once(workers.earn_carelessly, open_postgres, address, processes, times)
        with database.store().unit_of_work() as unit:
            found = unit.repository(ACCOUNTS).get("a").record.points
    asked = processes * times
    return Outcome(
        promise="PostgreSQL, many processes write on top of whatever is there",
        cases=asked,
        failures=asked - found if asked - found > asked / 10 else 0,
        figure=f"{(asked - found) / asked:.0%} of {asked} updates lost",
    )


def overspent(races: int, spend: Callable[[Job], int] = workers.spend_with_care) -> Outcome:
    """Two processes spend out of two wallets that hold enough for one of them."""
    keys = [key for pair in range(races) for key in wallets(pair)]
    with shop(*(Account(key, 60) for key in keys)) as (database, address):
        spent = sum(at_once(spend, open_postgres, address, 2, races))
        with database.store().unit_of_work() as unit:
            left = [held(unit, pair) for pair in range(races)]
    return Outcome(
        promise="PostgreSQL, points over two wallets are never overspent",
        cases=races,
        failures=sum(each != 120 - PRICE for each in left),
        figure=f"{spent} of {2 * races} got their points in {races} races; "
        f"{sum(each < 0 for each in left)} overspent",
    )


def bank(processes: int, times: int) -> Outcome:
    """Points are moved among accounts while others read: every read sums to the total."""
    accounts = (Account(key, TOTAL // len(BANK)) for key in BANK)
    with shop(*accounts) as (_, address):
        found = at_once(workers.transfer_or_read, open_postgres, address, processes, times)
    reads, wrong = (sum(each) for each in zip(*found, strict=True))
    return Outcome(
        promise="PostgreSQL, whoever reads while points are moved sees every point once",
        cases=reads,
        failures=wrong,
        figure=f"{wrong} of {reads} reads saw another total than {TOTAL}",
    )


# --- the server stops -----------------------------------------------------------------------------


def stopped(stops: int) -> Outcome:
    """The server is stopped at once under load, and started again; clerks go on as they can."""
    cluster = own_cluster()
    engine = create_engine(cluster.url, pool_size=10)
    database, running, unanswered = Database(engine), [True], list[int]()
    acknowledged: list[int] = []
    store = database.made()
    add_all(store, [Account("a")])

    def clerk(name: int) -> None:
        number, owed = 0, False
        while running or owed:
            owed = True
            try:
                carry_out(store, f"clerk {name}, command {number}")
                number, owed = number + 1, False
                acknowledged.append(name)
            except StoreUnavailable:
                unanswered.append(name)
                time.sleep(0.01)
            except (VersionConflict, StoreBusy):
                time.sleep(0.001)

    with ThreadPoolExecutor(4) as clerks:
        work = [clerks.submit(clerk, name) for name in range(4)]
        for stop in range(stops + 1):
            while len(acknowledged) < 50 * (stop + 1) and not any(each.done() for each in work):
                time.sleep(0.01)
            if stop < stops:
                cluster.stop_at_once()
                cluster.start()
        running.clear()
    for each in work:
        each.result()
    found = points_in(database)
    engine.dispose()
    cluster.remove()
    return Outcome(
        promise="PostgreSQL stopped under load: no acknowledged write lost, none doubled",
        cases=len(acknowledged),
        failures=abs(len(acknowledged) - found),
        figure=f"{stops} stops, {len(acknowledged)} commands acknowledged, {found} kept; "
        f"{len(unanswered)} sent again because there was no answer",
    )


# --- the checks -----------------------------------------------------------------------------------


def nothing_lost(size: Size) -> Outcome:
    return crowd(*size.of((3, 20), (8, 60), (8, 250)))


def lost_without_versions(size: Size) -> Outcome:
    return control(careless_crowd(*size.of((4, 30), (8, 60), (8, 250))))


def never_overspent(size: Size) -> Outcome:
    return overspent(size.of(50, 200, 1_000))


def overspent_without_looking_at_both(size: Size) -> Outcome:
    return control(overspent(size.of(50, 100, 100), workers.spend_carelessly))


def every_point_once(size: Size) -> Outcome:
    return bank(4, size.of(50, 200, 2_500))


def nothing_lost_when_stopped(size: Size) -> Outcome:
    return stopped(size.of(1, 3, 20))


CHECKS: tuple[Check, ...] = (
    *(nothing_lost, lost_without_versions),
    *(never_overspent, overspent_without_looking_at_both),
    *(every_point_once, nothing_lost_when_stopped),
)
