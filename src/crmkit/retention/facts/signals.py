"""What is known of a customer that may tell whether they are about to leave."""

import math
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date
from crmkit.retention.records.words import as_text

__all__ = ["ChurnFacts", "ChurnSignal", "PastCustomer", "SignalValue"]

SignalValue = bool | int | float | str
"""What a signal says: yes or no, a count, a number, or a word of the host."""

_LARGEST = 10**15


class ChurnSignal(StrEnum):
    """The signals that have a name here; a host brings any others in its own words."""

    COMPLAINTS = "complaints"
    """How many complaints there were lately."""
    SERVICE_EVENTS = "service-events"
    """How many times a service failed the customer: a delay, an outage, a lost parcel."""
    ACTIVITY = "activity"
    """Whether the customer buys as usual: the word of :class:`~crmkit.retention.ActivityTrend`."""
    PROBABILITY_ALIVE = "probability-alive"
    """The chance, from 0 to 1, that the customer still buys, by a model of lifetime value."""


_COUNTS = (ChurnSignal.COMPLAINTS, ChurnSignal.SERVICE_EVENTS)


def _known(signals: Mapping[str, SignalValue | None]) -> Mapping[str, SignalValue]:
    """The signals that are known, by name."""
    return MappingProxyType(
        {
            as_text(name): str(value) if isinstance(value, str) else value
            for name, value in sorted(signals.items())
            if value is not None
        }
    )


def _check_signal(name: str, value: SignalValue) -> None:
    check_identifier(name, "a signal")
    if isinstance(value, str):
        check_identifier(value, "what a signal says")
        number = False
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > _LARGEST:
            raise InvalidValue("what a signal says is a finite number of usual size")
        number = not isinstance(value, bool)
    else:
        raise InvalidValue("a signal says yes or no, a whole number, a float, or a word")
    if name in _COUNTS and (type(value) is not int or value < 0):
        raise InvalidValue(f"{name} is a whole number of 0 or more")
    if name == ChurnSignal.PROBABILITY_ALIVE and not (number and 0 <= float(value) <= 1):
        raise InvalidValue(f"{name} is a number from 0 to 1")


@frozen(kw_only=True)
class ChurnFacts:
    """What is known of one customer, as of a day, each signal by its name.

    A signal that is not there, or is None, is not known, which is something else than "no": a
    customer without a loyalty card may have complained or not.

    :raises InvalidValue: if a signal says something that it cannot.
    :raises InvalidIdentifier: if a name or word could not serve as a key.

    >>> facts = ChurnFacts(
    ...     customer="C-7", as_of=date(2026, 5, 31),
    ...     signals={"complaints": 2, "probability-alive": 0.31, "app-removed": None},
    ... )
    >>> sorted(facts.signals)
    ['complaints', 'probability-alive']
    """

    customer: CustomerId
    as_of: date
    signals: Mapping[str, SignalValue] = field(factory=dict, converter=_known, hash=False)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        for name, value in self.signals.items():
            _check_signal(name, value)


@frozen
class PastCustomer:
    """What was known of a customer on a day of the past, and whether they left after it.

    The facts must be those of that day: what was learned later would be counted as a warning that
    nobody had. ``left`` is whether they left within the time that the warning is about, such as the
    quarter after that day.

    :raises InvalidValue: if ``left`` is no yes or no.
    """

    facts: ChurnFacts
    left: bool

    def __attrs_post_init__(self) -> None:
        if type(self.left) is not bool:
            raise InvalidValue("a customer left or did not: pass True or False")
