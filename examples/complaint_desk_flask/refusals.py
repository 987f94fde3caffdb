"""What the app answers when something cannot be done: one table from errors to HTTP."""

from flask import Flask, Response, current_app, jsonify
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from crmkit.complaints import ActionRefused
from crmkit.errors import (
    AlreadyKept,
    AnswerErased,
    CrmkitError,
    IdempotencyMismatch,
    IllegalTransition,
    InvalidDocument,
    InvalidValue,
    NotKept,
    Refused,
    StoreBusy,
    StoreFull,
    VersionConflict,
)
from crmkit.storage import StoreUnavailable
from examples.complaint_desk_flask.transactions import sqlstate

__all__ = ["STATUS", "register"]

STATUS: tuple[tuple[type[CrmkitError], int], ...] = (
    # A business "no". It is kept under the idempotency key, and the text says what would work.
    (Refused, 422),
    (IllegalTransition, 422),
    (ActionRefused, 422),
    # The key was used for another command, or the answer to it has been erased since.
    (IdempotencyMismatch, 422),
    (AnswerErased, 410),
    # What was asked for is not there, or there already, or not what it should look like.
    (NotKept, 404),
    (AlreadyKept, 409),
    (InvalidValue, 400),
    # Others were quicker, again and again; or the database has no time, no room or no answer.
    (VersionConflict, 409),
    (StoreBusy, 503),
    (StoreFull, 503),
    (StoreUnavailable, 503),
)
"""The first that fits counts; everything else is a mistake of ours: 500."""

_RETRY_AFTER = {409: "0", 503: "1"}
"""After how many seconds it makes sense to send the same command again, under the same key."""


def register(app: Flask) -> None:
    """Let the app answer errors by the table."""
    app.register_error_handler(CrmkitError, _of_crmkit)
    app.register_error_handler(DBAPIError, _of_the_database)
    app.register_error_handler(HTTPException, _of_flask)


def _of_crmkit(error: CrmkitError) -> Response:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, InvalidDocument):
        problems = [{"at": each.path, "what": each.message} for each in error.problems]
        return _answer(status, error.code, "the body is not as it should be", problems=problems)
    if isinstance(error, Refused):
        return _answer(status, error.reason, error.text)
    # The messages of crmkit carry no personal data, so they may be shown and logged.
    if status >= 500:
        current_app.logger.error("%s: %s", error.code, error)
    return _answer(status, error.code, str(error))


def _of_the_database(error: DBAPIError) -> Response:
    """An error of a statement of the app; PostgreSQL quotes the row in its text."""
    current_app.logger.error("the database has refused a statement: %s", sqlstate(error))
    return _answer(503, "store-unavailable", "the database has refused a statement: try again")


def _of_flask(error: HTTPException) -> Response:
    code = error.name.lower().replace(" ", "-")
    return _answer(error.code or 500, code, error.description or "")


def _answer(status: int, code: str, message: str, **more: object) -> Response:
    response = jsonify(error=code, message=message, **more)
    response.status_code = status
    if status in _RETRY_AFTER:
        response.headers["Retry-After"] = _RETRY_AFTER[status]
    return response
