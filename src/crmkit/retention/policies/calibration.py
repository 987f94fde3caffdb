"""Weights of signals counted from the past."""

import math
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from crmkit.errors import CannotFit, InvalidPolicy, NothingToFit
from crmkit.money import as_fraction
from crmkit.retention.facts.signals import PastCustomer
from crmkit.retention.policies.weights import ChurnWeights, Level, Signal

__all__ = ["calibrate_churn_warning"]

_ONE = Fraction(1)


def calibrate_churn_warning(
    history: Iterable[PastCustomer],
    *,
    signals: Iterable[Signal],
    smoothing: int | str | Decimal | Fraction = _ONE,
) -> ChurnWeights:
    """Count from past customers how much each level of each signal says about leaving.

    The weight of a level is the logarithm of how many times more often it is seen among those who
    left than among those who stayed, each counted among the customers of whom the signal is known.
    To each level ``smoothing`` customers are added who left as often as all of them together: what
    few have shown weighs little, what nobody has shown weighs 0, and what was never seen on one
    side does not weigh infinitely much. A signal that is not known of anybody who left, or of
    anybody who stayed, says nothing and weighs 0. The base rate is the share that left.

    Weights that are already in ``signals`` are not looked at.

    :raises NothingToFit: if there is nobody.
    :raises CannotFit: if nobody left, or nobody stayed.
    :raises InvalidPolicy: if the smoothing is not above 0, or two signals have one name.
    :raises InvalidValue: if a signal says something that its levels do not know.

    >>> from datetime import date
    >>> from crmkit.retention.facts.signals import ChurnFacts
    >>> def past(left, complaints, count):
    ...     facts = ChurnFacts(
    ...         customer="C-1", as_of=date(2025, 12, 31), signals={"complaints": complaints}
    ...     )
    ...     return [PastCustomer(facts, left=left)] * count
    >>> weights = calibrate_churn_warning(
    ...     [*past(True, 1, 30), *past(True, 0, 10), *past(False, 1, 90), *past(False, 0, 270)],
    ...     signals=[Signal("complaints", ["none", "some"], cuts=(1,))],
    ... )
    >>> weights.base_rate
    0.1
    >>> [(level.name, round(level.weight, 2)) for level in weights.signal("complaints").levels]
    [('none', -1.09), ('some', 1.09)]
    """
    added = as_fraction(smoothing, "smoothing")
    if added <= 0:
        raise InvalidPolicy("smoothing is above 0: without it, a level never seen weighs all")
    past = list(history)
    if not past:
        raise NothingToFit("without past customers nothing can be counted: pass one or more")
    left = sum(each.left for each in past)
    if not 0 < left < len(past):
        raise CannotFit(
            "all of them left" if left else "nobody left",
            "take a history in which some left and some stayed, or set the weights by hand",
        )
    return ChurnWeights(
        base_rate=left / len(past),
        signals=[_weighed(signal, past, added) for signal in signals],
        customers=len(past),
        left=left,
        smoothing=added,
    )


def _weighed(signal: Signal, past: list[PastCustomer], added: Fraction) -> Signal:
    counts = {level.name: [0, 0] for level in signal.levels}
    for each in past:
        value = each.facts.signals.get(signal.name)
        if value is not None:
            counts[signal.level_of(value).name][each.left] += 1
    stayed, left = (sum(pair[side] for pair in counts.values()) for side in (False, True))

    def weight(pair: list[int]) -> float:
        if not left or not stayed:
            return 0.0
        # The customers that are added cancel out of the totals: each side grows in proportion.
        among_left = pair[True] / Fraction(left) + added / (left + stayed)
        among_stayed = pair[False] / Fraction(stayed) + added / (left + stayed)
        return math.log(among_left / among_stayed)

    return signal.weighing(
        Level(name, weight(pair), left=pair[True], stayed=pair[False])
        for name, pair in counts.items()
    )
