"""Which follow-ups come first, how hard to try, and by which method: urgency by importance."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from types import MappingProxyType

from attrs import field, frozen
from attrs.converters import optional

from crmkit.decision import Decision, at_least, noted
from crmkit.errors import InvalidPolicy
from crmkit.followups.facts import as_names, as_text
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date

__all__ = ["FollowUpMethod", "Priority", "PriorityFacts", "PriorityVerdict", "UrgencyBand"]

_MOST = 1_000
_MOST_DAYS = 3_660


def _check_rank(rank: int, what: str) -> None:
    if type(rank) is not int or not 1 <= rank <= _MOST:
        raise InvalidPolicy(f"{what} is a whole number from 1 to {_MOST:,}")


def _segments(names: Iterable[str]) -> frozenset[str]:
    return frozenset(as_names(names))


@frozen
class UrgencyBand:
    """How urgent a follow-up is that has at most so many days left: ``UrgencyBand(7, 2)``.

    Zero days are left on the last day on which it may be done, and -1 are when it is overdue.

    :raises InvalidPolicy: if the days are no whole number from -1 to 3,660, or the urgency none
        from 1 to 1,000.
    """

    days_left: int
    urgency: int

    def __attrs_post_init__(self) -> None:
        if type(self.days_left) is not int or not -1 <= self.days_left <= _MOST_DAYS:
            raise InvalidPolicy(f"a band ends at -1 (overdue) to {_MOST_DAYS:,} days left")
        _check_rank(self.urgency, "urgency")


@frozen
class FollowUpMethod:
    """How hard to try, and through which channel if the cadence names none."""

    strength: str = field(converter=as_text)
    channel: str = field(converter=as_text)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.strength, "strength")
        check_identifier(self.channel, "channel")


@frozen(kw_only=True)
class PriorityFacts:
    """A follow-up as of a day: until when it may be done, and what the customer is to the shop."""

    customer: CustomerId
    as_of: date
    not_after: date
    tier: str | None = field(default=None, converter=optional(as_text))
    segments: frozenset[str] = field(default=frozenset(), converter=_segments)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_date(self.not_after, "not_after")
        if self.tier is not None:
            check_identifier(self.tier, "tier")


@frozen
class PriorityVerdict:
    """How urgent and how important a follow-up is, and what follows from both."""

    urgency: int
    importance: int
    strength: str
    channel: str

    @property
    def score(self) -> int:
        """Urgency by importance: the higher, the sooner its turn."""
        return self.urgency * self.importance

    def __str__(self) -> str:
        return f"{self.strength}, by {self.channel}"


def _importance(ranks: Mapping[str, int]) -> Mapping[str, int]:
    if not isinstance(ranks, Mapping):
        raise InvalidPolicy("importance is by tier or segment, such as {'gold': 3}")
    names = as_names(str(name) for name in ranks)
    found = {str(name): rank for name, rank in ranks.items()}
    return MappingProxyType({name: found[name] for name in names})


def _bands(bands: Iterable[UrgencyBand]) -> tuple[UrgencyBand, ...]:
    found = tuple(bands)
    if not all(isinstance(band, UrgencyBand) for band in found):
        raise InvalidPolicy(
            "urgency comes in bands, such as (UrgencyBand(0, 3), UrgencyBand(7, 2))"
        )
    return found


@frozen(kw_only=True)
class Priority:
    """Which follow-up comes first: urgency by importance, and what either means for the method.

    ``importance`` ranks tiers and segments, in the words of the host; of several that apply, the
    highest counts, and ``otherwise`` is for everybody else. ``bands`` say how urgent a follow-up is
    by the days that are left until it may not be done any more, those with fewest days first;
    ``later`` is for those with more days than any band. Who reaches ``urgent_from`` is urgent, who
    reaches ``important_from`` is important, and the method is that of the four fields. Source:
    FUP-08 of the requirements; the numbers and words are the host's.

    :raises InvalidPolicy: if a rank is no whole number from 1 to 1,000, or the bands do not go from
        few days and urgent to many days and less so.

    >>> from crmkit.decision import explain
    >>> priority = Priority(importance={"gold": 3, "silver": 2})
    >>> facts = PriorityFacts(
    ...     customer=CustomerId("C-7"),
    ...     as_of=date(2026, 5, 4),
    ...     not_after=date(2026, 5, 20),
    ...     tier="gold",
    ... )
    >>> print(explain(priority(facts)))
    personal, by visit for C-7, by urgency by importance, as of 2026-05-04
    - noted: days left is 16
    - noted: urgency is 1
    - not met: urgent is 1; at least 3 required
    - noted: importance of gold is 3
    - met: important is 3; at least 3 required
    """

    importance: Mapping[str, int] = field(factory=dict, converter=_importance, hash=False)
    otherwise: int = 1
    bands: tuple[UrgencyBand, ...] = field(
        default=(UrgencyBand(-1, 4), UrgencyBand(2, 3), UrgencyBand(7, 2)), converter=_bands
    )
    later: int = 1
    urgent_from: int = 3
    important_from: int = 3
    urgent_and_important: FollowUpMethod = FollowUpMethod("at once, in person", "visit")
    important: FollowUpMethod = FollowUpMethod("personal", "visit")
    urgent: FollowUpMethod = FollowUpMethod("at once", "telephone")
    neither: FollowUpMethod = FollowUpMethod("light", "e-mail")
    name: str = "urgency-by-importance"

    def __attrs_post_init__(self) -> None:
        for rank in (*self.importance.values(), self.otherwise):
            _check_rank(rank, "importance")
        for rank in (self.later, self.urgent_from):
            _check_rank(rank, "urgency")
        _check_rank(self.important_from, "importance")
        for one, other in pairwise(self.bands):
            if one.days_left >= other.days_left or one.urgency < other.urgency:
                raise InvalidPolicy("bands go from few days left to many, and never more urgent")
        if self.bands and self.bands[-1].urgency < self.later:
            raise InvalidPolicy("what has more days left than any band is not more urgent")
        check_identifier(self.name, "the name of a priority")

    def __call__(self, facts: PriorityFacts, /) -> Decision[PriorityVerdict]:
        """How urgent and important it is, and the method."""
        left = (facts.not_after - facts.as_of).days
        outcome = self.verdict(left, facts.tier, facts.segments)
        ranked = self._ranked(facts.tier, facts.segments)
        counted = max(ranked, key=lambda name: (self.importance[name], name), default=None)
        evidence = (
            noted("days left", left),
            noted("urgency", outcome.urgency),
            at_least("urgent", outcome.urgency, self.urgent_from),
            noted(f"importance of {counted or 'everybody else'}", outcome.importance),
            at_least("important", outcome.importance, self.important_from),
        )
        return Decision(outcome, self.name, facts.as_of, evidence, subject=facts.customer)

    def verdict(
        self, days_left: int, tier: str | None = None, segments: frozenset[str] = frozenset()
    ) -> PriorityVerdict:
        """The outcome without the evidence, for many at once."""
        found = (band.urgency for band in self.bands if days_left <= band.days_left)
        urgency = next(found, self.later)
        ranks = (self.importance[name] for name in self._ranked(tier, segments))
        importance = max(ranks, default=self.otherwise)
        method = self._method(urgency >= self.urgent_from, importance >= self.important_from)
        return PriorityVerdict(urgency, importance, method.strength, method.channel)

    def _ranked(self, tier: str | None, segments: frozenset[str]) -> list[str]:
        """The tier and segments of the customer that have a rank."""
        names = segments if tier is None else segments | {tier}
        return [name for name in names if name in self.importance]

    def _method(self, is_urgent: bool, is_important: bool) -> FollowUpMethod:
        if is_important:
            return self.urgent_and_important if is_urgent else self.important
        return self.urgent if is_urgent else self.neither
