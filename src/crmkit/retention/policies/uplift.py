"""How many customers came back because somebody turned to them: against those held out."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from crmkit.errors import InvalidValue
from crmkit.money import as_fraction
from crmkit.period import check_date
from crmkit.retention.numerics import Bounds, difference_bounds
from crmkit.retention.records.win_back import WinBackCase

__all__ = ["RecoveryUplift", "recovery_uplift"]


@frozen(kw_only=True)
class RecoveryUplift:
    """Who was to be won back and who was held out, and how many of each came back.

    :raises InvalidValue: if more came back than there were, or a count is below 0.

    >>> measured = RecoveryUplift(
    ...     treated=80, treated_recovered=48, held_out=70, held_out_recovered=14
    ... )
    >>> measured.uplift
    Fraction(2, 5)
    """

    treated: int
    treated_recovered: int
    held_out: int
    held_out_recovered: int

    def __attrs_post_init__(self) -> None:
        for part, whole in (
            (self.treated_recovered, self.treated),
            (self.held_out_recovered, self.held_out),
        ):
            if type(part) is not int or type(whole) is not int or not 0 <= part <= whole:
                raise InvalidValue("of 0 or more customers, no more came back than there were")

    @property
    def uplift(self) -> Fraction | None:
        """By how much more of the treated came back; None while one group is empty."""
        if not self.treated or not self.held_out:
            return None
        treated = Fraction(self.treated_recovered, self.treated)
        return treated - Fraction(self.held_out_recovered, self.held_out)

    def bounds(self, confidence: int | str | Decimal | Fraction) -> Bounds:
        """Where the true uplift lies, by Newcombe (1998), method 10.

        :raises InvalidValue: if the confidence is not inside 0 and 1.
        """
        return difference_bounds(
            self.treated_recovered,
            self.treated,
            self.held_out_recovered,
            self.held_out,
            float(as_fraction(confidence, "a confidence")),
        )


def recovery_uplift(
    cases: Iterable[WinBackCase], *, within_days: int, as_of: date
) -> RecoveryUplift:
    """Count who came back within so many days of the decision to win them back or hold them out.

    Only cases count whose time is over by the end of ``as_of``, on both sides. Whoever was to be
    won back counts as treated even if nobody got round to it: to leave them out would compare the
    willing with everybody. Who was back before the decision was nobody's success and is left out.

    :raises InvalidValue: if the days are below 1.
    """
    check_date(as_of, "as_of")
    if type(within_days) is not int or not 1 <= within_days <= 36_525:
        raise InvalidValue("customers come back within 1 to 36,525 days")
    counts = {True: [0, 0], False: [0, 0]}
    for case in cases:
        begun = case.targeted_on
        if begun is None or (as_of - begun).days < within_days:
            continue
        back = case.recovered_on
        if back is not None and back < begun:
            continue
        in_time = back is not None and back <= begun + timedelta(days=within_days)
        counts[case.held_out][0] += 1
        counts[case.held_out][1] += in_time
    return RecoveryUplift(
        treated=counts[False][0],
        treated_recovered=counts[False][1],
        held_out=counts[True][0],
        held_out_recovered=counts[True][1],
    )
