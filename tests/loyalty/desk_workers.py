"""What other processes do at the desk of a program: they import no more than they need."""

from __future__ import annotations

from typing import Any

from crmkit.identifiers import CustomerId
from crmkit.loyalty import InsufficientPoints, LoyaltyDesk
from crmkit.storage.sqlite import SqliteStore
from tests.loyalty.shop import ANNA, JANUARY, bought, program


def shop_and_spend(path: str, name: str, times: int, start: Any) -> None:
    """Buy for ten points and spend thirty, as long as they are there; every command comes twice."""
    with SqliteStore.open(path, timeout=60) as store:
        desk = LoyaltyDesk(store=store, program=program(), snapshot_every=7, attempts=1_000)
        start.wait()
        for number in range(times):
            for _ in ("first", "again"):
                desk.purchase(bought(ANNA, JANUARY, "10.00"), key=f"{name}-o-{number}")
                spend(desk, f"{name}-r-{number}")


def spend(desk: LoyaltyDesk, key: str) -> None:
    try:
        desk.redeem(ANNA, 30, on=JANUARY, key=key)
    except InsufficientPoints:
        return


def give_around(path: str, name: str, times: int, start: Any) -> None:
    """Give a point to the next member, round and round; every command comes twice."""
    members = [CustomerId(each) for each in ("anna", "ben", "clara")]
    with SqliteStore.open(path, timeout=60) as store:
        desk = LoyaltyDesk(store=store, program=program(), snapshot_every=7, attempts=1_000)
        start.wait()
        for number in range(times):
            sender, to = members[number % 3], members[(number + 1) % 3]
            for _ in ("first", "again"):
                give(desk, sender, to, f"{name}-t-{number}")


def give(desk: LoyaltyDesk, sender: CustomerId, to: CustomerId, key: str) -> None:
    try:
        desk.transfer(sender, to, 1, on=JANUARY, key=key)
    except InsufficientPoints:
        return
