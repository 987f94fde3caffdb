"""What follows from misconduct towards a customer, once it is verified and not before."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.complaints.facts.counts import as_word
from crmkit.decision import Decision, Evidence, at_least, equals, one_of
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import Actor, check_identifier
from crmkit.ownership import same_actor
from crmkit.period import check_date

__all__ = [
    "CONDUCT_PENALTY",
    "ConductFacts",
    "ConductPenalty",
    "Measures",
    "Misconduct",
    "ShirkingFacts",
    "ShirkingMeasure",
    "ShirkingPenalty",
]


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
        return _is_verified(self.employee, self.verified_by)


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


def _is_verified(employee: Actor, verified_by: Actor | None) -> bool:
    return verified_by is not None and not same_actor(verified_by, employee)


def _verified(is_verified: bool) -> Evidence:
    return equals("verified-by-somebody-else", is_verified, True)


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
            _verified(facts.is_verified),
        )
        applies = all(item.met for item in evidence)
        outcome = Measures(self.major_demerits if applies else 0, applies)
        return Decision(outcome, "conduct-penalty", facts.as_of, evidence, subject=facts.employee)


CONDUCT_PENALTY = ConductPenalty(penalized=Misconduct, major_demerits=1)
"""One major demerit and repair of the effect, for a quarrel, favors sought, or undue demands."""


# --- shirking what one was asked first ------------------------------------------------------------


class ShirkingMeasure(StrEnum):
    """What follows when somebody shirks, the mildest first."""

    NONE = "none"
    CRITICISM = "criticism"
    DISCIPLINE = "discipline"
    TRANSFER = "transfer"


@frozen(kw_only=True)
class ShirkingFacts:
    """Somebody was asked first and passed the matter on, or let it lie: how often before, how bad.

    ``before`` counts the verified times before this one. Nobody verifies a report about themselves.

    :raises InvalidValue: if it happened less than never before.
    """

    employee: Actor
    as_of: date
    before: int = 0
    is_serious: bool = False
    verified_by: Actor | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.employee, "employee")
        check_date(self.as_of, "as_of")
        if type(self.before) is not int or self.before < 0:
            raise InvalidValue("how often somebody shirked before is a whole number from 0 on")
        if self.verified_by is not None:
            check_identifier(self.verified_by, "verified_by")

    @property
    def is_verified(self) -> bool:
        """Whether somebody else has verified it."""
        return _is_verified(self.employee, self.verified_by)


@frozen(kw_only=True)
class ShirkingPenalty:
    """Who shirks is criticized, after so many times disciplined, and moved where it is serious.

    Nothing follows on what was only said.

    :raises InvalidPolicy: if the first time would be disciplined.

    >>> policy = ShirkingPenalty(disciplined_after=1)
    >>> facts = ShirkingFacts(employee="E-7", as_of=date(2026, 5, 31), verified_by="E-1")
    >>> policy(facts).outcome
    <ShirkingMeasure.CRITICISM: 'criticism'>
    """

    disciplined_after: int

    def __attrs_post_init__(self) -> None:
        if self.disciplined_after < 1:
            raise InvalidPolicy("somebody is criticized once or more before they are disciplined")

    def __call__(self, facts: ShirkingFacts, /) -> Decision[ShirkingMeasure]:
        """Say what follows for one report, and whether it has been verified."""
        verified = _verified(facts.is_verified)
        serious = equals("serious", facts.is_serious, True)
        often = at_least("shirked-before", facts.before, self.disciplined_after)
        if not verified.met:
            outcome = ShirkingMeasure.NONE
        elif serious.met:
            outcome = ShirkingMeasure.TRANSFER
        else:
            outcome = ShirkingMeasure.DISCIPLINE if often.met else ShirkingMeasure.CRITICISM
        evidence = (verified, serious, often)
        return Decision(outcome, "shirking-penalty", facts.as_of, evidence, subject=facts.employee)
