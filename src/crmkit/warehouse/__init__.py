"""The same work on one machine or on many: more customers than one process wants to hold.

Everything begins with lines of a canonical table (customer, days since 1970-01-01, minor units) and
is in whole numbers, so that Python, a database and Spark find the same to the last digit.

>>> from datetime import date
>>> lines = [("anna", 20_000, 4_000), ("anna", 20_030, 1_250), ("bert", 20_010, 900)]
>>> summaries = summarize_lines(lines, as_of=date(2024, 12, 31))
>>> cuts = CutPoints.fit(Histograms.of(summaries, "EUR"))
>>> [(scored.customer_id, scored.tier) for scored in cuts.score(summaries)]
[('anna', 'A'), ('bert', 'B')]
>>> query = summarize_sql("purchases", as_of=date(2024, 12, 31), dialect="postgresql")

:mod:`crmkit.warehouse.spark` runs the same on Spark.
"""

from crmkit.warehouse.cut_points import CutPoints, Histograms, ScoredCustomer
from crmkit.warehouse.dialects import Dialect
from crmkit.warehouse.digest import digest_of
from crmkit.warehouse.histories import (
    History,
    count_histories,
    count_spends,
    counted_facts,
    counted_spend,
    repeat_facts,
    rfm_facts,
    value_summaries,
)
from crmkit.warehouse.kernel import (
    AMOUNT_LIMIT,
    CustomerSummary,
    Line,
    UnsortedLines,
    date_of,
    day_of,
    lines_of,
    summarize_lines,
    summarize_sorted,
)
from crmkit.warehouse.processes import (
    lay_out_lines,
    lines_of_file,
    part_of,
    summarize_parts,
)
from crmkit.warehouse.sql import (
    check_sql,
    histogram_sql,
    histories_sql,
    lines_sql,
    score_sql,
    spends_sql,
    summarize_sql,
    table_sql,
)

__all__ = [
    "AMOUNT_LIMIT",
    "CustomerSummary",
    "CutPoints",
    "Dialect",
    "Histograms",
    "History",
    "Line",
    "ScoredCustomer",
    "UnsortedLines",
    "check_sql",
    "count_histories",
    "count_spends",
    "counted_facts",
    "counted_spend",
    "date_of",
    "day_of",
    "digest_of",
    "histogram_sql",
    "histories_sql",
    "lay_out_lines",
    "lines_of",
    "lines_of_file",
    "lines_sql",
    "part_of",
    "repeat_facts",
    "rfm_facts",
    "score_sql",
    "spends_sql",
    "summarize_lines",
    "summarize_parts",
    "summarize_sorted",
    "summarize_sql",
    "table_sql",
    "value_summaries",
]
