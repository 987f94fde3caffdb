"""The same customers summed up and scored on Spark: by crmkit's kernel, and by SQL with windows.

Lines are made up once, with refunds, gifts, and keys of several scripts, and kept as Parquet in a
temporary folder; both sides read them from there. Each side ends in what every customer bought,
three scores by quintiles, and an ABC class. crmkit brings the lines of each customer together, runs
the kernel over them, fits cut points to counts, and scores row by row. The SQL is what one writes
without crmkit: it ranks all customers by window functions, which Spark does in one place.

Rounds take turns in one Spark with two cores; both results are reduced to their number of rows and
the sum of their hashes, which have to be equal. Seconds are those of the clock; those of the
processor (the Java process and its workers together) stand beside them, because a machine that does
other work too makes the former longer. The ratio is that of the best rounds by the clock. Exit
status 1 if it is over its limit, 2 if the results differ.

Run: ``.venv-spark/bin/python benchmarks/spark.py [ROWS [CUSTOMERS [ROUNDS [PARTITIONS]]]]``.
"""

import os
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, NamedTuple

from crmkit.warehouse import CutPoints, day_of, spark

LIMIT = 1.0
DEFAULTS = (5_000_000, 400_000, 3, 8)
"""How many lines, customers, rounds, and partitions of a shuffle."""
FIRST, LAST = day_of(date(2023, 1, 1)), day_of(date(2026, 1, 31))
AS_OF = date(2025, 12, 31)
CURRENCY = "EUR"
DRIVER_MEMORY = "4g"

# Every random number is a hash of the number of its line, so that the lines are always the same.
LINES = """
SELECT concat(element_at(array('C', 'c', 'Ä', '客'), 1 + CAST(pmod(who, 4) AS INT)), '-', who)
         AS customer_id,
       CAST({first} + pmod(xxhash64(id, 2), {days}) AS INT) AS day,
       CASE WHEN pmod(xxhash64(id, 3), 1000) < 20 THEN -1
            WHEN pmod(xxhash64(id, 3), 1000) < 25 THEN 0
            ELSE 1 END
         * (100 + pmod(xxhash64(id, 4), 100) * pmod(xxhash64(id, 5), 200)) AS amount_minor
FROM (SELECT id, CAST({customers} * pow(pmod(xxhash64(id, 1), 1000000007) / 1000000007D, 1.7D)
                      AS BIGINT) AS who
      FROM range({rows}))
"""

# As crmkit counts: a day with a line of zero or more is a purchase day, refunds lower the money,
# and those since the second purchase day that of the repeats.
WITH_WINDOWS = """
WITH daily AS (
  SELECT customer_id, day, SUM(amount_minor) AS net, MAX(amount_minor) >= 0 AS bought
  FROM purchases
  WHERE day <= {today}
  GROUP BY customer_id, day
), numbered AS (
  SELECT *, COUNT_IF(bought) OVER (PARTITION BY customer_id ORDER BY day) AS nth
  FROM daily
), summaries AS (
  SELECT customer_id,
         MIN(CASE WHEN bought THEN day END) AS first_day,
         MAX(CASE WHEN bought THEN day END) AS last_day,
         CAST(MAX(nth) AS INT) AS purchase_days,
         SUM(net) AS total_minor,
         SUM(CASE WHEN nth >= 2 THEN net ELSE 0 END) AS repeat_minor
  FROM numbered
  GROUP BY customer_id
  HAVING MAX(nth) > 0
), ranked AS (
  SELECT *,
         COUNT(*) OVER () AS customers,
         RANK() OVER (ORDER BY last_day) - 1 AS less_recent,
         RANK() OVER (ORDER BY purchase_days) - 1 AS less_often,
         RANK() OVER (ORDER BY total_minor) - 1 AS spent_less,
         SUM(GREATEST(total_minor, 0)) OVER () AS brought,
         COALESCE(SUM(GREATEST(total_minor, 0)) OVER (
           ORDER BY total_minor DESC RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)
           AS above
  FROM summaries
)
SELECT customer_id, first_day, last_day, purchase_days,
       {today} - last_day AS recency_days, purchase_days - 1 AS repeat_purchases,
       last_day - first_day AS days_at_last_purchase, {today} - first_day AS customer_age_days,
       total_minor, repeat_minor,
       CAST(1 + 5 * less_recent DIV customers AS INT) AS recency_score,
       CAST(1 + 5 * less_often DIV customers AS INT) AS frequency_score,
       CAST(1 + 5 * spent_less DIV customers AS INT) AS monetary_score,
       CASE WHEN total_minor <= 0 THEN 'C'
            WHEN 100 * above < 80 * brought THEN 'A'
            WHEN 100 * above < 95 * brought THEN 'B'
            ELSE 'C' END AS tier
FROM ranked
"""

