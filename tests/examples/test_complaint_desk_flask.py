"""The complaint desk over HTTP keeps its own tables and those of crmkit together, on PostgreSQL."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from attrs import evolve
from sqlalchemy import create_engine, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError

from crmkit.complaints import COMPLAINTS
from crmkit.errors import Refused, StoreBusy, StoreError, VersionConflict
from crmkit.identifiers import ComplaintId
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from crmkit.storage.sqlalchemy import metadata as crmkit_tables
from examples.complaint_desk_flask import refusals, worker
from examples.complaint_desk_flask.app import create_app
from examples.complaint_desk_flask.tables import (
    create_tables,
    disputes,
    letters,
    metadata,
    orders,
)
from examples.complaint_desk_flask.transactions import Transactions
from tests.storage.postgres import fresh_schema, postgres_url

MONDAY = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECRET = "Frau Zimmermann-Geheim"


class Shop:
    """The app as its users meet it: some clerks, some orders, and a clock that can be set."""

    def __init__(self, engine):
        self.engine = engine
        self.now = MONDAY
        self.numbers = (f"K-{number:03}" for number in range(1, 1_000))
        self.app = create_app(engine, lambda: self.now, new_number=lambda: next(self.numbers))
        office = self.app.extensions["office"]
        quick = evolve(office.transactions, first_pause=0.001)
        self.app.extensions["office"] = evolve(office, transactions=quick)
        with engine.begin() as connection:
            rows = [{"number": f"A-{n}", "customer": f"C-{n}"} for n in range(1, 30)]
            connection.execute(insert(orders), rows)

    def send(self, path, body, *, by="anna", key=None):
        headers = {"Idempotency-Key": key or str(uuid4())}
        return self.app.test_client().post(
            path, json=body, headers=headers, environ_overrides={"REMOTE_USER": by}
        )

    def ask(self, path, *, by="anna"):
        return self.app.test_client().get(path, environ_overrides={"REMOTE_USER": by})

    def file(self, order="A-1", *, by="anna", key=None, content="no lid"):
        body = {"order": order, "channel": "web", "content": content}
        return self.send("/complaints", body, by=by, key=key)

    def act(self, number, action, *, by="anna", key=None, reason="as usual"):
        body = {"action": action, "reason": reason}
        return self.send(f"/complaints/{number}/actions", body, by=by, key=key)

    def note(self, number, kind, data, *, by="anna"):
        body = {"what": {"kind": kind, **data}, "reason": "asked"}
        return self.send(f"/complaints/{number}/records", body, by=by)

    def disputes(self):
        with self.engine.connect() as connection:
            return connection.execute(select(disputes).order_by(disputes.c.complaint)).all()

    def letters(self):
        with self.engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(letters))

    def complaints(self):
        with SqlAlchemyStore(self.engine).unit_of_work() as unit:
            found = unit.repository(COMPLAINTS).page(limit=1_000).items
        return [each.record.id for each in found]

    @contextmanager
    def trouble_at(self, words, *, times=1, error=None):
        """Let the database fail the next statements that hold some words."""
        left = [times]

        def fail(connection, cursor, statement, parameters, context, executemany):
            if words in statement and left[0]:
                left[0] -= 1
                if error is not None:
                    raise error
                cursor.execute("SELECT 1 / 0")

        event.listen(self.engine, "before_cursor_execute", fail)
        try:
            yield
        finally:
            event.remove(self.engine, "before_cursor_execute", fail)

    @contextmanager
    def no_commit_after(self, words):
        """Let the transaction that holds a statement with some words fail at its very end."""

        def mark(connection, cursor, statement, parameters, context, executemany):
            if words in statement:
                connection.info["doomed"] = True

        def fail(connection):
            if connection.info.pop("doomed", False):
                raise InterruptedError

        event.listen(self.engine, "before_cursor_execute", mark)
        event.listen(self.engine, "commit", fail)
        try:
            yield
        finally:
            event.remove(self.engine, "before_cursor_execute", mark)
            event.remove(self.engine, "commit", fail)


@pytest.fixture(scope="module")
def database():
    with fresh_schema() as schema:
        options = f"-csearch_path={schema}"
        engine = create_engine(postgres_url(), connect_args={"options": options}, pool_size=10)
        create_tables(engine)
        yield engine
        engine.dispose()


@pytest.fixture
def shop(database):
    """A shop in which nothing has happened; making tables anew for each would take longer."""
    theirs = [table.name for table in crmkit_tables().sorted_tables if "schema" not in table.name]
    with database.begin() as connection:
        names = ", ".join([*metadata.tables, *theirs])
        connection.execute(text(f"TRUNCATE {names}"))
    return Shop(database)


class TestOneTransaction:
    """A complaint and the dispute in the app's own table are kept together, or neither is."""

    def test_filing_a_complaint_keeps_both(self, shop):
        response = shop.file("A-1")
        assert response.status_code == 201
        assert response.json == {
            "number": "K-001",
            "status": "received",
            "owner": "anna",
            "received_at": "2026-05-04T09:30:00+00:00",
        }
        assert response.headers["Location"] == "/complaints/K-001"
        assert shop.disputes() == [("K-001", "A-1", True)]
        assert shop.complaints() == ["K-001"]

    @pytest.mark.parametrize(
        "words",
        ["INTO disputes", "INTO crmkit_record", "INTO crmkit_message", "INTO crmkit_answer"],
    )
    def test_if_either_fails_neither_is_kept(self, shop, words):
        with shop.trouble_at(words):
            assert shop.file("A-1").status_code in {500, 503}
        assert shop.disputes() == []
        assert shop.complaints() == []
        assert worker.write_letters(shop.engine, lambda: shop.now) == 0

    def test_if_the_transaction_cannot_be_kept_nothing_is(self, shop):
        with shop.no_commit_after("INTO disputes"):
            assert shop.file("A-1", key="one").status_code == 500
        assert shop.disputes() == []
        assert shop.complaints() == []
        assert worker.write_letters(shop.engine, lambda: shop.now) == 0
        assert shop.file("A-1", key="one").status_code == 201

    def test_a_conflict_undoes_both_and_the_app_begins_anew(self, shop):
        for error in (VersionConflict("complaints", 1, 2), StoreBusy("wait")):
            with shop.trouble_at("INSERT INTO crmkit_record", error=error):
                assert (
                    shop.file("A-1" if isinstance(error, StoreBusy) else "A-2").status_code == 201
                )
        assert [order for _, order, _ in shop.disputes()] == ["A-2", "A-1"]
        assert len(shop.complaints()) == 2

    @pytest.mark.parametrize(
        ("error", "status"), [(VersionConflict("complaints", 1, 2), 409), (StoreBusy("wait"), 503)]
    )
    def test_a_conflict_that_does_not_end_is_answered_and_not_kept(self, shop, error, status):
        with shop.trouble_at("INSERT INTO crmkit_record", times=99, error=error):
            response = shop.file("A-1", key="one")
        assert response.status_code == status
        assert "Retry-After" in response.headers
        assert shop.disputes() == []
        assert shop.file("A-1", key="one").status_code == 201

    def test_settling_a_complaint_settles_the_dispute(self, shop):
        shop.file("A-1")
        assert shop.act("K-001", "withdraw").json["status"] == "withdrawn"
        assert shop.disputes() == [("K-001", "A-1", False)]
        assert shop.file("A-1").json["number"] == "K-002"


