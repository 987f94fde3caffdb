"""Who is in which segment and class: crmkit and pandas on the same million purchases.

Both sides start from equal columns in memory and end in outcomes for every customer: the RFM scores
by quintiles in which equal customers get equal scores, the name out of ``CUSTOMARY_SEGMENTS``, and
the ABC class by cumulative share. crmkit is measured three times:

- all rows, by ``RfmSummary.from_columns``: the same recomputation that pandas does;
- a day more: 1 % new rows are summed up and merged into yesterday's summary, and everyone is
  segmented anew, while pandas has no summary to go on and recomputes everything;
- all rows again, from a list of ``Purchase``.

The outcomes of both sides are compared first, and have to be equal. Rounds take turns, in fresh
columns each time, and count the processor time of this process. A ratio is that of the best
rounds, because other programs only ever add to them; the spread is printed beside it. Exit status 1
if a ratio is over its limit, 2 if outcomes differ.

Run: ``make bench``, or ``python benchmarks/rfm.py [ROUNDS [ROWS]]``.
"""

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import date
from random import Random
from statistics import median
from time import process_time
from typing import Any, NamedTuple

import pandas as pd

from crmkit.identifiers import CustomerId
from crmkit.money import Money
from crmkit.records import Purchase
from crmkit.segmentation import (
    CUSTOMARY_SEGMENTS,
    AbcTiers,
    RfmScale,
    RfmScore,
    RfmSegmentation,
    RfmSummary,
    summarize_rfm,
)

FULL_LIMIT, FULL_AIM = 10.0, 7.0
DAY_LIMIT, DAY_AIM = 2.0, 1.0
FIRST_DAY, YESTERDAY, TODAY = date(2024, 1, 1), date(2025, 12, 30), date(2025, 12, 31)
CURRENCY = "EUR"


# --- the shops ------------------------------------------------------------------------------------


class Shop(NamedTuple):
    """How many rows a customer has: those of CDNOW have 3.0, those of a grocer many more."""

    name: str
    rows_per_customer: float


SHOPS = (Shop("an occasional shop, like CDNOW", 3.0), Shop("a shop of regulars", 12.5))


class Rows(NamedTuple):
    """Purchases as columns: the numbers of customers, ordinals of days, minor units."""

    numbers: list[int]
    days: list[int]
    minors: list[int]

    def customers(self) -> list[str]:
        """The keys of the customers, a new text for each row, as a database hands them out."""
        return [f"C{number:07d}" for number in self.numbers]

    def purchases(self) -> list[Purchase]:
        """The same as records."""
        columns = zip(self.customers(), self.days, self.minors, strict=True)
        return [
            Purchase(CustomerId(customer), date.fromordinal(day), Money.of_minor(minor, CURRENCY))
            for customer, day, minor in columns
        ]


