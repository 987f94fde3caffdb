"""Policies, weights and cases written down, read back, and found again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.decision import Decision
from crmkit.errors import InvalidDocument
from crmkit.identifiers import CustomerId
from crmkit.retention import (
    STORED_TYPES,
    WIN_BACK_CASES,
    ActivityDecline,
    ActivityFacts,
    Analysed,
    ChurnFacts,
    ChurnWarning,
    Contacted,
    CustomerGivenUp,
    CustomerLeft,
    LossFacts,
    LostClass,
    LostClassPolicy,
    LostFinding,
    LostMapping,
    PastCustomer,
    PreventionPlan,
    Recovered,
    RecoveryUplift,
    Targeted,
    UpliftTest,
    UpliftVerdict,
    WarningLevel,
    WinBackAction,
    WinBackEconomics,
    WinBackFacts,
    WinBackNet,
    WinBackOutlook,
    WinBackVerdict,
    calibrate_churn_warning,
    calibration_report,
    summarize_losses,
)
from crmkit.serialization import make_converter
from crmkit.storage import Stored
from crmkit.storage.memory import MemoryStore
from tests.retention import test_economics, test_lost, test_lost_class, test_warning, test_win_back
from tests.retention.cases import CENTRE, DAY, LOST_ON, event_for, go, held_out, opened
from tests.retention.signals import about, histories, known, with_signals
from tests.retention.test_calibration import SIGNALS

CONVERTER = make_converter(*STORED_TYPES)
DECISIONS = make_converter(
    Decision[WarningLevel | LostFinding | WinBackVerdict | WinBackNet | UpliftVerdict],
    ActivityFacts,
    ChurnFacts,
    LossFacts,
    PastCustomer,
    WinBackFacts,
    WinBackOutlook,
)

WEIGHTS = """
kind = "churn-warning"
version = 1

[data]
watch_from = 0.2
warn_from = 0.4
agreeing = 2

[data.weights]
base_rate = 0.08

[[data.weights.signals]]
name = "complaints"
kind = "complaints"
cuts = [1.0, 2.0]
levels = [
    { name = "none", weight = -0.3 },
    { name = "one", weight = 0.6 },
    { name = "several", weight = 1.4 },
]