class TestIdempotencyKeys:
    """The answer was lost on its way, so the client sends the same command under the same key."""

    def test_a_command_that_comes_again_gets_the_same_answer(self, shop):
        first, second = (shop.file("A-1", key="one") for _ in range(2))
        assert first.status_code == second.status_code == 201
        assert first.json == second.json
        assert shop.complaints() == ["K-001"]

    def test_a_refusal_is_kept_and_nothing_else_of_its_command(self, shop):
        shop.file("A-1")
        first = shop.file("A-1", key="late")
        assert first.status_code == 422
        assert first.json["error"] == "order-in-dispute"
        shop.act("K-001", "withdraw")
        again = shop.file("A-1", key="late")
        assert (again.status_code, again.json) == (422, first.json)
        assert shop.file("A-1", key="new").status_code == 201

    def test_an_illegal_action_is_refused_and_says_what_would_work(self, shop):
        shop.file("A-1")
        for _ in range(2):
            response = shop.act("K-001", "close", key="soon")
            assert response.status_code == 422
            assert response.json == {
                "error": "illegal-transition",
                "message": "cannot close from received; allowed: acknowledge, refer, withdraw",
            }
        early = shop.act("K-001", "assess", key="early").json
        shop.act("K-001", "acknowledge")
        assert shop.act("K-001", "assess", key="early").json == early
        refused = shop.act("K-001", "assess")
        assert refused.status_code == 422
        assert refused.json["error"] == "action-refused"
        assert "record Assessed(...) first" in refused.json["message"]

    def test_what_the_app_wrote_before_a_refusal_is_undone_though_the_refusal_is_kept(self, shop):
        def work(connection, unit):
            connection.execute(insert(letters), {"complaint": "K-1", "text": "sorry"})
            unit.outbox.add("told", "K-1")
            return shop.app.extensions["office"].desk.act(
                ComplaintId("K-001"), "close", by="anna", at=MONDAY, reason="done", unit=unit
            )

        shop.file("A-1")
        worker.write_letters(shop.engine, lambda: shop.now)
        for _ in range(2):
            with pytest.raises(Refused):
                Transactions(shop.engine).command("key", "{}", work, at=MONDAY)
        assert shop.letters() == 1
        assert SqlAlchemyStore(shop.engine).deliver(print) == 0

    def test_a_key_stands_for_one_command_of_one_person(self, shop):
        shop.file("A-1", key="one")
        other = shop.file("A-2", key="one")
        assert (other.status_code, other.json["error"]) == (422, "idempotency-mismatch")
        assert shop.file("A-2", key="one", by="ben").json["owner"] == "ben"

    def test_a_wrong_body_is_not_kept_and_may_be_mended(self, shop):
        assert shop.file("A-404", key="one").status_code == 400
        wrong = shop.send("/complaints", {"order": 7, "chanel": "web"}, key="one")
        assert wrong.status_code == 400
        assert {each["at"] for each in wrong.json["problems"]} >= {"$", "$.order"}
        assert shop.file("A-1", key="one").status_code == 201

    def test_a_command_without_a_key_is_not_carried_out(self, shop):
        response = shop.app.test_client().post(
            "/complaints",
            json={"order": "A-1", "channel": "web", "content": "no lid"},
            environ_overrides={"REMOTE_USER": "anna"},
        )
        assert response.status_code == 400
        assert shop.complaints() == []


