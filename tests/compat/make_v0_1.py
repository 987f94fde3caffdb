"""Makes the golden file of version 0.1: run once, with the code of that version.

It is kept to say what the file holds; ``README.md`` beside this module says how it was run.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from crmkit.storage.sqlite import SqliteStore
from tests.storage.sqlite_files import BALANCE, LEDGER
from tests.storage.use_cases import (
    acknowledge_once,
    command,
    do,
    escalate_complaint,
    escalate_miss,
    hold,
    members,
    merge,
    miss,
    open_account,
    plan,
    purchase,
    receive,
    redeem,
    retier,
    tier,
    transfer,
)

STEPS = (
    *(open_account, command),
    *(receive, acknowledge_once, escalate_complaint),
    *(plan, do, miss, escalate_miss),
    *(members, purchase, redeem, hold, transfer, merge),
    *(tier, retier),
)
"""Everything that has happened in the file, in this order."""


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """What every table of a file says, without the checksums; bytes are written as hex digits."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            table: [
                {
                    column: row[column].hex() if isinstance(row[column], bytes) else row[column]
                    for column in row.keys()  # noqa: SIM118
                    if column != "checksum"
                }
                for row in connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            ]
            for (table,) in tables.fetchall()
        }


def make(path: Path) -> None:
    """Make the file, and beside it what its rows say."""
    with SqliteStore.open(path, create=True) as store:
        for step in STEPS:
            step(store)
        with store.unit_of_work() as unit:
            assert unit.stream(LEDGER).fold("a", BALANCE) == 1
        store.compact()
    text = json.dumps(rows_of(path), indent=1, ensure_ascii=False, sort_keys=True)
    path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
