"""How far to go for a member who complains: tier, value, severity and history decide together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints import Level
from crmkit.decision import Decision, Evidence, explain
from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import ComplaintId
from crmkit.money import Money
from crmkit.period import Unit
from crmkit.playbooks import (
    STORED_TYPES,
    GoodwillCap,
    MemberRecoveryPlan,
    RepeatTerms,
    ValueClasses,
    goodwill_key,
)
from crmkit.serialization import make_converter
from crmkit.tiering import Tier
from tests.playbooks.club import (
    BERLIN,
    CLUB,
    LADDER,
    MONDAY,
    OFFERS,
    SEVERITIES,
    TODAY,
    facts,
    goodwill,
    histories,
    holds,
    is_worth,
    past,
    policy,
    severities,
    tiers,
    values,
)

TIERS = [tier.name for tier in LADDER]


def level_of(*which, **history):
    return CLUB(facts(*which, **history)).outcome.level


def within(plan):
    """How soon somebody calls; never is later than any call."""
    return datetime.max.replace(tzinfo=UTC) if plan.call_by is None else plan.call_by


def gets_no_less(better: MemberRecoveryPlan, plan: MemberRecoveryPlan) -> bool:
    return (
        better.step >= plan.step
        and better.goodwill_points >= plan.goodwill_points
        and within(better) <= within(plan)
    )


def find(evidence: tuple[Evidence, ...], criterion: str) -> list[Evidence]:
    found = []
    for item in evidence:
        found += [item] if item.criterion == criterion else []
        found += find(item.parts, criterion)
    return found


class TestLaws:
    @given(tiers, values, severities, histories)
    def test_the_same_facts_have_the_same_plan(self, tier, value, severity, history):
        assert CLUB(facts(tier, value, severity, **history)) == CLUB(
            facts(tier, value, severity, **history)
        )

    @given(tiers, values, severities, histories)
    def test_a_higher_tier_never_gets_less(self, tier, value, severity, history):
        plan = CLUB(facts(tier, value, severity, **history)).outcome
        for higher in TIERS[TIERS.index(tier) :]:
            assert gets_no_less(CLUB(facts(higher, value, severity, **history)).outcome, plan)

    @given(tiers, values, severities, histories)
    def test_a_severer_complaint_never_gets_less(self, tier, value, severity, history):
        plan = CLUB(facts(tier, value, severity, **history)).outcome
        for severer in SEVERITIES[SEVERITIES.index(Level(severity)) :]:
            assert gets_no_less(CLUB(facts(tier, value, severer, **history)).outcome, plan)

    @given(tiers, severities, histories)
    def test_a_more_valuable_member_never_gets_less(self, tier, severity, history):
        plans = [
            CLUB(facts(tier, value, severity, **history)).outcome
            for value in ("0.00", "999.99", "1000.00", "50000.00")
        ]
        assert all(gets_no_less(better, plan) for plan, better in pairwise(plans))

    @given(tiers, values, severities, histories)
    def test_a_longer_history_never_gets_a_lower_level(self, tier, value, severity, history):
        alone = CLUB(facts(tier, value, severity)).outcome.step
        assert alone <= CLUB(facts(tier, value, severity, **history)).outcome.step <= alone + 1

    @given(st.lists(st.tuples(tiers, values, severities, histories), max_size=4))
    def test_many_are_decided_as_one_by_one(self, cases):
        many = [facts(t, v, s, **history) for t, v, s, history in cases]
        assert CLUB.outcomes(many) == [CLUB(each).outcome for each in many]

    def test_every_class_of_the_product_has_one_plan(self):
        """Tier by value by severity by history: nobody is left without, and nothing is unknown."""
        levels = set()
        for tier, value, severity, again in product(
            TIERS, (None, "low", "high"), SEVERITIES, (False, True)
        ):
            plan = CLUB(facts(tier, value, severity, reopened=again)).outcome
            assert OFFERS[plan.step].name == plan.level
            assert OFFERS[plan.step].level.measures == plan.measures
            assert OFFERS[plan.step].goodwill_points == plan.goodwill_points
            levels.add(plan.level)
        assert levels == {offer.name for offer in OFFERS}

    @given(tiers, values, severities, histories)
    def test_the_cap_is_never_passed(self, tier, value, severity, history):
        plan = CLUB(facts(tier, value, severity, **history)).outcome
        given_before = CLUB.cap.given(history["goodwill"], TODAY)
        assert plan.goodwill_points >= 0
        assert plan.goodwill_points == 0 or given_before + plan.goodwill_points <= 1_000

    @given(tiers, values, severities, histories)
    def test_the_order_of_the_history_does_not_matter(self, tier, value, severity, history):
        turned = {
            **history,
            "past": history["past"][::-1],
            "goodwill": history["goodwill"][::-1],
        }
        assert facts(tier, value, severity, **turned) == facts(tier, value, severity, **history)

    @given(tiers, values, severities, histories)
    def test_the_plan_follows_from_the_evidence(self, tier, value, severity, history):
        """The level and the points stand in the evidence, and repetition is one step."""
        decision = CLUB(facts(tier, value, severity, **history))
        names = [offer.name for offer in OFFERS]
        (level,) = find(decision.evidence, "recovery-level")
        (repeated,) = find(decision.evidence, "repeated-complaint")
        step = min(names.index(str(level.observed)) + bool(repeated.met), len(names) - 1)
        assert decision.outcome.step == step
        (points,) = find(decision.evidence, "goodwill-points")
        assert points.observed == decision.outcome.goodwill_points


class TestWhoGetsWhat:
    """Tier and value say which class, class and severity say which level."""

    @pytest.mark.parametrize(
        ("tier", "value", "severity", "level"),
        [
            ("bronze", "low", "high", "apology"),
            ("bronze", "low", "critical", "amends"),
            ("bronze", "high", "low", "apology"),
            ("bronze", "high", "medium", "amends"),
            ("silver", "999.99", "medium", "apology"),
            ("silver", "1000.00", "medium", "amends"),
            ("silver", None, "medium", "apology"),
            ("gold", "low", "low", "apology"),
            ("gold", "low", "medium", "amends"),
            ("gold", "low", "high", "win-back"),
            ("gold", None, "critical", "win-back"),
        ],
    )
    def test_by_the_terms_of_the_club(self, tier, value, severity, level):
        assert level_of(tier, value, severity) == level

    def test_a_plan_says_who_calls_by_when(self):
        """Two working hours from Monday, 9:30; a Friday afternoon ends on Monday."""
        plan = CLUB(facts()).outcome
        assert (plan.caller, plan.call_by) == ("manager", MONDAY + timedelta(hours=2))
        friday = datetime(2026, 5, 8, 17, 0, tzinfo=BERLIN)
        late = CLUB(facts(at=friday, as_of=friday.date())).outcome
        assert late.call_by == datetime(2026, 5, 11, 10, 0, tzinfo=BERLIN)

    def test_without_a_call_nobody_calls(self):
        plan = CLUB(facts("bronze", "low", "low")).outcome
        assert (plan.caller, plan.call_by, plan.goodwill_points) == (None, None, 0)
        assert plan.measures == ("written apology",)

    def test_a_plan_reads_well(self):
        assert str(CLUB(facts()).outcome) == "win-back, 500 points"

    def test_the_shops_day_is_that_of_the_calendar(self):
        assert CLUB.day_of(datetime(2026, 5, 4, 23, 0, tzinfo=UTC)) == date(2026, 5, 5)


class TestRepeated:
    """Who complains again gets one level more, once, and no more than the highest."""

    @pytest.mark.parametrize(
        ("history", "level"),
        [
            ({}, "amends"),
            ({"reopened": True}, "win-back"),
            ({"past": [past("K-2", "2026-04-01"), past("K-3", "2026-04-01")]}, "amends"),
            ({"past": [past(f"K-{n}", "2026-04-01") for n in (2, 3, 4)]}, "win-back"),
            ({"past": [past("K-2", "2026-04-01", "critical")]}, "amends"),
            ({"past": [past(f"K-{n}", "2026-04-01", "high") for n in (2, 3)]}, "win-back"),
            ({"past": [past(f"K-{n}", "2026-04-01", "medium") for n in (2, 3)]}, "amends"),
            ({"past": [past("K-2", "2026-04-01", cause="late")], "cause": "late"}, "win-back"),
            ({"past": [past("K-2", "2026-04-01", cause="late")], "cause": "broken"}, "amends"),
            ({"past": [past("K-2", "2026-04-01")]}, "amends"),
            ({"past": [past("K-2", "2025-05-05", cause="late")], "cause": "late"}, "win-back"),
            ({"past": [past("K-2", "2025-05-04", cause="late")], "cause": "late"}, "amends"),
        ],
        ids=[
            *("first", "reopened", "two", "three", "one severe", "two severe", "two of medium"),
            *("same cause", "other cause", "no cause", "a year ago", "more than a year ago"),
        ],
    )
    def test_what_makes_a_complaint_a_repeated_one(self, history, level):
        assert level_of("gold", "low", "medium", **history) == level

    def test_there_is_nothing_above_the_highest(self):
        top = policy(offers=OFFERS[:3])
        assert top(facts("gold", "low", "high", reopened=True)).outcome.level == "win-back"
        assert level_of("gold", "low", "high", reopened=True) == "board"

    def test_all_signs_together_are_one_level(self):
        history = {"past": [past(f"K-{n}", "2026-04-01", "high", "late") for n in (2, 3, 4)]}
        assert level_of("bronze", "low", "low", cause="late", reopened=True, **history) == "amends"

    def test_what_is_left_out_is_not_looked_at(self):
        only = policy(repeats=RepeatTerms(same_cause=2), offers=OFFERS)
        assert only(facts("gold", "low", "medium", reopened=True)).outcome.level == "amends"
        (repeated,) = find(only(facts()).evidence, "repeated-complaint")
        assert [part.criterion for part in repeated.parts] == ["same-cause-before"]

    def test_without_terms_nothing_is_repeated(self):
        never = policy(repeats=None, offers=OFFERS[:3])
        decision = never(facts("gold", "low", "medium", reopened=True))
        assert decision.outcome.level == "amends"
        assert find(decision.evidence, "repeated-complaint") == []


class TestGoodwill:
    """At most so many points a member and year, and never twice for a complaint."""

    @pytest.mark.parametrize(
        ("given_before", "points"),
        [
            ([], 500),
            ([goodwill("K-2", "2026-04-01", 500)], 500),
            ([goodwill("K-2", "2026-04-01", 501)], 499),
            ([goodwill("K-2", "2025-05-05", 600), goodwill("K-3", "2026-05-04", 399)], 1),
            ([goodwill("K-2", "2026-04-01", 1_000)], 0),
            ([goodwill("K-2", "2026-04-01", 1_200)], 0),
            ([goodwill("K-2", "2025-05-05", 900)], 100),
            ([goodwill("K-2", "2025-05-04", 900)], 500),
            ([goodwill("K-2", "2026-05-05", 900)], 100),
        ],
        ids=[
            *("none", "half", "one too many", "one left", "all", "more than all"),
            *("a year ago", "more than a year ago", "posted ahead"),
        ],
    )
    def test_what_is_left_of_the_cap(self, given_before, points):
        assert CLUB(facts(goodwill=given_before)).outcome.goodwill_points == points

    def test_never_twice_for_a_complaint(self):
        before = [goodwill("K-1", "2024-01-01", 10)]
        decision = CLUB(facts(goodwill=before))
        assert decision.outcome.goodwill_points == 0
        assert decision.outcome.level == "win-back"
        assert "given-before" in [item.criterion for item in decision.unmet]

    def test_a_cap_of_another_time(self):
        month = policy(cap=GoodwillCap(500, count=30, unit=Unit.DAY))
        before = [goodwill("K-2", "2026-04-05", 400), goodwill("K-3", "2026-04-04", 300)]
        assert month(facts(goodwill=before)).outcome.goodwill_points == 100

    def test_the_key_of_a_long_number_is_short(self):
        """Whatever number a host gives its complaints, the ledger takes the key."""
        keys = {goodwill_key(ComplaintId("K" * length)) for length in (245, 246, 247, 255)}
        assert len(keys) == 4
        assert max(map(len, keys)) == 255
        assert all(key.startswith("goodwill:") for key in keys)


class TestEvidence:
    """The evidence of the rooms' own decisions stands inside that of the playbook."""

    def test_a_decision_in_words(self):
        history: dict[str, Any] = {
            "past": [past("K-2", "2026-04-01", cause="late")],
            "cause": "late",
        }
        assert explain(CLUB(facts("silver", "1200.00", "medium", **history))).splitlines() == [
            "win back, 500 points for M-7, by member recovery, as of 2026-05-04",
            "- noted: tier is silver",
            "  - not met: points for gold is 1,200; at least 5,000 required",
            "- noted: value class is high",
            "  - noted: value is 1,200.00 EUR",
            "    - met: purchases is 4; at least 2 required",
            "  - met: value for high is 1,200.00 EUR; at least 1,000.00 EUR required",
            "- met: class good; all of these are needed",
            "  - met: tier is silver; one of bronze, silver required",
            "  - met: value class is high; one of high required",
            "- noted: recovery level is amends",
            "  - not met: term 1 win back; all of these are needed",
            "    - not met: class is good; one of best required",
            "    - not met: severity is medium; one of high, critical required",
            "  - met: term 2 amends; all of these are needed",
            "    - met: class is good; one of good, best required",
            "    - met: severity is medium; one of medium, high required",
            "  - not met: term 3 amends; all of these are needed",
            "    - met: class is good; one of many, good required",
            "    - not met: severity is medium; one of critical required",
            "- met: repeated complaint; one of these is enough",
            "  - not met: complaints before is 1; at least 3 required",
            "  - not met: severe before is 0; at least 2 required",
            "  - met: same cause before is 1; at least 1 required",
            "  - not met: reopened is no; yes required",
            "- noted: level is win-back",
            "- met: given before is no; no required",
            "- met: goodwill in the time is 500; at most 1,000 allowed",
            "- noted: goodwill points is 500",
        ]

    @given(tiers, values, severities, histories)
    def test_every_room_has_its_say(self, tier, value, severity, history):
        asked = facts(tier, value, severity, **history)
        evidence = CLUB(asked).evidence
        assert find(evidence, "points-for-gold") == [*asked.tier.evidence]
        assert find(evidence, "purchases") == [*(asked.value.evidence if asked.value else ())]
        assert [item.observed for item in find(evidence, "value-known")] == (
            [] if asked.value else [False]
        )

    def test_a_class_that_was_decided_elsewhere_names_the_policy(self):
        (decided,) = find(CLUB(facts("gold", "high")).evidence, "lifetime-value")
        assert decided.observed == "high"

    def test_the_decision_is_about_the_member(self):
        decision = CLUB(facts())
        assert (decision.subject, decision.as_of) == ("M-7", TODAY)


