"""The churn warning: independent signals put together, and said why."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import field, frozen

from crmkit.decision import Decision, Evidence, all_of, at_least, noted
from crmkit.errors import InvalidPolicy
from crmkit.retention.facts.signals import ChurnFacts
from crmkit.retention.numerics import probability_of
from crmkit.retention.policies.weights import NOT_KNOWN, ChurnWeights, Level, Signal

__all__ = ["ChurnWarning", "WarningLevel"]

Found = dict[str, tuple[Signal, Level]]


class WarningLevel(StrEnum):
    """How loud the warning is."""

    NONE = "none"
    """Nothing to do."""
    WATCH = "watch"
    """Likely enough to look at, or likely and not confirmed by enough kinds of signals."""
    WARN = "warn"
    """Likely to leave: somebody should turn to the customer now."""


@frozen(kw_only=True)
class ChurnWarning:
    """Warns of customers who are likely to leave, from signals that confirm each other (CHU-04).

    The log-odds of leaving are those of the base rate plus the weight of each signal that is known,
    and of each kind of signals only the heaviest: naive Bayes, with kinds taken as independent. The
    customer is watched from a probability of ``watch_from`` on and warned of from ``warn_from`` on,
    if moreover ``agreeing`` kinds of signals or more speak for leaving, each for itself. With three
    of them it is the three-way match of the source: complaints, service and activity.

    A signal that is not known weighs nothing and is noted; so is a fact that has no weights.

    :raises InvalidPolicy: if the thresholds do not rise from above 0 to at most 1, or more kinds
        are to agree than there are.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> weights = ChurnWeights(base_rate=0.08, signals=[
    ...     Signal("complaints", {"none": -0.3, "one": 0.6, "several": 1.4}, cuts=(1, 2)),
    ...     Signal("service-events", {"none": -0.2, "some": 0.9}, cuts=(1,)),
    ...     Signal("activity", {"holding": -0.6, "falling": 1.1, "silent": 1.7}),
    ... ])
    >>> warning = ChurnWarning(weights=weights, watch_from=0.2, warn_from=0.4, agreeing=2)
    >>> facts = ChurnFacts(customer="C-7", as_of=date(2026, 5, 31),
    ...                    signals={"complaints": 2, "activity": "falling"})
    >>> print(explain(warning(facts)))
    warn for C-7, by churn warning, as of 2026-05-31
    - noted: base rate is 0.08
    - noted: complaints is several
      - noted: weight is 1.4
    - noted: service events is not known
    - noted: activity is falling
      - noted: weight is 1.1
    - met: watch; all of these are needed
      - met: probability is 0.514409; at least 0.2 required
    - met: warn; all of these are needed
      - met: probability is 0.514409; at least 0.4 required
      - met: kinds that agree is 2; at least 2 required
    """

    weights: ChurnWeights
    watch_from: float = field(converter=float)
    warn_from: float = field(converter=float)
    agreeing: int = 1

    def __attrs_post_init__(self) -> None:
        if not 0 < self.watch_from <= self.warn_from <= 1:
            raise InvalidPolicy("thresholds are probabilities: 0 < watch_from <= warn_from <= 1")
        kinds = len(self.weights.kinds)
        if type(self.agreeing) is not int or not 0 <= self.agreeing <= kinds:
            raise InvalidPolicy(
                f"there are {kinds} kinds of signals: let a whole number from 0 to {kinds} agree"
            )

    def probability(self, facts: ChurnFacts) -> float:
        """How likely the customer leaves, from what is known.

        :raises InvalidValue: if a signal says something that its levels do not know.
        """
        return self._probability(_heaviest(self._found(facts)))

    def __call__(self, facts: ChurnFacts, /) -> Decision[WarningLevel]:
        """Whether to be warned of one customer, with every signal and its weight.

        :raises InvalidValue: if a signal says something that its levels do not know.
        """
        found = self._found(facts)
        heaviest = _heaviest(found)
        probability, agree = self._probability(heaviest), _agreeing(heaviest)
        watch = all_of("watch", at_least("probability", probability, self.watch_from))
        warn = all_of(
            "warn",
            at_least("probability", probability, self.warn_from),
            at_least("kinds-that-agree", agree, self.agreeing),
        )
        evidence = (
            noted("base-rate", self.weights.base_rate),
            *(_evidence_of(signal, facts, found, heaviest) for signal in self.weights.signals),
            *_unweighed(facts, self.weights),
            watch,
            warn,
        )
        outcome = self._outcome(probability, agree)
        return Decision(outcome, "churn-warning", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[ChurnFacts]) -> list[WarningLevel]:
        """The warnings for many customers, as the call gives them one by one."""
        levels = list[WarningLevel]()
        for each in facts:
            heaviest = _heaviest(self._found(each))
            levels.append(self._outcome(self._probability(heaviest), _agreeing(heaviest)))
        return levels

    def _found(self, facts: ChurnFacts) -> Found:
        return {
            signal.name: (signal, signal.level_of(facts.signals[signal.name]))
            for signal in self.weights.signals
            if signal.name in facts.signals
        }

    def _probability(self, heaviest: Mapping[str, tuple[Signal, Level]]) -> float:
        # An exact sum, so that the order of the signals does not show in the last digit.
        weights = (level.weight for _, level in heaviest.values())
        return probability_of(math.fsum([self.weights.prior, *weights]))

    def _outcome(self, probability: float, agree: int) -> WarningLevel:
        if probability >= self.warn_from and agree >= self.agreeing:
            return WarningLevel.WARN
        return WarningLevel.WATCH if probability >= self.watch_from else WarningLevel.NONE


def _heaviest(found: Found) -> Found:
    """The signal of each kind that weighs most; of two alike, the one that speaks for leaving."""
    heaviest: Found = {}
    for signal, level in found.values():
        other = heaviest.get(signal.kind)
        if other is None or _heft(level) > _heft(other[1]):
            heaviest[signal.kind] = (signal, level)
    return heaviest


def _heft(level: Level) -> tuple[float, float]:
    return abs(level.weight), level.weight


def _agreeing(heaviest: Found) -> int:
    return sum(level.weight > 0 for _, level in heaviest.values())


def _evidence_of(signal: Signal, facts: ChurnFacts, found: Found, heaviest: Found) -> Evidence:
    if signal.name not in found:
        return noted(signal.name, NOT_KNOWN)
    level = found[signal.name][1]
    parts = [noted("weight", level.weight)]
    first = heaviest[signal.kind][0]
    if first is not signal:
        parts.append(noted("outweighed-by", first.name))
    return Evidence(signal.name, level.name, parts=tuple(parts))


def _unweighed(facts: ChurnFacts, weights: ChurnWeights) -> Iterable[Evidence]:
    known = {signal.name for signal in weights.signals}
    for name, value in facts.signals.items():
        if name not in known:
            yield Evidence(name, value, parts=(noted("weight", "none"),))
