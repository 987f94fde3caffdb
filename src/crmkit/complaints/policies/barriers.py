"""What keeps customers from complaining, and whether it has been taken out of their way."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from attrs import field, frozen

from crmkit.complaints.facts.counts import as_word
from crmkit.decision import Decision, Evidence, all_of, at_least, at_most, equals
from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier
from crmkit.money import Money
from crmkit.period import check_date

__all__ = [
    "ENCOURAGEMENTS",
    "Barrier",
    "BarrierFacts",
    "BarrierRemoval",
    "BarriersLeft",
    "Encouragement",
]


class Barrier(StrEnum):
    """Why somebody who is dissatisfied says nothing."""

    NOT_ENCOURAGED = "not-encouraged"
    """Nobody seems to want it: encourage complaints."""
    NOT_GUIDED = "not-guided"
    """Nobody says where and how: guide whoever wants to complain."""
    NOT_EASY = "not-easy"
    """It takes time, effort or money: make it easy."""


class Encouragement(StrEnum):
    """What tells customers that a complaint is welcome; a shop may have words of its own."""

    GUARANTEE = "guarantee"
    TRANSPARENCY = "transparency"
    """Everybody can see how complaints are handled, and what comes of them."""
    REWARD = "reward"


ENCOURAGEMENTS = tuple(Encouragement)
"""The three ways in which a shop encourages complaints."""


def _as_words(words: Iterable[str]) -> tuple[str, ...]:
    if isinstance(words, str):
        raise InvalidPolicy("words are a tuple of texts: write ('guarantee',), not 'guarantee'")
    return tuple(as_word(word) for word in words)


def _as_set(words: Iterable[str]) -> frozenset[str]:
    return frozenset(_as_words(words))


@frozen(kw_only=True)
class BarrierFacts:
    """What it takes a customer of this shop to complain, as somebody found who tried it.

    ``encouraged_by`` are the encouragements there are, ``publicized_in`` the places that say where
    to complain, ``channels`` the ways that are open. ``minutes`` and ``steps`` are those of the
    usual complaint, ``cost`` what the customer pays, such as for the call.

    :raises InvalidValue: if a number is not whole, or anything is below 0.
    """

    as_of: date
    encouraged_by: frozenset[str] = field(default=frozenset(), converter=_as_set)
    publicized_in: frozenset[str] = field(default=frozenset(), converter=_as_set)
    channels: frozenset[str] = field(default=frozenset(), converter=_as_set)
    minutes: int
    steps: int
    cost: Money

    def __attrs_post_init__(self) -> None:
        check_date(self.as_of, "as_of")
        for word in (*self.encouraged_by, *self.publicized_in, *self.channels):
            check_identifier(word, "a word about barriers")
        for number in (self.minutes, self.steps):
            if type(number) is not int or number < 0:
                raise InvalidValue("minutes and steps are whole numbers from 0 on")
        if self.cost.is_negative:
            raise InvalidValue("to complain costs nothing or more")


@frozen
class BarriersLeft:
    """The barriers that still stand, in the order in which a customer meets them."""

    barriers: tuple[Barrier, ...] = ()

    def __str__(self) -> str:
        """List them, or say that there is none."""
        return ", ".join(self.barriers) or "no barrier left"


@frozen(kw_only=True)
class BarrierRemoval:
    """Encourage complaints, guide those who complain, and make it easy: what is in the way still?

    How many channels, and how little time, effort and money, are terms of the shop.

    :raises InvalidPolicy: if a term could never be missed, or never be met.

    >>> policy = BarrierRemoval(
    ...     encouraged_by=ENCOURAGEMENTS, least_channels=3, least_places=2, most_minutes=5,
    ...     most_steps=3, most_cost=Money("0.00", "EUR"),
    ... )
    >>> facts = BarrierFacts(
    ...     as_of=date(2026, 5, 31), encouraged_by=["guarantee", "transparency", "reward"],
    ...     publicized_in=["receipt", "website"], channels=["phone", "e-mail", "counter"],
    ...     minutes=12, steps=3, cost=Money("0.00", "EUR"),
    ... )
    >>> print(policy(facts).outcome)
    not-easy
    """

    encouraged_by: tuple[str, ...] = field(converter=_as_words)
    least_channels: int
    least_places: int
    most_minutes: int
    most_steps: int
    most_cost: Money

    def __attrs_post_init__(self) -> None:
        for word in self.encouraged_by:
            check_identifier(word, "an encouragement")
        if not self.encouraged_by or min(self.least_channels, self.least_places) < 1:
            raise InvalidPolicy("ask for one encouragement, channel and place or more")
        if min(self.most_minutes, self.most_steps) < 1 or self.most_cost.is_negative:
            raise InvalidPolicy("to complain takes a minute and a step, and never earns money")

    def __call__(self, facts: BarrierFacts, /) -> Decision[BarriersLeft]:
        """Say which barriers still stand, and what would take them away."""
        checks = {
            Barrier.NOT_ENCOURAGED: self._encouraged(facts),
            Barrier.NOT_GUIDED: all_of(
                "guide",
                at_least("channels", len(facts.channels), self.least_channels),
                at_least("places-that-say-so", len(facts.publicized_in), self.least_places),
            ),
            Barrier.NOT_EASY: all_of(
                "ease",
                at_most("minutes", facts.minutes, self.most_minutes),
                at_most("steps", facts.steps, self.most_steps),
                at_most("cost", facts.cost, self.most_cost),
            ),
        }
        left = tuple(barrier for barrier, item in checks.items() if not item.met)
        return Decision(BarriersLeft(left), "barrier-removal", facts.as_of, tuple(checks.values()))

    def _encouraged(self, facts: BarrierFacts) -> Evidence:
        asked = (equals(word, word in facts.encouraged_by, True) for word in self.encouraged_by)
        return all_of("encourage", *asked)
