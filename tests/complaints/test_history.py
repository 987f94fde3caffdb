"""The history of a case: what happened in order of time, and no impossible instants."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from crmkit.complaints.facts.history import CaseHistory, FiredEscalation, Mark, Wait
from crmkit.errors import InvalidIdentifier, InvalidValue, NaiveDatetime
from crmkit.identifiers import ComplaintId

MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
NAIVE = datetime(2026, 5, 4, 9, 30)  # noqa: DTZ001
HOUR = timedelta(hours=1)


def history(*marks, **more):
    return CaseHistory(complaint=ComplaintId("K-1"), marks=marks, **more)


class TestCaseHistory:
    """A case begins with its receipt, and its marks follow each other in time."""

    def test_marks_are_put_in_order_of_time_whatever_their_zones(self):
        tokyo = timezone(9 * HOUR)
        answered = Mark("respond", (MONDAY + HOUR).astimezone(tokyo))
        case = history(answered, Mark("receive", MONDAY))
        assert [mark.name for mark in case.marks] == ["receive", "respond"]
        assert case.received_at == MONDAY

    def test_in_the_hour_that_comes_twice_marks_are_in_order_of_time(self):
        """Half past two, and a quarter past two an hour later by the same clock on the wall."""
        berlin = ZoneInfo("Europe/Berlin")
        first = Mark("receive", datetime(2026, 10, 25, 2, 30, tzinfo=berlin))
        second = Mark("respond", datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1))
        assert history(second, first).marks == (first, second)

    def test_a_case_without_a_receipt_is_refused(self):
        with pytest.raises(InvalidValue, match="begins with its receipt"):
            history(Mark("respond", MONDAY))

    def test_it_is_open_until_it_has_ended(self):
        assert history(Mark("receive", MONDAY)).is_open
        assert not history(Mark("receive", MONDAY), ended_at=MONDAY).is_open

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Mark("respond", NAIVE),
            lambda: Wait("complainant", NAIVE),
            lambda: Wait("complainant", MONDAY, NAIVE),
            lambda: FiredEscalation("unanswered", 1, NAIVE),
            lambda: history(Mark("receive", MONDAY), ended_at=NAIVE),
        ],
    )
    def test_instants_have_a_zone(self, make):
        with pytest.raises(NaiveDatetime):
            make()

    @pytest.mark.parametrize(
        "make",
        [
            lambda: Mark("", MONDAY),
            lambda: Wait(" ", MONDAY),
            lambda: FiredEscalation("", 1, MONDAY),
            lambda: CaseHistory(complaint=ComplaintId(""), marks=(Mark("receive", MONDAY),)),
        ],
    )
    def test_names_can_serve_as_keys(self, make):
        with pytest.raises(InvalidIdentifier):
            make()

    def test_a_wait_may_end_at_once_but_not_before_it_began(self):
        assert Wait("complainant", MONDAY, MONDAY).end == MONDAY
        with pytest.raises(InvalidValue, match="does not end before it starts"):
            Wait("complainant", MONDAY, MONDAY - timedelta(microseconds=1))
