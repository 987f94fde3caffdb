"""What a store has of a file, and what a later file adds to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmkit.cli.complaints import keeping
from crmkit.cli.complaints.cases import rules_of
from crmkit.cli.complaints.layout import ComplaintTable, read_layout
from crmkit.complaints.desk import ComplaintDesk
from crmkit.complaints.kept import COMPLAINTS
from crmkit.complaints.policies.rules import ComplaintRules
from crmkit.complaints.records.complaint import Complaint
from crmkit.complaints.records.events import FactsRecorded, Noted, StatusChanged
from crmkit.complaints.records.sealed_text import ERASED, without_personal_texts
from crmkit.identifiers import Actor, ComplaintId
from crmkit.storage.sqlite import SqliteStore
from tests.cli.running import run
from tests.cli.test_complaints_logs import HEADER as LOG
from tests.cli.test_complaints_logs import LIFECYCLE
from tests.cli.test_complaints_tables import HEADER, LAYOUT, OFFICE
from tests.shared_data import shared_file

STORE = ("--store", "cases.sqlite")


@pytest.fixture(autouse=True)
def documents(here):
    """The layout of the table, and the lifecycle of the log."""
    (here / "shop.toml").write_text(LAYOUT, encoding="utf-8")
    (here / "desk.toml").write_text(LIFECYCLE, encoding="utf-8")


@pytest.fixture
def table(here):
    """Keep a table of complaints; gives what the command says of it."""

    def kept(*rows: str, more: tuple[str, ...] = ()):
        (here / "shop.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        call = ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE)
        return run(*call, *STORE, "--json", *more).json

    return kept


@pytest.fixture
def log(here):
    """Keep a log; gives what the command says of it."""

    def kept(*events: str, more: tuple[str, ...] = ()):
        (here / "log.csv").write_text("\n".join([LOG, *events, ""]), encoding="utf-8")
        call = ("complaints", "log.csv", "--layout", "events", "--lifecycle", "desk.toml")
        return run(*call, "--zone", "Europe/Rome", *STORE, "--json", *more).json

    return kept


def shop_rules() -> ComplaintRules:
    """The rules of the table."""
    layout = read_layout("shop.toml")
    assert isinstance(layout, ComplaintTable)
    return rules_of(layout.rules)


def desk_on(store: SqliteStore) -> ComplaintDesk:
    """A desk that goes on with the cases of the table."""
    return ComplaintDesk(store=store, rules=shop_rules())


def case_in(store: str, number: str) -> Complaint:
    """A case as it is kept."""
    with SqliteStore.open(store) as opened, opened.unit_of_work() as unit:
        return unit.repository(COMPLAINTS).get(number).record


def actions(number: str) -> list[str]:
    """What was done with a case of the store."""
    return [each.action for each in case_in("cases.sqlite", number).events(StatusChanged)]


def counted(found) -> tuple[int, int, int, int]:
    """What became of the cases in the store."""
    store = found["store"]
    return store["new"], store["unchanged"], store["continued"], store["contradicted"]


class TestTheSameFileAgain:
    """A file that is kept twice is kept once."""

    def test_nothing_changes_and_all_is_counted_as_it_was(self, table, here):
        rows = ("7;04.05.2026;n;late;;05.05.2026;no;hm", "8;06.05.2026;s;late;;;;")
        first = table(*rows)
        before = case_in("cases.sqlite", "7"), case_in("cases.sqlite", "8")
        again = table(*rows)
        assert (counted(first), counted(again)) == ((2, 0, 0, 0), (0, 2, 0, 0))
        assert (case_in("cases.sqlite", "7"), case_in("cases.sqlite", "8")) == before
        assert {**first, "store": None} == {**again, "store": None}

    def test_the_screen_says_what_became_of_the_cases(self, table, here):
        table("7;04.05.2026;n;late;;05.05.2026;no;")
        call = ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, *STORE)
        out = run(*call).out
        assert "kept in cases.sqlite: 0 new + 1 as before + 0 gone on (0 entries) + 0 contr" in out

    def test_rows_in_another_order_are_the_same_cases(self, table):
        rows = ("7;04.05.2026;n;late;;05.05.2026;no;", "8;06.05.2026;s;late;;;;")
        table(*rows)
        assert counted(table(*reversed(rows))) == (0, 2, 0, 0)


class TestALaterFile:
    """What is new in it goes on from what is kept."""

    def test_new_cases_are_added_and_known_ones_go_on(self, table):
        table("7;04.05.2026;n;late;;;;", "8;04.05.2026;n;late;;;;")
        found = table(
            "7;04.05.2026;n;late;;06.05.2026;no;",
            "8;04.05.2026;n;late;;;;",
            "9;07.05.2026;n;late;;;;",
        )
        assert counted(found) == (1, 1, 1, 0)
        assert found["store"]["entries_added"] == 2
        assert (actions("7"), actions("8")) == (["respond", "dispute"], [])

    def test_what_no_file_dates_is_known_from_the_first_that_told_it(self, table):
        table("7;04.05.2026;n;late;;05.05.2026;no;")
        later = ("7;04.05.2026;n;late;;05.05.2026;no;", "9;29.05.2026;n;late;;;;")
        assert table(*later)["undated_entries"] == 1
        *_, dispute = case_in("cases.sqlite", "7").trail
        assert dispute.at == datetime(2026, 5, 5, 22, tzinfo=UTC)  # Midnight in Berlin.
        shown = table(*later, more=("--case", "7"))
        assert shown["trail"][-1]["at"] == "2026-05-06T00:00:00+02:00"
        assert not shown["trail"][-1]["dated"]

    def test_a_longer_log_adds_its_events(self, log):
        log("a,take,2026-05-04 10:00:00")
        found = log(
            "b,take,2026-05-04 09:00:00",
            "a,take,2026-05-04 10:00:00",
            "a,solve,2026-05-05 10:00:00",
            "a,take,2026-05-05 11:00:00",
        )
        assert counted(found) == (1, 0, 1, 0)
        assert actions("a") == ["take", "solve"]
        (refused,) = case_in("cases.sqlite", "a").events(Noted)
        assert refused.topic == "refused-by-lifecycle"
        assert counted(log("a,take,2026-05-04 10:00:00", "a,solve,2026-05-05 10:00:00")) == (
            (0, 1, 0, 0)
        )

    def test_the_same_done_twice_at_once_is_twice_done(self, log):
        once = "a,take,2026-05-04 10:00:00"
        log(once)
        assert log(once, once)["store"]["entries_added"] == 1
        assert log(once, once)["store"]["entries_added"] == 0
        assert actions("a") == ["take", "take"]

    def test_a_log_kept_part_by_part_is_the_log_kept_at_once(self, here):
        lines = shared_file("helpdesk_event_log.csv").read_text(encoding="utf-8").splitlines()
        (here / "log.csv").write_text("\n".join(lines[:1_001]), encoding="utf-8")
        call = ("complaints", "log.csv", "--layout", "events", "--lifecycle", "helpdesk")
        office = ("--zone", "Europe/Rome", "--hours", "09:00-18:00", "--quiet", "--store")
        for day in ("2011-06-30", "2012-03-26", "2012-11-06"):
            assert run(*call, *office, "parts.sqlite", "--as-of", day).status == 0
        assert run(*call, *office, "whole.sqlite").status == 0
        numbers = {line.partition(",")[0] for line in lines[1:1_001]}
        assert len(numbers) > 250
        for number in numbers:
            assert case_in("parts.sqlite", number) == case_in("whole.sqlite", number)

    @settings(
        max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        events=st.lists(
            st.tuples(
                st.sampled_from("ab"),
                st.sampled_from(["take", "solve"]),
                st.integers(0, 5),
            ),
            min_size=2,
            max_size=8,
        ),
        day=st.integers(0, 5),
    )
    def test_keeping_a_log_in_two_parts_is_keeping_it_once(self, log, here, events, day):
        (here / "cases.sqlite").unlink(missing_ok=True)
        lines = [f"{case},{what},2026-05-0{4 + at} 10:00:00" for case, what, at in events]
        lines.append("z,take,2026-05-04 09:00:00")
        log(*lines, more=("--as-of", f"2026-05-0{4 + day}"))
        found = log(*lines)
        kept = {number: case_in("cases.sqlite", number) for number in {e[0] for e in events}}
        (here / "cases.sqlite").unlink()
        whole = log(*lines)
        assert kept == {number: case_in("cases.sqlite", number) for number in kept}
        assert {**found, "store": None} == {**whole, "store": None}
        assert found["store"]["contradicted"] == 0


class TestWhatDoesNotGoOn:
    """A file that contradicts what is kept changes nothing there, and is told."""

    @pytest.mark.parametrize(
        "row",
        [
            "7;03.05.2026;n;late;;05.05.2026;;",  # received on another day
            "7;04.05.2026;n;late;;06.05.2026;;",  # answered on another day
        ],
    )
    def test_a_row_that_tells_it_otherwise_is_named_and_left_out_of_the_store(self, table, row):
        table("7;04.05.2026;n;late;;05.05.2026;;")
        before = case_in("cases.sqlite", "7")
        found = table(row, "8;06.05.2026;n;late;;;;")
        assert counted(found) == (1, 0, 0, 1)
        assert found["store"]["contradicted_cases"] == ["7"]
        assert case_in("cases.sqlite", "7") == before
        assert found["cases"] == 2
        call = ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, *STORE)
        assert "the store keeps what it has, shown is the file: 7" in " ".join(
            run(*call).out.split()
        )

    def test_an_event_before_what_is_kept_would_have_changed_what_came_after(self, log):
        log("a,take,2026-05-04 10:00:00", "a,solve,2026-05-06 10:00:00")
        found = log(
            "a,take,2026-05-04 10:00:00",
            "a,take,2026-05-05 10:00:00",
            "a,solve,2026-05-06 10:00:00",
        )
        assert counted(found) == (0, 0, 0, 1)
        assert actions("a") == ["take", "solve"]

    def test_so_would_one_that_is_allowed_even_now(self, log):
        first, second, third = (f"a,take,2026-05-0{day} 10:00:00" for day in (4, 5, 6))
        log(first, third)
        assert counted(log(first, second, third)) == (0, 0, 0, 1)
        assert actions("a") == ["take", "take"]

    def test_a_case_of_another_lifecycle_with_the_same_number_is_another_case(self, table, log):
        table("7;04.05.2026;n;late;;05.05.2026;;")
        found = log("7,take,2026-05-04 00:00:00", "8,take,2026-05-04 10:00:00")
        assert counted(found) == (1, 0, 0, 1)
        assert found["statuses"] == {"taken": 2}
        assert actions("7") == ["respond"]

    def test_another_version_of_the_lifecycle_is_another_lifecycle(self, log, here):
        log("a,take,2026-05-04 10:00:00")
        (here / "desk.toml").write_text(LIFECYCLE.replace("version = 2", "version = 3"))
        found = log("a,take,2026-05-04 10:00:00", "a,solve,2026-05-05 10:00:00")
        assert counted(found) == (0, 0, 0, 1)
        assert actions("a") == ["take"]

    def test_another_description_leaves_the_first_and_is_counted(self, table, here):
        table("7;04.05.2026;n;late;;05.05.2026;;")
        found = table("7;04.05.2026;n;late;now with a text;05.05.2026;no;")
        assert counted(found) == (0, 0, 1, 0)
        assert found["store"]["described_otherwise"] == 1
        assert case_in("cases.sqlite", "7").receipt.content is None
        call = ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, *STORE)
        assert "kept as first described: 1" in run(*call).out


class TestAnEarlierFile:
    """A file that the store is past adds nothing, and is shown as it stands."""

    def test_an_earlier_table_adds_nothing(self, table):
        old, new = "7;04.05.2026;n;late;;;;", "7;04.05.2026;n;late;;05.05.2026;yes;"
        table(new)
        found = table(old)
        assert counted(found) == (0, 1, 0, 0)
        assert found["statuses"] == {"received": 1}
        assert actions("7") == ["respond", "accept"]

    def test_the_log_as_of_an_earlier_day_adds_nothing(self, log):
        events = ("a,take,2026-05-04 10:00:00", "a,solve,2026-05-06 00:00:00")
        log(*events)
        found = log(*events, more=("--as-of", "2026-05-05"))
        assert counted(found) == (0, 1, 0, 0)
        assert found["statuses"] == {"taken": 1}


class TestTheHostGoesOn:
    """Between two files people work on the cases at a desk of the host."""

    def test_what_they_did_stays_and_is_shown(self, table):
        table("7;04.05.2026;n;late;;05.05.2026;;")
        noon = datetime(2026, 5, 6, 10, tzinfo=UTC)
        anna = Actor("anna")
        with SqliteStore.open("cases.sqlite") as store:
            desk_on(store).act(ComplaintId("7"), "dispute", by=anna, at=noon, reason="rang up")
        more = ("7;04.05.2026;n;late;;05.05.2026;;hm", "8;08.05.2026;n;late;;;;")
        found = table(*more)
        assert counted(found) == (1, 0, 1, 0)
        assert found["statuses"] == {"received": 1, "disputed": 1}
        assert found["undated_entries"] == 1
        out = run(
            *("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, *STORE, "--case", "7")
        ).out
        assert "2026-05-06 12:00  dispute: responded to disputed, anna; rang up" in out

    def test_what_no_file_could_say_stands_on_the_trail_by_its_kind(self, table):
        row = "7;04.05.2026;n;late;;05.05.2026;;"
        table(row)
        noon = datetime(2026, 5, 5, 10, tzinfo=UTC)
        with SqliteStore.open("cases.sqlite") as store:
            desk_on(store).record(
                ComplaintId("7"),
                FactsRecorded(facts="the van broke down"),
                by=Actor("anna"),
                at=noon,
                reason="asked the driver",
            )
        assert counted(table(row)) == (0, 1, 0, 0)
        trail = table(row, more=("--case", "7"))["trail"]
        assert (trail[-1]["what"], trail[-1]["by"]) == ("facts-recorded", "anna")

    def test_an_action_that_they_took_is_not_taken_again(self, table):
        table("7;04.05.2026;n;late;;05.05.2026;;")
        noon = datetime(2026, 5, 5, 10, tzinfo=UTC)
        with SqliteStore.open("cases.sqlite") as store:
            desk_on(store).act(
                ComplaintId("7"), "dispute", by=Actor("anna"), at=noon, reason="rang up"
            )
        assert counted(table("7;04.05.2026;n;late;;05.05.2026;no;")) == (0, 1, 0, 0)

    def test_a_note_that_was_erased_does_not_come_back(self, table):
        row = "7;04.05.2026;n;late;very private;05.05.2026;;my address"
        table(row)
        with SqliteStore.open("cases.sqlite") as store, store.unit_of_work() as unit:
            complaints = unit.repository(COMPLAINTS)
            stored = complaints.get("7")
            complaints.replace(without_personal_texts(stored.record), stored.version)
            unit.commit()
        assert counted(table(row)) == (0, 1, 0, 0)
        (note,) = case_in("cases.sqlite", "7").events(Noted)
        assert note.text == ERASED


class TestOverdueInAStore:
    """What a file shows is of the cases of the file, whatever else the store has."""

    def test_cases_of_another_file_are_not_listed(self, table):
        table("1;04.05.2026;n;late;;;;")
        found = table("2;01.06.2026;n;late;;;;", more=("--as-of", "2026-06-10"))
        assert [each["case"] for each in found["overdue"]] == ["2"]
        assert found["deadlines"][0]["overdue"] == 1

    def test_the_desk_finds_the_same_by_its_index(self, table, here):
        rows = [f"{n};{4 + n % 4:02}.05.2026;n;late;;;;" for n in range(12)]
        found = table(*rows, "99;04.05.2026;n;late;;04.05.2026;;", more=("--as-of", "2026-05-09"))
        with SqliteStore.open("cases.sqlite") as store:
            due = desk_on(store).due(before=datetime.fromisoformat(found["as_of"]))
        listed = [each.record.complaint for each in due.items]
        assert listed == [each["case"] for each in found["overdue"]]
        assert len(listed) == 9  # Those of Thursday are due at the end of Monday.


class TestBrokenOff:
    """An import that is broken off is gone on with by the next."""

    def test_so_many_cases_are_kept_together_and_the_next_import_adds_the_rest(
        self, table, here, monkeypatch
    ):
        monkeypatch.setattr(keeping, "_TOGETHER", 2)
        rows = [f"{n};04.05.2026;n;late;;;;" for n in range(5)]
        (here / "shop.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
        keep, seen = keeping.Keeper.keep, list[str]()

        def interrupted(self, case, unit):
            if len(seen) == 3:
                raise KeyboardInterrupt
            seen.append(case.id)
            return keep(self, case, unit)

        with monkeypatch.context() as broken:
            broken.setattr(keeping.Keeper, "keep", interrupted)
            call = ("complaints", "shop.csv", "--layout", "shop.toml", *OFFICE, *STORE)
            broken_off = run(*call)
        assert (broken_off.status, broken_off.out) == (130, "")
        assert broken_off.err == "crmkit complaints: interrupted\n"
        assert counted(table(*rows)) == (3, 2, 0, 0)
        assert counted(table(*rows)) == (0, 5, 0, 0)