Result = tuple[int, str]


# --- the two sides --------------------------------------------------------------------------------


def by_the_kernel(session: Any, lines: Path) -> Result:
    """Summaries, counts, cut points and scores as crmkit makes them."""
    purchases = session.read.parquet(str(lines))
    summaries = spark.summarize(purchases, as_of=AS_OF).cache()
    cuts = CutPoints.fit(spark.histograms(summaries, currency=CURRENCY))
    try:
        return reduced(spark.score(summaries, cuts))
    finally:
        summaries.unpersist()


def by_windows(session: Any, lines: Path) -> Result:
    """The same in one query of SQL."""
    session.read.parquet(str(lines)).createOrReplaceTempView("purchases")
    return reduced(session.sql(WITH_WINDOWS.format(today=day_of(AS_OF))))


def reduced(frame: Any) -> Result:
    """How many rows there are, and the sum of the hashes of all that stands in them."""
    hashes = frame.selectExpr("CAST(xxhash64(*) AS DECIMAL(20, 0)) AS hash")
    row = hashes.selectExpr("COUNT(*) AS rows", "CAST(SUM(hash) AS STRING) AS hashes").first()
    return row["rows"], row["hashes"]


# --- measuring ------------------------------------------------------------------------------------


class Seconds(NamedTuple):
    """How long something took: by the clock, and on all processors together."""

    clock: float
    processor: float


def timed(work: Callable[[], Result]) -> tuple[Result, Seconds]:
    """What the work found, and how long it took."""
    begun, used = perf_counter(), processor_seconds()
    found = work()
    return found, Seconds(perf_counter() - begun, processor_seconds() - used)


def processor_seconds() -> float:
    """What this process and all below it have used, those that have ended among them; on Linux."""
    ticks = 0
    parents: dict[int, int] = {}
    used: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended in the meantime.
        number = int(entry.parent.name)
        parents[number], used[number] = int(fields[1]), sum(map(int, fields[11:15]))
    for number, spent in used.items():
        above = number
        while above in parents and above != os.getpid():
            above = parents[above]
        ticks += spent if above == os.getpid() else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def local_spark(folder: Path, partitions: int) -> Any:
    """A Spark on two cores of this machine that keeps its files in the folder."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.local.dir": str(folder),
        "spark.sql.shuffle.partitions": str(partitions),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("benchmark")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def measure(rows: int, customers: int, rounds: int, partitions: int, folder: Path) -> int:
    """Make the lines, let both sides take turns, print what they took, and judge."""
    begun = perf_counter()
    session = local_spark(folder, partitions)
    lines = folder / "lines"
    text = LINES.format(first=FIRST, days=LAST - FIRST + 1, customers=customers, rows=rows)
    session.sql(text).write.parquet(str(lines))
    print(f"{rows:,} lines, made in {perf_counter() - begun:.0f} s with the start of Spark")
    sides = {"crmkit's kernel": by_the_kernel, "SQL with windows": by_windows}
    taken: dict[str, list[Seconds]] = {name: [] for name in sides}
    results = set()
    for _ in range(rounds):
        for name, side in sides.items():
            found, seconds = timed(partial(side, session, lines))
            results.add(found)
            taken[name].append(seconds)
            print(f"  {name:18} {seconds.clock:6.1f} s, processor {seconds.processor:6.1f} s")
    session.stop()
    if len(results) > 1:
        print("the two sides differ: no ratio is worth anything")
        return 2
    ((scored, _),) = results
    ours, theirs = (min(each) for each in taken.values())
    ratio = ours.clock / theirs.clock
    print(f"{scored:,} customers scored; ratio {ratio:.2f} (limit {LIMIT})")
    return int(ratio > LIMIT)


def main() -> int:
    """Measure with the sizes of the command line; without Spark, say so and pass."""
    if find_spec("pyspark") is None:
        print("left out: pyspark is not installed; make test-spark makes an environment with it")
        return 0
    given = [int(argument) for argument in sys.argv[1:]]
    rows, customers, rounds, partitions = [*given, *DEFAULTS[len(given) :]]
    with TemporaryDirectory() as folder:
        return measure(rows, customers, rounds, partitions, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
