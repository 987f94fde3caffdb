"""Store files that are cut off, flipped and overwritten: whole, or refused, never believed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from attrs import frozen

from crmkit.errors import CorruptStore, ForeignStore, NewerSchema
from crmkit.storage import Message, StoreUnavailable
from crmkit.storage.sqlite import SqliteStore
from tests.reliability import Check, Outcome, Size, control
from tests.storage.sqlite_files import (
    ACCOUNTS,
    BALANCE,
    LEDGER,
    Account,
    carry_out,
    earn,
    folder_in_memory,
)

SEED = 4711
PAGE = 4096
REFUSALS = (CorruptStore, ForeignStore, NewerSchema, StoreUnavailable)


def small_shop(path: Path) -> bytes:
    """The bytes of a file in which every table holds something, all of it in one piece."""
    with SqliteStore.open(path, create=True) as store:
        with store.unit_of_work() as unit:
            unit.repository(ACCOUNTS).add(Account("a", 0, "x" * 40))
            unit.repository(ACCOUNTS).add(Account("b", 7, "y" * 40))
            unit.commit()
        carry_out(store, "first")
        store.compact()
    return path.read_bytes()


def read_everything(path: Path, *, verifying: bool) -> object:
    """All that is kept, by every way there is to it."""
    with SqliteStore.open(path) as store:
        if verifying:
            store.verify()
        messages = list[Message]()
        with store.unit_of_work() as unit:
            accounts = unit.repository(ACCOUNTS)
            log = unit.stream(LEDGER)
            found = (
                accounts.page().items,
                accounts.query("by-points").items,
                [accounts.find(key) for key in ("a", "b")],
                log.read("a"),
                log.fold("a", BALANCE),
                earn(unit, "first"),
            )
        with suppress(NotNow):
            store.deliver(partial(look_at, messages))
        return (*found, messages)


class NotNow(Exception):
    """A message was looked at, and is to stay."""


def look_at(messages: list[Message], message: Message) -> None:
    """Take note of a message without taking it, so that nothing is written to the file."""
    messages.append(message)
    raise NotNow


def read_by_verifying(path: Path) -> object:
    """What is read from a file after it was read through."""
    return read_everything(path, verifying=True)


def read_without_looking(path: Path) -> object:
    """What is read from a file that nobody has read through."""
    return read_everything(path, verifying=False)


@frozen
class Damage:
    """The bytes of a damaged file, and in words what was done to it."""

    what: str
    contents: bytes


def damaged(
    promise: str,
    damages: Callable[[bytes], Iterable[Damage]],
    read: Callable[[Path], object] = read_by_verifying,
    seed: int | None = None,
) -> Outcome:
    """Read files after damage: what is read is what was written, or there is a typed refusal."""
    intact = refused = 0
    wrong = list[str]()
    with folder_in_memory() as folder:
        whole = small_shop(Path(folder) / "whole.crmkit")
        known = read(Path(folder) / "whole.crmkit")
        for number, damage in enumerate(damages(whole)):
            path = Path(folder) / f"{number}.crmkit"
            path.write_bytes(damage.contents)
            try:
                if read(path) == known:
                    intact += 1
                else:
                    wrong.append(f"{damage.what}: believed")
            except REFUSALS:
                refused += 1
            except Exception as error:
                wrong.append(f"{damage.what}: {type(error).__name__}")
            path.unlink()
    return Outcome(
        promise=promise,
        cases=intact + refused + len(wrong),
        failures=len(wrong),
        figure=f"{refused} refused, {intact} did no harm" + "".join(f"; {w}" for w in wrong[:3]),
        seed=seed,
    )


# --- what is done to a file -----------------------------------------------------------------------


def cut_off(whole: bytes) -> Iterable[Damage]:
    """Truncated at every 512 bytes, and around the header and the end; 0 bytes too."""
    sizes = {*range(0, len(whole), 512), *range(120), *range(len(whole) - 16, len(whole))}
    return (Damage(f"cut off at {size}", whole[:size]) for size in sorted(sizes))


def flipped(whole: bytes, at: int, mask: int) -> Damage:
    """One byte is another."""
    contents = bytearray(whole)
    contents[at] ^= mask
    return Damage(f"byte {at} ^ {mask:#x}", bytes(contents))


def first_pages_flipped(every: int, *, bits: bool = False) -> Callable[[bytes], Iterable[Damage]]:
    """Each byte of the first three pages turned over, and, if asked for, one bit of each."""

    def damages(whole: bytes) -> Iterable[Damage]:
        for at in range(0, 3 * PAGE, every):
            yield flipped(whole, at, 0xFF)
            if bits:
                yield flipped(whole, at, 1 << at // every % 8)

    return damages


def flipped_at_random(times: int) -> Callable[[bytes], Iterable[Damage]]:
    """Bytes anywhere in the file, as far as something is written there."""

    def damages(whole: bytes) -> Iterable[Damage]:
        dice = random.Random(SEED)
        written = [at for at, byte in enumerate(whole) if byte]
        for at in dice.choices(written, k=times):
            yield flipped(whole, at, dice.randrange(1, 256))

    return damages


def overwritten(times: int) -> Callable[[bytes], Iterable[Damage]]:
    """Stretches of garbage, whole pages of nothing or of another page, and nothing but garbage."""

    def damages(whole: bytes) -> Iterable[Damage]:
        dice = random.Random(SEED)
        pages = len(whole) // PAGE
        for number in range(times):
            at, length = dice.randrange(len(whole)), dice.randrange(1, 600)
            garbage = dice.randbytes(length)
            yield Damage(f"garbage {number}", whole[:at] + garbage + whole[at + length :])
            yield Damage(f"only garbage {number}", dice.randbytes(dice.randrange(1, 3 * PAGE)))
            one, other = (dice.randrange(pages) * PAGE for _ in "12")
            for what in (bytes(PAGE), whole[other : other + PAGE]):
                yield Damage(f"page at {one}", whole[:one] + what + whole[one + PAGE :])

    return damages


# --- the checks -----------------------------------------------------------------------------------

NEVER = "never a silent wrong answer"


def truncated(size: Size) -> Outcome:
    return damaged(f"a store file cut off at every 512 bytes: {NEVER}", cut_off)


def flipped_bytes(size: Size) -> Outcome:
    return damaged(
        f"each byte of the first three pages flipped: {NEVER}",
        first_pages_flipped(size.of(21, 1, 1), bits=size.of(True, False, True)),
    )


def flipped_anywhere(size: Size) -> Outcome:
    return damaged(
        f"bytes flipped at random: {NEVER}",
        flipped_at_random(size.of(200, 1_000, 1_000)),
        seed=SEED,
    )


def garbage(size: Size) -> Outcome:
    return damaged(
        f"stretches and pages overwritten: {NEVER}", overwritten(size.of(40, 100, 500)), seed=SEED
    )


def without_reading_it_through(size: Size) -> Outcome:
    """The control: a flipped byte in an index hides a record from whoever does not verify."""
    bytes_flipped = flipped_at_random(size.of(400, 1_000, 1_000))
    promise = "a store file that was not read through"
    return control(damaged(promise, bytes_flipped, read_without_looking, seed=SEED))


CHECKS: tuple[Check, ...] = (
    *(truncated, flipped_bytes, flipped_anywhere, garbage),
    without_reading_it_through,
)
