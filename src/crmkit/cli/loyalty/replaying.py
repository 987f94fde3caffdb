"""From purchases to what became of every member."""

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

from attrs import frozen

from crmkit.cli.listed import rows_of
from crmkit.cli.loyalty.options import LoyaltyOptions
from crmkit.cli.loyalty.program import currencies_of, read_program
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.reading import read_purchase_lines
from crmkit.decision import Decision
from crmkit.errors import CrmkitError
from crmkit.identifiers import CustomerId
from crmkit.intake import IntakeReport
from crmkit.loyalty import (
    Breakage,
    PointsRedeemed,
    Program,
    ProgramReplay,
    ReplayDifference,
    compare_replays,
    replay_program,
)
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.tiering import MigrationMatrix

__all__ = ["ShopReplay", "replay_of"]

_MOST_YEARS = 6
"""A picture shows the tiers at the ends of so many years; of older ones only the last."""


@frozen(kw_only=True)
class ShopReplay:
    """A shop's purchases, replayed through a program, and perhaps through another one.

    ``strange`` are the currencies of purchases that the program gives no points for.
    """

    name: str
    report: IntakeReport
    first_on: date
    replay: ProgramReplay
    other: ProgramReplay | None
    difference: ReplayDifference | None
    options: LoyaltyOptions
    strange: tuple[str, ...] = ()

    @property
    def liability(self) -> Decision[Money] | None:
        """What the points that are open cost; None if the program does not say what points do."""
        if self.replay.program.point_value is None:
            return None
        return self.replay.liability(_breakage(self.options))

    @property
    def flow(self) -> tuple[MigrationMatrix, ...]:
        """How members went from tier to tier between the ends of years, and since the last."""
        if self.replay.program.tiers is None:
            return ()
        as_of = self.replay.as_of
        first = max(self.first_on.year, as_of.year - _MOST_YEARS)
        ends = [date(year, 12, 31) for year in range(first, as_of.year)]
        return tuple(
            self.replay.tier_flow(before, after) for before, after in pairwise([*ends, as_of])
        )


def replay_of(options: LoyaltyOptions) -> ShopReplay:
    """Read a file of purchases and replay it.

    :raises Refusal: if something that the options name cannot be used.
    """
    program = read_program(options.program)
    other = None if options.simulate is None else read_program(options.simulate)
    redeemed = [] if options.redemptions is None else list(_redemptions(options.redemptions))
    name, report, purchases = read_purchase_lines(options.reading)
    as_of = _as_of(options, purchases)
    strange = _strange(program, purchases)
    try:
        replay = replay_program(program, purchases, as_of=as_of, redeemed=redeemed)
        simulated, difference = None, None
        if other is not None:
            simulated = replay_program(other, purchases, as_of=as_of, redeemed=redeemed)
            difference = compare_replays(replay, simulated, breakage=_breakage(options))
    except CrmkitError as error:
        raise Refusal(f"this cannot be replayed: {error}") from error
    return ShopReplay(
        name=name,
        report=report,
        first_on=min(each.on for each in purchases),
        replay=replay,
        other=simulated,
        difference=difference,
        options=options,
        strange=strange,
    )


def _breakage(options: LoyaltyOptions) -> Breakage:
    return Breakage(options.breakage or 0)


def _as_of(options: LoyaltyOptions, purchases: list[Purchase]) -> date:
    if not purchases:
        raise Refusal("there is not one purchase in the file: name a file with at least one")
    first, last = min(each.on for each in purchases), max(each.on for each in purchases)
    as_of = options.reading.as_of or last
    if as_of < first:
        raise Refusal(f"there is no purchase up to {as_of}: the first one is on {first}")
    return as_of


def _strange(program: Program, purchases: list[Purchase]) -> tuple[str, ...]:
    """The currencies that nothing is given for; not one that something is given for is a slip."""
    known, paid = currencies_of(program), {each.amount.currency for each in purchases}
    if known and not paid & known:
        raise Refusal(
            f"the program gives points for {', '.join(sorted(known))} and the file is in "
            f"{', '.join(sorted(paid))}: name a program for that, or add --currency and --rate"
        )
    return tuple(sorted(paid - known)) if known else ()


# --- redemptions ----------------------------------------------------------------------------------

_COLUMNS = ("customer", "date", "points")


def _redemptions(path: Path) -> Iterator[PointsRedeemed]:
    """What was redeemed: CSV with the columns customer, date and points."""
    for line, (customer, day, points) in rows_of(path, _COLUMNS):
        yield _redeemed(path, line, customer, day, points)


def _redeemed(path: Path, line: int, customer: str, day: str, points: str) -> PointsRedeemed:
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Refusal(f"{path}, line {line}: {day!r} is no day such as 2026-03-31") from None
    if not (points.isascii() and points.isdecimal() and len(points) < 16 and int(points)):
        raise Refusal(f"{path}, line {line}: {points!r} is no whole number of points above 0")
    try:
        return PointsRedeemed(CustomerId(customer), on, int(points))
    except CrmkitError as error:
        raise Refusal(f"{path}, line {line}: {error}") from error
