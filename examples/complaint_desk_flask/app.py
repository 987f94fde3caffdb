"""A complaint desk over HTTP: Flask, PostgreSQL, and one transaction with the app's own tables.

Who acts is known from the login of the server in front (``REMOTE_USER``), what time it is from the
clock that is handed in.
"""

import hashlib
import json
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from attrs import frozen
from flask import Blueprint, Flask, Response, abort, current_app, jsonify, request
from sqlalchemy import Connection, Engine, insert, select, update

from crmkit.business_time import BusinessCalendar
from crmkit.complaints import (
    COMPLAINTS,
    Assessed,
    Complaint,
    ComplaintDesk,
    Entry,
    FactsRecorded,
    Obligation,
    ObligationProfile,
    Proposal,
    Receipt,
    SatisfactionChecked,
    StatusChanged,
    Subject,
    WorkingHours,
)
from crmkit.decision import explain
from crmkit.errors import InvalidValue, Refused
from crmkit.identifiers import Actor, ComplaintId, CustomerId
from crmkit.serialization import make_converter
from crmkit.storage import UnitOfWork
from crmkit.storage.sqlalchemy import SqlAlchemyStore
from examples.complaint_desk_flask import refusals
from examples.complaint_desk_flask.tables import disputes, orders
from examples.complaint_desk_flask.transactions import Transactions

__all__ = ["RECEIVED_TOPIC", "create_app"]

BodyT = TypeVar("BodyT")

RECEIVED_TOPIC = "complaint-received"
"""The topic of the messages about complaints that came in; their text is the number."""

HOUSE = ObligationProfile(
    name="house",
    obligations=[
        Obligation(
            name="answer",
            met_by=("respond",),
            within=WorkingHours(12),
            calendar="desk",
            suspended_by={"complainant"},
        )
    ],
).with_calendars(desk=BusinessCalendar.on_weekdays("09:00-18:00", zone="Europe/Berlin"))
"""What the house promises: an answer within twelve hours of its desk."""


# --- what comes in --------------------------------------------------------------------------------


@frozen(kw_only=True)
class Filing:
    """The body of a request that files a complaint."""

    order: str
    channel: str
    content: str
    remedy_sought: str | None = None
    category: str | None = None


@frozen(kw_only=True)
class Deed:
    """The body of a request that acts on a complaint."""

    action: str
    reason: str


@frozen(kw_only=True)
class Finding:
    """The body of a request that puts something on record."""

    what: Assessed | FactsRecorded | SatisfactionChecked
    reason: str


CONVERTER = make_converter(Filing, Deed, Finding)


# --- the app --------------------------------------------------------------------------------------


def _new_number() -> str:
    return f"K-{uuid.uuid4()}"


@frozen
class Office:
    """What the routes work with."""

    transactions: Transactions
    desk: ComplaintDesk
    clock: Callable[[], datetime]
    new_number: Callable[[], str]


def create_app(
    engine: Engine,
    clock: Callable[[], datetime],
    *,
    new_number: Callable[[], str] = _new_number,
) -> Flask:
    """Make the app; ``clock`` tells the instant, with its time zone."""
    app = Flask("complaint_desk")
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    desk = ComplaintDesk(store=SqlAlchemyStore(engine), profiles=(HOUSE,))
    app.extensions["office"] = Office(Transactions(engine), desk, clock, new_number)
    app.register_blueprint(routes)
    refusals.register(app)
    return app


def _office() -> Office:
    office: Office = current_app.extensions["office"]
    return office


routes = Blueprint("complaints", __name__)


@routes.post("/complaints")
def file_complaint() -> Response:
    """Receive a complaint about an order; no reminder to pay goes out until it is settled."""
    filing, who, office = _body(Filing), _who(), _office()

    def work(connection: Connection, unit: UnitOfWork) -> str:
        number = ComplaintId(office.new_number())
        customer = _dispute(connection, filing.order, number)
        receipt = Receipt(
            id=number,
            received_at=office.clock(),
            channel=filing.channel,
            complainant=customer,
            about=Subject(category=filing.category),
            content=filing.content,
            remedy_sought=filing.remedy_sought,
            received_by=who,
        )
        complaint = office.desk.receive(receipt, unit=unit)
        unit.outbox.add(RECEIVED_TOPIC, number)
        return json.dumps(_summary(complaint))

    response = _once(work)
    response.status_code = 201
    response.headers["Location"] = f"/complaints/{json.loads(response.data)['number']}"
    return response


