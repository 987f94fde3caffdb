"""The beta-discrete-Weibull model of customers who renew."""

from typing import ClassVar

from attrs import field, frozen

from crmkit.lifetime_value.models.base import check_parameters
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.renewal_model import RenewalModel
from crmkit.period import Unit

__all__ = ["BetaDiscreteWeibull"]


@frozen(kw_only=True)
class BetaDiscreteWeibull(RenewalModel):
    """How long customers stay whose own churn changes over time: the beta-discrete-Weibull model.

    As in :class:`ShiftedBetaGeometric`, customers differ in how easily they leave by a beta
    distribution with ``alpha`` and ``beta``; here each customer's own probability of leaving falls
    over time (``c`` below 1), rises (``c`` above 1), or stays (``c`` equal to 1, which is the
    shifted beta-geometric model).

    Source: Fader, Hardie, Liu, Davin and Steenburgh (2018), "'How to Project Customer Retention'
    Revisited: The Role of Duration Dependence", Journal of Interactive Marketing 43.

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> model = BetaDiscreteWeibull(alpha=0.7, beta=3.8, c=1.2)
    >>> [round(model.retention(t), 3) for t in (1, 2, 10)]
    [0.844, 0.842, 0.931]
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = ("alpha", "beta", "c")

    alpha: float
    beta: float
    c: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)

    def _shape(self) -> float:
        return self.c
