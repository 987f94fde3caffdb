"""The settings of the project: a file of SQLite, or PostgreSQL where ``POSTGRES_HOST`` is set."""

import os
from pathlib import Path
from typing import Any

_FOLDER = Path(os.environ.get("SHOP_FOLDER", Path(__file__).parent))

_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": _FOLDER / "shop.sqlite3",
    "OPTIONS": {
        # A reader sees the file as it was when it began, and makes no writer wait.
        "init_command": "PRAGMA journal_mode = WAL",
        # A transaction waits for another writer before it reads anything, not when it is too late.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    },
    # A database in memory would have one connection for everybody.
    "TEST": {"NAME": _FOLDER / "test.sqlite3"},
}
_POSTGRESQL: dict[str, Any] = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": os.environ.get("POSTGRES_NAME", "postgres"),
    "HOST": os.environ.get("POSTGRES_HOST"),
    "PORT": os.environ.get("POSTGRES_PORT", ""),
    "USER": os.environ.get("POSTGRES_USER", "postgres"),
    "PASSWORD": os.environ.get("POSTGRES_PASSWORD", ""),
    "OPTIONS": {"options": "-c lock_timeout=10s"},  # Who waits longer is told to come again.
    "TEST": {"NAME": os.environ.get("SHOP_TEST_NAME")},
}

DATABASES = {"default": _POSTGRESQL if "POSTGRES_HOST" in os.environ else _SQLITE}
SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "only for trying things out")
ALLOWED_HOSTS = ["localhost", "testserver"]
INSTALLED_APPS = ["club"]
ROOT_URLCONF = "club.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
