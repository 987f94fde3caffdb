"""How far a shop goes for a member who complains: by tier, value, severity and history."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import field, frozen

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import RecoveryFacts, ValueBasedRecovery
from crmkit.decision import Decision, Evidence, all_of, at_most, equals, noted
from crmkit.playbooks.member_complaint.facts import MemberComplaintFacts, goodwill_key
from crmkit.playbooks.member_complaint.findings import InvalidRecoveryTerms, Terms, findings
from crmkit.playbooks.member_complaint.terms import (
    GoodwillCap,
    MemberClass,
    RecoveryOffer,
    RepeatTerms,
    ValueClasses,
)
from crmkit.tiering import TierLadder

__all__ = ["MemberRecoveryPlan", "MemberRecoveryPolicy"]

_NAME = "member-recovery"


@frozen(kw_only=True)
class MemberRecoveryPlan:
    """What is done for a member who complained: the measures, the points, and who calls by when.

    ``step`` says how many levels the plan stands above the lowest.
    """

    level: str
    step: int
    measures: tuple[str, ...]
    goodwill_points: int = 0
    caller: str | None = None
    call_by: datetime | None = None

    def __str__(self) -> str:
        """Write the plan as a person reads it."""
        return f"{self.level}, {self.goodwill_points} points"


def _as_classes(classes: Iterable[MemberClass]) -> tuple[MemberClass, ...]:
    return tuple(classes)


def _as_offers(offers: Iterable[RecoveryOffer]) -> tuple[RecoveryOffer, ...]:
    return tuple(offers)


@frozen(kw_only=True)
class MemberRecoveryPolicy:
    """The recovery of a member's complaint, as terms that a shop keeps and changes as a whole.

    ``tiers`` are those of the loyalty program, ``values`` the classes of what members are worth;
    ``classes`` put every tier with every value into one class. By that class and the severity,
    ``recovery`` (the policy of the complaints room) says which level; ``offers`` say what each
    level brings, the least first. A complaint that ``repeats`` gets one level more, the highest at
    most. ``cap`` limits goodwill points; ``calendar`` is the working time in which people call
    back, and its zone says which day it is.

    Every tier, value, severity and history has exactly one plan, and neither a higher tier nor a
    higher value nor a severer complaint ever gets less. Terms of which that is not true are refused
    (CMP-13: how far to go depends on the customer).

    :raises InvalidRecoveryTerms: listing everything that was found.

    >>> from crmkit.complaints import Level, RecoveryLevel, RecoveryTerm
    >>> sorry = RecoveryLevel("apology", ["written apology"])
    >>> amends = RecoveryLevel("amends", ["replacement at once"])
    >>> policy = MemberRecoveryPolicy(
    ...     tiers=TierLadder.of("silver", "gold"),
    ...     values=ValueClasses(["any"]),
    ...     classes=[
    ...         MemberClass(name="many", tiers=["silver"], values=["any"]),
    ...         MemberClass(name="best", tiers=["gold"], values=["any"]),
    ...     ],
    ...     recovery=ValueBasedRecovery(
    ...         terms=[RecoveryTerm(classes=["best"], severities=Level, level=amends)], rest=sorry
    ...     ),
    ...     offers=[RecoveryOffer(level=sorry), RecoveryOffer(level=amends, goodwill_points=500)],
    ...     cap=GoodwillCap(800),
    ...     calendar=BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"),
    ... )
    >>> [offer.name for offer in policy.offers]
    ['apology', 'amends']
    """

    tiers: TierLadder
    values: ValueClasses
    classes: tuple[MemberClass, ...] = field(converter=_as_classes)
    recovery: ValueBasedRecovery
    offers: tuple[RecoveryOffer, ...] = field(converter=_as_offers)
    cap: GoodwillCap
    calendar: BusinessCalendar
    repeats: RepeatTerms | None = None

    def __attrs_post_init__(self) -> None:
        has_repeats = self.repeats is not None
        terms = (self.tiers, self.values, self.classes, self.recovery, self.offers, has_repeats)
        found = findings(Terms(*terms))
        if found:
            raise InvalidRecoveryTerms(found)

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose days are the shop's."""
        return ZoneInfo(self.calendar.zone)

    def day_of(self, at: datetime) -> date:
        """The shop's day at an instant."""
        return at.astimezone(self.zone).date()

    def __call__(self, facts: MemberComplaintFacts, /) -> Decision[MemberRecoveryPlan]:
        """Decide what is done for the member, with the evidence of every room that had a say.

        :raises InvalidValue: if the tier is not on the ladder, or the value has no class.
        :raises CurrencyMismatch: if the value is in another currency than its classes.
        """
        member_class, by_class = self._class(facts)
        level = self.recovery(
            RecoveryFacts(
                customer=facts.member,
                as_of=facts.as_of,
                customer_class=member_class,
                severity=facts.severity,
            )
        )
        by_level = Evidence("recovery-level", level.outcome.name, parts=level.evidence)
        step = [offer.level for offer in self.offers].index(level.outcome)
        repeated = () if self.repeats is None else (self.repeats.evidence(facts),)
        if any(item.met for item in repeated):
            step = min(step + 1, len(self.offers) - 1)
        offer = self.offers[step]
        points, by_cap = self._goodwill(facts, offer)
        plan = self._plan(facts, step, points)
        evidence = (*by_class, by_level, *repeated, noted("level", offer.name), *by_cap)
        return Decision(plan, _NAME, facts.as_of, evidence, subject=facts.member)

    def outcomes(self, facts: Iterable[MemberComplaintFacts], /) -> list[MemberRecoveryPlan]:
        """The plans for many complaints, as the call gives them one by one."""
        return [self(each).outcome for each in facts]

    def _class(self, facts: MemberComplaintFacts) -> tuple[str, tuple[Evidence, ...]]:
        tier = facts.tier.outcome
        self.tiers.position(tier)
        value, by_value = self.values.place(facts.value)
        by_tier = Evidence("tier", tier.name, parts=facts.tier.evidence)
        tried = [
            (each, all_of(f"class-{each.name}", *each.evidence(tier.name, value)))
            for each in self.classes
        ]
        name, by_class = next((each.name, item) for each, item in tried if item.met)
        return name, (by_tier, by_value, by_class)

    def _goodwill(
        self, facts: MemberComplaintFacts, offer: RecoveryOffer
    ) -> tuple[int, tuple[Evidence, ...]]:
        """How many points, within what is left of the cap; nothing the second time."""
        given = self.cap.given(facts.goodwill, facts.as_of)
        key = goodwill_key(facts.complaint)
        before = equals("given-before", any(e.key == key for e in facts.goodwill), False)
        within = at_most("goodwill-in-the-time", given + offer.goodwill_points, self.cap.points)
        left = max(self.cap.points - given, 0)
        points = min(offer.goodwill_points, left) if before.met else 0
        return points, (before, within, noted("goodwill-points", points))

    def _plan(self, facts: MemberComplaintFacts, step: int, points: int) -> MemberRecoveryPlan:
        offer = self.offers[step]
        call_by = None
        if offer.call_within is not None:
            call_by = self.calendar.due(facts.at, offer.call_within)
        return MemberRecoveryPlan(
            level=offer.name,
            step=step,
            measures=offer.level.measures,
            goodwill_points=points,
            caller=offer.caller,
            call_by=call_by,
        )
