"""How fast each way of summing up purchases is on one machine, and how much memory it takes.

One file of lines in random order is made (and a second one, sorted by customer), then each way
reads what it needs, sums up, and counts the values of all customers. Every way runs in a process of
its own, one after the other, so that the memory is its own; where a way needs its lines elsewhere
first (in parts, in a database), that is timed apart. All ways have to find the same, to the last
digit: exit status 2 if their digests differ.

``first`` is what a way needs before it can begin, ``cpu`` its own work: both in seconds of the
processor, children included, because other programs make those of the clock longer. The ratio is
that of ``cpu`` to the first way. Memory is the highest of any one process, in MB.

Run: ``python benchmarks/warehouse.py [ROWS [CUSTOMERS]]``.
"""

import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from crmkit.warehouse import (
    CustomerSummary,
    Histograms,
    Line,
    day_of,
    digest_of,
    lay_out_lines,
    lines_of_file,
    lines_sql,
    summarize_lines,
    summarize_parts,
    summarize_sorted,
    summarize_sql,
    table_sql,
)

ROWS, CUSTOMERS = 500_000, 40_000
FIRST, LAST = day_of(date(2023, 1, 1)), day_of(date(2026, 1, 31))
AS_OF = date(2025, 12, 31)
PARTS = 8

Rows = Callable[[], Iterable[tuple[Any, ...]]]


class Way(NamedTuple):
    """One way: what it needs first, and how it gives its rows; both in the folder of the files."""

    name: str
    prepare: Callable[[Path], None]
    rows: Callable[[Path], Rows]


# --- the lines ------------------------------------------------------------------------------------


def made_lines(rows: int, customers: int) -> Iterator[Line]:
    """Lines in no order; 2 % are refunds, and one in two hundred is a gift."""
    dice = Random(11)
    scripts = ("C-", "c-", "Ä", "客")
    for _ in range(rows):
        # A few customers buy much, most of them little.
        number = int(customers * dice.random() ** 1.5)
        chance = dice.random()
        minor = dice.randrange(100, 20_000)
        minor = -minor if chance < 0.02 else 0 if chance < 0.025 else minor
        yield f"{scripts[number % 4]}{number:09}", dice.randrange(FIRST, LAST), minor


