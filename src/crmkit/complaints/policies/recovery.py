"""How far a shop goes to win a customer back: by the customer's class and the harm done."""

from collections.abc import Iterable
from datetime import date

from attrs import field, frozen

from crmkit.complaints.facts.counts import as_word
from crmkit.decision import Decision, all_of, one_of
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import check_date

__all__ = ["RecoveryFacts", "RecoveryLevel", "RecoveryTerm", "ValueBasedRecovery"]


@frozen(kw_only=True)
class RecoveryFacts:
    """The class of a customer, as another policy gave it, and how severe the complaint is."""

    customer: CustomerId
    as_of: date
    customer_class: str = field(converter=as_word)
    severity: str = field(converter=as_word)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")
        check_identifier(self.customer_class, "customer_class")
        check_identifier(self.severity, "severity")


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InvalidPolicy("words are a tuple of texts: write ('gold',), not 'gold'")
    return tuple(str(word) for word in words)


@frozen
class RecoveryLevel:
    """A way of making good, by name, and its measures in the words of the shop."""

    name: str
    measures: tuple[str, ...] = field(converter=_as_words)

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "a recovery level")
        if not self.measures:
            raise InvalidPolicy("a recovery level names one measure or more")

    def __str__(self) -> str:
        return self.name


@frozen(kw_only=True)
class RecoveryTerm:
    """For these classes of customers and these severities: this level."""

    classes: tuple[str, ...] = field(converter=_as_words)
    severities: tuple[str, ...] = field(converter=_as_words)
    level: RecoveryLevel

    def __attrs_post_init__(self) -> None:
        if not self.classes or not self.severities:
            raise InvalidPolicy("a term is for one class or more, and one severity or more")

    def covers(self) -> set[tuple[str, str]]:
        """Every pair of class and severity that the term is for."""
        return {(one, other) for one in self.classes for other in self.severities}


def _as_terms(terms: Iterable[RecoveryTerm]) -> tuple[RecoveryTerm, ...]:
    return tuple(terms)


@frozen(kw_only=True)
class ValueBasedRecovery:
    """A complaint is a chance to win the customer back, and how depends on what is at stake.

    The terms stand in order, the first that fits decides; whom none fits gets the ``rest``, so that
    nobody is left without an answer.

    :raises InvalidPolicy: if a term is hidden by those before it, or two levels have one name.

    >>> apology = RecoveryLevel("apology", ["written apology"])
    >>> amends = RecoveryLevel("amends", ["call by the manager", "replacement at once"])
    >>> policy = ValueBasedRecovery(
    ...     terms=[RecoveryTerm(classes=["gold"], severities=["high", "critical"], level=amends)],
    ...     rest=apology,
    ... )
    >>> facts = RecoveryFacts(
    ...     customer="C-7", as_of=date(2026, 5, 31), customer_class="gold", severity="high"
    ... )
    >>> policy(facts).outcome.measures
    ('call by the manager', 'replacement at once')
    """

    terms: tuple[RecoveryTerm, ...] = field(converter=_as_terms)
    rest: RecoveryLevel

    def __attrs_post_init__(self) -> None:
        seen: set[tuple[str, str]] = set()
        for term in self.terms:
            if term.covers() <= seen:
                raise InvalidPolicy("a term is hidden by those before it: put it first, or drop it")
            seen |= term.covers()
        levels = {*(term.level for term in self.terms), self.rest}
        if len({level.name for level in levels}) < len(levels):
            raise InvalidPolicy("two recovery levels have one name and differ in their measures")

    def __call__(self, facts: RecoveryFacts, /) -> Decision[RecoveryLevel]:
        """Say how far to go for one customer, and which terms did and did not fit."""
        evidence = tuple(
            all_of(
                f"term-{number}-{term.level}",
                one_of("class", facts.customer_class, term.classes),
                one_of("severity", facts.severity, term.severities),
            )
            for number, term in enumerate(self.terms, start=1)
        )
        fitting = (term.level for term, item in zip(self.terms, evidence, strict=True) if item.met)
        return Decision(
            next(fitting, self.rest),
            "value-based-recovery",
            facts.as_of,
            evidence,
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[RecoveryFacts]) -> list[RecoveryLevel]:
        """The levels for many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
