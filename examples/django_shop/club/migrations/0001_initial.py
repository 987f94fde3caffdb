"""The tables of the shop as they were at first; made by ``manage.py makemigrations``."""

# ruff: noqa: RUF012

from typing import ClassVar

from django.db import migrations, models

import club.models


class Migration(migrations.Migration):
    """Make everything."""

    initial = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("topic", models.CharField(max_length=255)),
                ("payload", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ("number", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("member", models.CharField(db_index=True, max_length=40)),
                ("cents", models.PositiveBigIntegerField()),
                ("points_spent", models.PositiveIntegerField(default=0)),
                ("placed_on", models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name="Parcel",
            fields=[
                ("message", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("member", models.CharField(max_length=40)),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("key", club.models.KeyField(max_length=255, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.BigIntegerField(db_index=True)),
                ("document", models.TextField()),
                ("outcome", models.CharField(max_length=10)),
            ],
        ),
        migrations.CreateModel(
            name="Shelf",
            fields=[
                ("name", club.models.KeyField(max_length=80, primary_key=True, serialize=False)),
                ("floor", models.PositiveBigIntegerField(default=0)),
                ("signature", models.TextField(null=True)),
                ("turns", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Card",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shelf", club.models.KeyField(max_length=60)),
                ("key", club.models.KeyField(max_length=255)),
                ("version", models.PositiveBigIntegerField()),
                ("document", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("shelf", "key"), name="one_card_a_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", club.models.KeyField(max_length=60)),
                ("key", club.models.KeyField(max_length=255)),
                ("number", models.PositiveBigIntegerField()),
                ("document", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("book", "key", "number"), name="one_line_a_number"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Subtotal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("book", club.models.KeyField(max_length=60)),
                ("key", club.models.KeyField(max_length=255)),
                ("fold", club.models.KeyField(max_length=60)),
                ("length", models.PositiveBigIntegerField()),
                ("revision", models.PositiveIntegerField()),
                ("document", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("book", "key", "fold"), name="one_subtotal_a_fold"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Tab",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("shelf", club.models.KeyField(max_length=60)),
                ("index", club.models.KeyField(max_length=60)),
                ("entry", models.BinaryField()),
                ("key", club.models.KeyField(max_length=255)),
            ],
            options={
                "indexes": [models.Index(fields=["shelf", "key"], name="tabs_of_a_card")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shelf", "index", "entry", "key"), name="one_tab"
                    )
                ],
            },
        ),
    ]
