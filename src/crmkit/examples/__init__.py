"""A small shop to try things on: three years of a coffee roaster that does not exist.

>>> from crmkit.intake import read_purchases
>>> reader = read_purchases(shop_path())
>>> customers = {purchase.customer for purchase in reader}
>>> report = reader.report
>>> len(customers), report.purchases, report.rejects
(48, 346, 8)
"""

from importlib.resources import files
from pathlib import Path

__all__ = ["shop_path"]


def shop_path() -> Path:
    """Say where the file of the shop's purchases lies: CSV, in euro, from 2023 to 2025.

    Its columns are date, customer, order, product, channel, amount, currency and refund_of. It
    holds what real files hold: refunds, ties, free samples, identical lines, and a few bad ones.
    """
    return Path(str(files(__name__) / "shop.csv"))
