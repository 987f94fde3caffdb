"""MBG/NBD: as BG/NBD, but a customer may leave right after the very first purchase."""

from attrs import field, frozen

from crmkit.lifetime_value.models.base import check_parameters
from crmkit.lifetime_value.models.fitting import FitReport
from crmkit.lifetime_value.models.leaving import LeavingModel
from crmkit.period import Unit

__all__ = ["MbgNbd"]


@frozen(kw_only=True)
class MbgNbd(LeavingModel):
    """How often customers come back, when some never meant to: the MBG/NBD model.

    As in :class:`BgNbd`, customers buy at random at rates that are gamma distributed with shape
    ``r`` and rate ``alpha`` (in units of time), and leave after a purchase with a probability that
    is beta distributed with ``a`` and ``b``; here they may leave after the very first purchase too,
    so that who bought once and long ago is probably gone.

    Source: Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing
    24 (3); Hoppe and Wagner (2007), Marketing ZFP JRM 3, who derive the same model as CBG/NBD.

    :raises InvalidValue: if a parameter is no finite number above zero.

    >>> from crmkit.lifetime_value.facts import RepeatPurchaseFacts
    >>> model = MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614)
    >>> round(model.probability_alive(RepeatPurchaseFacts(0, 0.0, 38.86)), 4)
    0.3897
    """

    AT_START = 1

    r: float
    alpha: float
    a: float
    b: float
    unit: Unit | None = None
    fitted: FitReport | None = field(default=None, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_parameters(self, self.PARAMETERS)
