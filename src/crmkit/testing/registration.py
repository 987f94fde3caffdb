"""So that ``st.from_type(Complaint)`` works: how Hypothesis gets to know the classes of crmkit.

Hypothesis calls :func:`offer` when it is imported, in every program of an environment in which
crmkit is installed, those that never use crmkit among them. So nothing of crmkit is imported
then. A front door that is there already is read at once, the others as soon as somebody opens them;
what a class is made of is only looked up when a value of it is drawn.

>>> from hypothesis import find, strategies as st
>>> from crmkit.records import Purchase
>>> find(st.from_type(Purchase), lambda purchase: purchase.amount.minor > 5).amount.minor
6
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NewType, cast, get_origin

__all__ = ["is_front_door", "offer", "register"]

_NOT_A_ROOM = frozenset({"crmkit.cli", "crmkit.examples", "crmkit.testing"})


def is_front_door(name: str) -> bool:
    """Whether users import the values of a room, or a shared module, from there."""
    return name.startswith("crmkit.") and name.count(".") == 1 and name not in _NOT_A_ROOM


def offer() -> None:
    """Register what is there, and the rest when it comes. Hypothesis calls this, once or again."""
    if not any(isinstance(finder, _Doorman) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Doorman())
    for name in filter(is_front_door, list(sys.modules)):
        register(sys.modules[name])


def register(module: ModuleType) -> None:
    """Tell Hypothesis of every public class and identifier of a front door."""
    from hypothesis import strategies as st

    for name in getattr(module, "__all__", ()):
        thing = getattr(module, name)
        if isinstance(thing, NewType):
            st.register_type_strategy(cast(Any, thing), _named)
        elif _is_ours(thing):
            st.register_type_strategy(thing, _drawn)


def _is_ours(thing: Any) -> bool:
    return (
        isinstance(thing, type)
        and thing.__module__.startswith("crmkit.")
        and not issubclass(thing, BaseException)
        and not getattr(thing, "_is_protocol", False)
    )


def _drawn(thing: Any) -> Any:
    """The strategy for a class, which may come with type arguments."""
    from crmkit.testing.drawing import values

    return values(get_origin(thing) or thing)


def _named(thing: Any) -> Any:
    """The strategy for a kind of identifier."""
    from crmkit.testing.drawing import drawn_from

    return drawn_from(thing, "EUR")


class _Doorman(MetaPathFinder):
    """Registers a front door right after it has been opened for the first time."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if not is_front_door(fullname):
            return None
        for finder in sys.meta_path:
            ask = getattr(finder, "find_spec", None)
            spec = None if finder is self or ask is None else ask(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Then(spec.loader)
                return spec  # type: ignore[no-any-return]
        return None


class _Then(Loader):
    """Loads a module as its own loader does, which the module keeps, and registers it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        module.__loader__ = self.loader
        self.loader.exec_module(module)
        register(module)
