"""The Django shop keeps the contract of a store in its own models, on SQLite and PostgreSQL.

It is tested the way its owner does, by ``manage.py test``, and in a process of its own: Django has
one set of settings for each.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from tests.storage.postgres import postgres_url

SHOP = Path(__file__).resolve().parents[2] / "examples" / "django_shop"


def manage(*arguments, folder, **environment):
    """Run a command of the shop, with its files in a folder."""
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=SHOP,
        env={
            **os.environ,
            "SHOP_FOLDER": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def assert_all_passed(run):
    assert run.returncode == 0, run.stderr
    assert "skipped" not in run.stderr
    ran = re.search(r"Ran (\d+) tests", run.stderr)
    assert ran is not None
    assert int(ran[1]) >= 50


@contextmanager
def german_database():
    """A database that sorts texts as a German dictionary does, which is not how keys compare."""
    url, name = make_url(postgres_url()), f"shop_{os.getpid()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    made = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"
    with engine.connect() as connection:
        try:
            connection.execute(text(f"{made} LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C'"))
        except DBAPIError:  # A server without this library.
            connection.execute(text(made))
        yield {
            "POSTGRES_HOST": str(url.query.get("host", url.host or "")),
            "POSTGRES_PORT": str(url.port or ""),
            "POSTGRES_USER": url.username or "",
            "POSTGRES_PASSWORD": url.password or "",
            "SHOP_TEST_NAME": name,
        }
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_the_shop_keeps_its_promises_on_sqlite(tmp_path):
    assert_all_passed(manage("test", folder=tmp_path))


def test_the_shop_keeps_its_promises_on_postgresql(tmp_path):
    with german_database() as environment:
        assert_all_passed(manage("test", "--keepdb", folder=tmp_path, **environment))


def test_the_migrations_make_what_the_models_say(tmp_path):
    run = manage("makemigrations", "--check", "--dry-run", folder=tmp_path)
    assert run.returncode == 0, run.stdout


def test_the_shop_starts_from_nothing(tmp_path):
    before = manage("pack_cards", folder=tmp_path)
    assert "has manage.py migrate been run?" in before.stderr
    assert manage("migrate", folder=tmp_path).returncode == 0
    assert manage("pack_cards", folder=tmp_path).stdout == "0 messages\n"
