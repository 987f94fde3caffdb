"""Reading what customers bought, from files and rows, with every bad line accounted for.

The edge of the library: text of any column order, dates and amounts as a country writes them, come
in; :class:`~crmkit.records.Purchase` records, or the same in columns, come out. What is not a
purchase is a reject with line, column and reason, and the counts add up to the lines read.

>>> import io
>>> text = "Kunde;Datum;Betrag\\nC-7;01.03.2026;1.012,30\\nC-8;31.02.2026;5,00\\n"
>>> german = {"date_format": "%d.%m.%Y", "decimal": ",", "thousands": "."}
>>> reader = read_purchases(io.BytesIO(text.encode()), currency="EUR", **german)
>>> for purchase in reader:
...     print(purchase.customer, purchase.on, purchase.amount)
C-7 2026-03-01 1012.30 EUR
>>> report = reader.report
>>> report.lines_read, report.header_lines, report.purchases, report.rejects
(3, 1, 1, 1)
>>> print(report.first_rejects[0])
line 3, date: not a day written as %d.%m.%Y
"""

from crmkit.intake.columns import PurchaseColumns, convert_purchases
from crmkit.intake.files import read_purchases
from crmkit.intake.layout import USUAL_NAMES, AmbiguousColumn, Column, MissingColumn
from crmkit.intake.limits import Limits
from crmkit.intake.reader import PurchaseReader
from crmkit.intake.rejects import (
    BadLine,
    IntakeReport,
    NoGoodLine,
    OnError,
    Reject,
    RejectReason,
    RejectsNotWritten,
)
from crmkit.intake.rows import purchases_from_rows

__all__ = [
    "USUAL_NAMES",
    "AmbiguousColumn",
    "BadLine",
    "Column",
    "IntakeReport",
    "Limits",
    "MissingColumn",
    "NoGoodLine",
    "OnError",
    "PurchaseColumns",
    "PurchaseReader",
    "Reject",
    "RejectReason",
    "RejectsNotWritten",
    "convert_purchases",
    "purchases_from_rows",
    "read_purchases",
]
