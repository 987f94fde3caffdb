"""How many of the calls that came in were answered, whether that is enough, and where it goes."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil

from attrs import field, frozen

from crmkit.decision import Decision, at_least, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.money import as_fraction
from crmkit.period import Period, check_date

__all__ = ["AnswerRate", "AnswerRateFacts", "AnswerRateGoal", "AnswerTrend", "CallsIn"]

_MOST_CALLS = 10**12
_SHOWN = 10_000


class AnswerTrend(StrEnum):
    """Where the share of answered calls goes, against the periods before."""

    RISING = "rising"
    FALLING = "falling"
    STEADY = "steady"
    """It is as it was, or so near that it is not worth a word."""


@frozen
class CallsIn:
    """The calls of a period: how many came in, and how many of them somebody answered.

    :raises InvalidValue: if a number is not whole or below 0, or more were answered than came in.
    """

    period: Period
    offered: int
    answered: int

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.period, Period):
            raise InvalidValue("calls are counted in a Period, such as Period.month(2026, 5)")
        if any(type(count) is not int for count in (self.offered, self.answered)):
            raise InvalidValue("calls are counted in whole numbers")
        if not 0 <= self.answered <= self.offered <= _MOST_CALLS:
            raise InvalidValue(
                f"of up to {_MOST_CALLS:,} calls, as many are answered as came in, or fewer"
            )

    @property
    def rate(self) -> Fraction | None:
        """The share that was answered; None if nobody called, which is neither good nor bad."""
        return Fraction(self.answered, self.offered) if self.offered else None


def _points(points: Iterable[CallsIn]) -> tuple[CallsIn, ...]:
    found = tuple(points)
    if not found or not all(isinstance(point, CallsIn) for point in found):
        raise InvalidValue("calls are CallsIn(Period.month(2026, 5), offered=1_000, answered=930)")
    found = tuple(sorted(found, key=lambda point: point.period.start))
    if any(other.period.start < one.period.end for one, other in pairwise(found)):
        raise InvalidValue("the periods in which calls are counted share no day")
    return found


@frozen(kw_only=True)
class AnswerRateFacts:
    """The calls of one line or centre, period by period; the last one is judged.

    :raises InvalidValue: if there is no period, two share a day, or the last one is not over.
    """

    as_of: date
    points: tuple[CallsIn, ...] = field(converter=_points)

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        if self.points[-1].period.last > self.as_of:
            raise InvalidValue("calls are judged of periods that are over by as_of")


@frozen(kw_only=True)
class AnswerRate:
    """The share of calls that were answered in the last period, and how that is to be read.

    Without calls there is no rate, and nothing to be said of it. The trend takes calls before.
    """

    rate: Fraction | None
    reaches_goal: bool | None
    trend: AnswerTrend | None

    def __str__(self) -> str:
        if self.rate is None:
            return "no calls"
        trend = f", {self.trend}" if self.trend is not None else ""
        return f"{_percent(self.rate)} % answered{trend}"


def _as_share(share: "int | str | Fraction") -> Fraction:
    return as_fraction(share, "a share")


@frozen(kw_only=True)
class AnswerRateGoal:
    """At least nine in ten calls are answered, and the share does not fall.

    The rate of the last period is held against ``goal``, exactly. The trend holds it against that
    of all periods before together; what differs by no more than ``steady_within`` is steady.

    The goal of 90 % is KPI-05 of the requirements; a percentage point as what counts as steady is
    our choice.

    :raises InvalidPolicy: if the goal is not above 0 and at most 1, or what is steady not from 0
        to below 1.

    >>> from crmkit.decision import explain
    >>> facts = AnswerRateFacts(as_of=date(2026, 5, 31), points=(
    ...     CallsIn(Period.month(2026, 4), offered=1_180, answered=1_096),
    ...     CallsIn(Period.month(2026, 5), offered=1_240, answered=1_103),
    ... ))
    >>> print(explain(AnswerRateGoal()(facts)))
    88.95 % answered, falling, by answer rate, as of 2026-05-31
    - noted: calls is 1,240
    - not met: calls answered is 1,103; at least 1,116 required
    - noted: calls before is 1,180
    - noted: calls answered before is 1,096
    """

    goal: Fraction = field(default=Fraction(9, 10), converter=_as_share)
    steady_within: Fraction = field(default=Fraction(1, 100), converter=_as_share)

    def __attrs_post_init__(self) -> None:
        if not 0 < self.goal <= 1:
            raise InvalidPolicy("the goal is a share above 0 and at most 1, such as '0.90'")
        if not 0 <= self.steady_within < 1:
            raise InvalidPolicy("what is steady is a difference from 0 to below 1, such as '0.01'")

    def __call__(self, facts: AnswerRateFacts, /) -> Decision[AnswerRate]:
        """The rate of the last period, whether it reaches the goal, and the trend."""
        last, before = facts.points[-1], facts.points[:-1]
        # Whole calls cannot tell the goal from the next whole number above it.
        enough = at_least("calls-answered", last.answered, ceil(self.goal * last.offered))
        evidence = [noted("calls", last.offered), *([enough] if last.offered else [])]
        offered = sum(point.offered for point in before)
        answered = sum(point.answered for point in before)
        if offered:
            evidence.append(noted("calls-before", offered))
            evidence.append(noted("calls-answered-before", answered))
        outcome = AnswerRate(
            rate=last.rate,
            reaches_goal=enough.met if last.offered else None,
            trend=self._trend(last.rate, Fraction(answered, offered) if offered else None),
        )
        return Decision(outcome, "answer-rate", facts.as_of, tuple(evidence))

    def _trend(self, rate: Fraction | None, usual: Fraction | None) -> AnswerTrend | None:
        if rate is None or usual is None:
            return None
        if abs(rate - usual) <= self.steady_within:
            return AnswerTrend.STEADY
        return AnswerTrend.RISING if rate > usual else AnswerTrend.FALLING


def _percent(share: Fraction) -> str:
    """A share in per cent, rounded down so that none looks like the goal that does not reach it."""
    whole, rest = divmod(int(share * _SHOWN), 100)
    return f"{whole}.{rest:02}"
