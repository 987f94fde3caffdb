"""Whether a customer still buys as usual: measured by their own usual, not by everybody's."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, above, all_of, at_least, at_most
from crmkit.errors import InvalidPolicy
from crmkit.money import as_fraction
from crmkit.retention.facts.activity import ActivityFacts

__all__ = ["ActivityDecline", "ActivityTrend"]

ExactNumber = int | str | Decimal | Fraction


class ActivityTrend(StrEnum):
    """Whether a customer buys as usual."""

    HOLDING = "holding"
    """As usual, or more."""
    FALLING = "falling"
    """Still there, and less often than before."""
    SILENT = "silent"
    """Gone for longer than is usual for this customer."""
    UNKNOWN = "unknown"
    """Too little is known of what is usual."""


def _exact(number: ExactNumber) -> Fraction:
    return as_fraction(number, "a term")


@frozen(kw_only=True)
class ActivityDecline:
    """A customer falls silent by their own measure, or buys less often than before (CHU-04).

    Silent: the days since the last purchase are more than ``factor`` times the customer's usual
    gap, once ``gaps_from`` gaps are known. Falling: of two spans of ``span`` days, the later one of
    which ends with ``as_of``, it has fewer days of purchase by a share of ``falls_by`` or more; the
    customer had bought by the first day of the earlier span, and on ``visits_from`` days in it.

    All numbers are our choice, since the source names none. A trend that is not known is no signal:
    leave it out of :class:`~crmkit.retention.ChurnFacts`, which :meth:`signal` does.

    :raises InvalidPolicy: if the factor is below 1, the share is not above 0 and at most 1, or a
        number of days, gaps or visits is below 1.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> facts = ActivityFacts(
    ...     customer="C-7", as_of=date(2026, 5, 31),
    ...     bought_on=[date(2026, month, 3) for month in (1, 2, 3, 4)],
    ... )
    >>> print(explain(ActivityDecline(factor="1.5")(facts)))
    silent for C-7, by activity decline, as of 2026-05-31
    - met: silent; all of these are needed
      - met: gaps known is 3; at least 3 required
      - met: days of silence is 58; more than 46 required
    - not met: falling; all of these are needed
      - not met: days known is 149; at least 180 required
      - not met: visits before is 2; at least 3 required
      - not met: visits now is 2; at most 1 allowed
    """

    factor: Fraction = field(default=Fraction(2), converter=_exact)
    gaps_from: int = 3
    span: int = 90
    falls_by: Fraction = field(default=Fraction(1, 2), converter=_exact)
    visits_from: int = 3

    def __attrs_post_init__(self) -> None:
        if self.factor < 1 or not 0 < self.falls_by <= 1:
            raise InvalidPolicy("a decline has a factor from 1, and a share above 0 and at most 1")
        for count in (self.gaps_from, self.span, self.visits_from):
            if type(count) is not int or not 1 <= count <= 36_525:
                raise InvalidPolicy("days, gaps and visits are whole numbers from 1 to 36,525")

    def __call__(self, facts: ActivityFacts, /) -> Decision[ActivityTrend]:
        """Whether one customer buys as usual, and by which numbers."""
        silent, falling = self._silent(facts), self._falling(facts)
        evidence = (silent, falling)
        return Decision(
            _trend(silent, falling),
            "activity-decline",
            facts.as_of,
            evidence,
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[ActivityFacts]) -> list[ActivityTrend]:
        """The trends of many customers, as the call gives them one by one."""
        return [self(each).outcome for each in facts]

    def signal(self, facts: ActivityFacts) -> ActivityTrend | None:
        """The trend as a signal of a churn warning: None where it is not known."""
        trend = self(facts).outcome
        return None if trend is ActivityTrend.UNKNOWN else trend

    def _silent(self, facts: ActivityFacts) -> Evidence:
        gap, silence = facts.usual_gap, facts.silence
        known = at_least("gaps-known", len(facts.gaps), self.gaps_from)
        if gap is None or silence is None:
            return all_of("silent", known)
        # Whole days exceed a limit just when they exceed its whole part.
        return all_of("silent", known, above("days-of-silence", silence, int(gap * self.factor)))

    def _falling(self, facts: ActivityFacts) -> Evidence:
        now, before = self._visits(facts, 0), self._visits(facts, self.span)
        known = (facts.as_of - facts.bought_on[0]).days + 1 if facts.bought_on else 0
        return all_of(
            "falling",
            at_least("days-known", known, 2 * self.span),
            at_least("visits-before", before, self.visits_from),
            at_most("visits-now", now, int(before * (1 - self.falls_by))),
        )

    def _visits(self, facts: ActivityFacts, ago: int) -> int:
        """The days of purchase in the span that ended so many days ago."""
        reach = timedelta(days=ago), timedelta(days=ago + self.span)
        return sum(reach[0] <= facts.as_of - day < reach[1] for day in facts.bought_on)


def _trend(silent: Evidence, falling: Evidence) -> ActivityTrend:
    if silent.met:
        return ActivityTrend.SILENT
    if falling.met:
        return ActivityTrend.FALLING
    can_judge = silent.parts[0].met or (falling.parts[0].met and falling.parts[1].met)
    return ActivityTrend.HOLDING if can_judge else ActivityTrend.UNKNOWN
