"""Writing crmkit's values down and reading them back, strictly.

``make_converter(*types)`` gives one strict converter for the types a host keeps. What it writes is
stable JSON with the kind of the document and its schema version; what it reads is checked all the
way down, and everything that is wrong is reported at once, by path, without repeating the values.

>>> from crmkit.money import Money
>>> converter = make_converter(Money)
>>> converter.dumps(Money("12.30", "EUR"))
'{"data":{"amount":"12.30","currency":"EUR"},"kind":"money","version":1}'
>>> converter.loads('{"kind": "money", "version": 1, "data": {"amount": 12.3, "currency": "EUR"}}')
Traceback (most recent call last):
...
crmkit.errors.InvalidDocument: $.data.amount: expected a text, found a number with a fraction
"""
