"""Write the example shop: three years of a coffee roaster with a small web shop, made up.

    python tools/make_shop.py            writes src/crmkit/examples/shop.csv anew

Nobody in it exists. Every customer is there to show something: a regular, a big spender who stayed
away, a steady grower, people who bought once, newcomers, some who send things back, twins for the
ties, and a few lines that a hurried export got wrong. The same seed gives the same file everywhere:
of the random module only random() is used, whose sequence Python promises to keep.
"""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

PATH = Path(__file__).parent.parent / "src" / "crmkit" / "examples" / "shop.csv"
COLUMNS = ("date", "customer", "order", "product", "channel", "amount", "currency", "refund_of")
LAST_DAY = date(2025, 12, 31)

# What the shop sells, in cents.
PRICES = {
    "espresso-250g": 890,
    "filter-250g": 950,
    "espresso-1kg": 2990,
    "filter-1kg": 3190,
    "grinder": 8900,
    "machine": 64900,
    "cups": 2400,
    "subscription": 1990,
}
CHANNELS = ("web", "web", "shop", "phone")


class Sale(NamedTuple):
    """One line of the shop's books, before orders have numbers."""

    on: date
    customer: str
    product: str
    pieces: int
    channel: str
    refunded_on: date | None = None
    lines: int = 1


class Story:
    """What happened, told customer by customer."""

    def __init__(self) -> None:
        self._dice = Random(20230102)
        self._next_customer = 0
        self.sales: list[Sale] = []

    def roll(self, sides: int) -> int:
        """Roll a die: 0 to sides - 1."""
        return int(self._dice.random() * sides)

    def customer(self) -> str:
        """Welcome another customer."""
        self._next_customer += 1
        return f"C-{self._next_customer:03}"

    def buys(
        self, customer: str, on: date, product: str = "", pieces: int = 1, channel: str = ""
    ) -> None:
        """Let a customer buy something, small things if it does not matter what."""
        small = ("espresso-250g", "filter-250g", "espresso-1kg", "filter-1kg")
        self.sales.append(
            Sale(
                on,
                customer,
                product or small[self.roll(len(small))],
                pieces,
                channel or CHANNELS[self.roll(len(CHANNELS))],
            )
        )

    def sends_back(self, days: int) -> None:
        """Let the last customer send the last thing back."""
        last = self.sales.pop()
        self.sales.append(last._replace(refunded_on=last.on + timedelta(days=days)))

    def every(self, days: int, start: date, end: date, jitter: int = 3) -> list[date]:
        """Days that come back every so often, a little irregularly."""
        dates = []
        day = start
        while day <= end:
            dates.append(min(day + timedelta(days=self.roll(jitter + 1)), end))
            day += timedelta(days=days)
        return dates


