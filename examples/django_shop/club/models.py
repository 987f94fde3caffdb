"""The tables of the shop: its orders, and what its loyalty club keeps.

The second part is what :mod:`club.store` needs. It belongs to the shop like the first: migrations
make it, backups hold it, and its names are the shop's own.
"""

from typing import Any

from django.db import models


class KeyField(models.CharField):
    """A key, which every database compares by code point, as crmkit does."""

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        """Name the collation; SQLite and its BINARY need none."""
        parameters: dict[str, Any] = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


# --- what the shop sells --------------------------------------------------------------------------


class Order(models.Model):
    """What somebody has bought."""

    number = models.CharField(max_length=40, primary_key=True)
    member = models.CharField(max_length=40, db_index=True)
    cents = models.PositiveBigIntegerField()
    points_spent = models.PositiveIntegerField(default=0)
    placed_on = models.DateField()


class Parcel(models.Model):
    """What is put into the next parcel of a member, such as a card of their new tier."""

    message = models.PositiveBigIntegerField(primary_key=True)
    member = models.CharField(max_length=40)
    text = models.TextField()


# --- what the club keeps --------------------------------------------------------------------------


class Shelf(models.Model):
    """One kind of thing that is kept, such as memberships; who writes to it takes turns."""

    name = KeyField(max_length=80, primary_key=True)
    floor = models.PositiveBigIntegerField(default=0)
    signature = models.TextField(null=True)
    turns = models.PositiveBigIntegerField(default=0)


class Card(models.Model):
    """A record under a key, such as the membership of a customer."""

    shelf = KeyField(max_length=60)
    key = KeyField(max_length=255)
    version = models.PositiveBigIntegerField()
    document = models.TextField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["shelf", "key"], name="one_card_a_key"),)


class Tab(models.Model):
    """Where a card is found: by an index, under values that are bytes in their order."""

    shelf = KeyField(max_length=60)
    index = KeyField(max_length=60)
    entry = models.BinaryField()
    key = KeyField(max_length=255)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["shelf", "index", "entry", "key"], name="one_tab"),
        )
        indexes = (models.Index(fields=["shelf", "key"], name="tabs_of_a_card"),)


class Line(models.Model):
    """A line of a book that only grows, such as the points of a member; the first is number 1."""

    book = KeyField(max_length=60)
    key = KeyField(max_length=255)
    number = models.PositiveBigIntegerField()
    document = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["book", "key", "number"], name="one_line_a_number"),
        )


class Subtotal(models.Model):
    """What the lines of a book came to after so many of them."""

    book = KeyField(max_length=60)
    key = KeyField(max_length=255)
    fold = KeyField(max_length=60)
    length = models.PositiveBigIntegerField()
    revision = models.PositiveIntegerField()
    document = models.TextField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["book", "key", "fold"], name="one_subtotal_a_fold"),
        )


class Reply(models.Model):
    """What a command was answered, by its idempotency key."""

    key = KeyField(max_length=255, primary_key=True)
    digest = models.CharField(max_length=64)
    at = models.BigIntegerField(db_index=True)
    document = models.TextField()
    outcome = models.CharField(max_length=10)


class Letter(models.Model):
    """A message that waits to be handed over."""

    topic = models.CharField(max_length=255)
    payload = models.TextField()
