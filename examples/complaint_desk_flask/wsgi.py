"""How a server starts the app: ``gunicorn examples.complaint_desk_flask.wsgi:app``."""

import os
from datetime import UTC, datetime

from sqlalchemy import create_engine

from examples.complaint_desk_flask.app import create_app
from examples.complaint_desk_flask.tables import create_tables

__all__ = ["app"]


def _now() -> datetime:
    return datetime.now(UTC)


_engine = create_engine(os.environ["DATABASE_URL"], hide_parameters=True)
create_tables(_engine)
app = create_app(_engine, _now)