class TestRefused:
    """What the terms do not know is an error of the host, and not a plan."""

    def test_a_tier_of_another_ladder(self):
        other = evolve(holds("gold"), outcome=Tier("platinum", 4))
        with pytest.raises(InvalidValue, match="not on the ladder"):
            CLUB(evolve(facts(), tier=other))

    def test_a_class_of_value_that_nobody_named(self):
        with pytest.raises(InvalidValue, match="there are low, high"):
            CLUB(facts(value="lead"))

    def test_an_amount_without_steps(self):
        named = policy(values=ValueClasses(["low", "high"]))
        assert named(facts(value="high")).outcome.level == "win-back"
        with pytest.raises(InvalidValue, match=r"an amount needs ValueClasses\(steps"):
            named(facts(value="1000.00"))

    def test_an_amount_in_another_currency(self):
        dollars = evolve(is_worth("1.00"), outcome=Money("1000.00", "USD"))
        with pytest.raises(CurrencyMismatch):
            CLUB(evolve(facts(), value=dollars))

    def test_one_class_of_value_needs_no_steps(self):
        _, evidence = ValueClasses(["any"]).place(is_worth("12.00"))
        assert evidence.observed == "any"


class TestDocuments:
    """Terms and plans are documents: kept, edited, compared."""

    CONVERTER = make_converter(*STORED_TYPES)

    @pytest.mark.parametrize(
        "terms",
        [{}, {"repeats": None, "offers": OFFERS[:3]}, {"values": ValueClasses(["low", "high"])}],
        ids=["all", "without repeats", "without steps"],
    )
    def test_terms_are_read_back_the_same(self, terms):
        text = self.CONVERTER.dumps(policy(**terms))
        assert self.CONVERTER.loads(text) == policy(**terms)
        assert self.CONVERTER.dumps(self.CONVERTER.loads(text)) == text

    @given(tiers, values, severities, histories)
    def test_plans_are_read_back_the_same(self, tier, value, severity, history):
        plan = CLUB(facts(tier, value, severity, **history)).outcome
        assert self.CONVERTER.loads(self.CONVERTER.dumps(plan)) == plan

    def test_a_decision_can_be_written_down(self):
        converter = make_converter(Decision[MemberRecoveryPlan])
        decision = CLUB(facts())
        assert converter.loads(converter.dumps(decision)) == decision