def write(path: Path, lines: Iterable[Line]) -> None:
    """Keep lines as a canonical table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("customer_id", "day", "amount_minor"))
        writer.writerows(lines)


# --- the ways -------------------------------------------------------------------------------------


def _nothing(folder: Path) -> None:
    """Need nothing first."""


def _in_any_order(folder: Path) -> Rows:
    return lambda: summarize_lines(lines_of_file(folder / "lines.csv"), as_of=AS_OF)


def _sorted_stream(folder: Path) -> Rows:
    return lambda: summarize_sorted(lines_of_file(folder / "sorted.csv"), as_of=AS_OF)


def _lay_out(folder: Path) -> None:
    (folder / "parts").mkdir()
    lay_out_lines(lines_of_file(folder / "lines.csv"), folder / "parts", parts=PARTS)


def _part_by_part(folder: Path, workers: int = 1) -> Rows:
    parts = sorted((folder / "parts").iterdir())
    return lambda: summarize_parts(parts, lines_of_file, as_of=AS_OF, workers=workers)


def _two_processes(folder: Path) -> Rows:
    return _part_by_part(folder, workers=2)


def _fill_sqlite(folder: Path) -> None:
    shop = sqlite3.connect(folder / "shop.sqlite")
    shop.execute(table_sql("purchases", dialect="sqlite"))
    shop.executemany("INSERT INTO purchases VALUES (?, ?, ?)", lines_of_file(folder / "lines.csv"))
    shop.commit()
    shop.close()


def _of_sqlite(folder: Path) -> Rows:
    shop = sqlite3.connect(folder / "shop.sqlite")
    return lambda: shop.execute(summarize_sql("purchases", as_of=AS_OF))


def _sorted_by_sqlite(folder: Path) -> Rows:
    shop = sqlite3.connect(folder / "shop.sqlite")
    query = lines_sql("purchases", as_of=AS_OF)
    return lambda: summarize_sorted(shop.execute(query), as_of=AS_OF)


def _fill_duckdb(folder: Path) -> None:
    import duckdb

    shop = duckdb.connect(str(folder / "shop.duckdb"))
    shop.execute(table_sql("purchases", dialect="duckdb"))
    shop.execute(f"COPY purchases FROM '{folder / 'lines.csv'}' (HEADER)")
    shop.close()


def _of_duckdb(folder: Path) -> Rows:
    import duckdb

    shop = duckdb.connect(str(folder / "shop.duckdb"))
    query = summarize_sql("purchases", as_of=AS_OF, dialect="duckdb")
    return lambda: shop.execute(query).fetchall()


WAYS = (
    Way("in process, any order", _nothing, _in_any_order),
    Way("in process, sorted stream", _nothing, _sorted_stream),
    Way(f"{PARTS} parts, one process", _lay_out, _part_by_part),
    Way(f"{PARTS} parts, two processes", _nothing, _two_processes),
    Way("sqlite3, SQL", _fill_sqlite, _of_sqlite),
    Way("sqlite3 sorts, stream", _nothing, _sorted_by_sqlite),
    Way("DuckDB, SQL", _fill_duckdb, _of_duckdb),
)


# --- measuring ------------------------------------------------------------------------------------


def processor() -> float:
    """Seconds of the processor, of this process and its children."""
    return sum(
        use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN))
    )


def measured(way: Way, folder: Path) -> dict[str, Any]:
    """Run one way in this process."""
    used = processor()
    way.prepare(folder)
    prepared = processor() - used
    rows = way.rows(folder)
    began, used = perf_counter(), processor()
    histograms = Histograms.of(map(CustomerSummary._make, rows()), "EUR")
    took, used = perf_counter() - began, processor() - used
    kilobytes = max(getrusage(who).ru_maxrss for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
    return {
        "prepared": prepared,
        "took": took,
        "used": used,
        "megabytes": kilobytes / 1024,
        "customers": histograms.recency.customers,
        "digest": digest_of(map(tuple, rows())),
    }


def run(*arguments: object) -> str:
    """Do a part of the work in a process of its own: this one stays small, as do its children."""
    command = [sys.executable, __file__, *map(str, arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def make(folder: Path, rows: int, customers: int) -> None:
    """Write the lines, in no order and sorted by customer."""
    write(folder / "lines.csv", made_lines(rows, customers))
    write(folder / "sorted.csv", sorted(lines_of_file(folder / "lines.csv")))


def main(rows: int = ROWS, customers: int = CUSTOMERS) -> int:
    """Measure all ways, print them, and say whether they agree."""
    with TemporaryDirectory() as place:
        run("--make", place, rows, customers)
        found = [json.loads(run("--way", place, number)) for number in range(len(WAYS))]
    print(f"{rows:,} lines of {found[0]['customers']:,} customers, Python {sys.version.split()[0]}")
    print(f"{'way':28} {'first':>6} {'clock':>6} {'cpu':>6} {'us/line':>8} {'ratio':>6} {'MB':>5}")
    for way, figures in zip(WAYS, found, strict=True):
        used, ratio = figures["used"], figures["used"] / found[0]["used"]
        print(
            f"{way.name:28} {figures['prepared']:6.1f} {figures['took']:6.1f} {used:6.1f} "
            f"{used / rows * 1e6:8.1f} {ratio:6.2f} {figures['megabytes']:5.0f}"
        )
    digests = {figures["digest"] for figures in found}
    print(f"digest {min(digests)[:16]}" if len(digests) == 1 else f"DIGESTS DIFFER: {digests}")
    return 0 if len(digests) == 1 else 2


if __name__ == "__main__":
    if sys.argv[1:2] == ["--way"]:
        print(json.dumps(measured(WAYS[int(sys.argv[3])], Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--make"]:
        make(Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
