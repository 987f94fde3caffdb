"""What a shop may say about the recovery of a member: classes, offers, repetition and caps."""

from collections.abc import Iterable
from datetime import date, timedelta

from attrs import field, frozen

from crmkit.complaints import Level, RecoveryLevel
from crmkit.decision import Decision, Evidence, any_of, at_least, equals, noted, one_of
from crmkit.errors import CurrencyMismatch, InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.period import Unit, add_units
from crmkit.playbooks.member_complaint.facts import GivenGoodwill, MemberComplaintFacts

__all__ = ["GoodwillCap", "MemberClass", "RecoveryOffer", "RepeatTerms", "ValueClasses"]

SEVERITIES = tuple(Level)
"""How severe a complaint can be, the lightest first."""


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InvalidPolicy("words are a tuple of texts: write ('gold',), not 'gold'")
    return tuple(str(word) for word in words)


def _as_amounts(amounts: Iterable[Money]) -> tuple[Money, ...]:
    return tuple(amounts)


def _check_count(count: int | None, what: str) -> None:
    if count is not None and (type(count) is not int or count < 1):
        raise InvalidPolicy(f"{what} is a whole number from 1 on")


def _check_time(count: int, unit: Unit) -> None:
    _check_count(count, "the time looked back on")
    if not isinstance(unit, Unit):
        raise InvalidPolicy("a unit of time is a member of Unit, such as Unit.YEAR")


# --- who ------------------------------------------------------------------------------------------


@frozen
class ValueClasses:
    """What members are worth, in classes from the lowest to the highest.

    ``steps`` say from which amount on each class above the lowest begins; without them, the class
    has to be decided elsewhere. Whoever's value nobody knows is in the lowest class.

    :raises InvalidPolicy: if a class stands there twice, or the steps do not rise, one for each
        class but the lowest.
    :raises CurrencyMismatch: if the steps are in two currencies.
    """

    names: tuple[str, ...] = field(converter=_as_words)
    steps: tuple[Money, ...] = field(default=(), converter=_as_amounts)

    def __attrs_post_init__(self) -> None:
        for name in self.names:
            check_identifier(name, "a class of value")
        if not self.names or len(set(self.names)) < len(self.names):
            raise InvalidPolicy("name one class of value or more, each once")
        for step in self.steps[1:]:
            if step.currency != self.steps[0].currency:
                raise CurrencyMismatch(self.steps[0].currency, step.currency)
        rise = all(low < high for low, high in zip(self.steps, self.steps[1:], strict=False))
        if self.steps and (len(self.steps) != len(self.names) - 1 or not rise):
            raise InvalidPolicy("steps rise, and each class but the lowest has one")

    def place(self, value: Decision[Money] | Decision[str] | None) -> tuple[str, Evidence]:
        """The class of a member, and the evidence: that of whoever decided the value in it.

        :raises InvalidValue: if a class is none of these, or there are no steps for an amount.
        :raises CurrencyMismatch: if the amount is in another currency than the steps.
        """
        if value is None:
            name = self.names[0]
            return name, Evidence("value-class", name, parts=(noted("value-known", False),))
        worth = value.outcome
        if isinstance(worth, Money):
            return self._place_amount(worth, value.evidence)
        if worth not in self.names:
            raise InvalidValue(f"no such class of value; there are {', '.join(self.names)}")
        decided = Evidence(value.policy, worth, parts=value.evidence)
        return worth, Evidence("value-class", worth, parts=(decided,))

    def _place_amount(self, worth: Money, evidence: tuple[Evidence, ...]) -> tuple[str, Evidence]:
        if len(self.steps) < len(self.names) - 1:
            raise InvalidValue("an amount needs ValueClasses(steps=...), from which on a class is")
        decided = Evidence("value", worth, parts=evidence)
        reached = tuple(
            at_least(f"value-for-{name}", worth, step)
            for name, step in zip(self.names[1:], self.steps, strict=True)
        )
        name = self.names[sum(item.met is True for item in reached)]
        return name, Evidence("value-class", name, parts=(decided, *reached))


