"""A complaint counts on the day it was received, where it belongs."""

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmkit.complaints.facts.case import count_case, count_cases
from crmkit.complaints.facts.counts import CountedCase, summarize_complaints
from crmkit.complaints.lifecycle import Status
from crmkit.complaints.policies.merging import merge_complaints, unmerge_complaint
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import CauseFound, Contacted, Merged
from crmkit.complaints.records.receipt import Receipt, Subject
from crmkit.errors import InvalidValue
from crmkit.identifiers import Actor, ComplaintId, ProductId
from crmkit.period import Period
from crmkit.records import Direction
from tests.complaints.builders import ANNA, DAY, MONDAY, act, entry, note, received, standing

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


def together(one: Complaint, other: Complaint) -> tuple[Complaint, Complaint]:
    """The one merged into the other."""
    both = merge_complaints(RULES, one, other, by=ANNA, at=MONDAY + 3 * DAY, reason="one matter")
    return both.complaint, both.into


class TestCountCases:
    """Each matter counts once, however often it was told, moved or handed in."""

    def test_one_that_is_merged_counts_in_the_one_it_went_into(self):
        one, other = together(
            received("K-2", complainant="C-1", received_at=MONDAY + DAY),
            received("K-1", complainant="C-1"),
        )
        assert count_cases([one, other], UTC) == (count_case(other, UTC),)
        assert count_cases([one], UTC) == ()

    def test_taken_out_again_it_counts_by_itself(self):
        one, other = together(
            received("K-2", complainant="C-1", received_at=MONDAY + DAY),
            received("K-1", complainant="C-1"),
        )
        apart = unmerge_complaint(one, other, by=ANNA, at=MONDAY + 3 * DAY, reason="two matters")
        assert len(count_cases([apart.complaint, apart.into], UTC)) == 2

    def test_a_contact_about_it_and_a_reopening_are_no_further_complaints(self):
        reopened = standing(Status.REOPENED)
        again = note(reopened, Contacted(channel="phone", direction=Direction.INBOUND))
        assert again.repeat_contacts == 1
        assert len(count_cases([again], UTC)) == 1

    def test_one_whose_texts_were_erased_counts_as_before(self):
        told = received(complainant="C-1", content="the kettle leaks")
        erased = evolve(told, receipt=evolve(told.receipt, complainant=None, content=None))
        assert count_cases([erased], UTC) == count_cases([told], UTC)

    def test_handed_in_twice_it_counts_once_as_it_stood_last(self):
        before, after = COMPLAINT, found(cause="packaging")
        for both in ([before, after], [after, before], [after, after, before]):
            assert count_cases(both, UTC) == (count_case(after, UTC),)

    def test_merged_since_it_was_handed_in_first(self):
        alone = received("K-2", complainant="C-1", received_at=MONDAY + DAY)
        merged, _ = together(alone, received("K-1", complainant="C-1"))
        assert count_cases([alone, merged], UTC) == count_cases([merged, alone], UTC) == ()

    @pytest.mark.parametrize(
        "other",
        [
            found(cause="late"),
            RULES.receive(evolve(COMPLAINT.receipt, received_at=MONDAY)),
            COMPLAINT.after(entry(Merged(ComplaintId("K-0")))),
        ],
    )
    def test_two_complaints_under_one_number_are_refused(self, other):
        for both in ([found(cause="packaging"), other], [other, found(cause="packaging")]):
            with pytest.raises(InvalidValue, match="one number"):
                count_cases(both, UTC)

    @given(st.lists(st.sampled_from("abcdef"), max_size=12), st.randoms(use_true_random=False))
    def test_neither_order_nor_repetition_matters(self, regions, random):
        whole = [
            received(f"K-{place}", about=Subject(region=region))
            for place, region in enumerate(regions)
        ]
        mixed = [*whole, *whole[::2]]
        random.shuffle(mixed)
        assert count_cases(mixed, UTC) == count_cases(whole, UTC)
        assert Counter(case.region for case in count_cases(mixed, UTC)) == Counter(regions)

    def test_a_zone_is_named(self):
        with pytest.raises(InvalidValue, match="tzinfo"):
            count_cases([COMPLAINT], None)  # type: ignore[arg-type]

    def test_a_closed_complaint_counts_on_the_day_it_came(self):
        closed = act(standing(Status.CLOSED), "reopen", at=MONDAY + 40 * DAY)
        assert [case.on for case in count_cases([closed], UTC)] == [MONDAY.date()]
