"""Who is left alone, so that it can be measured what winning back brings."""

from decimal import Decimal
from fractions import Fraction
from hashlib import sha256

from attrs import field, frozen

from crmkit.decision import Evidence, at_least
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import as_fraction

__all__ = ["HoldOut"]

_PLACES = 1_000_000


def _as_share(share: int | str | Decimal | Fraction) -> Fraction:
    return as_fraction(share, "a share")


@frozen(kw_only=True)
class HoldOut:
    """A share of the customers is held out: by a draw that is the same on every day, for ever.

    The place of a customer in the draw is read off a hash of the customer and the ``key``, so that
    nobody picks, nothing is stored, and the same question gets the same answer everywhere. Another
    ``key`` is another draw: take one for each program, so that nobody is always held out. A larger
    share holds out the same customers and more. Shares are exact to a millionth.

    :raises InvalidPolicy: if the share is not from 0 to below 1.
    :raises InvalidIdentifier: if the key could not serve as one.

    >>> held = HoldOut(share="0.10", key="win-back-2026")
    >>> held.place(CustomerId("C-7")), held.holds(CustomerId("C-7"))
    (299157, False)
    """

    share: Fraction = field(converter=_as_share)
    key: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.key, "the key of a draw")
        if not 0 <= self.share < 1:
            raise InvalidPolicy("a share of 0 or more, and below 1, is held out")

    @property
    def below(self) -> int:
        """Who has a place below this one is held out."""
        return -(-self.share.numerator * _PLACES // self.share.denominator)

    def place(self, customer: CustomerId) -> int:
        """The place of a customer in the draw, from 0 to 999,999.

        :raises InvalidIdentifier: if the customer could not serve as a key.
        """
        check_identifier(customer, "customer")
        # With its length before it, the key ends where it ends, and no two pairs read the same.
        digest = sha256(f"{len(self.key)}:{self.key}{customer}".encode()).digest()
        return int.from_bytes(digest[:8], "big") * _PLACES >> 64

    def holds(self, customer: CustomerId) -> bool:
        """Whether a customer is held out."""
        return self.place(customer) < self.below

    def evidence(self, customer: CustomerId) -> Evidence:
        """Evidence that is met when the customer is not held out."""
        return at_least("place-in-the-draw", self.place(customer), self.below)
