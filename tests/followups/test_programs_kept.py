"""Policies and sheets of the programs written down and read back."""

from datetime import date

import pytest
from hypothesis import given

from crmkit.decision import Decision
from crmkit.errors import InvalidDocument
from crmkit.followups import (
    STORED_TYPES,
    Age,
    AnswerRate,
    AnswerRateFacts,
    AnswerRateGoal,
    CallFeedback,
    CallMeasure,
    CallsIn,
    FallingSales,
    InstallationDuty,
    InstallationFacts,
    InstallationTask,
    LongSilence,
    NeglectFacts,
    NeglectPolicy,
    OpinionSheet,
    Proposals,
    Response,
    SpenderFacts,
    TopSpenders,
    Unanswered,
    WeeklyMeeting,
    before_warranty_ends,
    executive_calls,
    key_area_visits,
    post_sale_call,
    rank_spenders,
    upkeep_round,
)
from crmkit.identifiers import Actor, CustomerId, InteractionId
from crmkit.money import Money
from crmkit.period import Period, Unit
from crmkit.records import Direction
from crmkit.serialization import make_converter
from tests.followups.care import neglect_facts, policies

CONVERTER = make_converter(*STORED_TYPES)
DECISIONS = make_converter(
    Decision[Proposals | AnswerRate | bool | date | None],
    AnswerRateFacts,
    InstallationFacts,
    NeglectFacts,
    SpenderFacts,
)
DAY = date(2026, 5, 4)
KEPT = [
    NeglectPolicy.usual(),
    AnswerRateGoal(),
    AnswerRateGoal(goal="0.85", steady_within=0),
    InstallationDuty(),
    InstallationDuty(channel="on site", papers=("report",), closing_papers=()),
    TopSpenders(count=20),
    TopSpenders(share="0.01"),
    WeeklyMeeting(zone="Europe/Berlin"),
    post_sale_call(),
    executive_calls(),
    key_area_visits(),
    before_warranty_ends(months=24),
    *upkeep_round(),
    OpinionSheet(customer=CustomerId("C-7"), on=DAY, area="north", opinions={"use": "heavy"}),
    CallFeedback(
        interaction=InteractionId("I-1"),
        customer=CustomerId("C-7"),
        on=DAY,
        by=Actor("director"),
        said="deliveries come late",
        learned={"diet": "vegetarian"},
        measures=(CallMeasure(what="deliver by Tuesday", due_on=DAY, channel="visit"),),
    ),
]

SHOP_POLICY = """
kind = "neglect-policy"
version = 1

[[data.triggers]]
kind = "unanswered"
event = "return"
responses = [
    { channel = "telephone", purpose = "care", target = "hear what was wrong", days_late = 2 },
]

[[data.triggers]]
kind = "falling-sales"
falls_by = "0.25"
recent = 2
before = 10

[[data.triggers]]
kind = "long-silence"
longest = { count = 6, unit = "week" }
direction = "outbound"
"""


class TestDocuments:
    @pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
    def test_what_is_written_is_read_back_the_same(self, value):
        text = CONVERTER.dumps(value)
        assert CONVERTER.loads(text) == value
        assert CONVERTER.dumps(CONVERTER.loads(text)) == text

    @given(policies(), neglect_facts())
    def test_so_are_triggers_facts_and_decisions(self, policy, facts):
        assert CONVERTER.loads(CONVERTER.dumps(policy)) == policy
        for value in (facts, policy(facts), policy.triggers[0](facts)):
            assert DECISIONS.loads(DECISIONS.dumps(value)) == value
        for proposal in policy(facts).outcome:
            assert CONVERTER.loads(CONVERTER.dumps(proposal)) == proposal

    @pytest.mark.parametrize(
        ("policy", "facts"),
        [
            (
                TopSpenders(count=1),
                rank_spenders({CustomerId("C-7"): Money(5, "EUR")}, as_of=DAY)[0],
            ),
            (
                AnswerRateGoal(),
                AnswerRateFacts(as_of=DAY, points=[CallsIn(Period.month(2026, 4), 9, 8)]),
            ),
            (
                InstallationDuty(),
                InstallationFacts(
                    customer=CustomerId("C-7"),
                    as_of=DAY,
                    delivered_on=DAY,
                    agreed=[InstallationTask.TRAIN],
                    complete_by=DAY,
                ),
            ),
        ],
        ids=["top-spenders", "answer-rate", "installation"],
    )
    def test_so_are_the_others(self, policy, facts):
        for value in (facts, policy(facts)):
            assert DECISIONS.loads(DECISIONS.dumps(value)) == value

    def test_a_shop_writes_toml(self):
        assert CONVERTER.loads_toml(SHOP_POLICY, NeglectPolicy) == NeglectPolicy(
            (
                Unanswered(
                    event="return",
                    responses=[
                        Response(
                            channel="telephone",
                            purpose="care",
                            target="hear what was wrong",
                            days_late=2,
                        )
                    ],
                ),
                FallingSales(falls_by="0.25", recent=2, before=10),
                LongSilence(longest=Age(6, Unit.WEEK), direction=Direction.OUTBOUND),
            )
        )

    @pytest.mark.parametrize(
        ("right", "wrong", "problem"),
        [
            ('"long-silence"', '"silence"', "expected one of falling-sales, long-silence, unans"),
            ('"0.25"', '"0"', "a share of sales is above 0"),
            ('"outbound"', '"out"', "expected one of inbound, outbound"),
            ('kind = "unanswered"\nevent = "return"', 'kind = "long-silence"', "the same name"),
            ("days_late = 2", "days_late = -2", "an answer comes within 0 to 366 working days"),
        ],
    )
    def test_what_is_wrong_is_said(self, right, wrong, problem):
        with pytest.raises(InvalidDocument, match=problem):
            CONVERTER.loads_toml(SHOP_POLICY.replace(right, wrong), NeglectPolicy)