def tell() -> list[Sale]:
    """Tell the story."""
    story = Story()
    # The regular: a kilogram every three weeks, to the end.
    regular = story.customer()
    for day in story.every(21, date(2023, 1, 9), LAST_DAY):
        story.buys(regular, day, "espresso-1kg", channel="web")
    # The big spender: machines and grinders for a chain of cafes, and not a word since spring 2024.
    lapsed = story.customer()
    for day in story.every(45, date(2023, 1, 16), date(2024, 3, 20)):
        story.buys(lapsed, day, "machine" if story.roll(3) == 0 else "filter-1kg", 3, "phone")
    # The grower: an office that orders more each quarter.
    grower = story.customer()
    for quarter, day in enumerate(story.every(91, date(2023, 2, 1), date(2025, 12, 10))):
        story.buys(grower, day, "filter-1kg", 1 + quarter, "web")
    # The subscriber: the same amount on the first of every month, since the summer of 2024.
    subscriber = story.customer()
    for year, month in [(2024, m) for m in range(7, 13)] + [(2025, m) for m in range(1, 13)]:
        story.buys(subscriber, date(year, month, 1), "subscription", channel="web")
    # The Christmas customer: cups as presents, each December.
    santa = story.customer()
    for year in (2023, 2024, 2025):
        story.buys(santa, date(year, 12, 5 + story.roll(10)), "cups", 4, "shop")
    # Loyal ones, each at a pace of their own.
    for pace in (28, 35, 42, 49, 56, 63, 70):
        customer = story.customer()
        start = date(2023, 1, 10) + timedelta(days=story.roll(400))
        for day in story.every(pace, start, LAST_DAY - timedelta(days=story.roll(25)), 6):
            story.buys(customer, day, pieces=1 + story.roll(2))
    # Slipping away: at first every month, and then less and less.
    for _ in range(4):
        customer = story.customer()
        day, gap = date(2023, 6, 1) + timedelta(days=story.roll(120)), 25
        while day < date(2025, 6, 30):
            story.buys(customer, day)
            day, gap = day + timedelta(days=gap), gap + 20
    # The chooser sends about every second thing back; another one sent the only thing back.
    chooser = story.customer()
    for day in story.every(60, date(2023, 5, 2), date(2025, 10, 31)):
        story.buys(chooser, day, "grinder" if story.roll(2) else "cups", channel="web")
        if story.roll(2):
            story.sends_back(9)
    regretful = story.customer()
    story.buys(regretful, date(2025, 3, 14), "machine", channel="web")
    story.sends_back(12)
    # Somebody who only ever took the free sample, and somebody whom it won over.
    story.buys(story.customer(), date(2025, 5, 3), "espresso-250g", 0, "shop")
    won_over = story.customer()
    story.buys(won_over, date(2025, 5, 3), "filter-250g", 0, "shop")
    for day in story.every(30, date(2025, 5, 20), LAST_DAY):
        story.buys(won_over, day, "filter-250g", 2, "shop")
    # Twins, for the ties: the same days, the same things.
    for customer in [story.customer() for _ in range(4)]:
        story.buys(customer, date(2024, 9, 7), "espresso-1kg", channel="shop")
        story.buys(customer, date(2025, 9, 6), "espresso-1kg", channel="shop")
    # Two of the same thing rung up one by one: two identical lines, and both count.
    story.buys(story.customer(), date(2025, 10, 18), "cups", channel="shop")
    story.sales[-1] = story.sales[-1]._replace(lines=2)
    # They came once.
    for _ in range(14):
        day = date(2023, 1, 20) + timedelta(days=story.roll(900))
        story.buys(story.customer(), day, pieces=1 + story.roll(3))
    # They came this autumn.
    for _ in range(8):
        customer = story.customer()
        day = date(2025, 10, 20) + timedelta(days=story.roll(50))
        story.buys(customer, day)
        if story.roll(3) == 0:
            story.buys(customer, min(day + timedelta(days=20), LAST_DAY), "grinder", channel="web")
    return story.sales


def euros(cents: int) -> str:
    """Write an amount."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def entries(sales: list[Sale]) -> list[tuple[str, ...]]:
    """Number the orders by day and write them down, each refund on the day it was given."""
    rows = []
    for number, sale in enumerate(sorted(sales, key=lambda sale: (sale.on, sale.customer)), 1):
        order = f"A-{1000 + number}"
        cents = PRICES[sale.product] * sale.pieces
        row = (sale.on.isoformat(), sale.customer, order, sale.product, sale.channel)
        rows += [(*row, euros(cents), "EUR", "")] * sale.lines
        if sale.refunded_on is not None:
            back = (sale.refunded_on.isoformat(), sale.customer, "", sale.product, sale.channel)
            rows.append((*back, euros(-cents), "EUR", order))
    # A refund of something that was bought before the books begin.
    rows.append(("2023-01-05", "C-060", "", "grinder", "shop", "-89.00", "EUR", "A-0998"))
    return sorted(rows, key=lambda row: row[0])


# What a hurried export got wrong, and before which day it stands.
BAD_LINES = (
    ("2023-03-01", "2023-02-29,C-001,A-0101,espresso-1kg,web,29.90,EUR,\n"),
    ("2023-08-01", "2023-07-31,,A-0102,filter-1kg,shop,31.90,EUR,\n"),
    ("2024-01-10", "2024-01-09,C-007,A-0103,filter-250g,web,9.500000000000002,EUR,\n"),
    ("2024-05-01", "2024-04-30,C-003,A-0104,cups,phone,24.00,EURO,\n"),
    ("2024-06-01", "\n"),
    ("2024-11-01", "31.10.2024,C-009,A-0105,cups,shop,24.00,EUR,\n"),
    ("2025-02-01", '2025-01-31,C-010,A-0106,grinder,web,"89,00",EUR,\n'),
    ("2025-04-01", "2025-03-31,C-017,,cups,web,24.00,EUR,A-1150\n"),
    ("2025-07-01", "2025-06-30,C-011,A-0107,cups\n"),
)


def shop() -> str:
    """Put the books together, bad lines among the good ones."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    bad = list(BAD_LINES)
    for row in entries(tell()):
        while bad and row[0] >= bad[0][0]:
            text.write(bad.pop(0)[1])
        rows.writerow(row)
    return text.getvalue()


if __name__ == "__main__":
    PATH.write_text(shop(), encoding="utf-8", newline="\n")
    print(f"{PATH}: {shop().count(chr(10))} lines")
