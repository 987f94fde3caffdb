"""What can be wrong with the terms of a recovery: each finding is a sentence for the shop."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise, product
from typing import NamedTuple

from crmkit.complaints import RecoveryFacts, ValueBasedRecovery
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId
from crmkit.playbooks.member_complaint.terms import (
    SEVERITIES,
    MemberClass,
    RecoveryOffer,
    ValueClasses,
)
from crmkit.tiering import TierLadder

__all__ = ["InvalidRecoveryTerms", "findings"]


class InvalidRecoveryTerms(InvalidPolicy):
    """Terms by which a member would have no plan, two, or a worse one for being a better member.

    :ivar findings: everything that was found, one sentence each.
    """

    code = "invalid-recovery-terms"

    def __init__(self, findings: Iterable[str]) -> None:
        """Keep every finding."""
        self.findings = tuple(findings)
        super().__init__("; ".join(self.findings))


class Terms(NamedTuple):
    """What is looked at, as the policy holds it."""

    tiers: TierLadder
    values: ValueClasses
    classes: tuple[MemberClass, ...]
    recovery: ValueBasedRecovery
    offers: tuple[RecoveryOffer, ...]
    has_repeats: bool


def findings(terms: Terms) -> tuple[str, ...]:
    """Everything that is wrong; who gets less is asked once everybody gets something."""
    found = (*_of_classes(terms), *_of_words(terms), *_of_offers(terms))
    return found or (*_falls(terms), *_never_given(terms))


def _of_classes(terms: Terms) -> Iterator[str]:
    """Every tier with every value is one class of members: no gap, no overlap."""
    tiers, values = [tier.name for tier in terms.tiers], terms.values.names
    for each in terms.classes:
        for tier in each.tiers:
            if tier not in tiers:
                yield f"{each.name} is for {tier}, which is no tier"
        for value in each.values:
            if value not in values:
                yield f"{each.name} is for {value}, which is no class of value"
    for tier, value in product(tiers, values):
        names = [each.name for each in terms.classes if tier in each.tiers and value in each.values]
        if not names:
            yield f"gap: {tier} of {value} is no class"
        elif len(names) > 1:
            yield f"overlap: {tier} of {value} is {' and '.join(names)}"


def _of_words(terms: Terms) -> Iterator[str]:
    """A word that nothing has would be a term that never fits."""
    classes = {each.name for each in terms.classes}
    for term in terms.recovery.terms:
        for word in term.classes:
            if word not in classes:
                yield f"{term.level} is for {word}, which is no class of members"
        for word in term.severities:
            if word not in SEVERITIES:
                yield f"{term.level} is for {word}, which is no severity"


def _of_offers(terms: Terms) -> Iterator[str]:
    """Each level has one offer, and what stands higher offers no less."""
    names = [offer.name for offer in terms.offers]
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"two offers for {name}"
    levels = dict.fromkeys((*(term.level for term in terms.recovery.terms), terms.recovery.rest))
    for level in levels:
        if level not in [offer.level for offer in terms.offers]:
            yield f"no offer for {level}, with its measures"
    for lower, higher in pairwise(terms.offers):
        if higher.goodwill_points < lower.goodwill_points:
            yield f"{higher.name} stands above {lower.name} and gives fewer points"
        if _calls_later(lower, higher):
            yield f"{higher.name} stands above {lower.name} and calls back later, or not at all"


def _calls_later(lower: RecoveryOffer, higher: RecoveryOffer) -> bool:
    if lower.call_within is None:
        return False
    return higher.call_within is None or higher.call_within > lower.call_within


# --- who gets what --------------------------------------------------------------------------------


def _falls(terms: Terms) -> Iterator[str]:
    """Whoever is a better member, or was harmed more, gets no less."""
    axes: tuple[Sequence[str], ...] = (
        [tier.name for tier in terms.tiers],
        terms.values.names,
        SEVERITIES,
    )
    steps = {place: _step(terms, *place) for place in product(*axes)}
    for place in steps:
        for number, axis in enumerate(axes):
            above = axis.index(place[number]) + 1
            if above < len(axis):
                better = (*place[:number], axis[above], *place[number + 1 :])
                if steps[better] < steps[place]:
                    yield f"{_words(better)} gets less than {_words(place)}"


def _words(place: tuple[str, ...]) -> str:
    tier, value, severity = place
    return f"{tier} of {value} with a {severity} complaint"


def _step(terms: Terms, tier: str, value: str, severity: str) -> int:
    """How many levels above the lowest a member stands, before anything is repeated."""
    name = next(e.name for e in terms.classes if tier in e.tiers and value in e.values)
    facts = RecoveryFacts(
        customer=CustomerId("anybody"),
        as_of=date(2000, 1, 1),
        customer_class=name,
        severity=severity,
    )
    return [offer.level for offer in terms.offers].index(terms.recovery(facts).outcome)


def _never_given(terms: Terms) -> Iterator[str]:
    """An offer that nobody gets is a promise that was not meant, or a level left out."""
    places = product([t.name for t in terms.tiers], terms.values.names, SEVERITIES)
    given = {_step(terms, *place) for place in places}
    if terms.has_repeats:
        given |= {step + 1 for step in given}
    for step, offer in enumerate(terms.offers):
        if step not in given:
            yield f"nobody ever gets {offer.name}"
