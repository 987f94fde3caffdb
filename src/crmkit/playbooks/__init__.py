"""Playbooks: what a shop does where two rooms meet, such as when a gold member complains.

No room knows another. A playbook knows them: it takes what each room decided as facts, decides by
terms of its own, and carries out what it decided through the desks of the rooms, all of it or
nothing. A room imports nothing of a playbook.

Each playbook is a folder with the floor plan of a room, so that the next one can be written by
copying the first: ``facts.py`` (what the rooms decided, and what is on record), ``terms.py`` (what
a shop may say), ``findings.py`` (what is wrong with it), ``policy.py`` (facts to a decision, whose
evidence holds the evidence of the rooms' own decisions), and ``desk.py`` (load, decide, and carry
out in one unit of work; run twice is run once).
"""

from crmkit.playbooks.member_complaint.desk import (
    RECOVERY_TOPIC,
    MemberRecovered,
    MemberRecovery,
)
from crmkit.playbooks.member_complaint.facts import (
    GivenGoodwill,
    MemberComplaintFacts,
    PastComplaint,
    given_goodwill,
    goodwill_key,
)
from crmkit.playbooks.member_complaint.findings import InvalidRecoveryTerms
from crmkit.playbooks.member_complaint.policy import MemberRecoveryPlan, MemberRecoveryPolicy
from crmkit.playbooks.member_complaint.terms import (
    GoodwillCap,
    MemberClass,
    RecoveryOffer,
    RepeatTerms,
    ValueClasses,
)

__all__ = [
    "RECOVERY_TOPIC",
    "STORED_TYPES",
    "GivenGoodwill",
    "GoodwillCap",
    "InvalidRecoveryTerms",
    "MemberClass",
    "MemberComplaintFacts",
    "MemberRecovered",
    "MemberRecovery",
    "MemberRecoveryPlan",
    "MemberRecoveryPolicy",
    "PastComplaint",
    "RecoveryOffer",
    "RepeatTerms",
    "ValueClasses",
    "given_goodwill",
    "goodwill_key",
]

STORED_TYPES = (MemberRecoveryPlan, MemberRecoveryPolicy)
"""Every type of the playbooks that can be kept: ``make_converter(*STORED_TYPES)``."""