class TestManyAtOnce:
    """Clients do not wait for each other to be done."""

    def at_once(self, count, work):
        gate = Barrier(count)

        def run(number):
            gate.wait()
            return work(number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(run, range(count)))

    def test_one_command_that_comes_four_times_at_once_is_carried_out_once(self, shop):
        for order in ("A-1", "A-2", "A-3", "A-4", "A-5"):
            answers = self.at_once(4, lambda _, order=order: shop.file(order, key=order))
            assert [each.status_code for each in answers] == [201] * 4
            assert len({each.json["number"] for each in answers}) == 1
        assert len(shop.complaints()) == len(shop.disputes()) == 5

    def test_of_two_who_complain_about_one_order_one_is_told_to_join_the_other(self, shop):
        for order in ("A-1", "A-2", "A-3", "A-4", "A-5"):
            answers = self.at_once(2, lambda _, order=order: shop.file(order))
            assert sorted(each.status_code for each in answers) == [201, 422]
        assert len(shop.complaints()) == len(shop.disputes()) == 5

    def test_of_two_who_acknowledge_one_complaint_one_did(self, shop):
        shop.file("A-1")
        answers = self.at_once(2, lambda _: shop.act("K-001", "acknowledge"))
        assert sorted(each.status_code for each in answers) == [200, 422]

    def test_clerks_with_complaints_of_their_own_all_succeed(self, shop):
        answers = self.at_once(6, lambda number: shop.file(f"A-{number + 1}", by=f"clerk-{number}"))
        assert [each.status_code for each in answers] == [201] * 6
        assert len(shop.complaints()) == len(shop.disputes()) == 6


class TestQuestions:
    """What a screen shows."""

    def test_pages_hold_every_complaint_once_while_new_ones_come_in(self, shop):
        for number in range(1, 8):
            shop.file(f"A-{number}", by="anna" if number % 2 else "ben")
            shop.now += timedelta(minutes=1)
        seen, after = [], ""
        while after is not None:
            page = shop.ask(f"/complaints?owner=anna&limit=2{after and '&after='}{after}").json
            seen += [each["number"] for each in page["complaints"]]
            after = page["next"]
            if after is not None and "K-008" not in shop.complaints():
                shop.file("A-9", by="anna")
        assert seen == ["K-001", "K-003", "K-005", "K-007", "K-008"]

    def test_complaints_are_found_by_owner_and_by_status(self, shop):
        for number, owner in enumerate(("anna", "anna", "ben"), start=1):
            shop.file(f"A-{number}", by=owner)
        shop.act("K-001", "acknowledge")

        def found(question):
            return [each["number"] for each in shop.ask(question).json["complaints"]]

        assert found("/complaints") == ["K-001", "K-002", "K-003"]
        assert found("/complaints?owner=anna") == ["K-001", "K-002"]
        assert found("/complaints?status=received") == ["K-002", "K-003"]
        assert found("/complaints?owner=anna&status=received") == ["K-002"]
        assert found("/complaints?owner=nobody") == []

    def test_a_complaint_tells_what_may_be_done_next_and_why_not(self, shop):
        shop.file("A-1", content="no lid")
        shop.act("K-001", "acknowledge", reason="told her")
        shown = shop.ask("/complaints/K-001").json
        assert shown["content"] == "no lid"
        assert [entry["reason"] for entry in shown["trail"]] == ["received", "told her"]
        assert shown["due"] == [{"obligation": "answer", "by": "2026-05-05T14:30:00+02:00"}]
        steps = {each["action"]: each for each in shown["next_steps"]}
        assert steps["refer"]["allowed"]
        assert not steps["assess"]["allowed"]
        assert "severity assessed is no" in steps["assess"]["because"]

    def test_a_whole_case(self, shop):
        shop.file("A-1")
        shop.act("K-001", "acknowledge")
        shop.note("K-001", "assessed", {"severity": {"safety": "low", "impact": "medium"}})
        shop.act("K-001", "assess")
        shop.act("K-001", "investigate")
        shop.note("K-001", "facts-recorded", {"facts": "the lid lay in the warehouse"})
        assert shop.act("K-001", "respond").json["status"] == "responded"
        shop.note("K-001", "satisfaction-checked", {"outcome": "satisfied", "process": "satisfied"})
        own = shop.act("K-001", "close")
        assert own.status_code == 422
        closed = shop.act("K-001", "close", by="ben")
        assert closed.json["status"] == "closed"
        assert shop.disputes() == [("K-001", "A-1", False)]

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/complaints/K-404", 404),
            ("/complaints?limit=0", 400),
            ("/complaints?limit=many", 400),
            ("/complaints?after=nonsense", 400),
            ("/nowhere", 404),
        ],
    )
    def test_a_question_that_makes_no_sense_is_answered_as_json(self, shop, path, status):
        response = shop.ask(path)
        assert response.status_code == status
        assert set(response.json) == {"error", "message"}

    def test_who_is_not_logged_in_sees_nothing(self, shop):
        assert shop.app.test_client().get("/complaints").status_code == 401


