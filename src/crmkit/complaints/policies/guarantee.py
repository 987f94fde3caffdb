"""A guarantee that keeps itself: a promise, a deadline, and the remedy if it is missed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.complaints.facts.counts import as_word
from crmkit.complaints.records.remedies import GivenRemedy
from crmkit.decision import Decision, Evidence, at_most, equals, noted, one_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money, Rounding, as_fraction, sum_money
from crmkit.period import check_instant

__all__ = ["GuaranteeFacts", "GuaranteeState", "Remedy", "ServiceGuarantee"]


class GuaranteeState(StrEnum):
    """How a promise under guarantee stands."""

    PENDING = "pending"
    """The deadline has not passed, and the promise is not kept yet."""
    KEPT = "kept"
    """It was kept by the deadline."""
    BROKEN = "broken"
    """It was not kept by the deadline, however soon afterwards."""
    EXCLUDED = "excluded"
    """It was not kept by the deadline, for a reason that the guarantee leaves out."""
    REMEDIED = "remedied"
    """It was broken, and the remedy has been given: nothing more is owed."""


@frozen
class Remedy:
    """What the customer gets without asking: the state, the money, and what else was promised."""

    state: GuaranteeState
    money: Money
    measures: tuple[str, ...] = ()

    @property
    def is_owed(self) -> bool:
        """Whether there is anything to give: then give it, and keep a `GivenRemedy`."""
        return not self.money.is_zero or bool(self.measures)

    def __str__(self) -> str:
        """Write the remedy as a person reads it."""
        return f"{self.state}, {self.money} back"


def _as_word_or_none(word: str | None) -> str | None:
    return None if word is None else as_word(word)


def _in_order(given: Iterable[GivenRemedy]) -> tuple[GivenRemedy, ...]:
    return tuple(sorted(given, key=lambda each: (_utc(each.due_at), each.promise)))


@frozen(kw_only=True)
class GuaranteeFacts:
    """One promise: the fee paid, when it was due, and when it was kept, if it was.

    ``at`` is the instant of the question; what is kept later than that is not known yet. The due
    instant comes from a calendar of the host, such as 10:30 on the next day. ``because_of`` is the
    host's word for what kept it from being kept, such as the weather. ``given`` holds the remedies
    that the customer was given before, in any order, one for this very promise included.

    :raises InvalidValue: if the fee is below 0, or a promise has two remedies.
    :raises NaiveDatetime: if an instant has no time zone.
    """

    promise: str
    fee: Money
    due_at: datetime
    kept_at: datetime | None
    at: datetime
    because_of: str | None = field(default=None, converter=_as_word_or_none)
    given: tuple[GivenRemedy, ...] = field(default=(), converter=_in_order)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.promise, "promise")
        check_instant(self.due_at, "due_at")
        check_instant(self.at, "at")
        if self.kept_at is not None:
            check_instant(self.kept_at, "kept_at")
        if self.fee.is_negative:
            raise InvalidValue("a fee is nothing or more")
        if self.because_of is not None:
            check_identifier(self.because_of, "because_of")
        promises = [each.promise for each in self.given]
        if len(set(promises)) < len(promises):
            raise InvalidValue("a promise has one remedy at most: pass each once")

    @property
    def known_kept_at(self) -> datetime | None:
        """When the promise was kept, as known at the instant of the question."""
        if self.kept_at is None or _utc(self.kept_at) > _utc(self.at):
            return None
        return self.kept_at

    @property
    def known_given(self) -> tuple[GivenRemedy, ...]:
        """The remedies that had been given by the instant of the question."""
        return tuple(each for each in self.given if _utc(each.given_at) <= _utc(self.at))


def _as_share(share: "int | str | Fraction") -> Fraction:
    return as_fraction(share, "the share of the fee")


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InvalidPolicy("exclusions are a tuple of texts: write ('weather',), not 'weather'")
    return tuple(as_word(word) for word in words)


@frozen(kw_only=True)
class ServiceGuarantee:
    """Not kept in time: the fee is waived, in full or in part, and nobody has to ask.

    Kept at the very instant of the deadline is kept. ``grace`` moves the deadline, for a clock that
    is not exact. FedEx made it known: not delivered by 10:30 the next day, and the fee is waived.

    Each promise has one remedy: asked again, nothing more is owed. ``exclusions`` are words for
    what the guarantee does not answer for. ``most_remedies`` and ``most_money`` are what one
    customer gets at most for promises due less than ``per`` apart; whose remedy was given first
    counts first. So no such time ever has more, in whatever order the host asks.

    :raises InvalidPolicy: if the share is not between 0 and 1, the grace is below zero, a broken
        promise would cost nothing, or a most is without the time it is for.

    >>> from zoneinfo import ZoneInfo
    >>> by = datetime(2026, 5, 5, 10, 30, tzinfo=ZoneInfo("America/Chicago"))
    >>> facts = GuaranteeFacts(
    ...     promise="parcel-17", fee=Money("24.50", "USD"),
    ...     due_at=by, kept_at=by + timedelta(minutes=4), at=by + timedelta(hours=1),
    ... )
    >>> print(ServiceGuarantee(waived=1)(facts).outcome)
    broken, 24.50 USD back
    """

    waived: Fraction = field(converter=_as_share)
    measures: tuple[str, ...] = ()
    grace: timedelta = timedelta(0)
    rounding: Rounding = Rounding.HALF_UP
    exclusions: tuple[str, ...] = field(default=(), converter=_as_words)
    most_remedies: int | None = None
    most_money: Money | None = None
    per: timedelta | None = None

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.waived <= 1:
            raise InvalidPolicy("the share of the fee that is waived lies between 0 and 1")
        if self.grace < timedelta(0):
            raise InvalidPolicy("a grace is zero or more: it never moves the deadline forward")
        if not self.waived and not self.measures:
            raise InvalidPolicy("a guarantee has a remedy: waive a share, or name a measure")
        for word in self.exclusions:
            check_identifier(word, "an exclusion")
        self._check_caps()

    def _check_caps(self) -> None:
        if (self.most_remedies is None and self.most_money is None) != (self.per is None):
            raise InvalidPolicy("a most is for a time: name most_remedies or most_money, and per")
        if self.per is not None and self.per <= timedelta(0):
            raise InvalidPolicy("the time of a most is longer than nothing")
        if self.most_remedies is not None and self.most_remedies < 1:
            raise InvalidPolicy("a guarantee has one remedy or more")
        if self.most_money is not None and self.most_money.minor <= 0:
            raise InvalidPolicy("the most money is more than nothing")

    def __call__(self, facts: GuaranteeFacts, /) -> Decision[Remedy]:
        """Say how the promise stands, and what the customer is owed."""
        deadline = _utc(facts.due_at) + self.grace
        kept = facts.known_kept_at
        if kept is not None:
            judged = at_most("kept-at", _utc(kept), deadline)
            state = GuaranteeState.KEPT if judged.met else GuaranteeState.BROKEN
        else:
            judged = at_most("still-open-at", _utc(facts.at), deadline)
            state = GuaranteeState.PENDING if judged.met else GuaranteeState.BROKEN
        return self._decide(facts, state, judged)

    def _decide(
        self, facts: GuaranteeFacts, state: GuaranteeState, judged: Evidence
    ) -> Decision[Remedy]:
        evidence = [judged, noted("fee", facts.fee), noted("grace", self.grace)]
        money = Money.zero(facts.fee.currency)
        measures: tuple[str, ...] = ()
        if state is GuaranteeState.BROKEN:
            reasons = tuple(self._settled(facts))
            evidence += [item for item, _ in reasons]
            state = next((settled for item, settled in reasons if item.met), state)
        if state is GuaranteeState.BROKEN:
            caps = tuple(self._caps(facts))
            evidence += caps
            if all(item.met is not False for item in caps):
                money, measures = self._waived(facts), self.measures
        remedy = Remedy(state, money, measures)
        return Decision(
            remedy, "service-guarantee", facts.at, tuple(evidence), subject=facts.promise
        )

    def _settled(self, facts: GuaranteeFacts) -> Iterator[tuple[Evidence, GuaranteeState]]:
        """Why nothing is owed for a promise that was broken, if it is so."""
        if facts.because_of is not None and self.exclusions:
            excluded = one_of("because-of", facts.because_of, self.exclusions)
            yield excluded, GuaranteeState.EXCLUDED
        if any(each.promise == facts.promise for each in facts.known_given):
            yield equals("remedied-before", True, True), GuaranteeState.REMEDIED

    def _caps(self, facts: GuaranteeFacts) -> Iterator[Evidence]:
        if self.per is None:
            return
        counted = self._counted(facts)
        if self.most_remedies is not None:
            yield at_most("remedies-with-this-one", len(counted) + 1, self.most_remedies)
        if self.most_money is not None:
            yield noted("most-money", self.most_money)
            yield noted("given-before", self._given(counted))

    def _counted(self, facts: GuaranteeFacts) -> list[GivenRemedy]:
        """The remedies for promises that were due close to this one, before it or after."""
        due, near = _utc(facts.due_at), self.per or timedelta(0)
        return [each for each in facts.known_given if abs(_utc(each.due_at) - due) < near]

    def _waived(self, facts: GuaranteeFacts) -> Money:
        money = facts.fee.times(self.waived, rounding=self.rounding)
        if self.most_money is None:
            return money
        left = self.most_money - self._given(self._counted(facts))
        return max(Money.zero(money.currency), min(money, left))

    def _given(self, counted: Iterable[GivenRemedy]) -> Money:
        currency = self.most_money.currency if self.most_money is not None else ""
        return sum_money((each.money for each in counted), currency)


def _utc(at: datetime) -> datetime:
    # Wall times of one zone are compared without their offset, which is wrong in a fold.
    return at.astimezone(UTC)
