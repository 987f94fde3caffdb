"""Who is told when a case stays without what it needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from crmkit.business_time import BusinessCalendar
from crmkit.complaints.facts.history import CaseHistory, FiredEscalation, Mark, Wait
from crmkit.complaints.policies.escalation import (
    Delay,
    DelayUnit,
    DueEscalation,
    EscalationLevel,
    EscalationPolicy,
    EscalationRule,
)
from crmkit.decision import Decision, explain
from crmkit.errors import InvalidDocument, InvalidIdentifier, InvalidPolicy, NaiveDatetime
from crmkit.identifiers import ComplaintId
from crmkit.serialization import make_converter
from tests.business_time.builders import OFFICE, one_opening, utc

CONVERTER = make_converter(EscalationPolicy)

# 2026-05-11 is a Monday.
TOML = """
kind = "escalation-policy"
version = 1

[data]
categories = ["delivery", "billing", "safety"]

[data.calendars.desk]
zone = "UTC"
[data.calendars.desk.hours]
monday = ["09:00-18:00"]
tuesday = ["09:00-18:00"]
wednesday = ["09:00-18:00"]
thursday = ["09:00-18:00"]
friday = ["09:00-18:00"]

[[data.rules]]
name = "unanswered"
calendar = "desk"
until = ["respond"]
paused_by = ["complainant"]
cool_down = { count = 1, unit = "business-days" }
cap = 4
levels = [
    { level = 1, after = { count = 4, unit = "working-hours" }, role = "team lead" },
    { level = 2, after = { count = 12, unit = "working-hours" }, target = "quality" },
]

