"""Decisions that can say why.

A policy turns facts into a :class:`Decision`: the outcome together with the evidence it was
computed from, met or not. :func:`explain` puts it into words that a customer could be shown.

>>> from datetime import date
>>> from crmkit.money import Money
>>> spend = at_least("yearly spend", Money("4200.00", "EUR"), Money("5000.00", "EUR"))
>>> decision = Decision("silver", "yearly-spend-tier", date(2026, 6, 30), (spend,))
>>> print(explain(decision))
silver, by yearly spend tier, as of 2026-06-30
- not met: yearly spend is 4,200.00 EUR; at least 5,000.00 EUR required
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Generic, Protocol, TypeVar

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.money import Money
from crmkit.period import check_date, check_instant

__all__ = [
    "Comparison",
    "Decision",
    "Evidence",
    "EvidenceValue",
    "Policy",
    "above",
    "all_of",
    "any_of",
    "at_least",
    "at_most",
    "below",
    "equals",
    "explain",
    "none_of",
    "noted",
    "one_of",
]

EvidenceValue = bool | int | str | Decimal | float | date | datetime | timedelta | Money
"""What evidence can be made of; a closed union, so that every decision can be written down.

Whole and decimal numbers have at most 60 digits before the point.
"""

OutcomeT_co = TypeVar("OutcomeT_co", covariant=True)
FactsT_contra = TypeVar("FactsT_contra", contravariant=True)


class Comparison(StrEnum):
    """How what was observed was held against what was required."""

    AT_LEAST = "at-least"
    AT_MOST = "at-most"
    ABOVE = "above"
    BELOW = "below"
    EQUALS = "equals"
    DIFFERS = "differs"
    ONE_OF = "one-of"
    """The observed value is among the required ones, a comma separated list."""
    ALL_OF = "all-of"
    """Every part is met."""
    ANY_OF = "any-of"
    """At least one part is met."""
    NONE_OF = "none-of"
    """No part is met."""


_COMPOSITIONS = frozenset({Comparison.ALL_OF, Comparison.ANY_OF, Comparison.NONE_OF})
_PLAIN_TYPES = frozenset({bool, str, date, timedelta, Money})
_TOO_LARGE = 10**60


@frozen
class Evidence:
    """One thing a policy looked at: what was observed, what was required, and whether it was met.

    ``criterion`` is a stable key that :func:`explain` puts into words. ``met=None`` means noted,
    not judged, such as a parameter of a model. ``parts`` carry the pieces of an and / or / not. The
    helpers :func:`at_least`, :func:`at_most` and so on compute ``met`` themselves.

    :raises InvalidValue: if a value is outside the closed union, not finite, beyond 60 digits or
        naive, or if a composition contradicts its parts.
    """

    criterion: str
    observed: EvidenceValue | None = None
    required: EvidenceValue | None = None
    met: bool | None = None
    comparison: Comparison | None = None
    parts: tuple["Evidence", ...] = ()

    def __attrs_post_init__(self) -> None:
        if type(self.observed) not in _PLAIN_TYPES:
            _check_value(self.observed, "observed evidence")
        if type(self.required) not in _PLAIN_TYPES:
            _check_value(self.required, "required evidence")
        if self.comparison in _COMPOSITIONS and self.met != _compose(self.comparison, self.parts):
            raise InvalidValue(
                f"evidence {self.comparison} contradicts its parts: build it with all_of, any_of "
                f"or none_of, which read the verdict off the parts"
            )


def _check_value(value: object, what: str) -> None:
    """Refuse what could not be written down; the everyday types never come here."""
    if value is None or isinstance(value, StrEnum):
        return
    if isinstance(value, datetime):
        check_instant(value, what)
    elif type(value) in (int, float, Decimal):
        if not _is_writable(value):  # type: ignore[arg-type]
            raise InvalidValue(
                f"{what} is not a finite number of at most 60 digits before the point: note it as "
                f"a str, or leave it out"
            )
    else:
        raise InvalidValue(
            f"{what} is a {type(value).__name__}: pass a bool, int, str, Decimal, finite float, "
            f"date, aware datetime, timedelta or Money"
        )


def _is_writable(number: int | float | Decimal) -> bool:
    if isinstance(number, float):
        return math.isfinite(number)
    finite = isinstance(number, int) or number.is_finite()
    return finite and -_TOO_LARGE < number < _TOO_LARGE


def _compose(comparison: Comparison | None, parts: tuple[Evidence, ...]) -> bool:
    match comparison:
        case Comparison.ALL_OF:
            return all(part.met for part in parts)
        case Comparison.ANY_OF:
            return any(part.met for part in parts)
        case _:
            return not any(part.met for part in parts)


# --- evidence that judges itself ------------------------------------------------------------------


def at_least(criterion: str, observed: EvidenceValue, required: EvidenceValue) -> Evidence:
    """Evidence that is met when the observed value reaches the required one."""
    met = observed >= required  # type: ignore[operator]
    return Evidence(criterion, observed, required, met, Comparison.AT_LEAST)


def at_most(criterion: str, observed: EvidenceValue, required: EvidenceValue) -> Evidence:
    """Evidence that is met when the observed value does not exceed the required one."""
    met = observed <= required  # type: ignore[operator]
    return Evidence(criterion, observed, required, met, Comparison.AT_MOST)


def above(criterion: str, observed: EvidenceValue, required: EvidenceValue) -> Evidence:
    """Evidence that is met when the observed value exceeds the required one."""
    met = observed > required  # type: ignore[operator]
    return Evidence(criterion, observed, required, met, Comparison.ABOVE)


def below(criterion: str, observed: EvidenceValue, required: EvidenceValue) -> Evidence:
    """Evidence that is met when the observed value stays short of the required one."""
    met = observed < required  # type: ignore[operator]
    return Evidence(criterion, observed, required, met, Comparison.BELOW)


def equals(criterion: str, observed: EvidenceValue, required: EvidenceValue) -> Evidence:
    """Evidence that is met when the two are the same."""
    return Evidence(criterion, observed, required, observed == required, Comparison.EQUALS)


def one_of(criterion: str, observed: str, required: Iterable[str]) -> Evidence:
    """Evidence that is met when the observed word is among the required ones."""
    words = tuple(str(word) for word in required)
    return Evidence(
        criterion,
        str(observed),
        ", ".join(words),
        str(observed) in words,
        Comparison.ONE_OF,
    )


def all_of(criterion: str, *parts: Evidence) -> Evidence:
    """Evidence that is met when every part is."""
    met = _compose(Comparison.ALL_OF, parts)
    return Evidence(criterion, None, None, met, Comparison.ALL_OF, parts)


def any_of(criterion: str, *parts: Evidence) -> Evidence:
    """Evidence that is met when at least one part is."""
    met = _compose(Comparison.ANY_OF, parts)
    return Evidence(criterion, None, None, met, Comparison.ANY_OF, parts)


def none_of(criterion: str, *parts: Evidence) -> Evidence:
    """Evidence that is met when no part is: the word *not*."""
    met = _compose(Comparison.NONE_OF, parts)
    return Evidence(criterion, None, None, met, Comparison.NONE_OF, parts)


def noted(criterion: str, observed: EvidenceValue) -> Evidence:
    """Evidence that was noted and not judged, such as a parameter of a model."""
    return Evidence(criterion, observed)


# --- decisions ------------------------------------------------------------------------------------


@frozen
class Decision(Generic[OutcomeT_co]):
    """What a policy decided, for whom, as of when, and on what evidence.

    ``as_of`` is the day (a date, that day included) or the instant (an aware datetime) whose
    knowledge was used. ``policy_digest`` tells versions of a policy's terms apart.

    :raises InvalidValue: if ``as_of`` is neither a date nor an aware datetime.
    """

    outcome: OutcomeT_co
    policy: str
    as_of: date | datetime
    evidence: tuple[Evidence, ...] = ()
    subject: str | None = None
    policy_digest: str | None = None

    def __attrs_post_init__(self) -> None:
        if isinstance(self.as_of, datetime):
            check_instant(self.as_of, "as_of")
        else:
            check_date(self.as_of, "as_of")

    @property
    def unmet(self) -> tuple[Evidence, ...]:
        """The evidence that fell short: what the customer will ask about."""
        return tuple(item for item in self.evidence if item.met is False)


class Policy(Protocol[FactsT_contra, OutcomeT_co]):
    """Anything that turns facts into a decision: a frozen value, or just a function."""

    def __call__(self, facts: FactsT_contra, /) -> Decision[OutcomeT_co]:
        """Decide for one customer."""
        ...


# --- words ----------------------------------------------------------------------------------------

_PHRASES = {
    Comparison.AT_LEAST: "at least {} required",
    Comparison.AT_MOST: "at most {} allowed",
    Comparison.ABOVE: "more than {} required",
    Comparison.BELOW: "less than {} required",
    Comparison.EQUALS: "{} required",
    Comparison.DIFFERS: "anything but {} required",
    Comparison.ONE_OF: "one of {} required",
}
_DAY_PHRASES = {
    Comparison.AT_LEAST: "{} or later required",
    Comparison.AT_MOST: "{} or earlier required",
    Comparison.ABOVE: "later than {} required",
    Comparison.BELOW: "earlier than {} required",
}
_COMPOSED = {
    Comparison.ALL_OF: "all of these are needed",
    Comparison.ANY_OF: "one of these is enough",
    Comparison.NONE_OF: "none of these may hold",
}
_VERDICTS = {True: "met", False: "not met", None: "noted"}


def explain(
    decision: Decision[object],
    *,
    words: Mapping[str, str] | None = None,
    value_to_text: "Callable[[EvidenceValue], str] | None" = None,
) -> str:
    """Put a decision into words that the customer it concerns could be shown.

    The first line says the outcome, the policy, and the day. Each further line is one piece of
    evidence, met, not met or only noted; the pieces of an and / or / not are indented. ``words``
    translates criteria, policy names and outcomes; what it does not name is shown as it is, with
    the hyphens between words as blanks. ``value_to_text`` replaces the way values are written.
    """
    translate = _translator(words or {})
    show = value_to_text or _text_of
    outcome = _outcome_text(decision.outcome, translate, show)
    whom = f" for {decision.subject}" if decision.subject is not None else ""
    lines = [f"{outcome}{whom}, by {translate(decision.policy)}, as of {show(decision.as_of)}"]
    for item in decision.evidence:
        lines.extend(_evidence_lines(item, translate, show, indent=""))
    return "\n".join(lines)


# The hyphen of a minus, a day or a score such as 10-4-5 stays.
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=\w)|(?<=\w)-(?=[^\W\d_])")


def _translator(words: Mapping[str, str]) -> Callable[[str], str]:
    return lambda key: words[key] if key in words else _HYPHEN.sub(" ", key)


def _evidence_lines(
    item: Evidence,
    translate: Callable[[str], str],
    show: Callable[[EvidenceValue], str],
    indent: str,
) -> list[str]:
    line = f"{indent}- {_VERDICTS[item.met]}: {translate(item.criterion)}"
    if item.observed is not None:
        line += f" is {show(item.observed)}"
    elif item.required is not None:
        line += " is not known"
    if item.required is not None:
        line += "; " + _phrase(item).format(show(item.required))
    if item.comparison in _COMPOSED:
        line += f"; {_COMPOSED[item.comparison]}"
    lines = [line]
    for part in item.parts:
        lines.extend(_evidence_lines(part, translate, show, indent + "  "))
    return lines


def _phrase(item: Evidence) -> str:
    """What was asked for, with days and instants spoken of as earlier and later."""
    if item.comparison is None:
        return "{} required"
    phrases = _PHRASES | _DAY_PHRASES if isinstance(item.required, date) else _PHRASES
    return phrases.get(item.comparison, "{} required")


def _outcome_text(
    outcome: object, translate: Callable[[str], str], show: Callable[[EvidenceValue], str]
) -> str:
    """Amounts, numbers and days are shown like evidence; everything else is a word."""
    match outcome:
        case None:
            return translate("none")
        case Enum():
            return translate(str(outcome.value))
        case bool():
            return translate("yes" if outcome else "no")
        case int() | float() | Decimal() | date() | timedelta() | Money():
            return show(outcome)
        case _:
            return translate(str(outcome))


def _text_of(value: EvidenceValue) -> str:
    """Write a value as a person reads it: grouped thousands, ISO dates, yes and no."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Money():
            return f"{value.amount:,f} {value.currency}"
        case Decimal():
            return _decimal_text(value)
        case float():
            return f"{value:z,.6g}"
        case timedelta():
            return _duration_text(value)
        case _:
            return str(value)


def _decimal_text(number: Decimal) -> str:
    # A number far from one would be a long row of zeros. Neither form rounds.
    return f"{number:z,f}" if -20 < number.adjusted() < 60 else f"{number:E}"


def _duration_text(value: timedelta) -> str:
    sign = "-" if value <= timedelta(seconds=-1) else ""
    seconds = abs(value) // timedelta(seconds=1)
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    counted = [(days, "day"), (hours, "hour"), (minutes, "minute"), (seconds, "second")]
    pieces = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in counted if n]
    return sign + (" ".join(pieces) or "0 seconds")
