"""How many pieces of a reward are left: a fold of what was reserved, taken, released, restocked.

>>> from crmkit.loyalty.records.reward import OutOfStock, RewardStock
>>> mugs = RewardStock("mug", 1).reserve("R-1", date(2026, 3, 1))
>>> mugs.left
0
>>> mugs.reserve("R-2", date(2026, 3, 1))
Traceback (most recent call last):
...
crmkit.loyalty.records.reward.OutOfStock: nothing is left of mug: release a piece, or restock
>>> mugs.release("R-1", date(2026, 3, 2)).left
1
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Self

import attrs
from attrs import field, frozen

from crmkit.errors import CrmkitError, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.loyalty.lifecycle import (
    RESERVATION_LIFECYCLE,
    ReservationAction,
    ReservationStatus,
)
from crmkit.period import check_date

__all__ = ["OutOfStock", "PieceMoved", "PieceReserved", "Restocked", "RewardStock", "StockMove"]


class OutOfStock(CrmkitError):
    """A piece of a reward was asked for when none was left."""

    code = "out-of-stock"

    def __init__(self, reward: str) -> None:
        """Name the reward."""
        super().__init__(f"nothing is left of {reward}: release a piece, or restock")
        self.reward = reward


@frozen
class PieceReserved:
    """A piece was put aside, under a key of the host such as that of the redemption."""

    key: str
    on: date


@frozen
class PieceMoved:
    """A piece that was put aside was taken, or released back into stock."""

    key: str
    action: ReservationAction
    on: date


@frozen
class Restocked:
    """More pieces came in, under a key of the host, so that one delivery counts once."""

    key: str
    pieces: int
    on: date

    def __attrs_post_init__(self) -> None:
        if type(self.pieces) is not int or self.pieces < 1:
            raise InvalidValue("pieces come in as a whole number of at least one")


StockMove = PieceReserved | PieceMoved | Restocked
"""One thing that happened to the stock of a reward."""


@frozen
class RewardStock:
    """The stock of one reward; it never falls below zero, whatever is asked of it.

    ``initial`` is how many pieces there were at first; None stands for as many as anybody wants.
    Reserving or restocking twice under one key, and taking or releasing a piece twice, is done
    once.

    :raises OutOfStock: if more is reserved than there is.
    :raises InvalidValue: if the number of pieces is not whole and zero or more, the moves run
        backwards, a key is used twice, or a piece is moved that nobody reserved.
    :raises IllegalTransition: if a piece is taken after it was released.
    """

    reward: str
    initial: int | None
    moves: tuple[StockMove, ...] = ()
    _pieces: Mapping[str, ReservationStatus] = field(init=False, repr=False, eq=False)
    _deliveries: Mapping[str, int] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.reward, "the name of a reward")
        if self.initial is not None and (type(self.initial) is not int or self.initial < 0):
            raise InvalidValue("a stock has a whole number of pieces, or None: without an end")
        pieces: dict[str, ReservationStatus] = {}
        deliveries: dict[str, int] = {}
        object.__setattr__(self, "_pieces", MappingProxyType(pieces))
        object.__setattr__(self, "_deliveries", MappingProxyType(deliveries))
        last = date.min
        for move in self.moves:
            _check_move(move, last)
            last = move.on
            self._fold(move, pieces, deliveries)

    def _fold(
        self,
        move: StockMove,
        pieces: dict[str, ReservationStatus],
        deliveries: dict[str, int],
    ) -> None:
        match move:
            case PieceReserved(key):
                _check_new(key, pieces)
                if self.left == 0:
                    raise OutOfStock(self.reward)
                pieces[key] = RESERVATION_LIFECYCLE.initial
            case PieceMoved(key, action):
                pieces[key] = RESERVATION_LIFECYCLE.after(self._piece(key), action)
            case _:
                _check_new(move.key, deliveries)
                deliveries[move.key] = move.pieces

    # --- questions ---

    def _piece(self, key: str) -> ReservationStatus:
        if key not in self._pieces:
            raise InvalidValue("nobody reserved a piece under this key: reserve it first")
        return self._pieces[key]

    def _count(self, status: ReservationStatus) -> int:
        return sum(each is status for each in self._pieces.values())

    def has(self, key: str) -> bool:
        """Whether a piece was ever put aside under a key."""
        return key in self._pieces

    @property
    def reserved(self) -> int:
        """How many pieces are put aside and not taken."""
        return self._count(ReservationStatus.RESERVED)

    @property
    def taken(self) -> int:
        """How many pieces members have."""
        return self._count(ReservationStatus.TAKEN)

    @property
    def left(self) -> int | None:
        """How many pieces can still be reserved; None if there is no end of them."""
        if self.initial is None:
            return None
        return self.initial + sum(self._deliveries.values()) - self.reserved - self.taken

    # --- what is done with it ---

    def reserve(self, key: str, on: date) -> Self:
        """The stock with a piece put aside.

        :raises OutOfStock: if nothing is left.
        """
        return self if key in self._pieces else self._after(PieceReserved(key, on))

    def take(self, key: str, on: date) -> Self:
        """The stock once the member has the piece that was put aside."""
        return self._moved(key, ReservationAction.TAKE, ReservationStatus.TAKEN, on)

    def release(self, key: str, on: date) -> Self:
        """The stock once the piece is back, reserved or already taken."""
        return self._moved(key, ReservationAction.RELEASE, ReservationStatus.RELEASED, on)

    def restock(self, key: str, pieces: int, on: date) -> Self:
        """The stock with more pieces; without an end of them, only the delivery is noted."""
        return self if key in self._deliveries else self._after(Restocked(key, pieces, on))

    def _moved(
        self, key: str, action: ReservationAction, status: ReservationStatus, on: date
    ) -> Self:
        return self if self._piece(key) is status else self._after(PieceMoved(key, action, on))

    def _after(self, move: StockMove) -> Self:
        return attrs.evolve(self, moves=(*self.moves, move))


def _check_move(move: StockMove, last: date) -> None:
    check_identifier(move.key, "the key of a move")
    check_date(move.on, "the day of a move")
    if move.on < last:
        raise InvalidValue("the moves of a stock are noted in the order of the days")


def _check_new(key: str, known: Mapping[str, object]) -> None:
    if key in known:
        raise InvalidValue("this key was used before: each piece and each delivery has its own")
