"""The monthly supervision report: what came in, what is late, and what keeps coming back."""

from fractions import Fraction

from attrs import frozen

from crmkit.complaints.facts.counts import MAX_COUNT, ComplaintCounts, Dimension
from crmkit.complaints.policies.hot_spots import HotSpots
from crmkit.complaints.policies.rates import RateEstimate, decimal_of
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, check_identifier

__all__ = ["SupervisionFacts"]


@frozen(kw_only=True)
class SupervisionFacts:
    """What the management is told at the end of a month about complaints, as data and as text.

    ``prepared_by`` did the work and ``checked_by`` looked at it: two people, or two units. Numbers
    are those of the period of ``counts``: cases closed, cases past a deadline at its end, contacts
    about a matter already known, and answers to the question whether the customer was satisfied.

    :raises InvalidValue: if one person prepares and checks, a number is out of range, or more are
        satisfied than were asked.

    >>> from crmkit.period import Period
    >>> from crmkit.complaints.facts.counts import Counted
    >>> facts = SupervisionFacts(
    ...     counts=ComplaintCounts(
    ...         period=Period.month(2026, 5), total=Counted(12, 3),
    ...         by={"cause": {"attitude": Counted(2), "packaging": Counted(9)}},
    ...     ),
    ...     closed=10, overdue=1, repeat_contacts=3, satisfied=7, asked=9,
    ...     prepared_by="service", checked_by="sales",
    ... )
    >>> print(facts.to_text())
    complaints from 2026-05-01 to 2026-05-31
    received: 12, praise: 3, closed: 10, overdue: 1
    repeat contacts: 3 (0.25 for each complaint)
    satisfied: 7 of 9 asked
    causes: packaging 9, attitude 2, not known 1
    prepared by service, checked by sales
    """

    counts: ComplaintCounts
    closed: int
    overdue: int
    repeat_contacts: int
    satisfied: int
    asked: int
    prepared_by: Actor
    checked_by: Actor
    rates: tuple[RateEstimate, ...] = ()
    hot_spots: tuple[HotSpots, ...] = ()

    def __attrs_post_init__(self) -> None:
        check_identifier(self.prepared_by, "prepared_by")
        check_identifier(self.checked_by, "checked_by")
        if self.prepared_by == self.checked_by:
            raise InvalidValue("who prepares a report does not check it: name somebody else")
        numbers = (self.closed, self.overdue, self.repeat_contacts, self.satisfied, self.asked)
        if any(type(number) is not int or not 0 <= number <= MAX_COUNT for number in numbers):
            raise InvalidValue(f"numbers of a report are whole, from 0 to {MAX_COUNT:,}")
        if self.satisfied > self.asked:
            raise InvalidValue("no more are satisfied than were asked")

    @property
    def repeat_contact_rate(self) -> Fraction | None:
        """Contacts about a known matter for each complaint; None in a month without complaints."""
        received = self.counts.total.complaints
        return Fraction(self.repeat_contacts, received) if received else None

    @property
    def causes(self) -> tuple[tuple[str, int], ...]:
        """The causes and their complaints, the most frequent first."""
        counted = self.counts.by.get(Dimension.CAUSE, {}).items()
        pairs = [(cause, pair.complaints) for cause, pair in counted if pair.complaints]
        return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def to_text(self) -> str:
        """The report as lines for the management."""
        total = self.counts.total
        return "\n".join(
            [
                f"complaints from {self.counts.period.start} to {self.counts.period.last}",
                f"received: {total.complaints:,}, praise: {total.praise:,}, "
                f"closed: {self.closed:,}, overdue: {self.overdue:,}",
                self._repeats(),
                f"satisfied: {self.satisfied:,} of {self.asked:,} asked",
                *(f"rate: {rate}" for rate in self.rates),
                self._causes(),
                *(str(spots) for spots in self.hot_spots),
                f"prepared by {self.prepared_by}, checked by {self.checked_by}",
            ]
        )

    def _repeats(self) -> str:
        rate = self.repeat_contact_rate
        each = f" ({decimal_of(rate):f} for each complaint)" if rate is not None else ""
        return f"repeat contacts: {self.repeat_contacts:,}{each}"

    def _causes(self) -> str:
        words = [f"{cause} {number:,}" for cause, number in self.causes]
        unknown = self.counts.unknown(Dimension.CAUSE).complaints
        words += [f"not known {unknown:,}"] if unknown else []
        return f"causes: {', '.join(words) or 'none'}"
