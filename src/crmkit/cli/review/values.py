"""What is expected of each customer, as a table for spreadsheets and programs."""

import csv
from io import StringIO

from crmkit.cli.review.figures import Outcomes
from crmkit.cli.review.lifetime import LifetimeFigures, Without
from crmkit.segmentation import RfmSummary

__all__ = ["values_csv"]

_HEADER = (
    *("customer", "segment", "tier", "layer"),
    *("probability_alive", "expected_purchases", "value", "currency"),
)


def values_csv(
    lifetime: LifetimeFigures | Without | None, summary: RfmSummary, outcomes: Outcomes
) -> str:
    """Write one line for each customer; only the header where nothing can be told."""
    text = StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(_HEADER)
    if isinstance(lifetime, LifetimeFigures):
        currency = summary.currency
        rows = zip(
            summary.columns.customers,
            outcomes.segments,
            outcomes.abc,
            outcomes.pyramid,
            lifetime.prospects,
            strict=True,
        )
        write.writerows(
            (*names, f"{one.alive:.4f}", f"{one.purchases:.4f}", one.value.amount, currency)
            for *names, one in rows
        )
    return text.getvalue()
