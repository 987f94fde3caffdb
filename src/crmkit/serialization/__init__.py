"""Writing crmkit's values down and reading them back, strictly.

``make_converter(*types)`` gives one strict converter for the types that a host keeps. What it
writes is stable JSON: the kind of the document, its schema version, and its data. What it reads is
checked all the way down; whatever is wrong is reported at once, by path, and without repeating the
values.

>>> from datetime import date
>>> from crmkit.money import Money
>>> from crmkit.records import Purchase
>>> converter = make_converter(Purchase)
>>> text = converter.dumps(Purchase("C-7", date(2026, 3, 1), Money("12.30", "EUR")))
>>> text[:61]
'{"data":{"amount":"12.30 EUR","channel":null,"customer":"C-7"'
>>> converter.loads(text).amount
Money('12.30', 'EUR')
>>> converter.loads(text.replace('"12.30 EUR"', "12.3"))
Traceback (most recent call last):
...
crmkit.errors.InvalidDocument: $.data.amount: expected money in quotes, such as "12.30 EUR", found \
a number with a fraction

Numbers that must stay exact are texts (``"12.30"``, ``"3/4"``), money is ``"12.30 EUR"``, days and
instants are ISO 8601. Where several types can stand in one place, a value is tagged with its
``kind``; plain texts, whole numbers, yes and no stand for themselves. Nothing is nested deeper than
100 levels, and no number has more than 60 digits.
"""

from crmkit.serialization.annotations import kind_of
from crmkit.serialization.documents import DocumentConverter, Schema, make_converter

__all__ = ["DocumentConverter", "Schema", "kind_of", "make_converter"]
