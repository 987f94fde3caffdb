"""A log of events: every event is a move, refused and noted, later than the day, or a reject."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmkit.cli.complaints.layout import read_lifecycle
from tests.cli.running import run
from tests.shared_data import shared_file

LIFECYCLE = """
kind = "lifecycle"
version = 1
[data]
name = "desk"
version = 2
initial = "new"
final = ["done"]
moves = [["new", "take", "taken"], ["taken", "take", "taken"], ["taken", "solve", "done"]]
"""
HEADER = "CaseID,ActivityID,CompleteTimestamp"


@pytest.fixture
def log(here):
    """Write a log and its lifecycle; gives what to call the command with."""

    def written(*events: str):
        (here / "desk.toml").write_text(LIFECYCLE, encoding="utf-8")
        (here / "log.csv").write_text("\n".join([HEADER, *events, ""]), encoding="utf-8")
        return (
            *("complaints", "log.csv", "--layout", "events", "--lifecycle", "desk.toml"),
            *("--zone", "Europe/Rome"),
        )

    return written


def shown(*arguments: object):
    """What the command says for programs."""
    return run(*arguments, "--json").json


class TestReplay:
    """What becomes of each event."""

    def test_a_case_is_replayed_in_the_order_of_time(self, log):
        call = log("a,solve,2026-05-05 10:00:00", "a,take,2026-05-04 10:00:00")
        case = shown(*call, "--case", "a")
        assert case["status"] == "done"
        assert case["received_at"] == "2026-05-04T10:00:00+02:00"
        assert shown(*call)["disordered"] == 1
        assert "after a later event of the same case, put in order: 1" in run(*call).out

    def test_what_the_lifecycle_lacks_is_refused_noted_and_counted(self, log):
        call = log(
            "a,take,2026-05-04 10:00:00",
            "a,solve,2026-05-04 11:00:00",
            "a,take,2026-05-04 12:00:00",
        )
        events = shown(*call)["events"]
        assert (events["read"], events["moves"], events["refused"]) == (3, 2, 1)
        last = shown(*call, "--case", "a")["trail"][-1]
        assert last["what"].startswith("refused-by-lifecycle: cannot take from done")
        assert last["reason"] == "line 4: activity take"
        assert shown(*call, "--case", "a")["status"] == "done"

    def test_what_comes_after_the_day_asked_about_is_left_out_and_counted(self, log):
        call = log(
            "a,take,2026-05-04 23:59:59", "a,solve,2026-05-05 00:00:00", "b,take,2026-05-05 01:00"
        )
        found = shown(*call, "--as-of", "2026-05-04")
        assert (found["events"]["moves"], found["events"]["later"]) == (1, 2)
        assert (found["cases"], found["cases_later"]) == (1, 1)
        assert found["statuses"] == {"taken": 1}

    @pytest.mark.parametrize(
        ("event", "reason"),
        [
            (",take,2026-05-04 10:00:00", "bad-identifier"),
            ("a,,2026-05-04 10:00:00", "missing"),
            ("a,take,", "missing"),
            ("a,sing,2026-05-04 10:00:00", "unknown-value"),
            ("a,take,04.05.2026 10:00", "bad-date"),
            ("a,take,2026-02-30 10:00:00", "bad-date"),
            ("a,take,2026-05-04 25:00:00", "bad-date"),
            ("a,take,2026-05-04", "bad-date"),
            ("a,take,0001-01-01 00:00:00+14:00", "bad-date"),
            ("a,take,1801-05-04 10:00:00", "bad-date"),
            ("a,take,9999-12-31 23:59:59-14:00", "bad-date"),
            ("a,take", "too-few-columns"),
        ],
    )
    def test_a_row_that_is_no_event_is_rejected(self, log, event, reason):
        found = shown(*log("a,take,2026-05-04 10:00:00", event))
        assert found["rejects_by_reason"] == {reason: 1}
        assert found["lines"] == found["header_lines"] + found["rows"] + found["rejects"]

    def test_times_when_clocks_change_are_read_and_counted(self, log):
        call = log("a,take,2026-10-25 02:30:00", "b,take,2026-03-29 02:30:00")
        found = shown(*call)
        assert (found["ambiguous_times"], found["skipped_times"]) == (1, 1)
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
        assert datetime.fromisoformat(shown(*call, "--case", "a")["received_at"]) == first
        out = run(*call).out
        assert "came twice when clocks were put back, read as the first: 1" in out
        assert "left out when clocks were put forward, read as if they were not: 1" in out

    def test_a_time_with_an_offset_is_taken_as_it_stands(self, log):
        call = log("a,take,2026-05-04T10:00:00+09:00")
        received = datetime.fromisoformat(shown(*call, "--case", "a")["received_at"])
        assert received == datetime(2026, 5, 4, 1, 0, tzinfo=UTC)

    def test_what_was_done_in_one_second_keeps_the_order_of_its_fractions(self, log):
        call = log("a,solve,2026-05-04 10:00:00.2", "a,take,2026-05-04 10:00:00.1")
        assert shown(*call, "--case", "a")["status"] == "done"

    def test_a_log_names_its_own_format_of_times(self, log, here):
        log()
        (here / "mine.toml").write_text(
            'kind = "event-log"\nversion = 1\n[data]\nname = "mine"\ncase = "No"\n'
            'activity = "What"\nat = "When"\ndate_format = "%d.%m.%Y %H:%M"\n'
        )
        (here / "log.csv").write_text("No;What;When\na;take;04.05.2026 10:30\nb;take;04.05.2026\n")
        call = ("complaints", "log.csv", "--layout", "mine.toml", "--lifecycle", "desk.toml")
        found = shown(*call, "--zone", "Europe/Rome", "--case", "a")
        assert found["received_at"] == "2026-05-04T10:30:00+02:00"
        account = shown(*call, "--zone", "Europe/Rome")
        assert account["rejects_by_reason"] == {"bad-date": 1}

    def test_every_kind_of_refused_event_is_counted_by_itself(self, log):
        call = log(
            *(f"{case},{what},2026-05-04 10:00:00" for case in "abc" for what in ("solve", "take")),
            "d,take,2026-05-04 10:00:00",
            "d,solve,2026-05-04 11:00:00",
            "d,take,2026-05-04 12:00:00",
        )
        words = shown(*call)["notes"]["refused-by-lifecycle"]["words"]
        assert words == {"cannot solve from new": 3, "cannot take from done": 1}
        out = run(*call).out
        assert "Refused by the lifecycle: 4 events" in out
        assert "3  cannot solve from new" in out

    def test_every_event_is_counted_with_what_it_did(self, log):
        call = log(
            "a,take,2026-05-04 10:00:00", "a,take,2026-05-04 11:00:00", "a,solve,2026-05-05 09:00"
        )
        assert shown(*call)["actions"] == {"take": 2, "solve": 1}

    def test_a_lifecycle_without_deadlines_has_none(self, log):
        out = run(*log("a,take,2026-05-04 10:00:00")).out
        assert "Deadlines: the lifecycle names none" in out
        assert "Causes: a log names none" in out
        assert "Overdue" not in out


# --- the help desk --------------------------------------------------------------------------------

ROME = ZoneInfo("Europe/Rome")


@pytest.fixture(scope="module")
def tickets():
    """The tickets of the log, read without the library."""
    cases: dict[str, list[tuple[datetime, str]]] = {}
    with shared_file("helpdesk_event_log.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.fromisoformat(row["CompleteTimestamp"]).replace(tzinfo=ROME)
            cases.setdefault(row["CaseID"], []).append((at, row["ActivityID"]))
    return cases


def end_of_business_day(at: datetime, count: int, closed: frozenset[date]) -> datetime:
    """The end of the so manieth working day after an instant."""
    day = at.date()
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in closed
    return datetime(day.year, day.month, day.day, tzinfo=ROME) + timedelta(days=1)


def end_of_work(start: datetime, left: timedelta, closed: frozenset[date]) -> datetime:
    """When so much time from nine to six on working days has passed since an instant."""
    day = start.date()
    while True:
        if day.weekday() < 5 and day not in closed:
            opens = datetime(day.year, day.month, day.day, 9, tzinfo=ROME)
            begins, closes = max(start, opens), opens.replace(hour=18)
            if begins + left <= closes:
                return begins + left
            left -= max(timedelta(), closes - begins)
        day += timedelta(days=1)


def helpdesk_call():
    """How the command is called."""
    path = shared_file("helpdesk_event_log.csv")
    return (
        *("complaints", path, "--layout", "events", "--lifecycle", "helpdesk"),
        *("--zone", "Europe/Rome", "--hours", "09:00-18:00"),
    )


@pytest.fixture(scope="module")
def found():
    """What the command says of the log."""
    return shown(*helpdesk_call())


class TestHelpDesk:
    """3,804 tickets of an Italian software company."""

    def test_every_event_and_every_case_is_accounted_for(self, found):
        assert (found["lines"], found["rows"], found["rejects"]) == (13_711, 13_710, 0)
        events = found["events"]
        assert events["moves"] + events["refused"] + events["later"] == 13_710
        assert sum(found["actions"].values()) == events["moves"]
        assert events["refused"] == 0
        assert found["statuses"] == {"resolved": 3_804}

    def test_the_lifecycle_has_the_moves_that_occur_and_no_other(self, tickets):
        table = read_lifecycle("helpdesk")
        seen: Counter[tuple[str, str, str]] = Counter()
        for events in tickets.values():
            status = table.lifecycle.initial
            for _, activity in sorted(events, key=lambda event: event[0]):
                action = table.activities[activity]
                to = table.lifecycle.after(status, action)
                seen[status, action, to] += 1
                status = to
        assert set(seen) == set(table.lifecycle.moves)
        assert sum(seen.values()) == 13_710

    @pytest.mark.parametrize("holidays", [None, "IT"])
    @pytest.mark.parametrize("day", ["2011-06-30", "2012-04-09", "2012-11-06"])
    def test_every_deadline_is_that_of_a_count_by_hand(self, tickets, day, holidays):
        closed: frozenset[date] = frozenset()
        if holidays:
            package = pytest.importorskip("holidays")
            closed = frozenset(package.country_holidays("IT", years=range(2010, 2014)))
        by_hand, overdue, missed = self._by_hand(tickets, date.fromisoformat(day), closed)
        also = ("--holidays", holidays) if holidays else ()
        account = shown(*helpdesk_call(), "--as-of", day, *also)
        names = ("met", "met-late", "overdue", "pending")
        assert by_hand == {
            (each["obligation"], name): each[name]
            for each in account["deadlines"]
            for name in names
            if each.get(name)
        }
        assert account["cases_with_missed_deadline"] == missed
        listed = [
            (datetime.fromisoformat(each["due_at"]), each["case"], each["obligation"])
            for each in account["overdue"]
        ]
        assert listed == overdue

    def _by_hand(self, tickets, day: date, closed: frozenset[date]):
        """How often each deadline is kept or not, what is overdue, and how many missed one."""
        end = datetime(day.year, day.month, day.day, tzinfo=ROME) + timedelta(days=1)
        counts: Counter[tuple[str, str]] = Counter()
        overdue, missed = [], 0
        for case, unordered in tickets.items():
            events = sorted((at, what) for at, what in unordered if at < end)
            if not events:
                continue
            received, passed, late = events[0][0], [], False
            for name, due, met_by in (
                ("take-in-charge", end_of_work(received, timedelta(hours=8), closed), "68"),
                ("resolve", end_of_business_day(received, 10, closed), "6"),
            ):
                met = next((at for at, what in events if what in met_by), None)
                is_late = (end if met is None else met) > due
                words = ("pending", "overdue") if met is None else ("met", "met-late")
                counts[name, words[is_late]] += 1
                late = late or is_late
                if met is None and is_late:
                    passed.append((due, case, name))
            missed += late
            overdue += [min(passed)] if passed else []
        return dict(counts), sorted(overdue), missed

    def test_italian_holidays_move_deadlines(self, found):
        pytest.importorskip("holidays")
        with_holidays = shown(*helpdesk_call(), "--holidays", "IT")
        assert with_holidays["cases_with_missed_deadline"] < found["cases_with_missed_deadline"]
