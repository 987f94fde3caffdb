"""Credit grades, from what a customer trades and how it stands with credit."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from attrs import field, frozen

from crmkit.decision import Decision, all_of, at_least
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import check_date
from crmkit.segmentation.policies.ladder import check_names, first_met
from crmkit.segmentation.policies.ordinal import OrdinalScale

__all__ = ["CreditFacts", "CreditGrades", "GradeStandard"]


@frozen(kw_only=True)
class CreditFacts:
    """What a customer traded in the period under review, and its credit standing, a word."""

    customer: CustomerId
    as_of: date
    volume: Money
    standing: str

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.as_of, "as_of")


@frozen(kw_only=True)
class GradeStandard:
    """What one grade asks for: a trading volume *and* a credit standing."""

    grade: str
    volume_from: Money
    standing_from: str


def _as_standards(standards: Iterable[GradeStandard]) -> tuple[GradeStandard, ...]:
    return tuple(standards)


@frozen(kw_only=True)
class CreditGrades:
    """The credit grade of a customer, from trading volume and credit standing; nobody is left out.

    ``standards`` stand in order, the best grade first; whoever meets none is in the ``rest``. The
    ``standing`` scale holds the words for credit standing, from the worst to the best.

    :raises InvalidPolicy: if there is no standard, a grade stands twice, or one asks for more than
        the grade above it.
    :raises InvalidValue: if a standing is not on the scale.
    :raises CurrencyMismatch: if the volumes are of two currencies.

    >>> from crmkit.decision import explain
    >>> grades = CreditGrades(
    ...     standing=OrdinalScale(("bad", "fair", "good")),
    ...     standards=[
    ...         GradeStandard(grade="1", volume_from=Money(90_000, "EUR"), standing_from="good"),
    ...         GradeStandard(grade="2", volume_from=Money(20_000, "EUR"), standing_from="fair"),
    ...     ],
    ...     rest="3",
    ... )
    >>> facts = CreditFacts(
    ...     customer="C-7", as_of=date(2026, 6, 30), volume=Money(95_000, "EUR"), standing="fair"
    ... )
    >>> print(explain(grades(facts)))
    2 for C-7, by credit grade, as of 2026-06-30
    - not met: grade 1; all of these are needed
      - met: volume is 95,000.00 EUR; at least 90,000.00 EUR required
      - not met: standing is fair; one of good required
    - met: grade 2; all of these are needed
      - met: volume is 95,000.00 EUR; at least 20,000.00 EUR required
      - met: standing is fair; one of fair, good required
    """

    standing: OrdinalScale
    standards: tuple[GradeStandard, ...] = field(converter=_as_standards)
    rest: str

    def __attrs_post_init__(self) -> None:
        check_names(self.grades, "grades")
        needed = [self.standing.position(s.standing_from, "standing_from") for s in self.standards]
        volumes = [standard.volume_from for standard in self.standards]
        falling = all(better >= lesser for better, lesser in pairwise(volumes))
        if not self.standards or not falling or needed != sorted(needed, reverse=True):
            raise InvalidPolicy("name one standard or more, the best first: none asks for more")

    @property
    def grades(self) -> tuple[str, ...]:
        """Every grade, the best first."""
        return (*(standard.grade for standard in self.standards), self.rest)

    def __call__(self, facts: CreditFacts, /) -> Decision[str]:
        """Name the grade of one customer, and what each grade would have taken."""
        evidence = tuple(
            all_of(
                f"grade-{standard.grade}",
                at_least("volume", facts.volume, standard.volume_from),
                self.standing.at_least("standing", facts.standing, standard.standing_from),
            )
            for standard in self.standards
        )
        outcome = first_met(self.grades, evidence)
        return Decision(outcome, "credit-grade", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[CreditFacts]) -> list[str]:
        """The grades of many customers, as the call gives them one by one."""
        return [self(item).outcome for item in facts]
