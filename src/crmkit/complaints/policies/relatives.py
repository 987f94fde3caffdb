"""Complaints that belong together: the parts of a larger one, and those merged into one.

Each question takes ``find``, which looks a complaint up by its number and gives None for one that
is not there.
"""

from collections.abc import Callable, Iterable

from crmkit.complaints.records.complaint import Complaint
from crmkit.errors import InvalidValue
from crmkit.identifiers import ComplaintId

__all__ = ["check_goes_on", "check_part_of", "come_back", "whole_matter"]

Find = Callable[[ComplaintId], Complaint | None]


def whole_matter(complaint: Complaint, find: Find) -> tuple[Complaint, ...]:
    """A complaint, first, and all that go on in it, those that go on in these included.

    Both have to say so: nobody takes in what does not know of it.
    """
    matter = {complaint.id: complaint}
    waiting = [complaint]
    while waiting:
        holder = waiting.pop(0)
        for number in holder.absorbed:
            other = find(number)
            if other is not None and other.merged_into == holder.id and number not in matter:
                matter[number] = other
                waiting.append(other)
    return tuple(matter.values())


def come_back(matter: Iterable[Complaint]) -> int:
    """How often the complainant had to come back about a whole matter.

    Every further contact counts, whichever of the complaints it is noted in; and so does every
    complaint after the first one, if it is the same complainant's.
    """
    first, *others = matter
    again = sum(
        each.receipt.complainant is not None
        and each.receipt.complainant == first.receipt.complainant
        for each in others
    )
    return again + sum(each.repeat_contacts for each in (first, *others))


def check_part_of(complaint: Complaint, parent: ComplaintId, find: Find) -> None:
    """Refuse to make a complaint a part of itself, by however many steps.

    Neither the whole nor the part could ever be closed before the other.

    :raises InvalidValue: if it would be one, or there is no such parent.
    """
    above: ComplaintId | None = parent
    seen = {complaint.id}
    while above is not None:
        if above in seen:
            raise InvalidValue("a complaint is no part of itself or of its parts: name another one")
        seen.add(above)
        whole = find(above)
        if whole is None:
            raise InvalidValue("the complaint that it is a part of is not kept: keep that first")
        above = whole.parent


def check_goes_on(complaint: Complaint, find: Find) -> None:
    """Refuse a complaint that is merged into one that knows nothing of it: nobody would act on it.

    :raises InvalidValue: if it is.
    """
    if complaint.merged_into is None:
        return
    other = find(complaint.merged_into)
    if other is None or complaint.id not in other.absorbed:
        raise InvalidValue("it is merged into a complaint that does not hold it: keep that first")
