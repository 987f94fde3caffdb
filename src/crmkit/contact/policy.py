"""Whether a customer may be contacted now, and if not, from when on."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from attrs import field, frozen

from crmkit.business_time.zones import in_utc
from crmkit.contact.records import ContactFacts, as_words
from crmkit.contact.rules import (
    ContactCap,
    ContactRule,
    MinimumGap,
    QuietHours,
    Silence,
    Stops,
    calls_allowed,
)
from crmkit.decision import Decision, noted
from crmkit.errors import InvalidPolicy

__all__ = ["ContactPolicy", "ContactVerdict"]

T = TypeVar("T")


@frozen
class ContactVerdict:
    """Whether a contact may take place at its instant, and if not, when it first might.

    ``allowed_from`` is the instant itself if it is allowed, otherwise the earliest one after it at
    which the same policy allows the same contact, if nothing else happens; None if it never will.
    """

    allowed: bool
    allowed_from: datetime | None

    def __str__(self) -> str:
        """Write the verdict as a person reads it."""
        if self.allowed:
            return "allowed"
        if self.allowed_from is None:
            return "refused for good"
        return f"refused until {self.allowed_from:%Y-%m-%d %H:%M %Z}"


def _all_of(kind: type[T], found: Iterable[T], example: str) -> tuple[T, ...]:
    rules = tuple(found)
    if not all(isinstance(rule, kind) for rule in rules):
        raise InvalidPolicy(f"pass a tuple of rules, such as {example}")
    return rules


def _caps(caps: Iterable[ContactCap]) -> tuple[ContactCap, ...]:
    return _all_of(ContactCap, caps, "(ContactCap(most=3, days=7),)")


def _gaps(gaps: Iterable[MinimumGap]) -> tuple[MinimumGap, ...]:
    return _all_of(MinimumGap, gaps, "(MinimumGap(gap=timedelta(hours=48)),)")


def _quiet(quiet: Iterable[QuietHours]) -> tuple[QuietHours, ...]:
    return _all_of(QuietHours, quiet, "(QuietHours('20:00-08:00'),)")


@frozen(kw_only=True)
class ContactPolicy:
    """How much contact customers are to bear: caps, gaps and quiet hours; wishes always hold.

    ``exempt_purposes`` are those for which caps and gaps do not matter, such as a recall; quiet
    hours and what the customer asked for still hold.

    :raises InvalidPolicy: if something is no rule, or all hours of the week are quiet.

    >>> from datetime import datetime, timedelta
    >>> from zoneinfo import ZoneInfo
    >>> from crmkit.contact import Contact, ContactCap, ContactFacts, QuietHours
    >>> policy = ContactPolicy(
    ...     caps=(ContactCap(most=1, days=7),), quiet_hours=(QuietHours("20:00-08:00"),)
    ... )
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> called = Contact(datetime(2026, 5, 4, 16, 0, tzinfo=berlin), "telephone")
    >>> again = Contact(datetime(2026, 5, 6, 16, 0, tzinfo=berlin), "e-mail")
    >>> decision = policy(ContactFacts(proposed=again, contacts=(called,), zone="Europe/Berlin"))
    >>> print(decision.outcome)
    refused until 2026-05-11 08:00 CEST
    """

    caps: tuple[ContactCap, ...] = field(default=(), converter=_caps)
    gaps: tuple[MinimumGap, ...] = field(default=(), converter=_gaps)
    quiet_hours: tuple[QuietHours, ...] = field(default=(), converter=_quiet)
    exempt_purposes: tuple[str, ...] = field(default=(), converter=as_words)
    name: str = "contact-pressure"

    def __attrs_post_init__(self) -> None:
        for_all = tuple(q for q in self.quiet_hours if not q.channels and not q.purposes)
        if for_all and calls_allowed(for_all, "UTC") is None:
            raise InvalidPolicy("all hours of the week are quiet: nobody could ever be contacted")

    def __call__(self, facts: ContactFacts, /) -> Decision[ContactVerdict]:
        """Whether the proposed contact may take place, what speaks against it, and until when."""
        at = facts.proposed.at
        rules = self._rules_for(facts)
        asked = (rule.evidence(facts, at) for rule in rules)
        evidence = [item for item in asked if item is not None]
        if facts.proposed.purpose in self.exempt_purposes:
            evidence.append(noted("exempt from caps and gaps", True))
        allowed = all(item.met is not False for item in evidence)
        outcome = ContactVerdict(allowed, at if allowed else _free_from(rules, facts))
        return Decision(outcome, self.name, at, tuple(evidence), subject=facts.customer)

    def _rules_for(self, facts: ContactFacts) -> tuple[ContactRule, ...]:
        always: tuple[ContactRule, ...] = (Stops(), Silence(self.quiet_hours))
        if facts.proposed.purpose in self.exempt_purposes:
            return always
        return (*always, *self.gaps, *self.caps)


def _free_from(rules: tuple[ContactRule, ...], facts: ContactFacts) -> datetime | None:
    """The earliest instant to which no rule has an objection.

    Each rule gives the earliest instant that suits itself and never goes back, so that going
    around until none moves ends at the earliest one that suits all.
    """
    at = facts.proposed.at
    settled = 0
    try:
        while settled < len(rules):
            for rule in rules:
                free = rule.free_from(facts, at)
                if free is None:
                    return None
                settled = settled + 1 if in_utc(free) == in_utc(at) else 1
                at = free
    except (OverflowError, ValueError):
        return None  # The calendar ends before a rule does.
    return at
