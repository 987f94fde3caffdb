"""The facts of a recovery are what the rooms have: nothing from later days, nobody else's."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from crmkit.complaints import (
    Assessed,
    CauseFound,
    Complaint,
    ComplaintRules,
    Event,
    Level,
    Receipt,
    Severity,
)
from crmkit.decision import Decision
from crmkit.errors import InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.loyalty import LedgerTerms, PointsLedger, merge_members
from crmkit.playbooks import GivenGoodwill, MemberComplaintFacts, given_goodwill, goodwill_key
from crmkit.testing.complaint_walks import act_prepared, way_to
from tests.playbooks.club import (
    ANNA,
    BERLIN,
    K1,
    MEMBER,
    MONDAY,
    TODAY,
    facts,
    goodwill,
    holds,
    is_worth,
    past,
)

RULES = ComplaintRules()
LEDGER = PointsLedger(MEMBER, LedgerTerms())
HOUR = timedelta(hours=1)


def complaint(number="K-1", severity="high", *, at=MONDAY - HOUR, cause=None, status="received"):
    """A complaint that was assessed, and led to a status."""
    one = RULES.receive(
        Receipt(
            id=ComplaintId(number),
            received_at=at,
            channel="phone",
            complainant=MEMBER,
            received_by=ANNA,
        )
    )
    events: list[Event] = [
        *([Assessed(Severity(safety=Level(severity)))] if severity else []),
        *([CauseFound(cause=cause)] if cause else []),
    ]
    for what in events:
        one = RULES.record(one, what, by=ANNA, at=at, reason="looked at it")
    return led_to(one, status, at)


def led_to(one: Complaint, status: str, at: datetime) -> Complaint:
    for action in way_to(RULES, one, status) or ():
        one = act_prepared(RULES, one, action, by=ANNA, other=Actor("ben"), at=at)
    return one


def gathered(one=None, **more):
    usual: dict[str, Any] = {"at": MONDAY, "zone": BERLIN, "tier": holds("gold"), "ledger": LEDGER}
    return MemberComplaintFacts.of(one or complaint(), **usual | more)


class TestGathered:
    def test_what_the_complaint_says(self):
        found = gathered(complaint(severity="critical", cause="late"), value=is_worth("high"))
        assert (found.member, found.complaint, found.as_of) == (MEMBER, K1, TODAY)
        assert (found.severity, found.cause, found.reopened) == (Level.CRITICAL, "late", False)
        assert (found.tier, found.value, found.past) == (holds("gold"), is_worth("high"), ())

    def test_how_severe_it_is_has_to_be_known(self):
        with pytest.raises(InvalidValue, match=r"record Assessed\(...\)"):
            gathered(complaint(severity=None))

    def test_a_complaint_that_came_back_is_reopened(self):
        assert gathered(complaint(status="reopened")).reopened
        again = led_to(complaint(status="reopened"), "responded", MONDAY)
        assert gathered(again).reopened
        assert not gathered(complaint(status="closed")).reopened

    def test_other_complaints_count_once_as_far_as_they_had_come(self):
        others = [
            complaint("K-2", None, at=datetime(2026, 4, 30, 22, 30, tzinfo=UTC)),
            complaint("K-3", "low", at=MONDAY, cause="late", status="reopened"),
            complaint("K-4", at=MONDAY + timedelta(microseconds=1)),
            complaint(),
        ]
        assert gathered(others=others).past == (
            past("K-2", "2026-05-01"),
            evolve(past("K-3", "2026-05-04", "low", "late"), reopened=True),
        )

    def test_the_day_is_that_of_the_zone(self):
        late = datetime(2026, 5, 4, 22, 30, tzinfo=UTC)
        assert gathered(at=late).as_of == date(2026, 5, 5)

    def test_an_instant_has_a_zone(self):
        with pytest.raises(NaiveDatetime):
            gathered(at=datetime(2026, 5, 4, 9, 30))  # noqa: DTZ001

    def test_the_rules_are_those_of_the_host(self):
        assert gathered(rules=ComplaintRules()) == gathered()


class TestGoodwill:
    """What was given is read off the ledger, wherever it was given."""

    def test_only_credits_under_the_key_of_a_complaint(self):
        ledger = LEDGER.accrue(100, on=date(2026, 3, 1), key="goodwill:order")
        ledger = ledger.credit(20, on=date(2026, 3, 2), key="birthday", reason="birthday")
        ledger = ledger.credit(30, on=date(2026, 3, 3), key=goodwill_key(K1), reason="sorry")
        assert given_goodwill(ledger) == (goodwill("K-1", "2026-03-03", 30),)

    def test_what_is_taken_back_was_given(self):
        ledger = LEDGER.credit(30, on=date(2026, 3, 3), key="goodwill:K-1", reason="sorry")
        ledger = ledger.debit(30, on=date(2026, 3, 4), key="mistake", reason="a mistake")
        assert [each.points for each in given_goodwill(ledger)] == [30]

    def test_those_who_were_merged_into_the_member_count(self):
        def other(name):
            ledger = PointsLedger(CustomerId(name), LedgerTerms())
            return ledger.credit(5, on=date(2026, 3, 1), key=f"goodwill:K-{name}", reason="sorry")

        one, _ = merge_members(other("b"), other("c"), on=date(2026, 3, 2), key="m")
        ledger, _ = merge_members(other("a"), one, on=date(2026, 3, 3), key="m-2")
        assert {each.key for each in given_goodwill(ledger)} == {
            *("goodwill:K-a", "goodwill:K-b", "goodwill:K-c")
        }
        assert gathered(ledger=ledger, tier=evolve(holds("gold"), subject="a")).goodwill == (
            GivenGoodwill("goodwill:K-a", date(2026, 3, 1), 5),
            GivenGoodwill("goodwill:K-b", date(2026, 3, 1), 5),
            GivenGoodwill("goodwill:K-c", date(2026, 3, 1), 5),
        )


class TestRefused:
    def test_of_another_day(self):
        for day in (date(2026, 5, 2), date(2026, 5, 6)):
            with pytest.raises(InvalidValue, match="days apart"):
                facts(as_of=day)

    def test_any_day_that_it_is_somewhere(self):
        yesterday = evolve(facts(), as_of=date(2026, 5, 5))
        assert yesterday.as_of == date(2026, 5, 5)

    def test_an_instant_without_a_zone(self):
        with pytest.raises(NaiveDatetime):
            facts(at=datetime(2026, 5, 4, 9, 30))  # noqa: DTZ001

    def test_a_decision_about_somebody_else(self):
        with pytest.raises(InvalidValue, match="about somebody else"):
            evolve(facts(), tier=evolve(holds("gold"), subject="M-8"))
        with pytest.raises(InvalidValue, match="about somebody else"):
            evolve(facts(), value=evolve(is_worth("high"), subject="M-8"))

    def test_a_decision_that_names_nobody_is_taken(self):
        assert evolve(facts(), tier=evolve(holds("gold"), subject=None)).tier.subject is None

    def test_a_decision_of_a_later_day(self):
        later = TODAY + timedelta(days=1)
        with pytest.raises(InvalidValue, match="on a later day"):
            evolve(facts(), tier=holds("gold", as_of=later))
        with pytest.raises(InvalidValue, match="on a later day"):
            evolve(facts(), value=is_worth("1.00", later))

    def test_a_decision_of_an_instant_is_taken(self):
        now: Decision[str] = evolve(is_worth("high"), as_of=MONDAY)
        assert evolve(facts(), value=now).value == now

    def test_a_past_that_is_yet_to_come(self):
        with pytest.raises(InvalidValue, match="had come by the day"):
            facts(past=[past("K-2", "2026-05-05")])

    def test_a_complaint_that_is_its_own_past(self):
        with pytest.raises(InvalidValue, match="not one of its own past"):
            facts(past=[past("K-1", "2026-05-01")])

    def test_keys_that_are_none(self):
        with pytest.raises(InvalidIdentifier):
            evolve(facts(), member=CustomerId(""))
        with pytest.raises(InvalidIdentifier):
            evolve(facts(), complaint=ComplaintId(""))
        with pytest.raises(InvalidIdentifier):
            goodwill_key(ComplaintId(""))
        with pytest.raises(InvalidIdentifier):
            past("", "2026-05-05")

    def test_a_past_day_is_a_date(self):
        with pytest.raises(InvalidValue, match="the day of a complaint"):
            evolve(past("K-2", "2026-05-05"), on=MONDAY)