@frozen(kw_only=True)
class MemberClass:
    """Members of these tiers and of these classes of value are one class, by this name."""

    name: str
    tiers: tuple[str, ...] = field(converter=_as_words)
    values: tuple[str, ...] = field(converter=_as_words)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "a class of members")
        if not self.tiers or not self.values:
            raise InvalidPolicy("a class of members is for one tier or more, and one value or more")

    def evidence(self, tier: str, value: str) -> tuple[Evidence, ...]:
        """Whether a member is of this class."""
        return one_of("tier", tier, self.tiers), one_of("value-class", value, self.values)


# --- what -----------------------------------------------------------------------------------------


@frozen(kw_only=True)
class RecoveryOffer:
    """What a member gets at a level of recovery: its measures, points, and a call from somebody.

    ``caller`` is who calls back, in the word of the shop, ``call_within`` the working time in which
    they do.

    :raises InvalidPolicy: if the points are below zero, or a call has no caller or no time.
    """

    level: RecoveryLevel
    goodwill_points: int = 0
    caller: str | None = None
    call_within: timedelta | None = None

    def __attrs_post_init__(self) -> None:
        if type(self.goodwill_points) is not int or self.goodwill_points < 0:
            raise InvalidPolicy("goodwill points are a whole number from 0 on")
        if (self.caller is None) != (self.call_within is None):
            raise InvalidPolicy("a call has a caller and a time: name both, or neither")
        if self.caller is not None:
            check_identifier(self.caller, "who calls back")
        if self.call_within is not None and self.call_within <= timedelta(0):
            raise InvalidPolicy("the working time to call back in is longer than nothing")

    @property
    def name(self) -> str:
        """The name of the level."""
        return self.level.name


# --- how often ------------------------------------------------------------------------------------


def _since(as_of: date, count: int, unit: Unit) -> date:
    """The last day that is not looked at any more."""
    return add_units(as_of, -count, unit)


@frozen(kw_only=True)
class RepeatTerms:
    """When a complaint is one too many, so that the member gets one level more.

    One of these is enough: so many ``complaints`` before this one in the time, so many ``severe``
    ones (from ``severe_from`` on), so many with the ``same_cause``, or that this one was
    ``reopened``. What is left out is not looked at.

    :raises InvalidPolicy: if nothing is looked at, or a number is below 1.
    """

    count: int = 1
    unit: Unit = Unit.YEAR
    complaints: int | None = None
    severe: int | None = None
    severe_from: Level = Level.HIGH
    same_cause: int | None = None
    reopened: bool = False

    def __attrs_post_init__(self) -> None:
        _check_time(self.count, self.unit)
        numbers = (self.complaints, self.severe, self.same_cause)
        for number in numbers:
            _check_count(number, "how many complaints are too many")
        if not self.reopened and numbers == (None, None, None):
            raise InvalidPolicy("say what makes a complaint a repeated one, or leave the terms out")

    def evidence(self, facts: MemberComplaintFacts) -> Evidence:
        """Whether this complaint is a repeated one, and by what."""
        since = _since(facts.as_of, self.count, self.unit)
        recent = [each for each in facts.past if each.on > since]
        worst = SEVERITIES[SEVERITIES.index(self.severe_from) :]
        same = [each for each in recent if each.cause is not None and each.cause == facts.cause]
        counted = (
            ("complaints-before", len(recent), self.complaints),
            ("severe-before", sum(each.severity in worst for each in recent), self.severe),
            ("same-cause-before", len(same), self.same_cause),
        )
        parts = [at_least(name, n, most) for name, n, most in counted if most is not None]
        if self.reopened:
            parts.append(equals("reopened", facts.reopened, True))
        return any_of("repeated-complaint", *parts)


@frozen
class GoodwillCap:
    """At most so many points of goodwill for a member in any such time, such as a year.

    The time goes back from the day decided on, so no turn of a year gives twice as much.

    :raises InvalidPolicy: if the points are below zero, or the time is shorter than one unit.
    """

    points: int
    count: int = field(default=1, kw_only=True)
    unit: Unit = field(default=Unit.YEAR, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if type(self.points) is not int or self.points < 0:
            raise InvalidPolicy("the most points of goodwill are a whole number from 0 on")
        _check_time(self.count, self.unit)

    def given(self, goodwill: Iterable[GivenGoodwill], as_of: date) -> int:
        """How many points of the cap are used up on a day."""
        since = _since(as_of, self.count, self.unit)
        return sum(each.points for each in goodwill if each.on > since)
