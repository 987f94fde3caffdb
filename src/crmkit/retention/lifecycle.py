"""The lifecycle of a win-back: from the loss of a customer to their return, or not.

>>> from crmkit.retention import WIN_BACK_LIFECYCLE, WinBackAction, WinBackStatus
>>> WIN_BACK_LIFECYCLE.after(WinBackStatus.LOST, WinBackAction.ANALYSE)
<WinBackStatus.ANALYSED: 'analysed'>
>>> [str(action) for action in WIN_BACK_LIFECYCLE.allowed(WinBackStatus.CONTACTED)]
['contact', 'recover', 'fail']
"""

from enum import StrEnum

from crmkit.lifecycle import Lifecycle

__all__ = ["WIN_BACK_LIFECYCLE", "WinBackAction", "WinBackStatus"]


class WinBackStatus(StrEnum):
    """Where a win-back stands (CHU-08)."""

    LOST = "lost"
    """The customer is gone, and nobody has looked into it."""
    ANALYSED = "analysed"
    """It is known what the customer was worth and why they went."""
    DECLINED = "declined"
    """The customer is not to be won back."""
    TARGETED = "targeted"
    """The customer is to be won back, or is held out to measure what it brings."""
    CONTACTED = "contacted"
    """Somebody turned to the customer, once or more."""
    RECOVERED = "recovered"
    """The customer is back."""
    FAILED = "failed"
    """The customer did not come back."""


class WinBackAction(StrEnum):
    """What is done in a win-back."""

    ANALYSE = "analyse"
    DECLINE = "decline"
    TARGET = "target"
    CONTACT = "contact"
    RECOVER = "recover"
    FAIL = "fail"


_S, _A = WinBackStatus, WinBackAction

WIN_BACK_LIFECYCLE = Lifecycle(
    name="win-back",
    version=1,
    initial=_S.LOST,
    final=(_S.DECLINED, _S.RECOVERED, _S.FAILED),
    moves=[
        # from            by           to
        (_S.LOST, _A.ANALYSE, _S.ANALYSED),
        # Customers come back by themselves, too, from wherever the case stands.
        (_S.LOST, _A.RECOVER, _S.RECOVERED),
        (_S.ANALYSED, _A.DECLINE, _S.DECLINED),
        (_S.ANALYSED, _A.TARGET, _S.TARGETED),
        (_S.ANALYSED, _A.RECOVER, _S.RECOVERED),
        (_S.DECLINED, _A.ANALYSE, _S.ANALYSED),
        (_S.DECLINED, _A.RECOVER, _S.RECOVERED),
        (_S.TARGETED, _A.CONTACT, _S.CONTACTED),
        (_S.TARGETED, _A.DECLINE, _S.DECLINED),
        (_S.TARGETED, _A.RECOVER, _S.RECOVERED),
        (_S.TARGETED, _A.FAIL, _S.FAILED),
        (_S.CONTACTED, _A.CONTACT, _S.CONTACTED),
        (_S.CONTACTED, _A.RECOVER, _S.RECOVERED),
        (_S.CONTACTED, _A.FAIL, _S.FAILED),
        (_S.FAILED, _A.RECOVER, _S.RECOVERED),
    ],
)
"""The table that every win-back follows."""
