"""How much each signal says about leaving: weights of evidence, as data."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Self

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.retention.facts.signals import SignalValue
from crmkit.retention.numerics import log_odds
from crmkit.retention.records.words import as_text

__all__ = ["NOT_KNOWN", "ChurnWeights", "Level", "Signal"]

NOT_KNOWN = "not known"
_HEAVIEST = 100.0


@frozen
class Level:
    """One thing that a signal can say, and how much it weighs.

    ``weight`` is the weight of evidence in natural logarithms (Good 1950): how many times more
    often those who left showed this level than those who stayed, as a logarithm. 0 says nothing,
    0.69 doubles the odds of leaving, -0.69 halves them. ``left`` and ``stayed`` are how many it was
    counted from; None where it was set by hand.

    :raises InvalidPolicy: if the weight is no finite number between -100 and 100.
    """

    name: str = field(converter=as_text)
    weight: float = field(default=0.0, converter=float)
    left: int | None = None
    stayed: int | None = None

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "a level of a signal")
        if self.name == NOT_KNOWN:
            raise InvalidPolicy("what is not known is no level: leave the signal out of the facts")
        if not abs(self.weight) <= _HEAVIEST:
            raise InvalidPolicy("a weight is a number from -100 to 100: 0.69 doubles the odds")
        if (self.left is None) is not (self.stayed is None):
            raise InvalidPolicy("a weight is counted from both who left and who stayed")
        for count in (self.left, self.stayed):
            if count is not None and (type(count) is not int or count < 0):
                raise InvalidPolicy("customers are counted from 0")


def _as_levels(levels: Mapping[str, float] | Iterable[Level | str]) -> tuple[Level, ...]:
    if isinstance(levels, Mapping):
        return tuple(Level(name, weight) for name, weight in levels.items())
    return tuple(Level(each) if isinstance(each, str) else each for each in levels)


def _as_cuts(cuts: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(cut) for cut in cuts)


@frozen
class Signal:
    """One signal: what it is called, the levels it can have, and of which kind it is.

    Without ``cuts``, what a signal says is the name of a level; yes and no are those of True and
    False. With ``cuts``, it is a number, and the levels stand in the order of rising numbers: a
    number that reaches a cut belongs to the level above it.

    Signals of one ``kind`` tell much the same, such as a silence and a model that was fitted to the
    same purchases. Of each kind only the signal that weighs most counts. Left out, a signal is a
    kind of its own.

    :raises InvalidPolicy: if there are not two levels of different names or more, or the cuts do
        not rise or do not part the levels.

    >>> alive = Signal("probability-alive", {"low": 1.8, "middle": 0.2, "high": -1.2},
    ...                cuts=(0.3, 0.7), kind="purchases")
    >>> alive.level_of(0.3).name, alive.level_of(0.29).name
    ('middle', 'low')
    """

    name: str = field(converter=as_text)
    levels: tuple[Level, ...] = field(converter=_as_levels)
    cuts: tuple[float, ...] = field(default=(), converter=_as_cuts, kw_only=True)
    kind: str = field(converter=as_text, kw_only=True)

    @kind.default
    def _of_its_own(self) -> str:
        return self.name

    def __attrs_post_init__(self) -> None:
        check_identifier(self.name, "a signal")
        check_identifier(self.kind, "a kind of signals")
        if len({level.name for level in self.levels}) < max(2, len(self.levels)):
            raise InvalidPolicy("a signal has two levels or more, each with a name of its own")
        if self.cuts and len(self.cuts) != len(self.levels) - 1:
            raise InvalidPolicy("cuts part the levels: there is one cut less than there are levels")
        if not all(math.isfinite(cut) for cut in self.cuts) or any(
            low >= high for low, high in pairwise(self.cuts)
        ):
            raise InvalidPolicy("cuts are finite numbers that rise")

    def level_of(self, value: SignalValue) -> Level:
        """The level that something belongs to that the signal says.

        :raises InvalidValue: if it is no number where one is needed, or no level has that name.
        """
        if self.cuts:
            if isinstance(value, bool | str):
                raise InvalidValue(f"{self.name} is a number here, since its levels have cuts")
            return self.levels[bisect_right(self.cuts, value)]
        word = ("yes" if value else "no") if isinstance(value, bool) else value
        for level in self.levels:
            if level.name == word:
                return level
        names = ", ".join(level.name for level in self.levels)
        raise InvalidValue(f"{self.name} is one of {names}; give it cuts if it is a number")

    def weighing(self, levels: Iterable[Level]) -> Self:
        """The same signal with other levels."""
        return type(self)(self.name, levels, cuts=self.cuts, kind=self.kind)


def _as_signals(signals: Iterable[Signal]) -> tuple[Signal, ...]:
    return tuple(signals)


@frozen(kw_only=True)
class ChurnWeights:
    """How many customers leave, and how much each signal says about it: a document of the shop.

    ``base_rate`` is the share that leaves within the time that the warning is about, when nothing
    is known. Weights can be set by hand, or counted from the past by
    :func:`~crmkit.retention.calibrate_churn_warning`, which notes from how many customers, how many
    of them had left, and with which ``smoothing``.

    :raises InvalidPolicy: if the base rate is not inside 0 and 1, or two signals have one name.

    >>> weights = ChurnWeights(base_rate=0.08, signals=[
    ...     Signal("complaints", {"none": -0.3, "one": 0.6, "several": 1.4}, cuts=(1, 2)),
    ...     Signal("card-at-rival", {"yes": 2.1, "no": -0.1}),
    ... ])
    >>> weights.signal("complaints").level_of(4).weight
    1.4
    """

    base_rate: float = field(converter=float)
    signals: tuple[Signal, ...] = field(converter=_as_signals)
    customers: int | None = None
    left: int | None = None
    smoothing: Fraction | None = field(default=None, converter=optional(Fraction))

    def __attrs_post_init__(self) -> None:
        if not 0 < self.base_rate < 1:
            raise InvalidPolicy("a base rate is a share above 0 and below 1: some leave, some stay")
        if not self.signals:
            raise InvalidPolicy("a warning needs one signal or more")
        if len({signal.name for signal in self.signals}) < len(self.signals):
            raise InvalidPolicy("two signals have one name: their levels stand in one signal")

    @property
    def prior(self) -> float:
        """The log-odds of leaving when nothing is known."""
        return log_odds(self.base_rate)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of signals there are, each once."""
        return tuple(dict.fromkeys(signal.kind for signal in self.signals))

    def signal(self, name: str) -> Signal:
        """The signal of a name.

        :raises InvalidPolicy: if there is none.
        """
        for signal in self.signals:
            if signal.name == name:
                return signal
        raise InvalidPolicy(f"the signals are {', '.join(signal.name for signal in self.signals)}")