[[data.rules]]
name = "danger"
categories = ["safety"]
severities = ["high", "critical"]
until = ["assess"]
levels = [
    { level = 1, after = { count = 0, unit = "minutes" }, target = "safety-officer" },
    { level = 3, after = { count = 2, unit = "hours" }, role = "general manager" },
]
"""
POLICY: EscalationPolicy = CONVERTER.loads_toml(TOML)


def at(text: str) -> datetime:
    return utc(f"2026-05-{text}")


def delay(text: str) -> Delay:
    count, unit = text.split()
    return Delay(int(count), DelayUnit(unit))


def level(number: int, after: str, role: str | None = "team lead", **terms: Any) -> EscalationLevel:
    return EscalationLevel(level=number, after=delay(after), role=role, **terms)


def rule(*levels: EscalationLevel, **terms: Any) -> EscalationRule:
    terms = {"name": "unanswered", "calendar": "desk", **terms}
    return EscalationRule(levels=levels or (level(1, "4 working-hours"),), **terms)


def policy(*rules: EscalationRule, **terms: Any) -> EscalationPolicy:
    return EscalationPolicy(rules=rules or [rule()], **{"calendars": {"desk": OFFICE}, **terms})


def history(*marks: str, **terms: Any) -> CaseHistory:
    """``history("11 09:00 receive")``: a case by what happened to it in May."""
    return CaseHistory(
        complaint=ComplaintId("K-1"),
        marks=tuple(Mark(mark[9:], at(mark[:8])) for mark in marks),
        **terms,
    )


def told(policy: EscalationPolicy, case: CaseHistory, when: str = "31 00:00") -> list[str]:
    """What falls due by an instant: ``"unanswered 1 at 11 13:00"``."""
    return [
        f"{due.rule} {due.level} at {due.fell_due_at:%d %H:%M}"
        for due in policy.due(case, at(when))
    ]


CASE = history("11 09:00 receive")


class TestLevels:
    """Level by level, each at its time, to whom it goes."""

    def test_nothing_is_due_before_its_time(self):
        assert policy().due(CASE, at("11 12:59:59.999999")) == ()

    def test_at_its_very_instant_it_is_due(self):
        (due,) = policy().due(CASE, at("11 13:00"))
        assert due == DueEscalation(
            complaint=ComplaintId("K-1"),
            rule="unanswered",
            level=1,
            fell_due_at=at("11 13:00"),
            role="team lead",
        )

    def test_all_levels_that_fell_due_are_found_in_order(self):
        assert told(POLICY, CASE) == [
            "unanswered 1 at 11 13:00",
            "unanswered 2 at 12 12:00",
            "unanswered 2 at 14 00:00",
            "unanswered 2 at 15 00:00",
        ]

    def test_with_only_a_team_set_it_fires(self):
        """With an incumbent it never did."""
        team = policy(rule(level(1, "1 working-hours", role=None, target="team 4")))
        (due,) = team.due(CASE, at("11 10:00"))
        assert (due.role, due.target) == (None, "team 4")

    def test_a_delay_of_nothing_is_due_at_once(self):
        at_once = policy(rule(level(1, "0 working-hours")))
        assert told(at_once, history("16 20:00 receive")) == ["unanswered 1 at 16 20:00"]

    @pytest.mark.parametrize(
        ("after", "due"),
        [
            ("90 minutes", "15 18:30"),
            ("30 hours", "16 23:00"),
            ("90 working-minutes", "18 09:30"),
            ("4 working-hours", "18 12:00"),
            ("0 business-days", "16 00:00"),
            ("1 business-days", "19 00:00"),
            ("0 calendar-days", "16 00:00"),
            ("1 calendar-days", "17 00:00"),
        ],
    )
    def test_each_unit_counts_what_it_says(self, after, due):
        """From a Friday at 17:00 on."""
        friday = history("15 17:00 receive")
        assert told(policy(rule(level(1, after))), friday) == [f"unanswered 1 at {due}"]

    def test_no_business_day_on_a_day_off_is_the_next_one(self):
        saturday = history("16 12:00 receive")
        zero = policy(rule(level(1, "0 business-days")))
        assert told(zero, saturday) == ["unanswered 1 at 19 00:00"]

    def test_what_falls_due_together_comes_in_the_order_of_rules_and_levels(self):
        one = rule(level(1, "9 working-hours"), level(2, "1 calendar-days"), name="b")
        other = rule(level(1, "9 hours", role="owner"), name="a")
        assert told(policy(one, other), CASE) == [
            "b 1 at 11 18:00",
            "a 1 at 11 18:00",
            "b 2 at 13 00:00",
        ]


class TestWhichCases:
    """A rule is for the categories and severities that it names."""

    @pytest.mark.parametrize(
        ("category", "severity", "applies"),
        [
            ("safety", "high", True),
            ("safety", "critical", True),
            ("safety", "low", False),
            ("safety", None, False),
            ("billing", "high", False),
            (None, "high", False),
        ],
    )
    def test_both_have_to_fit(self, category, severity, applies):
        case = evolve(CASE, category=category, severity=severity)
        names = [each.name for each in POLICY.rules_for(case)]
        assert names == ["unanswered", "danger"][: 1 + applies]

    def test_a_case_that_turns_out_worse_is_told_what_would_have_fallen_due(self):
        """The rule applies from the receipt on: nothing is missed unseen."""
        worse = evolve(CASE, category="safety", severity="critical")
        assert told(POLICY, worse, "11 12:00") == ["danger 1 at 11 09:00", "danger 3 at 11 11:00"]


class TestRepeats:
    """The highest level is repeated after each cool-down, so often and no oftener."""

    @pytest.mark.parametrize("cap", [2, 3, 5])
    def test_the_cap_counts_levels_and_repeats_together(self, cap):
        again = policy(rule(cool_down=delay("2 working-hours"), cap=cap))
        due = again.due(CASE, at("31 00:00"))
        assert [each.repeat for each in due] == list(range(cap))
        assert [each.fell_due_at for each in due][:3] == [
            at("11 13:00"),
            at("11 15:00"),
            at("11 17:00"),
        ][:cap]

    def test_a_cool_down_of_days_ends_with_each_day(self):
        daily = policy(rule(level(1, "1 business-days"), cool_down=delay("1 business-days"), cap=4))
        case = history("13 10:00 receive")
        assert [text[-8:] for text in told(daily, case)] == [
            "15 00:00",
            "16 00:00",
            "19 00:00",
            "20 00:00",
        ]

    def test_it_ends_with_the_answer(self):
        again = policy(rule(cool_down=delay("2 working-hours"), cap=5))
        answered = history("11 09:00 receive", "11 16:00 respond")
        assert told(again, answered) == ["unanswered 1 at 11 13:00", "unanswered 1 at 11 15:00"]

    def test_a_rule_that_stops_after_a_time_repeats_no_more(self):
        short = policy(
            rule(cool_down=delay("2 working-hours"), cap=5, stops_after=delay("8 working-hours"))
        )
        assert told(short, CASE) == ["unanswered 1 at 11 13:00", "unanswered 1 at 11 15:00"]

    def test_a_rule_that_stops_does_so_whatever_comes_of_its_levels(self):
        short = policy(rule(stops_after=delay("8 hours")))
        assert told(short, history("11 15:00 receive")) == []


class TestAnswers:
    """What the rule waits for ends it."""

    def test_an_answer_at_the_very_instant_is_in_time(self):
        assert told(policy(), history("11 09:00 receive", "11 13:00 respond")) == []

    def test_a_late_answer_does_not_hide_what_fell_due_before_it(self):
        late = history("11 09:00 receive", "11 13:01 respond")
        (due,) = policy().due(late, at("20 09:00"))
        assert (due.fell_due_at, due.handled_at) == (at("11 13:00"), at("11 13:01"))

    def test_of_an_answer_that_has_not_come_yet_nothing_is_said(self):
        late = history("11 09:00 receive", "11 15:00 respond")
        (due,) = policy().due(late, at("11 14:59"))
        assert due.handled_at is None
        (due,) = policy().due(late, at("11 15:00"))
        assert due.handled_at == at("11 15:00")

    @pytest.mark.parametrize("action", ["close", "withdraw", "merge"])
    def test_a_case_that_comes_to_rest_is_hurried_no_more(self, action):
        assert told(policy(), history("11 09:00 receive", f"11 10:00 {action}")) == []

    def test_nor_is_one_that_ended_in_a_status_of_the_host(self):
        ended = history("11 09:00 receive", "11 10:00 file-away", ended_at=at("11 10:00"))
        assert told(policy(), ended) == []

    def test_what_else_happens_ends_nothing(self):
        assert told(policy(), history("11 09:00 receive", "11 10:00 assess"))

    def test_a_reopened_case_is_hurried_again_from_then_on(self):
        case = history("11 09:00 receive", "11 12:00 respond", "13 10:00 reopen")
        assert told(policy(), case) == ["unanswered 1 at 13 14:00"]

    def test_nothing_fell_due_while_it_was_closed(self):
        case = history("11 09:00 receive", "11 12:00 close", "13 10:00 reopen")
        assert told(policy(), case) == ["unanswered 1 at 13 14:00"]

    def test_what_begins_a_rule_does_not_begin_it_anew_while_it_runs(self):
        case = history("11 09:00 receive", "11 12:00 reopen")
        assert told(policy(), case) == ["unanswered 1 at 11 13:00"]

    def test_a_rule_that_begins_with_the_closing_outlasts_it(self):
        check = policy(rule(since={"close"}, until={"satisfaction-check"}))
        case = history("11 09:00 receive", "12 09:00 close", ended_at=at("12 09:00"))
        assert told(check, case) == ["unanswered 1 at 12 13:00"]

    def test_a_rule_that_nothing_began_says_nothing(self):
        disputes = policy(rule(since={"dispute"}))
        assert told(disputes, CASE) == []
        assert disputes.next_due(CASE, at("11 09:00")) is None


class TestDeadlines:
    """Levels can be counted from an instant that the host passes in."""

    LATE = rule(
        level(1, "1 business-days"),
        level(2, "30 working-hours"),
        counted_from="response-due",
        name="overdue",
    )

    def test_they_are_counted_from_the_deadline(self):
        case = history("11 09:00 receive", "14 12:00 response-due")
        assert told(policy(self.LATE), case) == ["overdue 1 at 16 00:00", "overdue 2 at 19 15:00"]

    def test_a_deadline_at_the_end_of_a_day_belongs_to_that_day(self):
        """End of Wednesday, and one business day: the end of Thursday."""
        case = history("11 09:00 receive", "14 00:00 response-due")
        assert told(policy(self.LATE), case)[0] == "overdue 1 at 15 00:00"

    def test_an_answer_before_the_deadline_ends_them(self):
        case = history("11 09:00 receive", "13 12:00 respond", "14 12:00 response-due")
        assert told(policy(self.LATE), case) == []

    def test_without_a_deadline_nothing_falls_due(self):
        assert policy(self.LATE).next_due(CASE, at("11 09:00")) is None

    def test_a_deadline_from_before_it_was_reopened_counts_no_more(self):
        marks = ("11 09:00 receive", "11 12:00 response-due", "11 13:00 respond", "12 10:00 reopen")
        assert policy(self.LATE).next_due(history(*marks), at("12 10:00")) is None
        later = history(*marks, "14 12:00 response-due")
        assert told(policy(self.LATE), later) == ["overdue 1 at 16 00:00", "overdue 2 at 19 15:00"]

    def test_a_deadline_ahead_is_known(self):
        case = history("11 09:00 receive", "14 12:00 response-due")
        assert policy(self.LATE).next_due(case, at("11 09:00")) == at("16 00:00")


class TestPauses:
    """Working time stands still while the case waits on whom the rule names."""

    PAUSED = policy(
        rule(
            level(1, "4 working-hours"),
            level(2, "3 calendar-days"),
            paused_by={"complainant", "supplier"},
            cool_down=delay("2 working-hours"),
            cap=3,
        )
    )

    def wait(self, start: str, end: str | None, on: str = "complainant") -> Wait:
        return Wait(on, at(start), None if end is None else at(end))

    def test_by_so_much_working_time_it_falls_due_later(self):
        case = evolve(CASE, waits=(self.wait("11 10:00", "11 12:00"),))
        assert told(self.PAUSED, case)[0] == "unanswered 1 at 11 15:00"

    def test_waits_that_overlap_count_once(self):
        waits = (self.wait("11 10:00", "11 12:00"), self.wait("11 11:00", "11 12:00", "supplier"))
        assert told(self.PAUSED, evolve(CASE, waits=waits))[0] == "unanswered 1 at 11 15:00"

    def test_over_closed_time_it_moves_nothing(self):
        friday = history("15 16:00 receive", waits=(self.wait("15 18:00", "18 09:00"),))
        assert told(self.PAUSED, friday)[0] == "unanswered 1 at 18 11:00"

    def test_waiting_on_somebody_else_counts(self):
        case = evolve(CASE, waits=(self.wait("11 10:00", "11 12:00", "colleague"),))
        assert told(self.PAUSED, case)[0] == "unanswered 1 at 11 13:00"

    def test_while_it_waits_only_what_is_counted_in_days_falls_due(self):
        case = evolve(CASE, waits=(self.wait("11 10:00", None),))
        assert told(self.PAUSED, case) == ["unanswered 2 at 15 00:00"]
        assert self.PAUSED.next_due(case, at("11 10:00")) == at("15 00:00")

    def test_while_it_waits_nothing_else_is_due_next(self):
        waiting = evolve(CASE, waits=(self.wait("11 10:00", None),))
        hours = policy(rule(paused_by={"complainant"}, cool_down=delay("1 hours"), cap=3))
        assert hours.next_due(waiting, at("11 10:00")) is None

    def test_what_else_it_waits_for_lies_within_a_wait_that_never_ended(self):
        waits = (
            self.wait("11 11:00", None),
            self.wait("11 12:00", None, "supplier"),
            self.wait("11 12:00", "11 13:00", "supplier"),
            self.wait("11 09:00", "11 10:00", "supplier"),
        )
        case = evolve(CASE, waits=waits)
        assert told(self.PAUSED, case) == ["unanswered 2 at 15 00:00"]
        early = policy(rule(level(1, "1 working-hours"), paused_by={"complainant", "supplier"}))
        assert told(early, case) == ["unanswered 1 at 11 11:00"]


class TestOnRecord:
    """What is on record is not reported again."""

    def fired(self, when: str, number: int = 1, name: str = "unanswered") -> FiredEscalation:
        return FiredEscalation(name, number, at(when))

    def test_what_is_on_record_is_left_out(self):
        case = evolve(CASE, fired=(self.fired("11 13:00"),))
        assert told(POLICY, case, "12 12:00") == ["unanswered 2 at 12 12:00"]
        assert POLICY.next_due(case, at("11 13:00")) == at("12 12:00")

    def test_next_is_what_was_missed(self):
        assert POLICY.next_due(CASE, at("20 09:00")) == at("11 13:00")

    def test_when_all_is_on_record_nothing_is_next(self):
        case = evolve(CASE, fired=tuple(due.fired for due in POLICY.due(CASE, at("31 00:00"))))
        assert POLICY.next_due(case, at("11 13:00")) is None

    @pytest.mark.parametrize("other", [("11 13:00", 2), ("11 13:00", 1, "overdue")])
    def test_the_record_of_another_level_or_rule_stands_for_nothing_else(self, other):
        case = evolve(CASE, fired=(self.fired(*other),))
        assert "unanswered 1 at 11 13:00" in told(POLICY, case)

    def test_an_escalation_whose_instant_moved_is_the_same_escalation(self):
        """A wait was recorded after it had fired: it is not told once more."""
        waited = (Wait("complainant", at("11 10:00"), at("11 12:00")),)
        case = evolve(CASE, waits=waited, fired=(self.fired("11 13:00"),))
        assert told(POLICY, case, "11 18:00") == []

    def test_repeats_that_moved_stand_for_the_earliest_ones(self):
        again = policy(rule(cool_down=delay("1 working-hours"), cap=4, paused_by={"complainant"}))
        waited = (Wait("complainant", at("11 10:00"), at("11 10:30")),)
        fired = (self.fired("11 13:00"), self.fired("11 14:00"))
        assert told(again, evolve(CASE, waits=waited, fired=fired)) == [
            "unanswered 1 at 11 15:30",
            "unanswered 1 at 11 16:30",
        ]

    def test_a_record_of_the_round_before_does_not_stand_for_one_of_this(self):
        case = history(
            "11 09:00 receive",
            "11 14:00 respond",
            "13 10:00 reopen",
            fired=(self.fired("11 12:59"),),
        )
        assert told(policy(), case) == ["unanswered 1 at 13 14:00"]

    def test_nor_does_one_of_this_for_one_of_the_round_before(self):
        case = history(
            "11 09:00 receive",
            "11 14:00 respond",
            "13 10:00 reopen",
            fired=(self.fired("13 14:00"),),
        )
        assert told(policy(), case) == ["unanswered 1 at 11 13:00"]

    def test_a_record_from_before_the_receipt_is_one_of_the_first_round(self):
        """The clock of the host has been put right in between."""
        case = evolve(CASE, fired=(self.fired("11 08:00"),))
        assert told(policy(), case) == []

    def test_the_zone_of_a_record_does_not_matter(self):
        fired = FiredEscalation(
            "unanswered", 1, datetime.fromisoformat("2026-05-11T09:00:00-04:00")
        )
        assert told(policy(), evolve(CASE, fired=(fired,))) == []


class TestClockGoesBack:
    """A clock that runs back yields nothing twice and nothing before the case began."""

    def test_an_answer_stamped_before_the_receipt_is_an_answer(self):
        case = history("11 09:00 receive", "11 08:00 respond")
        assert told(policy(rule(level(1, "0 hours"))), case) == []

    def test_an_end_stamped_before_the_receipt_is_an_end(self):
        case = history("11 09:00 receive", ended_at=at("11 08:00"))
        assert told(policy(), case) == []

    def test_what_began_before_the_receipt_is_counted_from_it(self):
        disputes = policy(rule(since={"dispute"}))
        case = history("11 11:00 receive", "11 10:00 dispute")
        assert told(disputes, case) == ["unanswered 1 at 11 15:00"]

    def test_asked_before_the_case_began_nothing_is_due(self):
        assert policy(rule(level(1, "0 hours"))).due(CASE, at("01 00:00")) == ()

    def test_a_naive_instant_is_refused(self):
        for ask in (policy().due, policy().next_due, policy()):
            with pytest.raises(NaiveDatetime):
                ask(CASE, at("11 09:00").replace(tzinfo=None))


class TestSetOfRules:
    """Rules that contradict each other, or what the host has, are refused by name."""

    def refused(self, *rules: EscalationRule, match: str, **terms: Any) -> None:
        with pytest.raises(InvalidPolicy, match=match):
            policy(*rules, **terms)

    def test_there_is_a_rule(self):
        with pytest.raises(InvalidPolicy, match="there is no escalation rule"):
            EscalationPolicy(rules=())

    def test_no_two_share_a_name(self):
        self.refused(
            rule(categories={"delivery"}),
            rule(categories={"billing"}),
            match="rule 'unanswered': there are two rules of this name",
        )

    def test_a_calendar_is_given(self):
        self.refused(
            rule(calendar="shop"), match="'unanswered': its calendar 'shop' is not given; there is"
        )
        self.refused(rule(), calendars={}, match="is not given; there is none")

    def test_a_calendar_that_opens_only_once_brings_nothing_due(self):
        self.refused(calendars={"desk": one_opening()}, match="has no weekly hours")

    def test_a_calendar_is_needed_only_where_it_is_named(self):
        by_the_clock = rule(level(1, "2 hours"), calendar=None)
        assert told(EscalationPolicy(rules=[by_the_clock]), CASE) == ["unanswered 1 at 11 11:00"]

    def test_a_category_is_one_of_the_vocabulary_if_there_is_one(self):
        typo = rule(categories={"delivrey"})
        self.refused(
            typo,
            categories={"delivery", "billing"},
            match="'unanswered': no such categories: delivrey; there are billing, delivery",
        )
        assert policy(typo).rules == (typo,)

    def test_a_severity_is_a_known_one(self):
        self.refused(rule(severities={"urgent"}), match="no such severities: urgent; there are")
        for severities in ({"urgent"}, ()):
            urgent = policy(rule(severities={"urgent"}), severities=severities)
            assert urgent.rules[0].severities == {"urgent"}

    def test_one_word_is_no_vocabulary(self):
        self.refused(categories="delivery", match="a vocabulary is a set of texts")

    def test_a_word_that_is_no_key_is_refused(self):
        with pytest.raises(InvalidIdentifier, match="a word of an escalation policy"):
            policy(resting={" "})

    @pytest.mark.parametrize(
        ("terms", "mark"),
        [
            ({"since": {"respond", "receive"}}, "respond"),
            ({"until": {"receive"}}, "receive"),
            ({"counted_from": "respond"}, "respond"),
            ({"counted_from": "close"}, "close"),
        ],
    )
    def test_what_begins_a_rule_does_not_end_it(self, terms, mark):
        self.refused(rule(**terms), match=f"it can never fire from {mark} on")


class TestHidden:
    """A rule that tells nobody anything that another has not told them by then is refused."""

    FIRST = rule(
        level(1, "4 working-hours"),
        level(2, "8 working-hours", target="quality", role=None),
        name="first",
        paused_by={"complainant"},
    )
    REPEATED = evolve(FIRST, cool_down=delay("4 working-hours"), cap=4)

    def hidden(self, **terms: Any) -> EscalationRule:
        """The same as the first rule, but for some terms."""
        return evolve(self.FIRST, **{"name": "second", **terms})

    @pytest.mark.parametrize(
        "terms",
        [
            {},
            {"categories": {"delivery"}},
            {"severities": {"low"}},
            {"categories": {"delivery"}, "severities": {"low"}},
            {"levels": [level(1, "4 working-hours")]},
            {"levels": [level(1, "5 working-hours")]},
            {"levels": [level(7, "300 working-minutes")]},
            {"levels": [level(2, "9 working-hours", target="quality", role=None)]},
            {"paused_by": {"complainant", "supplier"}},
            {"stops_after": delay("10 working-hours")},
            {"stops_after": delay("10 working-hours"), "paused_by": {"complainant", "supplier"}},
        ],
    )
    def test_a_rule_that_adds_nothing_is_refused(self, terms):
        hidden = self.hidden(**terms)
        for rules in ((self.FIRST, hidden), (hidden, self.FIRST)):
            with pytest.raises(InvalidPolicy, match=r"hidden by rule '(first|second)'"):
                policy(*rules)

    @pytest.mark.parametrize(
        "terms",
        [
            {"levels": [level(1, "3 working-hours")]},
            {"levels": [level(1, "4 hours")], "paused_by": ()},
            {"levels": [level(1, "4 working-hours", target="anna")]},
            {"levels": [level(1, "4 working-hours"), level(2, "9 working-hours")]},
            {
                "levels": [
                    level(1, "4 working-hours"),
                    level(2, "5 working-hours", role="head"),
                ]
            },
            {"until": {"acknowledge"}, "levels": [level(1, "5 working-hours")]},
            {"until": (), "levels": [level(1, "5 working-hours")]},
            # It may begin once more while the first still runs.
            {"until": {"respond", "acknowledge"}},
            {"since": {"receive"}, "levels": [level(1, "5 working-hours")]},
            {"counted_from": "response-due", "levels": [level(1, "5 working-hours")]},
            {"calendar": "night", "levels": [level(1, "5 working-hours")]},
            {"paused_by": (), "levels": [level(1, "5 working-hours")]},
        ],
    )
    def test_a_rule_that_adds_something_is_not(self, terms):
        other = self.hidden(**terms)
        night = BusinessCalendar.every_day("22:00-06:00", zone="UTC")
        built = policy(self.FIRST, other, calendars={"desk": OFFICE, "night": night})
        assert len(built.rules) == 2

    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ({"categories": {"delivery"}}, {}),
            ({"categories": {"delivery"}}, {"categories": {"delivery", "billing"}}),
            ({"severities": {"low"}}, {}),
            ({"stops_after": delay("10 working-hours")}, {}),
            (
                {"stops_after": delay("10 working-hours")},
                {"stops_after": delay("20 working-hours")},
            ),
        ],
    )
    def test_a_rule_for_more_cases_or_longer_is_not_hidden(self, wide, narrow):
        first = evolve(self.FIRST, **wide)
        second = self.hidden(levels=[level(1, "5 working-hours")], **narrow)
        assert len(policy(first, second).rules) == 2

    def test_of_two_that_begin_only_once_the_one_that_ends_earlier_adds_nothing(self):
        first = evolve(self.FIRST, since={"receive"})
        second = self.hidden(since={"receive"}, until={"respond", "acknowledge"})
        with pytest.raises(InvalidPolicy, match="rule 'second': hidden by rule 'first'"):
            policy(first, second)

    @pytest.mark.parametrize(("stops", "hidden"), [("9 working-hours", False), ("9 hours", True)])
    def test_a_pause_of_its_own_can_make_a_rule_stop_later(self, stops, hidden):
        """Its end stands still as well, if it is counted in working time."""
        terms: dict[str, Any] = {
            "levels": [level(1, "4 working-hours")],
            "stops_after": delay(stops),
        }
        first = evolve(self.FIRST, **terms)
        second = self.hidden(paused_by={"complainant", "supplier"}, **terms)
        if hidden:
            with pytest.raises(InvalidPolicy, match="rule 'second': hidden by rule 'first'"):
                policy(first, second)
        else:
            assert len(policy(first, second).rules) == 2

    @pytest.mark.parametrize(
        "terms",
        [
            {},
            {"cap": 3},
            {"cool_down": delay("5 working-hours")},
            {"cool_down": None, "cap": None},
        ],
    )
    def test_repeats_that_come_no_sooner_and_no_oftener_add_nothing(self, terms):
        hidden = evolve(self.REPEATED, name="second", categories={"delivery"}, **terms)
        with pytest.raises(InvalidPolicy, match="rule 'second': hidden by rule 'first'"):
            policy(self.REPEATED, hidden)

    @pytest.mark.parametrize(
        "terms",
        [
            {"cap": 5},
            {"cool_down": delay("3 working-hours")},
            {"cool_down": delay("1 business-days")},
            # Another level is the highest, and so the one that is repeated.
            {"levels": [level(1, "4 working-hours")], "cap": 3},
        ],
    )
    def test_repeats_that_come_sooner_or_oftener_do(self, terms):
        other = evolve(self.REPEATED, name="second", categories={"delivery"}, **terms)
        assert len(policy(self.REPEATED, other).rules) == 2

    def test_a_rule_that_repeats_is_not_hidden_by_one_that_does_not(self):
        other = evolve(self.REPEATED, name="second", categories={"delivery"})
        assert len(policy(self.FIRST, other).rules) == 2

    def test_repeats_for_somebody_else_tell_nobody_else(self):
        other = rule(level(1, "9 working-hours"), cool_down=delay("4 working-hours"), cap=3)
        assert len(policy(self.REPEATED, evolve(other, paused_by={"complainant"})).rules) == 2

    def test_a_highest_level_that_comes_later_repeats_later(self):
        """It tells the team lead by its first level in time, and repeats by its second."""
        first = rule(
            level(1, "2 working-hours"),
            level(2, "20 working-hours"),
            name="first",
            cool_down=delay("1 working-hours"),
            cap=9,
        )
        other = rule(level(1, "4 working-hours"), cool_down=delay("1 working-hours"), cap=2)
        assert len(policy(first, other).rules) == 2


class TestDecision:
    """Why something is due, or is not."""

    def test_the_evidence_shows_everything_that_was_looked_at(self):
        case = evolve(CASE, fired=(FiredEscalation("unanswered", 1, at("11 13:00")),))
        small = evolve(POLICY, rules=[evolve(POLICY.rules[0], cap=None, cool_down=None)])
        decision = small(case, at("12 13:00"))
        assert decision.subject == "K-1"
        assert decision.as_of == at("12 13:00")
        assert explain(Decision("one", "escalation", decision.as_of, decision.evidence, "K-1")) == (
            "one for K-1, by escalation, as of 2026-05-12 13:00:00+00:00\n"
            "- not met: unanswered, level 1; all of these are needed\n"
            "  - met: instant asked about is 2026-05-12 13:00:00+00:00; "
            "2026-05-11 13:00:00+00:00 or later required\n"
            "  - not met: already on record is yes; no required\n"
            "- met: unanswered, level 2; all of these are needed\n"
            "  - met: instant asked about is 2026-05-12 13:00:00+00:00; "
            "2026-05-12 12:00:00+00:00 or later required\n"
            "  - met: already on record is no; no required"
        )

    def test_a_rule_for_other_cases_is_noted(self):
        (noted,) = POLICY(CASE, at("11 09:00")).evidence[-1:]
        assert (noted.criterion, noted.observed, noted.met) == ("danger", "for other cases", None)

    def test_a_decision_can_be_kept(self):
        converter = make_converter(
            Decision[tuple[DueEscalation, ...]], DueEscalation, EscalationPolicy
        )
        decision = POLICY(CASE, at("12 13:00"))
        assert converter.loads(converter.dumps(decision)) == decision


class TestData:
    """A policy is data: it can be written in TOML, and reads back the same."""

    def test_it_reads_back_from_json(self):
        assert CONVERTER.loads(CONVERTER.dumps(POLICY)) == POLICY

    def test_every_term_reads_back(self):
        everything = policy(
            rule(
                level(2, "4 working-hours", target="anna"),
                categories={"delivery"},
                severities={"low"},
                since={"receive"},
                counted_from="response-due",
                until={"respond", "hold"},
                stops_after=delay("9 calendar-days"),
                paused_by={"supplier"},
                cool_down=delay("30 minutes"),
                cap=7,
            ),
            categories={"delivery"},
            severities={"low"},
            resting={"file-away"},
        )
        again = CONVERTER.loads(CONVERTER.dumps(everything))
        assert again == everything
        assert CONVERTER.digest(again) != CONVERTER.digest(POLICY)
        assert again.due(CASE, at("31 00:00")) == everything.due(CASE, at("31 00:00"))

    def test_it_is_written_as_it_is_read(self):
        assert CONVERTER.loads_toml(_toml(json.loads(CONVERTER.dumps(POLICY)))) == POLICY

    def test_what_is_due_reads_back(self):
        converter = make_converter(DueEscalation, FiredEscalation)
        (due,) = policy().due(history("11 09:00 receive", "11 15:00 respond"), at("12 00:00"))
        assert converter.loads(converter.dumps(due)) == due
        assert due.fired == FiredEscalation("unanswered", 1, at("11 13:00"))

    def test_a_rule_that_is_refused_is_found_by_its_name(self):
        text = TOML.replace('target = "quality"', 'target = ""')
        with pytest.raises(InvalidDocument, match="rule 'unanswered': the target of level 2"):
            CONVERTER.loads_toml(text)

    def test_nobody_changes_it_behind_its_back(self):
        given = {"desk": OFFICE}
        built = policy(calendars=given)
        given.clear()
        assert built.calendars == {"desk": OFFICE}
        assert isinstance(hash(built), int)

    def test_a_tick_earlier_the_same_policy_says_what_it_said_then(self):
        first = POLICY.due(CASE, at("11 13:00"))
        assert POLICY.due(CASE, at("11 13:00") - timedelta(microseconds=1)) == ()
        assert POLICY.due(CASE, at("11 13:00")) == first


def _toml(value: Any) -> str:
    """A document in TOML, which has no null: what is None is left out."""
    if isinstance(value, Mapping) and value.keys() == {"kind", "version", "data"}:
        return "\n".join(f"{key} = {_toml(item)}" for key, item in value.items())
    if isinstance(value, Mapping):
        items = (f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items() if v is not None)
        return f"{{ {', '.join(items)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value)
