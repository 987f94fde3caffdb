"""What a decision about a program tier looks at."""

from collections.abc import Iterable
from datetime import date
from typing import Self

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty.records.manual_tier import ManualTier
from crmkit.loyalty.records.qualification import Qualification
from crmkit.period import check_date
from crmkit.tiering import TierHistory

__all__ = ["TierFacts", "TierMember"]


@frozen(kw_only=True)
class TierMember:
    """A member with all that counted for their tier: one line of last year's ledger.

    :raises InvalidValue: if the member could not serve as a key, or the day is not a plain date.
    """

    member: CustomerId
    joined_on: date
    qualifications: tuple[Qualification, ...] = ()
    manual: tuple[ManualTier, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.joined_on, "joined_on")


@frozen(kw_only=True)
class TierFacts:
    """What a member has qualified with, and the tiers they held, as of the end of a day.

    ``history`` holds the tiers *by the terms*: what is given by hand is left out of it and stands
    in ``manual``. Keep it with :meth:`TierPolicy.by_terms`, or with :func:`replay_terms`.

    :raises InvalidValue: if something lies after the day, the member had not joined by then, or the
        history is that of somebody else.
    """

    member: CustomerId
    joined_on: date
    as_of: date
    qualifications: tuple[Qualification, ...]
    history: TierHistory
    manual: tuple[ManualTier, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        check_date(self.joined_on, "joined_on")
        check_date(self.as_of, "as_of")
        if self.joined_on > self.as_of:
            raise InvalidValue("a member has a tier from the day they joined on")
        if self.history.customer != self.member:
            raise InvalidValue("the history is that of another member")
        days = [each.on for each in self.qualifications]
        days += [change.on for change in self.history.changes]
        if any(day > self.as_of for day in days):
            raise InvalidValue("facts about a tier are known on the day decided on: use .of(...)")

    @classmethod
    def of(
        cls,
        member: CustomerId,
        joined_on: date,
        qualifications: Iterable[Qualification],
        as_of: date,
        history: TierHistory | None = None,
        manual: Iterable[ManualTier] = (),
    ) -> Self:
        """Take what was known by the end of a day; what came later is left out.

        :raises InvalidValue: if the member had not joined by then, or the history is that of
            somebody else.
        """
        check_date(as_of, "as_of")
        return cls(
            member=member,
            joined_on=joined_on,
            as_of=as_of,
            qualifications=tuple(each for each in qualifications if each.on <= as_of),
            history=TierHistory(member) if history is None else history.as_of(as_of),
            manual=tuple(manual),
        )
