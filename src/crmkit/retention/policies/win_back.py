"""The win-back gate: whom to win back, by what, when, and whom to leave alone."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from attrs import field, frozen
from attrs.converters import optional

from crmkit.decision import (
    Comparison,
    Decision,
    Evidence,
    all_of,
    at_least,
    below,
    equals,
)
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.retention.facts.win_back import WinBackFacts
from crmkit.retention.policies.hold_out import HoldOut
from crmkit.retention.records.lost import LostClass
from crmkit.retention.records.win_back_events import Declined, Targeted
from crmkit.retention.records.words import as_text, as_words

__all__ = ["Measure", "WinBackMeasure", "WinBackPolicy", "WinBackStep", "WinBackVerdict"]


class Measure(StrEnum):
    """What is done to win a customer back (CHU-08); a shop may have measures of its own."""

    CLARIFY = "clarify"
    """Find out together with the customer what happened."""
    EXPLAIN = "explain"
    """Say how it came about."""
    PROPOSE = "propose"
    """Propose how to make up for it."""
    STUDY_RIVALS_EDGE = "study-rivals-edge"
    """Find out in what the rival is better."""
    BETTER_TERMS = "better-terms"
    """Offer better terms, if the customer is worth them."""
    INDIVIDUAL_TALK = "individual-talk"
    """Talk to the customer in person."""
    RETURN_OFFER = "return-offer"
    """Make an offer for coming back."""


class WinBackStep(StrEnum):
    """What comes next for a lost customer."""

    LEAVE_ALONE = "leave-alone"
    """The customer asked not to be contacted."""
    PREPARE = "prepare"
    """The preconditions are not there: complete the file, or name the unit that does it."""
    ANALYSE = "analyse"
    """Find out why the customer went, and in which way."""
    DECLINE = "decline"
    """The customer is not worth regaining, or the cause cannot be mended."""
    NO_MEASURE = "no-measure"
    """The shop has named no measure for this class of the lost that the customer is worth."""
    HOLD_OUT = "hold-out"
    """Leave the customer alone, to measure who comes back by themselves."""
    GIVE_UP = "give-up"
    """There were as many attempts as there may be."""
    WAIT = "wait"
    """The last attempt was not long enough ago."""
    CONTACT = "contact"
    """Turn to the customer, by the measures named."""


@frozen
class WinBackMeasure:
    """A measure for a class of the lost, for whoever is worth ``worth_from`` or more.

    :raises InvalidIdentifier: if the name could not serve as a key.
    """

    lost_class: LostClass
    name: str = field(converter=as_text)
    worth_from: Money | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "a measure")


@frozen(kw_only=True)
class WinBackVerdict:
    """What comes next for a lost customer, by what, and when.

    ``contact_from`` is the first day on which somebody may turn to the customer, ``again_from``
    that of the attempt after it, if the first is made on that day; None where there is none.
    """

    step: WinBackStep
    measures: tuple[str, ...] = ()
    contact_from: date | None = None
    again_from: date | None = None

    def __str__(self) -> str:
        if not self.measures:
            return str(self.step)
        when = f" from {self.contact_from}" if self.step is WinBackStep.WAIT else ""
        return f"{self.step}{when}: {', '.join(self.measures)}"

    def recorded_on(self, day: date) -> Targeted | Declined | None:
        """What a case that was analysed records of it; None while there is nothing to decide."""
        match self.step:
            case WinBackStep.CONTACT | WinBackStep.WAIT:
                return Targeted(on=day, measures=self.measures, contact_from=self.contact_from)
            case WinBackStep.HOLD_OUT:
                return Targeted(on=day, held_out=True)
            case WinBackStep.DECLINE | WinBackStep.LEAVE_ALONE:
                return Declined(day)
            case _:
                return None


def _as_measures(measures: Iterable[WinBackMeasure]) -> tuple[WinBackMeasure, ...]:
    return tuple(measures)


def _as_causes(causes: Iterable[str]) -> tuple[str, ...]:
    return as_words(causes)


@frozen(kw_only=True)
class WinBackPolicy:
    """Whether to win a customer back, asked in the order of the source (CHU-07, CHU-08).

    Who asked not to be contacted is left alone. Then the preconditions: a file that shows what the
    customer is worth *and* what they could be, and a ``unit`` that does nothing else, a centre or a
    hotline. Then the analysis of value and cause: it is worth it from a value of ``worth_from`` on,
    now and later together, unless a cause is among the ``hopeless_causes``. Then the measures for
    the class. Who passes all of it may be held out, was contacted often enough after
    ``most_attempts``, and has to be left in peace for ``cool_down`` days after an attempt.

    Each question is one piece of evidence, in this order; the first that is not met decides.

    :raises InvalidPolicy: if a number is below 1, or a measure stands twice for a class.
    :raises CurrencyMismatch: if amounts are of two currencies.

    >>> from crmkit.decision import explain
    >>> policy = WinBackPolicy.usual(unit="win-back-centre", worth_from=Money(200, "EUR"),
    ...                              better_terms_from=Money(500, "EUR"))
    >>> facts = WinBackFacts(
    ...     customer="C-7", as_of=date(2026, 5, 31), lost_on=date(2026, 4, 2), asked_not_to=False,
    ...     present_value=Money(120, "EUR"), future_value=Money(300, "EUR"),
    ...     causes=["new-temptation"], lost_class=LostClass.PULLED_AWAY,
    ... )
    >>> print(policy(facts).outcome)
    contact: study-rivals-edge
    """

    unit: str | None = field(converter=optional(as_text))
    worth_from: Money
    measures: tuple[WinBackMeasure, ...] = field(converter=_as_measures)
    hopeless_causes: tuple[str, ...] = field(default=(), converter=_as_causes)
    cool_down: int = 60
    most_attempts: int = 3
    hold_out: HoldOut | None = None

    def __attrs_post_init__(self) -> None:
        if self.unit is not None:
            check_identifier(self.unit, "the unit that wins customers back")
        for number in (self.cool_down, self.most_attempts):
            if type(number) is not int or not 1 <= number <= 36_525:
                raise InvalidPolicy("days and attempts are whole numbers from 1 to 36,525")
        named = {(measure.lost_class, measure.name) for measure in self.measures}
        if len(named) < len(self.measures):
            raise InvalidPolicy("a measure stands twice for one class: keep one of them")
        for measure in self.measures:
            if measure.worth_from is not None:
                _ = measure.worth_from < self.worth_from  # Of one currency.

    @classmethod
    def usual(
        cls,
        *,
        unit: str | None,
        worth_from: Money,
        better_terms_from: Money,
        others: Iterable[WinBackMeasure] = (),
        hopeless_causes: Iterable[str] = (),
        cool_down: int = 60,
        most_attempts: int = 3,
        hold_out: HoldOut | None = None,
    ) -> Self:
        """The measures of the source for who was pushed away unintentionally and who was pulled
        away; those for other classes are the shop's, in ``others``.
        """
        pushed, pulled = LostClass.UNINTENTIONALLY_PUSHED, LostClass.PULLED_AWAY
        return cls(
            unit=unit,
            worth_from=worth_from,
            measures=(
                WinBackMeasure(pushed, Measure.CLARIFY),
                WinBackMeasure(pushed, Measure.EXPLAIN),
                WinBackMeasure(pushed, Measure.PROPOSE),
                WinBackMeasure(pulled, Measure.STUDY_RIVALS_EDGE),
                WinBackMeasure(pulled, Measure.BETTER_TERMS, better_terms_from),
                *others,
            ),
            hopeless_causes=hopeless_causes,
            cool_down=cool_down,
            most_attempts=most_attempts,
            hold_out=hold_out,
        )

    def __call__(self, facts: WinBackFacts, /) -> Decision[WinBackVerdict]:
        """What comes next for one lost customer, and every question with its answer.

        :raises CurrencyMismatch: if the customer is worth something in another currency.
        """
        measures = self._measures_for(facts)
        asked = self._asked(facts, measures)
        step = next((step for step, item in asked if not item.met), WinBackStep.CONTACT)
        return Decision(
            self._verdict(step, measures, facts),
            "win-back",
            facts.as_of,
            tuple(item for _, item in asked),
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[WinBackFacts]) -> list[WinBackVerdict]:
        """The verdicts on many customers, as the call gives them one by one."""
        return [self(each).outcome for each in facts]

    def _asked(
        self, facts: WinBackFacts, measures: tuple[str, ...]
    ) -> list[tuple[WinBackStep, Evidence]]:
        """Every question, and the step that it leads to if it is not met."""
        asked = [
            (WinBackStep.LEAVE_ALONE, equals("asked-not-to", facts.asked_not_to, False)),
            (WinBackStep.PREPARE, self._preconditions(facts)),
            (
                WinBackStep.ANALYSE,
                all_of(
                    "analysis",
                    at_least("causes-known", len(facts.causes), 1),
                    _known("class", facts.lost_class),
                ),
            ),
            (WinBackStep.DECLINE, self._worth(facts)),
            (WinBackStep.NO_MEASURE, at_least("measures", len(measures), 1)),
        ]
        if self.hold_out is not None:
            asked.append((WinBackStep.HOLD_OUT, self.hold_out.evidence(facts.customer)))
        made = below("attempts", facts.attempts_since_loss, self.most_attempts)
        asked.append((WinBackStep.GIVE_UP, made))
        free = self._free_from(facts)
        asked.append((WinBackStep.WAIT, at_least("day", facts.as_of, free)))
        return asked

    def _preconditions(self, facts: WinBackFacts) -> Evidence:
        return all_of(
            "preconditions",
            _known("present-value", facts.present_value),
            _known("future-value", facts.future_value),
            _known("unit", self.unit),
        )

    def _worth(self, facts: WinBackFacts) -> Evidence:
        value, needed = facts.value, self.worth_from
        enough = value is not None and value >= needed
        hopeless = sum(cause in self.hopeless_causes for cause in facts.causes)
        return all_of(
            "worth-regaining",
            Evidence("value", value, needed, enough, Comparison.AT_LEAST),
            equals("hopeless-causes", hopeless, 0),
        )

    def _measures_for(self, facts: WinBackFacts) -> tuple[str, ...]:
        value = facts.value
        return tuple(
            measure.name
            for measure in self.measures
            if measure.lost_class is facts.lost_class
            and (measure.worth_from is None or (value is not None and value >= measure.worth_from))
        )

    def _free_from(self, facts: WinBackFacts) -> date:
        """The first day after the cool-down; without an attempt, the day of the loss."""
        if not facts.attempts:
            return facts.lost_on
        return _later(facts.attempts[-1], self.cool_down)

    def _verdict(
        self, step: WinBackStep, measures: tuple[str, ...], facts: WinBackFacts
    ) -> WinBackVerdict:
        if step not in (WinBackStep.WAIT, WinBackStep.CONTACT):
            return WinBackVerdict(step=step)
        contact_from = max(facts.as_of, self._free_from(facts))
        left = self.most_attempts - facts.attempts_since_loss - 1
        again_from = _later(contact_from, self.cool_down) if left else None
        return WinBackVerdict(
            step=step, measures=measures, contact_from=contact_from, again_from=again_from
        )


def _known(criterion: str, value: Money | str | None) -> Evidence:
    """Evidence that something is known, whatever it is."""
    return Evidence(criterion, "not known" if value is None else value, None, value is not None)


def _later(day: date, days: int) -> date:
    """So many days later, or the last day of the calendar."""
    return day + timedelta(days=min(days, (date.max - day).days))
