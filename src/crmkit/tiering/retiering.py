"""Which tier to hold, given which one is earned: the rules by which tiers rise and fall."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Self

from attrs import field, frozen

from crmkit.decision import Comparison, Decision, Evidence, at_least, equals, noted
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import Unit, add_units, check_date
from crmkit.tiering.history import TierHistory, retier
from crmkit.tiering.ladder import Tier, TierLadder

__all__ = ["Downgrade", "Grace", "RetieringFacts", "RetieringPolicy", "ReviewCycle"]

_ONE_DAY = timedelta(days=1)
_LAST_BUT_ONE = date.max - _ONE_DAY
_LONGEST_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 31, Unit.QUARTER: 92, Unit.YEAR: 366}


@frozen
class ReviewCycle:
    """The days on which tiers are reviewed: the first one, then every so many units.

    Each review is counted from the first, so that one on the 31st of a month is on the last day of
    a shorter month and on the 31st again after it. There is no review before the first.

    :raises InvalidPolicy: if the cycle is shorter than one unit.
    :raises InvalidValue: if the first day is not a plain date.

    >>> quarterly = ReviewCycle(date(2026, 1, 31), 1, Unit.QUARTER)
    >>> [day.isoformat() for day in map(quarterly.review, range(4))]
    ['2026-01-31', '2026-04-30', '2026-07-31', '2026-10-31']
    """

    first_on: date
    every: int
    unit: Unit

    def __attrs_post_init__(self) -> None:
        check_date(self.first_on, "the first review")
        _check_count(self.every, "a review cycle")

    def review(self, number: int) -> date:
        """The day of a review; the first one has number 0."""
        return add_units(self.first_on, number * self.every, self.unit)

    def next_from(self, day: date) -> date:
        """The first review on a day or after it."""
        return _next_review(self, day)

    def __contains__(self, day: date) -> bool:
        return self.next_from(day) == day


# A batch asks about few different days, and calendar arithmetic is slow.
@lru_cache(maxsize=1024)
def _next_review(cycle: ReviewCycle, day: date) -> date:
    day = max(day, cycle.first_on)
    # Counting in the longest months and years never counts beyond the day.
    number = (day - cycle.first_on).days // (_LONGEST_DAYS[cycle.unit] * cycle.every)
    while (review := cycle.review(number)) < day:
        number += 1
    return review


@frozen
class Grace:
    """How long a customer may keep a tier that is no longer earned, such as 90 days or a quarter.

    :raises InvalidPolicy: if it is shorter than one unit.
    """

    count: int
    unit: Unit

    def __attrs_post_init__(self) -> None:
        _check_count(self.count, "a grace period")

    def end(self, start: date) -> date:
        """The first day that is no longer in it."""
        return add_units(start, self.count, self.unit)


def _check_count(count: int, what: str) -> None:
    if type(count) is not int or count < 1:
        raise InvalidPolicy(f"{what} lasts at least one whole unit; leave it out if there is none")


class Downgrade(StrEnum):
    """How far a tier falls when the time for it has come."""

    TO_EARNED = "to-earned"
    """Straight to the tier that is earned."""
    ONE_STEP = "one-step"
    """To the next tier of the ladder; each further step needs a time of its own."""
    NEVER = "never"
    """Not at all: a tier once reached is kept."""


@frozen(kw_only=True)
class RetieringFacts:
    """Which tier a customer holds, and which one they have earned, as of a day.

    ``held`` is None for a customer without a tier. ``below_since`` is the first day from which the
    earned tier has been below the one held without interruption; None if it is not below, or if
    nobody knows since when. ``fell`` says that the tier held was reached from a higher one. The day
    is that of the ``earned`` decision.

    :raises InvalidValue: if these contradict each other, or a day lies after that of the decision.
    """

    customer: CustomerId
    earned: Decision[Tier]
    held: Tier | None = None
    held_since: date | None = None
    below_since: date | None = None
    fell: bool = False

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.earned.as_of, "the as_of of a decision about a tier")
        if self.earned.subject not in (None, self.customer):
            raise InvalidValue("the earned tier is a decision about another customer")
        if (self.held is None) != (self.held_since is None):
            raise InvalidValue("say which tier is held and since when, or neither")
        if self.below_since is not None and not self.is_below:
            raise InvalidValue("below_since needs an earned tier that is below the one held")
        for day in (self.held_since, self.below_since):
            if day is not None:
                check_date(day, "a day of the facts for re-tiering")
                if day > self.as_of:
                    raise InvalidValue("facts for re-tiering lie on the day decided on, or before")

    @classmethod
    def of(
        cls, held: TierHistory, earned: Decision[Tier], *, earned_before: TierHistory | None = None
    ) -> Self:
        """Sum up a kept history and a fresh decision about the tier that is earned.

        ``earned_before`` is a second history of the same customer: that of the earned tiers, kept
        with :func:`retier` at each decision. A grace period cannot be counted without it; whether
        the fresh decision is in it already makes no difference.

        :raises InvalidValue: if the histories or the decision are about different customers.
        """
        check_date(earned.as_of, "the as_of of a decision about a tier")
        then = held.as_of(earned.as_of)
        below_since = None
        if earned_before is not None:
            if earned_before.customer != held.customer:
                raise InvalidValue("the two histories are about different customers")
            known = retier(earned_before.as_of(earned.as_of), earned)
            below_since = _below_since(known, then.tier)
        return cls(
            customer=held.customer,
            earned=earned,
            held=then.tier,
            held_since=then.since,
            below_since=below_since,
            fell=then.fell,
        )

    @property
    def as_of(self) -> date:
        """The day that is decided on."""
        return self.earned.as_of

    @property
    def is_below(self) -> bool:
        """Whether the earned tier is below the one held."""
        return self.held is not None and self.earned.outcome < self.held


def _below_since(earned: TierHistory, held: Tier | None) -> date | None:
    since = None
    for change in reversed(earned.changes):
        if held is None or change.to_tier is None or not change.to_tier < held:
            break
        since = change.on
    return since


@frozen
class RetieringPolicy:
    """Raise a tier at once, and lower it only as the rule of the shop says.

    Upgrades and entries count from the day they are earned. A downgrade waits until all of this
    holds, and the earned tier has been below without interruption meanwhile:

    - the day after the tier was reached has come, so that a tier given today is kept today;
    - the ``grace`` period is over, counted from the day the earned tier fell below, or from the
      day the present tier was reached if that is later;
    - a tier that was itself reached by falling has been held for the time of ``landing``;
    - from then on, a review of ``reviews`` has come. A run that was missed on the day itself is
      made up by the next one, where the facts say since when the earned tier is below.

    ``downgrade`` says how far it then falls. Left at their defaults, tiers follow what is earned. A
    soft landing is ``Downgrade.ONE_STEP`` with a ``landing``: one step down, and a rest there.

    :raises InvalidPolicy: if tiers never fall and yet a grace period, a landing or reviews are
        named, or ``downgrade`` is no :class:`Downgrade`.
    """

    ladder: TierLadder
    downgrade: Downgrade = field(default=Downgrade.TO_EARNED, kw_only=True)
    grace: Grace | None = field(default=None, kw_only=True)
    reviews: ReviewCycle | None = field(default=None, kw_only=True)
    landing: Grace | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        # The text "never" equals its member and is not it: tiers would fall all the same.
        if not isinstance(self.downgrade, Downgrade):
            raise InvalidPolicy("how far a tier falls is a Downgrade, such as Downgrade.ONE_STEP")
        if self.downgrade is Downgrade.NEVER and (self.grace or self.reviews or self.landing):
            raise InvalidPolicy(
                "tiers that never fall need no grace period and no reviews, and never land"
            )

    def __call__(self, facts: RetieringFacts, /) -> Decision[Tier]:
        """Decide which tier the customer holds from this day on.

        :raises InvalidValue: if a tier is not on the ladder, or a grace period would have to be
            counted and the facts do not say since when the earned tier is below.
        """
        held, earned = self._held_and_earned(facts)
        evidence = [_earned_evidence(facts)]
        outcome = earned
        if held is not None and earned < held:
            conditions = self._conditions(facts)
            evidence += conditions
            falls = all(condition.met is not False for condition in conditions)
            outcome = self.lowered(held, earned) if falls else held
        return Decision(outcome, "retiering", facts.as_of, tuple(evidence), subject=facts.customer)

    def outcomes(self, facts: Iterable[RetieringFacts], /) -> list[Tier]:
        """Decide for many, without the evidence."""
        return [self._outcome(each) for each in facts]

    def _outcome(self, facts: RetieringFacts) -> Tier:
        held, earned = self._held_and_earned(facts)
        if held is None:
            return earned
        falls_on = self.falls_on(facts)
        falls = falls_on is not None and falls_on <= facts.as_of
        return self.lowered(held, earned) if falls else max(held, earned)

    def falls_on(self, facts: RetieringFacts, /) -> date | None:
        """The day on which the tier falls if no more is earned until then: what to warn of.

        It can lie in the past, if it was missed. None if the tier held is earned, or never falls.

        :raises InvalidValue: if a grace period would have to be counted and the facts do not say
            since when the earned tier is below.
        """
        if self.downgrade is Downgrade.NEVER or facts.held_since is None or not facts.is_below:
            return None
        if self.grace is not None and facts.below_since is None:
            raise InvalidValue(
                "a grace period is counted from the day the earned tier fell below: name it as "
                "below_since, or keep a history of the earned tiers and pass it as earned_before"
            )
        return self.earliest_fall(
            facts.held_since, facts.below_since or facts.as_of, fell=facts.fell
        )

    def earliest_fall(
        self, held_since: date, below_since: date, *, fell: bool = False
    ) -> date | None:
        """The first day on which a tier falls that is not earned any more, None if it never does.

        It is held since one day, and less is earned since another without interruption; ``fell``
        says that it was itself reached by falling.
        """
        if self.downgrade is Downgrade.NEVER:
            return None
        day = max(below_since, held_since)
        if self.grace is not None:
            day = self.grace.end(day)
        if self.landing is not None and fell:
            day = max(day, self.landing.end(held_since))
        day = max(day, min(held_since, _LAST_BUT_ONE) + _ONE_DAY)
        return self.reviews.next_from(day) if self.reviews is not None else day

    def _held_and_earned(self, facts: RetieringFacts) -> tuple[Tier | None, Tier]:
        for tier in (facts.held, facts.earned.outcome):
            if tier is not None:
                self.ladder.position(tier)
        return facts.held, facts.earned.outcome

    def lowered(self, held: Tier, earned: Tier) -> Tier:
        """The tier to which one falls that is not earned any more, once the time has come.

        :raises InvalidValue: if the tier held is not on the ladder.
        """
        if self.downgrade is Downgrade.ONE_STEP:
            return self.ladder.tiers[self.ladder.position(held) - 1]
        return earned

    def _conditions(self, facts: RetieringFacts) -> list[Evidence]:
        """What a downgrade waits for, each met or not, and the days it was counted from."""
        falls_on = self.falls_on(facts)
        if falls_on is None:
            return [equals("tiers-can-fall", False, True)]
        days = [
            ("held-since", facts.held_since),
            ("below-since", facts.below_since),
        ]
        return [
            *(noted(criterion, day) for criterion, day in days if day is not None),
            at_least("day-of-decision", facts.as_of, falls_on),
        ]


def _earned_evidence(facts: RetieringFacts) -> Evidence:
    """The tier that is earned against the one held; its parts say why it is earned."""
    return Evidence(
        "earned-tier",
        observed=str(facts.earned.outcome),
        required=None if facts.held is None else str(facts.held),
        met=not facts.is_below,
        comparison=None if facts.held is None else Comparison.AT_LEAST,
        parts=facts.earned.evidence,
    )