def random_rows(random: Random, count: int, customers: int, first: date, last: date) -> Rows:
    """Purchases of customers of whom some come often; 2 % refunds, 0.5 % free articles."""
    numbers = [int(customers * random.random() ** 1.7) for _ in range(count)]
    days = [random.randint(first.toordinal(), last.toordinal()) for _ in range(count)]
    minors = [int(random.lognormvariate(8.0, 0.8)) for _ in range(count)]
    for row in random.sample(range(count), count // 40):
        minors[row] = -minors[row] if random.random() < 0.8 else 0
    return Rows(numbers, days, minors)


# --- crmkit ---------------------------------------------------------------------------------------

Outcomes = tuple[list[RfmScore], list[str], list[str]]


def summed_up(rows: Rows, customers: list[str], as_of: date) -> RfmSummary:
    """The summary of some columns."""
    columns = (customers, rows.days, rows.minors)
    return RfmSummary.from_columns(*columns, as_of=as_of, currency=CURRENCY)


def outcomes(summary: RfmSummary) -> Outcomes:
    """The score, the segment and the class of every customer, in the order of the summary."""
    segmentation = RfmSegmentation(scale=RfmScale.fit(summary), segments=CUSTOMARY_SEGMENTS)
    scores = segmentation.scale.outcomes(summary)
    abc = AbcTiers.fit(summary.total_histogram())
    return scores, segmentation.segments.outcomes(scores), abc.outcomes(summary)


# --- pandas ---------------------------------------------------------------------------------------

NAMES = [
    [CUSTOMARY_SEGMENTS.name_of(RfmScore(recency, frequency, 1)) for frequency in range(1, 6)]
    for recency in range(1, 6)
]


def frame_of(rows: Rows, customers: list[str]) -> Any:
    """The same columns as a data frame, of the types that pandas gives them."""
    return pd.DataFrame({"customer": customers, "day": rows.days, "minor": rows.minors})


def pandas_outcomes(frame: Any, as_of: date) -> Any:
    """The same outcomes, all computed from all rows: as a user of pandas would have them fast."""
    known = frame[frame["day"] <= as_of.toordinal()]
    # Texts are compared once; from here on a customer is a number.
    code, customers = pd.factorize(known["customer"])
    rows = known[["day", "minor"]].assign(code=code)
    bought = rows.loc[rows["minor"] >= 0, ["code", "day"]].drop_duplicates()
    facts = bought.groupby("code")["day"].agg(last="max", frequency="size")
    facts["money"] = rows.groupby("code")["minor"].sum()
    facts["r"] = _quintiles(facts["last"])
    facts["f"] = _quintiles(facts["frequency"])
    facts["m"] = _quintiles(facts["money"])
    names = pd.Series([name for row in NAMES for name in row], dtype="category")
    facts["segment"] = names.take(5 * (facts["r"] - 1) + facts["f"] - 1).to_numpy()
    facts["abc"] = _abc(facts["money"])
    return facts.set_index(customers.take(facts.index))


def _quintiles(values: Any) -> Any:
    below = values.rank(method="min").astype("int64") - 1
    return 1 + 5 * below // len(values)


def _abc(money: Any) -> Any:
    """A while the customers above bring less than 80 %, B less than 95 %; equals go together."""
    positive = money[money > 0]
    brought = positive.groupby(positive).sum().sort_index(ascending=False)
    above = (brought.cumsum() - brought) * 100
    lowest_b = above.index[above < 95 * brought.sum()].min()
    lowest_a = above.index[above < 80 * brought.sum()].min()
    edges = [float("-inf"), lowest_b, lowest_a, float("inf")]
    return pd.cut(money, edges, right=False, labels=["C", "B", "A"])


# --- measuring ------------------------------------------------------------------------------------


class Differs(Exception):
    """The two sides came to different outcomes, so there is nothing to compare."""


def must_agree(summary: RfmSummary, found: Outcomes, frame: Any) -> None:
    """Compare the outcomes of both sides, customer by customer."""
    theirs = frame.loc[list(summary)] if len(frame) == len(summary) else frame
    scores = [RfmScore(*row) for row in theirs[["r", "f", "m"]].itertuples(index=False)]
    if (scores, list(theirs["segment"]), list(theirs["abc"])) != found:
        raise Differs("crmkit and pandas differ: no ratio is worth anything")


class Rounds:
    """The processor seconds of each side, round by round."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def time(self, side: str, job: Callable[[], object]) -> None:
        """Run one side once."""
        gc.collect()
        begun = process_time()
        job()
        self.seconds.setdefault(side, []).append(process_time() - begun)

    def ratio(self, side: str, base: str) -> float:
        """How many times as long the best round of one side took as that of the other."""
        return min(self.seconds[side]) / min(self.seconds[base])

    def line(self, side: str) -> str:
        """What is printed about a side."""
        best, middle, worst = (of(self.seconds[side]) for of in (min, median, max))
        return f"  {side:34} {best:6.2f} s best {middle:6.2f} median {worst:6.2f} worst"


def one_round(rounds: Rounds, rows: Rows, new: Rows, yesterday: RfmSummary) -> None:
    """Both sides once, each in columns that nobody has touched before."""
    everything = Rows(*(old + more for old, more in zip(rows, new, strict=True)))
    customers, new_customers = rows.customers(), new.customers()
    frame, longer = frame_of(rows, rows.customers()), frame_of(everything, everything.customers())

    def a_day_more() -> Outcomes:
        today = summed_up(new, new_customers, TODAY)
        return outcomes(yesterday.rolled_to(TODAY).merge(today))

    rounds.time("pandas, all rows", lambda: pandas_outcomes(frame, YESTERDAY))
    rounds.time("crmkit, all rows", lambda: outcomes(summed_up(rows, customers, YESTERDAY)))
    rounds.time("pandas, all rows and a day more", lambda: pandas_outcomes(longer, TODAY))
    rounds.time("crmkit, a day more", a_day_more)
    purchases = rows.purchases()
    rounds.time(
        "crmkit, all rows as purchases",
        lambda: outcomes(summarize_rfm(purchases, as_of=YESTERDAY)),
    )


def check(rows: Rows, new: Rows, yesterday: RfmSummary) -> None:
    """Stop unless both sides agree, on all rows and on a day more."""
    must_agree(
        yesterday,
        outcomes(yesterday),
        pandas_outcomes(frame_of(rows, rows.customers()), YESTERDAY),
    )
    today = yesterday.rolled_to(TODAY).merge(summed_up(new, new.customers(), TODAY))
    everything = Rows(*(old + more for old, more in zip(rows, new, strict=True)))
    frame = frame_of(everything, everything.customers())
    must_agree(today, outcomes(today), pandas_outcomes(frame, TODAY))


def report(shop: Shop, rounds: Rounds) -> Iterator[bool]:
    """Print the figures of one shop, and say of each limit whether it was kept."""
    for side in rounds.seconds:
        print(rounds.line(side))
    for what, side, base, limit, aim in (
        ("full recomputation", "crmkit, all rows", "pandas, all rows", FULL_LIMIT, FULL_AIM),
        (
            "an incremental day",
            "crmkit, a day more",
            "pandas, all rows and a day more",
            DAY_LIMIT,
            DAY_AIM,
        ),
    ):
        ratio = rounds.ratio(side, base)
        print(f"  ratio of {what}: {ratio:.2f} (limit {limit:g}, aim {aim:g})")
        yield ratio <= limit
    ratio = rounds.ratio("crmkit, all rows as purchases", "pandas, all rows")
    print(f"  ratio from Purchase objects: {ratio:.2f} (for comparison)")


def main(count: int = 5, size: int = 1_000_000) -> int:
    """Measure each shop and print its ratios."""
    kept: list[bool] = []
    for shop in SHOPS:
        random = Random(20260630)
        customers = round(size / shop.rows_per_customer)
        rows = random_rows(random, size, customers, FIRST_DAY, YESTERDAY)
        new = random_rows(random, size // 100, customers, TODAY, TODAY)
        yesterday = summed_up(rows, rows.customers(), YESTERDAY)
        print(f"{shop.name}: {size:,} rows, {len(yesterday):,} customers, {size // 100:,} new rows")
        try:
            check(rows, new, yesterday)
        except Differs as error:
            print(error)
            return 2
        rounds = Rounds()
        for _ in range(count):
            one_round(rounds, rows, new, yesterday)
        kept += report(shop, rounds)
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
