"""Contact pressure: how often, how close together and at which hours a customer is contacted.

>>> from datetime import datetime, timedelta
>>> from zoneinfo import ZoneInfo
>>> from crmkit.decision import explain
>>> berlin = ZoneInfo("Europe/Berlin")
>>> policy = ContactPolicy(
...     caps=(ContactCap(most=2, days=7),),
...     gaps=(MinimumGap(gap=timedelta(hours=48), channels=("telephone",)),),
...     quiet_hours=(QuietHours("20:00-08:00"),),
... )
>>> facts = ContactFacts(
...     proposed=Contact(datetime(2026, 5, 5, 21, 30, tzinfo=berlin), "telephone", "demand plan"),
...     contacts=(Contact(datetime(2026, 5, 4, 16, 0, tzinfo=berlin), "telephone"),),
...     zone="Europe/Berlin",
... )
>>> print(explain(policy(facts)))
refused until 2026-05-06 16:00 CEST, by contact pressure, as of 2026-05-05 21:30:00+02:00
- met: asked not to be contacted is no; no required
- not met: time of the customer is Tue 21:30; anything but 20:00-08:00 required
- not met: time between contacts by telephone is 1 day 5 hours 30 minutes; at least 2 days required
- met: contacts in 7 days is 2; at most 2 allowed
"""

from crmkit.contact.policy import ContactPolicy, ContactVerdict
from crmkit.contact.records import Contact, ContactFacts, DoNotContact
from crmkit.contact.rules import ContactCap, MinimumGap, QuietHours

__all__ = [
    "Contact",
    "ContactCap",
    "ContactFacts",
    "ContactPolicy",
    "ContactVerdict",
    "DoNotContact",
    "MinimumGap",
    "QuietHours",
]