def _dispute(connection: Connection, order: str, complaint: ComplaintId) -> CustomerId:
    """Note in the table of the app that an order is in dispute, and say whose it is."""
    # The lock lets two who complain about one order come one after the other.
    found = connection.execute(
        select(orders.c.customer).where(orders.c.number == order).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise InvalidValue("there is no such order: look the number up on the invoice")
    is_open = (disputes.c.order_number == order) & disputes.c.is_open
    if connection.execute(select(disputes.c.complaint).where(is_open)).first():
        raise Refused(
            "order-in-dispute", "there is an open complaint about this order: add to that one"
        )
    connection.execute(
        insert(disputes), {"complaint": complaint, "order_number": order, "is_open": True}
    )
    return CustomerId(found)


@routes.post("/complaints/<number>/actions")
def act(number: str) -> Response:
    """Take an action of the lifecycle, such as ``acknowledge`` or ``close``."""
    deed, who, office = _body(Deed), _who(), _office()

    def work(connection: Connection, unit: UnitOfWork) -> str:
        complaint = office.desk.act(
            ComplaintId(number),
            deed.action,
            by=who,
            at=office.clock(),
            reason=deed.reason,
            unit=unit,
        )
        is_open = not office.desk.rules.is_final(complaint)
        of_complaint = disputes.c.complaint == number
        connection.execute(update(disputes).where(of_complaint).values(is_open=is_open))
        return json.dumps(_summary(complaint))

    return _once(work)


@routes.post("/complaints/<number>/records")
def record(number: str) -> Response:
    """Put on record how severe it is, what was found out, or how satisfied the complainant is."""
    finding, who, office = _body(Finding), _who(), _office()

    def work(_: Connection, unit: UnitOfWork) -> str:
        complaint = office.desk.record(
            ComplaintId(number),
            finding.what,
            by=who,
            at=office.clock(),
            reason=finding.reason,
            unit=unit,
        )
        return json.dumps(_summary(complaint))

    return _once(work)


@routes.get("/complaints")
def list_complaints() -> Response:
    """Complaints by owner, by status, or all, the oldest first, page by page.

    A page begins behind the last complaint of the one before, so nothing is skipped or shown twice
    while new ones come in. With both owner and status, a page can be short; ``next`` tells whether
    there is more.
    """
    _who()
    owner, status = request.args.get("owner"), request.args.get("status")
    index, value = ("by-owner", owner) if owner is not None else ("by-status", status)
    with _office().desk.store.unit_of_work() as unit:
        page = unit.repository(COMPLAINTS).query(
            "by-received" if value is None else index,
            prefix=() if value is None else (value,),
            limit=_limit(),
            after=request.args.get("after"),
        )
    found = [each.record for each in page.items if status in (None, each.record.status)]
    return jsonify(complaints=[_summary(complaint) for complaint in found], next=page.next)


@routes.get("/complaints/<number>")
def show(number: str) -> Response:
    """A complaint with its trail, what is due, and for each next step whether it may be taken."""
    who, office = _who(), _office()
    desk, now = office.desk, office.clock()
    with desk.store.unit_of_work() as unit:
        complaint = desk.get(ComplaintId(number), unit=unit)
        agenda = desk.agenda(ComplaintId(number), now, unit=unit)
    return jsonify(
        **_summary(complaint),
        content=complaint.receipt.content,
        trail=[
            {"at": entry.at.isoformat(), "by": entry.by, "reason": entry.reason}
            for entry in complaint.trail
        ],
        due=[
            {"obligation": each.obligation, "by": each.due_at.isoformat()}
            for each in agenda
            if each.due_at is not None
        ],
        next_steps=[
            _step(desk, complaint, action, by=who, at=now)
            for action in desk.rules.allowed(complaint)
        ],
    )


# --- helpers --------------------------------------------------------------------------------------


def _once(work: Callable[[Connection, UnitOfWork], str]) -> Response:
    """Carry out the command of this request, or answer as it was answered before."""
    office, key = _office(), request.headers.get("Idempotency-Key", "")
    if not 1 <= len(key) <= 200:
        raise InvalidValue("send a header Idempotency-Key, such as a new UUID for each command")
    # Keys belong to whoever sent them: nobody gets the answer to the command of somebody else.
    own_key = hashlib.sha256(f"{_who()}\n{key}".encode()).hexdigest()
    payload = json.dumps([request.method, request.path, request.get_json()], sort_keys=True)
    answer = office.transactions.command(own_key, payload, work, at=office.clock())
    return Response(answer, mimetype="application/json")


def _body(kind: type[BodyT]) -> BodyT:
    body: BodyT = CONVERTER.structure(request.get_json(), kind)
    return body


def _who() -> Actor:
    user = request.remote_user
    if not user:
        abort(401, "log in first")
    return Actor(user)


def _limit() -> int:
    text = request.args.get("limit", "50")
    if not text.isdecimal() or not 1 <= int(text) <= 200:
        raise InvalidValue("limit is a whole number from 1 to 200")
    return int(text)


def _summary(complaint: Complaint) -> dict[str, Any]:
    """What a list shows; nothing of it is personal, so it may be kept as an answer."""
    return {
        "number": complaint.id,
        "status": complaint.status,
        "owner": complaint.owner,
        "received_at": complaint.received_at.isoformat(),
    }


def _step(
    desk: ComplaintDesk, complaint: Complaint, action: str, *, by: Actor, at: datetime
) -> dict[str, Any]:
    after = desk.rules.table_of(complaint).after(complaint.status, action)
    what = StatusChanged(action, complaint.status, str(after))
    decision = desk.rules(Proposal(complaint, Entry(what=what, by=by, at=at, reason="asked")))
    return {"action": action, "allowed": decision.outcome, "because": explain(decision)}
