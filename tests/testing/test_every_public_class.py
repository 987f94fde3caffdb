"""Of every public class of crmkit a value can be drawn, or it is said in the open why not."""

from __future__ import annotations

import pkgutil
from collections import Counter
from importlib import import_module
from inspect import isclass
from types import ModuleType
from typing import Any, is_typeddict

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

import crmkit
from crmkit.serialization import make_converter
from crmkit.testing import drawing
from crmkit.testing.registration import is_front_door

DESK = "works on a store: make it with yours"
FUNCTIONS = "holds functions of its owner, which no annotation knows: take one of your own"
BASE = "the common part of several classes, of which values are drawn"
CODE = "does something, and holds nothing that could be compared or kept"

NOT_DRAWN = {
    "crmkit.complaints.ComplaintDesk": DESK,
    "crmkit.followups.FollowUpDesk": DESK,
    "crmkit.intake.PurchaseReader": CODE,
    "crmkit.lifetime_value.RenewalModel": BASE,
    "crmkit.lifetime_value.RepeatPurchaseModel": BASE,
    "crmkit.loyalty.LoyaltyDesk": DESK,
    "crmkit.playbooks.MemberRecovery": DESK,
    "crmkit.segmentation.SegmentationDesk": DESK,
    "crmkit.serialization.DocumentConverter": CODE,
    "crmkit.storage.Collection": FUNCTIONS,
    "crmkit.storage.Fold": FUNCTIONS,
    "crmkit.storage.Index": FUNCTIONS,
    "crmkit.storage.Stream": FUNCTIONS,
}


def front_doors() -> list[ModuleType]:
    """The rooms and shared modules, as users import them."""
    names = [each.name for each in pkgutil.iter_modules(crmkit.__path__, "crmkit.")]
    return [import_module(name) for name in names if is_front_door(name)]


def public_classes() -> dict[str, Any]:
    """Every class that a user can put together or be handed, by the name they import it under."""
    return {
        f"{door.__name__}.{name}": getattr(door, name)
        for door in front_doors()
        for name in getattr(door, "__all__", ())
        if isclass(getattr(door, name))
        and not issubclass(getattr(door, name), BaseException)
        and not getattr(getattr(door, name), "_is_protocol", False)
    }


CLASSES = public_classes()
DRAWN = sorted(set(CLASSES) - set(NOT_DRAWN))
STORED = {door.__name__: tuple(getattr(door, "STORED_TYPES", ())) for door in front_doors()}


def is_stored(room: str, cls: Any) -> bool:
    return any(cls is getattr(each, "type", each) for each in STORED[room])


# Each class is asked for a few values, in the same order each time.
FEW = settings(
    max_examples=6,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


def drawn(cls: Any) -> list[Any]:
    found: list[Any] = []

    @FEW
    @given(st.from_type(cls))
    def gather(value: Any) -> None:
        found.append(value)

    gather()
    return found


def counting(cls: Any, made: Counter[str]) -> Any:
    """Make values as before, and count how many of a class contradict themselves."""
    make = drawing._made

    def counted(each: Any, given: Any) -> Any:
        made["made"] += each is cls
        try:
            return make(each, given)
        except UnsatisfiedAssumption:
            made["refused"] += each is cls
            raise

    return counted


class TestEveryClass:
    """``st.from_type`` gives values of every public class; the exceptions say why they are some."""

    def test_no_class_is_in_neither_list(self):
        assert set(NOT_DRAWN) <= set(CLASSES)
        assert len(DRAWN) > 600

    @pytest.mark.parametrize("name", sorted(NOT_DRAWN))
    def test_exceptions_cannot_be_drawn_indeed(self, name):
        with pytest.raises((drawing.NotDrawable, TypeError), match="pass a strategy for it"):
            drawn(CLASSES[name])

    @pytest.mark.parametrize("name", DRAWN)
    def test_values_are_of_their_class_belong_together_and_can_be_kept(self, name, monkeypatch):
        """What belongs together is drawn together: of four values at most one is refused."""
        cls, made = CLASSES[name], Counter[str]()
        monkeypatch.setattr(drawing, "_made", counting(cls, made))
        values = drawn(cls)
        assert values
        kind = dict if is_typeddict(cls) else cls
        assert all(isinstance(value, kind) for value in values)
        assert made["refused"] <= 3 + made["made"] / 4
        room = name.rpartition(".")[0]
        if is_stored(room, cls):
            converter = make_converter(*STORED[room])
            for value in values:
                assert converter.loads(converter.dumps(value)) == value
