"""BG/NBD: customers buy at random while there, and may leave after each repeat purchase."""

from attrs import field, frozen

from crmkit.lifetime_value.models.base import check_parameters
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.leaving import LeavingModel
from crmkit.period import Unit

__all__ = ["BgNbd"]


@frozen(kw_only=True)
class BgNbd(LeavingModel):
    """How often customers come back, and who has left without a word: the BG/NBD model.

    While a customer is there, repeat purchases come at random at the customer's own rate; the rates
    of all customers are gamma distributed with shape ``r`` and rate ``alpha`` (in units of time).
    After each repeat purchase the customer leaves with a probability of their own, beta distributed
    with ``a`` and ``b``. Who has not come back yet has had no occasion to leave, and is there with
    probability one; where that is not believable, take :class:`MbgNbd`.

    Source: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science
    24 (2): the likelihood is their equation (6), the probability of so many purchases (8), the
    expectation for a new customer (9) and that for a given one (10). The expectations are computed
    as a positive series or integral, not by their hypergeometric form, which divides by zero at
    a = 1 and overflows for busy customers.

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> from crmkit.lifetime_value.facts import RepeatPurchaseFacts
    >>> model = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> round(model.expected_purchases(RepeatPurchaseFacts(2, 30.43, 38.86), 39), 4)
    1.226
    """

    AT_START = 0

    r: float
    alpha: float
    a: float
    b: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)
