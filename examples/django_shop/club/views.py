"""Orders and points over HTTP: an order and the points for it are kept together, or neither is."""

import json
from typing import Any

from attrs import astuple, frozen
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from club.models import Order
from club.program import DESK
from club.transactions import together
from crmkit.errors import CrmkitError, InvalidValue, StoreError
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.loyalty import EarningFacts, InsufficientPoints, NotAMember
from crmkit.money import Money
from crmkit.serialization import make_converter
from crmkit.storage import UnitOfWork

__all__ = ["place_order", "show_points"]


@frozen(kw_only=True)
class Basket:
    """The body of a request that places an order."""

    member: CustomerId
    cents: int
    spend_points: int = 0

    def __attrs_post_init__(self) -> None:
        check_identifier(self.member, "member")
        if len(self.member) > 40 or self.cents < 1 or not 0 <= self.spend_points < 1_000_000:
            raise InvalidValue("member has up to 40 characters, cents and points are counted")


_CONVERTER = make_converter(Basket)


@csrf_exempt  # It is the till that calls, and no browser.
@require_http_methods(["PUT"])
def place_order(request: HttpRequest, number: str) -> JsonResponse:
    """Keep an order, take the points that it is paid with, and give those that it earns.

    The number of the order is the idempotency key: a till that tries again changes nothing.
    """
    try:
        basket: Basket = _CONVERTER.structure(_json(request), Basket)
        check_identifier(number, "the number of an order")
        if len(number) > 40:
            raise InvalidValue("the number of an order has up to 40 characters")
        order, is_new = together(lambda unit: _kept(number, basket, unit))
    except CrmkitError as error:
        return _refused(error)
    if (order.member, order.cents, order.points_spent) != astuple(basket):
        return JsonResponse({"error": "another-order", "message": "take a new number"}, status=422)
    return _points(order.member, status=201 if is_new else 200)


def _kept(number: str, basket: Basket, unit: UnitOfWork) -> tuple[Order, bool]:
    """Keep an order, and what it means for the club."""
    member, on = basket.member, timezone.localdate()
    row = {
        "member": member,
        "cents": basket.cents,
        "points_spent": basket.spend_points,
        "placed_on": on,
    }
    order, is_new = Order.objects.get_or_create(number=number, defaults=row)
    if is_new:
        DESK.join(member, on=on, unit=unit)
        if basket.spend_points:
            DESK.redeem(member, basket.spend_points, on=on, key=f"{number} spent", unit=unit)
        facts = EarningFacts.single(member, on, Money.of_minor(basket.cents, "EUR"))
        DESK.purchase(facts, key=f"{number} earned", unit=unit)
    return order, is_new


@require_GET
def show_points(request: HttpRequest, member: str) -> JsonResponse:
    """What a member has today, and the tier that it makes."""
    try:
        return _points(member)
    except CrmkitError as error:
        return _refused(error)


def _points(member: str, *, status: int = 200) -> JsonResponse:
    today = timezone.localdate()
    balance = DESK.balance(CustomerId(member), today)
    tier = DESK.tier(CustomerId(member), today).outcome.name
    return JsonResponse({"available": balance.available, "tier": tier}, status=status)


def _refused(error: CrmkitError) -> JsonResponse:
    """The messages of crmkit carry no personal data and say what would have worked."""
    match error:
        case InsufficientPoints():
            status = 422
        case NotAMember():
            status = 404
        case InvalidValue():
            status = 400
        case StoreError():
            status = 503
        case _:
            status = 500
    return JsonResponse({"error": error.code, "message": str(error)}, status=status)


def _json(request: HttpRequest) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise InvalidValue("the body is JSON") from None
