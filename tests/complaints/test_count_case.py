"""A complaint counts on the day it was received, where it belongs."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from crmkit.complaints.facts.case import count_case
from crmkit.complaints.facts.counts import CountedCase, summarize_complaints
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.events import CauseFound
from crmkit.complaints.records.receipt import Receipt, Subject
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, ProductId
from crmkit.period import Period

RULES = ComplaintRules()
LATE = datetime(2026, 5, 31, 23, 30, tzinfo=UTC)
COMPLAINT = RULES.receive(
    Receipt(
        id=ComplaintId("K-1"),
        received_at=LATE,
        channel="phone",
        received_by=Actor("anna"),
        about=Subject(
            product=ProductId("kettle"), unit="shop-3", region="north", employee=Actor("dan")
        ),
    )
)


def found(**cause):
    return RULES.record(
        COMPLAINT, CauseFound(**cause), by=Actor("anna"), at=LATE, reason="looked into it"
    )


class TestCountCase:
    """What was found counts before what the complainant thought."""

    def test_until_a_cause_is_found_it_counts_where_the_complainant_says(self):
        assert count_case(COMPLAINT, UTC) == CountedCase(
            on=date(2026, 5, 31),
            region="north",
            product="kettle",
            unit="shop-3",
            employee="dan",
            channel="phone",
        )

    def test_it_counts_on_the_day_of_the_shop(self):
        assert count_case(COMPLAINT, ZoneInfo("Europe/Berlin")).on == date(2026, 6, 1)

    def test_who_was_found_responsible_is_counted(self):
        case = count_case(found(cause="packaging", unit="dispatch", person=Actor("eve")), UTC)
        assert (case.cause, case.unit, case.employee) == ("packaging", "dispatch", "eve")

    def test_a_cause_without_anybody_leaves_what_was_said(self):
        case = count_case(found(cause="packaging"), UTC)
        assert (case.cause, case.unit, case.employee) == ("packaging", "shop-3", "dan")

    def test_counted_cases_make_the_month(self):
        counts = summarize_complaints(
            [count_case(COMPLAINT, UTC), count_case(found(cause="packaging"), UTC)],
            Period.month(2026, 5),
        )
        assert counts.total.complaints == 2
        assert counts.of("cause", "packaging").complaints == 1

    def test_a_zone_is_named(self):
        with pytest.raises(InvalidValue, match="tzinfo"):
            count_case(COMPLAINT, None)  # type: ignore[arg-type]
