"""How many customers left in a period, and why; those given up on purpose are counted apart."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidValue
from crmkit.period import Period
from crmkit.retention.records.losses import CustomerLeft, Loss
from crmkit.retention.records.lost import LostClass

__all__ = ["LossSummary", "summarize_losses"]

Counts = Mapping[str, int]


def _as_counts(counts: Counts) -> Counts:
    return MappingProxyType({str(word): counts[word] for word in sorted(counts)})


@frozen(kw_only=True)
class LossSummary:
    """Who was lost in a period, in numbers.

    ``left`` is churn; ``given_up`` are those whom the company let go on purpose, who are in no
    other number here. A customer who left for two causes is counted with each of them, so the
    causes may add up to more. ``causes_unknown`` and ``class_unknown`` are those who left without
    any. ``outside`` is what was handed in and did not lie in the period.
    """

    period: Period
    left: int
    given_up: int
    by_cause: Counts = field(converter=_as_counts, hash=False)
    by_class: Counts = field(converter=_as_counts, hash=False)
    by_region: Counts = field(converter=_as_counts, hash=False)
    causes_unknown: int
    class_unknown: int
    outside: int

    def churn_share(self, customers_at_start: int) -> Fraction:
        """The share of those who were customers when the period began, and left in it.

        :raises InvalidValue: if fewer customers are named than were lost.
        """
        if type(customers_at_start) is not int or customers_at_start < 1:
            raise InvalidValue("a share is of one customer or more")
        if self.left + self.given_up > customers_at_start:
            raise InvalidValue(
                "more were lost than were there: count only losses of those who were customers "
                "when the period began"
            )
        return Fraction(self.left, customers_at_start)


def summarize_losses(losses: Iterable[Loss], period: Period) -> LossSummary:
    """Count the losses of a period; the order in which they come does not matter.

    A customer who was lost twice in the period counts twice: they had come back in between.

    >>> from datetime import date
    >>> from crmkit.retention.records.losses import CustomerGivenUp
    >>> summary = summarize_losses(
    ...     [
    ...         CustomerLeft(customer="C-1", on=date(2026, 5, 4), causes=["weak-service"]),
    ...         CustomerGivenUp(
    ...             customer="C-2", on=date(2026, 5, 9), decided_by="anna", reason="never pays"
    ...         ),
    ...     ],
    ...     Period.month(2026, 5),
    ... )
    >>> summary.left, summary.given_up, summary.churn_share(50)
    (1, 1, Fraction(1, 50))
    """
    found = list(losses)
    inside = [loss for loss in found if loss.on in period]
    left = [loss for loss in inside if isinstance(loss, CustomerLeft)]
    classes = Counter[str](one.lost_class for one in left if one.lost_class is not None)
    return LossSummary(
        period=period,
        left=len(left),
        given_up=len(inside) - len(left),
        by_cause=Counter(cause for one in left for cause in one.causes),
        by_class={str(one): classes[one] for one in LostClass if one in classes},
        by_region=Counter(one.region for one in left if one.region is not None),
        causes_unknown=sum(not one.causes for one in left),
        class_unknown=sum(one.lost_class is None for one in left),
        outside=len(found) - len(inside),
    )
