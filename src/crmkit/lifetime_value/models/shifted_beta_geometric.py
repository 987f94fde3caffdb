"""The shifted beta-geometric model of customers who renew."""

from typing import ClassVar

from attrs import field, frozen

from crmkit.lifetime_value.models.base import check_parameters
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.renewal_model import RenewalModel
from crmkit.period import Unit

__all__ = ["ShiftedBetaGeometric"]


@frozen(kw_only=True)
class ShiftedBetaGeometric(RenewalModel):
    """How long customers stay who renew each period or leave: the shifted beta-geometric model.

    A customer leaves at each renewal with the same probability, which differs between customers by
    a beta distribution with ``alpha`` and ``beta``. Those who leave easily go first, so the
    retention of a cohort rises from renewal to renewal though nobody grows more loyal.

    Source: Fader and Hardie (2007), "How to Project Customer Retention", Journal of Interactive
    Marketing 21 (1): equations 5 and 6 (who leaves, who survives) and 8 (retention).

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> model = ShiftedBetaGeometric.fit([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> round(model.alpha, 3), round(model.beta, 3)
    (0.668, 3.806)
    >>> round(model.survival(12), 3), round(model.retention(12), 3)
    (0.378, 0.957)
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    alpha: float
    beta: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)

    def _expected_renewals_for_ever(self, since: int) -> float:
        self._require_an_end()
        return (self.beta + since) / (self.alpha - 1.0)
