"""After an erasure there is no byte left of the person, in any file of the store."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, select

from crmkit.complaints import COMPLAINTS, TRAIL_SEALS, verify_complaint
from crmkit.loyalty import posted_key
from crmkit.loyalty.kept import referral_key
from crmkit.storage import Store
from crmkit.storage.sqlalchemy import SqlAlchemyStore, metadata
from crmkit.storage.sqlite import SqliteStore
from crmkit.storage.subjects import erase_subject
from tests.storage.postgres import fresh_schema, postgres_engine
from tests.storage.subject_town import (
    BEN,
    CANARY,
    DATA,
    FOREIGN,
    IDA,
    NOW,
    PSEUDONYM,
    club,
    fill,
    number_of,
)

DIGESTS = tuple(key.encode() for key in (referral_key(IDA), posted_key(IDA, f"mug {IDA}")))


@pytest.fixture(autouse=True)
def _temporary_files_in_sight(tmp_path, monkeypatch):
    """Whatever is written on the side lies where it is searched."""
    for name in ("SQLITE_TMPDIR", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))


def files_with(folder: Path, text: bytes) -> set[str]:
    return {each.name for each in folder.rglob("*") if each.is_file() and text in each.read_bytes()}


def erase(store, **terms):
    return erase_subject(store, IDA, DATA, pseudonym=PSEUDONYM, at=NOW, **terms)


def check_what_stays(store: Store) -> None:
    """Ledgers and seals hold after the erasure as before it."""
    desk = club(store)
    for who in (PSEUDONYM, BEN):
        assert desk.verify(who).entries == 7
    with store.unit_of_work() as unit:
        complaint = unit.repository(COMPLAINTS).get(number_of(IDA)).record
        seal = unit.repository(TRAIL_SEALS).get(complaint.id).record
        assert verify_complaint(complaint, seal).is_intact


class TestSqliteStore:
    """A file of crmkit's own, with its log and whatever else lies beside it."""

    @pytest.fixture
    def store(self, tmp_path):
        with SqliteStore.open(tmp_path / "town.crmkit", create=True) as store:
            fill(store)
            yield store

    def test_no_byte_is_left_in_any_file(self, store, tmp_path):
        assert files_with(tmp_path, CANARY.encode())
        assert all(files_with(tmp_path, digest) for digest in DIGESTS)
        assert not erase(store).is_empty
        store.compact()
        assert files_with(tmp_path, CANARY.encode()) == set()
        assert [digest for digest in DIGESTS if files_with(tmp_path, digest)] == []
        assert files_with(tmp_path, FOREIGN.encode())
        check_what_stays(store)
        store.verify()

    def test_before_it_is_compacted_the_log_still_holds_it(self, store, tmp_path):
        """The control: what is looked for would be found."""
        erase(store)
        assert files_with(tmp_path, CANARY.encode())

    def test_messages_and_answers_that_are_forgotten_are_found(self, store, tmp_path):
        """The control: an erasure that does not look into the texts of the host."""
        erase(store, names=lambda _: False)
        store.compact()
        assert files_with(tmp_path, CANARY.encode()) == {"town.crmkit"}

    @pytest.mark.parametrize("room", ["loyalty", "retention", "followups", "complaints"])
    def test_a_room_that_is_left_out_is_found(self, store, tmp_path, room):
        """The control: the host forgets a table."""
        names = {
            "loyalty": ("points-ledgers", "points-posted-keys", "memberships", "coupons"),
            "retention": ("win-back-cases",),
            "followups": ("follow-ups", "missed-agendas"),
            "complaints": tuple(
                datum.name
                for datum in DATA
                if datum.name == "complaints" or getattr(datum.through, "name", "") == "complaints"
            ),
        }[room]
        data = tuple(datum for datum in DATA if datum.name not in names)
        erase_subject(store, IDA, data, pseudonym=PSEUDONYM, at=NOW)
        store.compact()
        assert files_with(tmp_path, CANARY.encode()) == {"town.crmkit"}


class TestSqlAlchemyStore:
    """The tables in a database of the host's."""

    def test_no_byte_is_left_in_a_file_of_sqlite(self, tmp_path):
        engine = create_engine(f"sqlite:///{tmp_path}/host.db")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        store = SqlAlchemyStore(engine)
        store.create_schema()
        fill(store)
        assert files_with(tmp_path, CANARY.encode())
        assert not erase(store).is_empty
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        assert files_with(tmp_path, CANARY.encode()) == set()
        assert [digest for digest in DIGESTS if files_with(tmp_path, digest)] == []
        check_what_stays(store)
        engine.dispose()

    def test_no_row_of_postgresql_holds_it(self):
        """What the server keeps in its own files is for VACUUM, the log and the backups."""
        with ExitStack() as schemas:
            schema = schemas.enter_context(fresh_schema())
            engine = postgres_engine()
            store = SqlAlchemyStore(engine, schema=schema)
            store.create_schema()
            fill(store)
            assert rows_with(engine, schema, CANARY)
            assert not erase(store).is_empty
            assert rows_with(engine, schema, CANARY) == []
            assert [key for key in DIGESTS if rows_with(engine, schema, key.decode())] == []
            check_what_stays(store)


def rows_with(engine: Engine, schema: str, text: str) -> list[str]:
    """The names of tables that hold a text anywhere in a row."""
    found = []
    with engine.connect() as connection:
        for table in metadata(schema=schema).sorted_tables:
            rows = connection.execute(select(table)).all()
            found += [
                table.name for row in rows if text in "\n".join(_as_text(value) for value in row)
            ]
    return found


def _as_text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
