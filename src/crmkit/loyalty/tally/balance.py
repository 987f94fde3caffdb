"""What a member has, as of a day, and where everything went."""

from datetime import date

from attrs import frozen

__all__ = ["Balance", "Expiring"]


@frozen
class Expiring:
    """So many points can be spent through a day, and are gone on the next."""

    valid_through: date
    points: int


@frozen(kw_only=True)
class Balance:
    """The points of a member as of a day, and the way that all points took that ever came in.

    ``available`` can be spent, ``pending`` waits for its lock to end, ``held`` is put aside for a
    checkout, ``deficit`` is owed because a purchase was given back whose points were spent.

    Whatever was credited is somewhere: ``credited`` is what was ``accrued`` and what was otherwise
    ``received``, and equals available + pending + held + redeemed + expired + reversed + debited +
    transferred out - deficit. ``redeemed`` is net of what was rolled back. Received and transferred
    out are net of a deficit that came or went along when members were merged.

    ``returned`` is how many of the accrued points went back with goods, whatever had become of
    them: taken from lots, owed, expired before, or waived.
    """

    as_of: date
    available: int = 0
    pending: int = 0
    held: int = 0
    deficit: int = 0
    accrued: int = 0
    received: int = 0
    redeemed: int = 0
    expired: int = 0
    reversed: int = 0
    debited: int = 0
    transferred_out: int = 0
    returned: int = 0

    @property
    def credited(self) -> int:
        """Every point that ever came in."""
        return self.accrued + self.received

    @property
    def total(self) -> int:
        """What the member has or is owed, less what the member owes."""
        return self.available + self.pending + self.held - self.deficit

    @property
    def lifetime_earned(self) -> int:
        """What this member earned and did not give back: a figure to show, not one to spend.

        What a merged member earned stands in the ledger of that member.
        """
        return self.accrued - self.returned

    @property
    def is_conserved(self) -> bool:
        """Whether every point that came in is accounted for; it always is."""
        gone = self.redeemed + self.expired + self.reversed + self.debited + self.transferred_out
        return self.credited == self.total + gone
