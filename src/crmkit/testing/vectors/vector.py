"""What a vector is: a question with a known answer, and where the answer comes from."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

__all__ = ["Vector"]


def _frozen(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(inputs))


@frozen(kw_only=True)
class Vector:
    """A question with a known answer, to hold a program to, whoever wrote it.

    ``asks`` names what is wanted, the same for all vectors that one function can answer, and
    ``inputs`` holds plain values: numbers, texts, days, instants. An answer may be off by
    ``relative`` times what is expected, or by ``absolute``, whichever is more; without either it is
    exact. ``wrong`` holds answers that programs in use have given instead.
    """

    name: str
    asks: str
    source: str
    inputs: Mapping[str, Any] = field(converter=_frozen)
    expected: Any
    relative: float = 0.0
    absolute: float = 0.0
    wrong: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """The name, as the id of a test."""
        return self.name

    def agrees(self, found: Any) -> bool:
        """Whether an answer is the expected one, as near as it was published."""
        return self._agree(self.expected, found)

    def _agree(self, expected: Any, found: Any) -> bool:
        if isinstance(expected, tuple):
            return (
                isinstance(found, Sequence)
                and len(found) == len(expected)
                and all(map(self._agree, expected, found))
            )
        if isinstance(expected, float):
            off = abs(float(found) - expected)
            return off <= max(self.absolute, self.relative * abs(expected))
        return bool(found == expected)
