"""Whether winning customers back paid, by what was measured."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, above, all_of, below, noted
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.money import as_fraction
from crmkit.period import check_date
from crmkit.retention.policies.economics import WinBackAccount
from crmkit.retention.policies.uplift import RecoveryUplift

__all__ = ["UpliftFacts", "UpliftTest", "UpliftVerdict"]


class UpliftVerdict(StrEnum):
    """Whether winning back pays, by what was measured."""

    PAYS = "pays"
    """More come back because of it than is needed, beyond doubt."""
    DOES_NOT_PAY = "does-not-pay"
    """Fewer come back because of it than is needed, beyond doubt."""
    OPEN = "open"
    """There were too few customers to tell."""


@frozen(kw_only=True)
class UpliftFacts:
    """What was measured of a program, and what an attempt costs and brings in it."""

    program: str
    as_of: date
    measured: RecoveryUplift
    account: WinBackAccount

    def __attrs_post_init__(self) -> None:
        check_identifier(self.program, "a program")
        check_date(self.as_of, "as_of")


def _as_confidence(confidence: int | str | Decimal | Fraction) -> Fraction:
    return as_fraction(confidence, "a confidence")


@frozen(kw_only=True)
class UpliftTest:
    """Winning back pays if the uplift is above the break-even rate, with its whole interval.

    The interval is that of Newcombe (1998), method 10, at ``confidence``.

    :raises InvalidPolicy: if the confidence is not inside 0 and 1.
    """

    confidence: Fraction = field(default=Fraction(95, 100), converter=_as_confidence)

    def __attrs_post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise InvalidPolicy("a confidence is above 0 and below 1, such as 0.95")

    def __call__(self, facts: UpliftFacts, /) -> Decision[UpliftVerdict]:
        """Whether a program pays, by what was measured."""
        benefits, rate = facts.account.benefits.total, facts.account.break_even
        evidence: tuple[Evidence, ...] = (above("benefits", benefits, benefits * 0),)
        outcome = UpliftVerdict.DOES_NOT_PAY
        if rate is not None:
            low, high = facts.measured.bounds(self.confidence)
            pays = all_of("pays", above("uplift-at-least", low, float(rate)))
            fails = all_of("does-not-pay", below("uplift-at-most", high, float(rate)))
            evidence = (*evidence, pays, fails)
            if not fails.met:
                outcome = UpliftVerdict.PAYS if pays.met else UpliftVerdict.OPEN
        return Decision(
            outcome,
            "uplift-test",
            facts.as_of,
            (*_counted(facts.measured), *evidence),
            subject=facts.program,
        )


def _counted(measured: RecoveryUplift) -> tuple[Evidence, ...]:
    return (
        noted("treated", measured.treated),
        noted("treated-recovered", measured.treated_recovered),
        noted("held-out", measured.held_out),
        noted("held-out-recovered", measured.held_out_recovered),
    )
