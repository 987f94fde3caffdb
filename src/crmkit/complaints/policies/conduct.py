"""What follows from misconduct towards a customer, once it is verified and not before."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.complaints.facts.counts import as_word
from crmkit.decision import Decision, equals, one_of
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import Actor, check_identifier
from crmkit.ownership import same_actor
from crmkit.period import check_date

__all__ = ["CONDUCT_PENALTY", "ConductFacts", "ConductPenalty", "Measures", "Misconduct"]


class Misconduct(StrEnum):
    """What staff may not do to a customer."""

    QUARREL = "quarrel"
    """Quarreling with a customer, whoever began."""
    SEEKING_FAVORS = "seeking-favors"
    """Asking a customer for goods or gifts."""
    UNREASONABLE_DEMANDS = "unreasonable-demands"
    """Making demands on a customer that the service does not need."""


@frozen(kw_only=True)
class ConductFacts:
    """A report about somebody's conduct, and who verified it, if anybody did.

    Nobody verifies a report about themselves: such a finding counts as unverified.
    """

    employee: Actor
    as_of: date
    misconduct: str = field(converter=as_word)
    verified_by: Actor | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.employee, "employee")
        check_date(self.as_of, "as_of")
        check_identifier(self.misconduct, "misconduct")
        if self.verified_by is not None:
            check_identifier(self.verified_by, "verified_by")

    @property
    def is_verified(self) -> bool:
        """Whether somebody else has verified it."""
        return self.verified_by is not None and not same_actor(self.verified_by, self.employee)


@frozen
class Measures:
    """What follows: major demerits, and whether the effect on the customer is to be repaired."""

    major_demerits: int
    repair_effect: bool

    def __str__(self) -> str:
        """Write the measures as a person reads them."""
        repair = ", and the effect is repaired" if self.repair_effect else ""
        demerits = (
            "1 major demerit"
            if self.major_demerits == 1
            else (f"{self.major_demerits} major demerits")
        )
        return f"{demerits}{repair}"


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InvalidPolicy("what is penalized is a tuple: write ('quarrel',), not 'quarrel'")
    return tuple(str(word) for word in words)


@frozen(kw_only=True)
class ConductPenalty:
    """A demerit for verified misconduct, and the harm made good; none for what was only said.

    :raises InvalidPolicy: if nothing is penalized, or with less than one demerit.

    >>> facts = ConductFacts(
    ...     employee="E-7", as_of=date(2026, 5, 31), misconduct="quarrel", verified_by="E-1"
    ... )
    >>> print(CONDUCT_PENALTY(facts).outcome)
    1 major demerit, and the effect is repaired
    """

    penalized: tuple[str, ...] = field(converter=_as_words)
    major_demerits: int

    def __attrs_post_init__(self) -> None:
        if not self.penalized or self.major_demerits < 1:
            raise InvalidPolicy("name what is penalized, with one demerit or more")

    def __call__(self, facts: ConductFacts, /) -> Decision[Measures]:
        """Say what follows for one report, and whether it has been verified."""
        evidence = (
            one_of("misconduct", facts.misconduct, self.penalized),
            equals("verified-by-somebody-else", facts.is_verified, True),
        )
        applies = all(item.met for item in evidence)
        outcome = Measures(self.major_demerits if applies else 0, applies)
        return Decision(outcome, "conduct-penalty", facts.as_of, evidence, subject=facts.employee)


CONDUCT_PENALTY = ConductPenalty(penalized=Misconduct, major_demerits=1)
"""One major demerit and repair of the effect, for a quarrel, favors sought, or undue demands."""