class TestLetters:
    """Messages leave after the commit, each at least once, and each letter is written once."""

    def test_each_complaint_gets_one_letter(self, shop):
        for number in (1, 2, 3):
            shop.file(f"A-{number}")
        assert worker.write_letters(shop.engine, lambda: shop.now) == 3
        assert worker.write_letters(shop.engine, lambda: shop.now) == 0
        assert shop.letters() == 3

    def test_a_worker_that_dies_before_the_outbox_has_forgotten_writes_no_second_letter(self, shop):
        shop.file("A-1")
        with shop.trouble_at("DELETE FROM crmkit_message"), pytest.raises(StoreError):
            worker.write_letters(shop.engine, lambda: shop.now)
        assert shop.letters() == 1
        assert worker.write_letters(shop.engine, lambda: shop.now) == 1
        assert shop.letters() == 1

    def test_two_workers_at_once_write_each_letter_once(self, shop):
        for number in range(1, 9):
            shop.file(f"A-{number}")
        with ThreadPoolExecutor(2) as threads:
            for _ in range(2):
                threads.submit(worker.write_letters, shop.engine, lambda: shop.now)
        assert shop.letters() == 8


class TestPersonalData:
    """What a customer said stands in the complaint, and neither in logs nor in errors."""

    def test_a_failing_statement_of_the_app_is_logged_by_its_number_only(self, shop, caplog):
        shop.numbers = iter([SECRET])
        shop.file("A-1")
        row = {"complaint": SECRET, "order_number": "A-2", "is_open": True}
        with pytest.raises(DBAPIError) as raw, shop.engine.begin() as connection:
            connection.execute(insert(disputes), row)
        assert SECRET in str(raw.value)  # So this is what must not get out.
        shop.numbers = iter([SECRET])
        with caplog.at_level(logging.DEBUG):
            response = shop.file("A-2", content=SECRET)
        assert response.status_code == 503
        assert "23505" in caplog.text
        assert SECRET not in caplog.text + response.text

    @pytest.mark.parametrize("words", ["INSERT INTO crmkit_record", "INSERT INTO crmkit_answer"])
    def test_a_failing_statement_of_crmkit_tells_nothing_either(self, shop, caplog, words):
        with caplog.at_level(logging.DEBUG), shop.trouble_at(words):
            response = shop.file("A-1", content=SECRET)
        assert response.status_code == 500
        assert SECRET not in caplog.text + response.text

    def test_a_wrong_body_is_not_quoted(self, shop, caplog):
        body = {"order": "A-1", "channel": SECRET + "\0", "content": {"text": SECRET}, SECRET: 1}
        with caplog.at_level(logging.DEBUG):
            response = shop.send("/complaints", body)
        assert response.status_code == 400
        assert "Geheim" not in caplog.text

    def test_no_answer_that_is_kept_holds_what_was_said(self, shop):
        shop.file("A-1", content=SECRET)
        with shop.engine.connect() as connection:
            kept = connection.execute(text("SELECT key, document FROM crmkit_answer")).all()
        assert len(kept) == 1
        assert SECRET not in str(kept)


def test_every_error_has_a_status_of_its_own_kind():
    """The first that fits counts, so a more general one stands below."""
    for number, (kind, _) in enumerate(refusals.STATUS):
        for above, _ in refusals.STATUS[:number]:
            assert not issubclass(kind, above)
