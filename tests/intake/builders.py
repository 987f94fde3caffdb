"""Files of purchases, written down in the test that reads them."""

from __future__ import annotations

import io
from typing import Any

from crmkit.intake import IntakeReport, Reject, read_purchases
from crmkit.records import Purchase

HEADER = "customer,date,amount\n"


def read(content: str | bytes, **options: Any) -> tuple[list[Purchase], IntakeReport]:
    """Read a file with this content; euro, unless the options say something else."""
    data = content if isinstance(content, bytes) else content.encode(errors="surrogateescape")
    reader = read_purchases(io.BytesIO(data), **{"currency": "EUR"} | options)
    return list(reader), reader.report


def lines(content: str | bytes, **options: Any) -> list[str]:
    """Read a file and show each purchase as ``customer day amount``."""
    purchases, _ = read(content, **options)
    return [f"{purchase.customer} {purchase.on} {purchase.amount}" for purchase in purchases]


def rejects(content: str | bytes, **options: Any) -> list[Reject]:
    """Read a file with at least one good line, and give what was turned away."""
    _, report = read(content, **options)
    return list(report.first_rejects)


def the_reject(line: str, **options: Any) -> Reject:
    """Read one bad line behind a good one, and give the reject that it becomes."""
    (reject,) = rejects(f"{HEADER}C-0,2026-01-01,1\n{line}\n", **options)
    return reject
