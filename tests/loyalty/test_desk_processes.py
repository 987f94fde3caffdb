"""Tills that serve one member at the same moment lose nothing and never overspend."""

from __future__ import annotations

import multiprocessing
from threading import Barrier, Thread

import pytest

from crmkit.identifiers import CustomerId
from crmkit.loyalty import Accrual, InsufficientPoints, LoyaltyDesk, Redemption
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore
from tests.loyalty import desk_workers
from tests.loyalty.shop import ANNA, BEN, CLARA, JANUARY, bought, joined, program

TILLS, TIMES = 4, 15


def at_once(work, path, times):
    """Let processes do something in one file, beginning together."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(TILLS)
    tills = [
        context.Process(target=work, args=(str(path), f"till-{number}", times, start))
        for number in range(TILLS)
    ]
    for till in tills:
        till.start()
    for till in tills:
        till.join()
    assert [till.exitcode for till in tills] == [0] * TILLS


def counted(ledger, kind):
    return sum(isinstance(entry.posting, kind) for entry in ledger.entries)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "club.crmkit"
    with SqliteStore.open(path, create=True) as store:
        joined(LoyaltyDesk(store=store, program=program()), ANNA, BEN, CLARA)
    return path


class TestTillsAtOnce:
    """Commands of several processes on one member, each delivered twice."""

    def test_nothing_is_lost_and_nothing_is_spent_that_is_not_there(self, path):
        at_once(desk_workers.shop_and_spend, path, TIMES)
        with SqliteStore.open(path) as store:
            desk = LoyaltyDesk(store=store, program=program())
            ledger, balance = desk.ledger(ANNA), desk.balance(ANNA, JANUARY)
            assert desk.verify(ANNA) == ledger.account
        assert counted(ledger, Accrual) == TILLS * TIMES
        assert len({entry.key for entry in ledger.entries}) == len(ledger.entries)
        assert balance.accrued == TILLS * TIMES * 10
        assert balance.redeemed == counted(ledger, Redemption) * 30
        assert balance.available == balance.accrued - balance.redeemed
        assert balance.is_conserved
        assert balance.available >= 0

    def test_points_that_are_passed_around_are_still_all_there(self, path):
        with SqliteStore.open(path) as store:
            desk = LoyaltyDesk(store=store, program=program())
            desk.credit(ANNA, 20, on=JANUARY, key="gift", reason="to play with")
        at_once(desk_workers.give_around, path, 2 * TIMES)
        with SqliteStore.open(path) as store:
            desk = LoyaltyDesk(store=store, program=program())
            balances = [desk.balance(member, JANUARY) for member in (ANNA, BEN, CLARA)]
        assert sum(balance.available for balance in balances) == 20
        assert all(balance.is_conserved for balance in balances)
        assert sum(balance.transferred_out for balance in balances) > 20

    def test_threads_share_a_store_in_memory(self):
        desk = LoyaltyDesk(store=MemoryStore(), program=program(), attempts=1_000)
        joined(desk)
        start = Barrier(8)
        refused = []

        def serve(name):
            start.wait()
            for number in range(10):
                desk.purchase(bought(ANNA, JANUARY, "10.00"), key=f"{name}-o-{number}")
                try:
                    desk.redeem(ANNA, 30, on=JANUARY, key=f"{name}-r-{number}")
                except InsufficientPoints:
                    refused.append(name)

        tills = [Thread(target=serve, args=(CustomerId(f"till-{each}"),)) for each in range(8)]
        for till in tills:
            till.start()
        for till in tills:
            till.join()
        balance = desk.balance(ANNA, JANUARY)
        assert balance.accrued == 800
        assert balance.redeemed == 30 * (80 - len(refused))
        assert balance.available == 800 - balance.redeemed