[[data.weights.signals]]
name = "activity"
kind = "purchases"
levels = [{ name = "holding", weight = -0.6 }, { name = "falling", weight = 1.1 }]
"""


def comes_back(value, converter=CONVERTER):
    text = converter.dumps(value)
    assert converter.loads(text) == value
    assert converter.dumps(converter.loads(text)) == text


class TestDocuments:
    """What is written is read back the same."""

    @given(test_warning.warnings(), known)
    def test_a_warning_its_facts_and_its_decisions(self, policy, signals):
        facts = with_signals(signals)
        comes_back(policy)
        comes_back(facts, DECISIONS)
        comes_back(PastCustomer(facts, left=True), DECISIONS)
        comes_back(policy(facts), DECISIONS)

    @given(histories)
    def test_what_was_learned_and_how_it_held(self, history):
        weights = calibrate_churn_warning(history, signals=SIGNALS)
        comes_back(weights)
        warning = ChurnWarning(weights=weights, watch_from=0.2, warn_from=0.4)
        comes_back(calibration_report(warning, history))

    @given(test_lost_class.policies, test_lost_class.facts, test_lost.mappings())
    def test_classes_of_the_lost(self, policy, facts, mapping):
        for value in (policy, mapping):
            comes_back(value)
        for value in (facts, policy(facts)):
            comes_back(value, DECISIONS)

    @given(test_win_back.policies, test_win_back.facts)
    def test_the_gate(self, policy, facts):
        comes_back(policy)
        comes_back(facts, DECISIONS)
        comes_back(policy(facts), DECISIONS)

    @given(test_economics.accounts, test_economics.rates)
    def test_the_economics(self, account, rate):
        facts = test_economics.outlook(account, rate)
        comes_back(account)
        comes_back(facts, DECISIONS)
        comes_back(WinBackEconomics()(facts), DECISIONS)

    @given(test_lost.losses)
    def test_losses_and_what_they_add_up_to(self, losses):
        for loss in losses:
            comes_back(loss)
        comes_back(summarize_losses(losses, test_lost.MAY))

    @pytest.mark.parametrize(
        "value",
        [
            ActivityDecline(factor="1.5"),
            LostClassPolicy(),
            LostMapping.usual(),
            PreventionPlan.usual(),
            RecoveryUplift(treated=2, treated_recovered=1, held_out=1, held_out_recovered=0),
            UpliftTest(confidence="0.9"),
            CustomerLeft(customer=CustomerId("C-7"), on=LOST_ON),
            CustomerGivenUp(
                customer=CustomerId("C-7"), on=LOST_ON, decided_by=CENTRE, reason="never pays"
            ),
        ],
    )
    def test_the_others(self, value):
        comes_back(value)

    @given(st.lists(st.sampled_from(WinBackAction), max_size=12))
    def test_a_case_with_all_of_its_trail(self, wishes):
        case, on = opened(), LOST_ON
        for action in wishes:
            on += DAY
            if action in case.allowed:
                case = go(case, event_for(action, on))
        comes_back(case)
        assert CONVERTER.loads(CONVERTER.dumps(case)).status is case.status

    def test_a_shop_writes_toml(self):
        warning = CONVERTER.loads_toml(WEIGHTS, ChurnWarning)
        assert warning.agreeing == 2
        assert warning.weights.signal("activity").kind == "purchases"
        facts = about(complaints=2, activity="falling")
        assert warning(facts).outcome is WarningLevel.WARN

    def test_what_is_wrong_is_said(self):
        wrong = WEIGHTS.replace("base_rate = 0.08", "base_rate = 1.0")
        with pytest.raises(InvalidDocument, match="a base rate is a share above 0 and below 1"):
            CONVERTER.loads_toml(wrong, ChurnWarning)


def kept(*cases):
    store = MemoryStore()
    with store.unit_of_work() as unit:
        for case in cases:
            unit.repository(WIN_BACK_CASES).add(case)
        unit.commit()
    return store


def found(store, index, **query):
    with store.unit_of_work() as unit:
        items: tuple[Stored, ...] = (
            unit.repository(WIN_BACK_CASES).query(index, limit=100, **query).items
        )
        return [stored.record.id for stored in items]


def targeted(id, contact_from=None):
    return go(
        opened(id=id),
        Analysed(on=LOST_ON, lost_class=LostClass.PULLED_AWAY),
        Targeted(on=LOST_ON, measures=["explain"], contact_from=contact_from),
    )


class TestFound:
    """Cases are found by where they stand, and by the day on which somebody may turn to them."""

    store = kept(
        opened(id="1"),
        opened(id="2", on=LOST_ON - DAY),
        targeted("3", LOST_ON + 9 * DAY),
        targeted("4", LOST_ON + 2 * DAY),
        go(opened(id="5"), Analysed(on=LOST_ON), held_out(LOST_ON)),
        go(targeted("6"), Recovered(LOST_ON + DAY)),
        go(targeted("7"), Contacted(on=LOST_ON, channel="letter", again_from=LOST_ON + 5 * DAY)),
        go(targeted("8"), Contacted(on=LOST_ON, channel="letter")),
        opened(CustomerId("C-8"), id="9"),
    )

    def test_by_status_the_earliest_loss_first(self):
        assert found(self.store, "by-status", prefix=("lost",)) == ["2", "1", "9"]
        assert found(self.store, "by-status", prefix=("targeted",)) == ["3", "4", "5"]
        assert found(self.store, "by-status", prefix=("recovered",)) == ["6"]

    def test_by_the_next_day_of_contact_the_soonest_first(self):
        assert found(self.store, "by-contact") == ["4", "7", "3"]
        assert found(self.store, "by-contact", end=LOST_ON + 9 * DAY) == ["4", "7"]
        assert found(self.store, "by-contact", start=date(2026, 5, 7)) == ["3"]

    def test_by_customer(self):
        assert found(self.store, "by-customer", prefix=("C-8",)) == ["9"]
