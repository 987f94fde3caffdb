"""How the points of a purchase are reckoned, exactly, in whole parts of a point.

A set of rules is made ready once: all its rates and factors get one common denominator, so that
every part of a point is a whole number and nothing is rounded before the end. Lines are bits of a
number: the first line is 1, the second 2, the third 4.

This is the arithmetic of :class:`~crmkit.loyalty.EarningRules`, which says what it means; one
function a step, in the order in which the steps are taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import lcm, prod

from attrs import field, frozen

from crmkit.loyalty.facts.earning import CapPeriod, Credited, EarningFacts
from crmkit.loyalty.policies.earning_reach import WEEK
from crmkit.loyalty.policies.earning_terms import (
    BaseRate,
    EarningCap,
    EarningRule,
    FixedBonus,
    Multiplier,
    Multiplying,
    ReferralBonus,
    Stacking,
)
from crmkit.money import Rounding, round_fraction

__all__ = ["Bite", "Reckoner", "Side", "bits"]

Used = Mapping[tuple[str | None, CapPeriod], int]
_NOTHING_USED: Used = {}


def bits(mask: int) -> list[int]:
    """The positions of the lines in a mask.

    >>> bits(0b101)
    [0, 2]
    """
    return _BITS[mask] if mask < len(_BITS) else _bits(mask)


def _bits(mask: int) -> list[int]:
    return [position for position in range(mask.bit_length()) if mask >> position & 1]


# Most baskets have few lines, and are asked about again and again.
_BITS = [_bits(mask) for mask in range(64)]


@frozen
class Bite:
    """A cap, and how many parts of a point it was asked to let through beside what it had."""

    rule: str | None
    cap: EarningCap
    used: int
    asked: int


@frozen
class Side:
    """The parts of a point that one member has from each rule, in order, after the caps."""

    parts: dict[str, int]
    bites: tuple[Bite, ...]


_NOBODY = Side({}, ())


class _Ready:
    """One rule with everything looked up: what is asked of each purchase, and nothing else."""

    __slots__ = (
        "caps",
        "channels",
        "chooses",
        "currency",
        "exclusive",
        "first",
        "last",
        "least",
        "new",
        "referral",
        "rule",
        "tiers",
        "weekdays",
    )

    def __init__(self, rule: EarningRule) -> None:
        when = rule.when
        self.rule = rule
        self.tiers, self.channels = when.tiers, when.channels
        self.chooses = bool(when.products or when.except_products)
        self.weekdays = frozenset(WEEK.index(day) for day in when.weekdays)
        self.first = None if when.days is None else when.days.start
        self.last = None if when.days is None else when.days.last
        self.least = 0 if when.minimum is None else when.minimum.minor
        self.new = when.first_purchase
        self.referral = isinstance(rule.gives, ReferralBonus)
        self.currency = next(iter(rule.currencies), None)
        self.exclusive = rule.stacking is Stacking.EXCLUSIVE
        self.caps = rule.caps

    def covers(self, facts: EarningFacts, currency: str) -> int:
        """The lines that the rule covers; none if its condition does not hold."""
        if (
            (self.tiers and facts.tier not in self.tiers)
            or (self.channels and facts.channel not in self.channels)
            or (self.currency is not None and self.currency != currency)
            or (self.new and not facts.is_first_purchase)
            or (self.weekdays and facts.on.weekday() not in self.weekdays)
            or (self.last is not None and not self.first <= facts.on <= self.last)  # type: ignore[operator]
            or (self.referral and (facts.referred_by is None or facts.referral_settled))
        ):
            return 0
        lines = facts.lines
        mask = (1 << len(lines)) - 1
        if self.chooses:
            is_for = self.rule.when.is_for
            mask = sum(1 << n for n, line in enumerate(lines) if is_for(line.product))
        if self.least and sum(lines[n].amount.minor for n in bits(mask)) < self.least:
            return 0
        return mask


def _unit(rules: Iterable[EarningRule], multiplying: Multiplying) -> int:
    """How many parts a point has, so that every rate and factor gives whole ones."""
    effects = [rule.gives for rule in rules]
    factors = [each.factor.denominator for each in effects if isinstance(each, Multiplier)]
    rates = lcm(*(each.per.minor for each in effects if isinstance(each, BaseRate)))
    return rates * (prod(factors) if multiplying is Multiplying.COMPOUND else lcm(*factors))


@frozen
class Reckoner:
    """A set of rules made ready to reckon many purchases."""

    rules: tuple[EarningRule, ...]
    caps: tuple[EarningCap, ...]
    rounding: Rounding
    multiplying: Multiplying
    unit: int = field(init=False)
    _ready: list[_Ready] = field(init=False, repr=False, eq=False)
    _names: list[str] = field(init=False, repr=False, eq=False)
    _groups: list[list[int]] = field(init=False, repr=False, eq=False)
    _bases: list[tuple[int, int]] = field(init=False, repr=False, eq=False)
    _factors: list[tuple[int, int, int]] = field(init=False, repr=False, eq=False)
    _bonuses: list[tuple[int, int]] = field(init=False, repr=False, eq=False)
    _referrals: list[int] = field(init=False, repr=False, eq=False)
    _has_caps: bool = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        ordered = sorted(self.rules, key=lambda rule: rule.place)
        keep = object.__setattr__
        keep(self, "unit", _unit(ordered, self.multiplying))
        keep(self, "_ready", [_Ready(rule) for rule in ordered])
        keep(self, "_names", [rule.name for rule in ordered])
        keep(self, "_groups", _groups(ordered))
        bases, factors, bonuses, referrals = [], [], [], []
        for place, rule in enumerate(ordered):
            match rule.gives:
                case BaseRate(points, per):
                    bases.append((place, points * self.unit // per.minor))
                case Multiplier(factor):
                    more = factor.numerator - factor.denominator
                    factors.append((place, more, factor.denominator))
                case FixedBonus(points):
                    bonuses.append((place, points * self.unit))
                case _:
                    bonuses.append((place, rule.gives.referred * self.unit))
                    referrals.append(place)
        keep(self, "_bases", bases)
        keep(self, "_factors", factors)
        keep(self, "_bonuses", bonuses)
        keep(self, "_referrals", referrals)
        keep(self, "_has_caps", bool(self.caps) or any(rule.caps for rule in ordered))

    # --- the steps ---

    @property
    def ordered(self) -> tuple[EarningRule, ...]:
        """The rules in the order in which they are asked."""
        return tuple(ready.rule for ready in self._ready)

    def covered(self, facts: EarningFacts) -> list[int]:
        """The lines that each rule covers, by its condition alone."""
        currency = facts.lines[0].amount.currency
        return [ready.covers(facts, currency) for ready in self._ready]

    def reached(self, covered: list[int]) -> list[int]:
        """The lines that are left to each rule by the exclusive ones before, and by its group."""
        gone, reached = 0, []
        for ready, mask in zip(self._ready, covered, strict=True):
            left = mask & ~gone
            reached.append(left)
            if ready.exclusive:
                gone |= left
        for group in self._groups:
            gone = 0
            for place in group:
                left = reached[place] & ~gone
                # A bonus is for the whole purchase, so the best one leaves nothing to the others.
                gone |= reached[place] if self._ready[place].rule.is_by_line else -bool(left)
                reached[place] = left
        return reached

    def raw(self, facts: EarningFacts, reached: list[int]) -> list[int]:
        """What each rule gives the member, before any cap."""
        parts = [0] * len(reached)
        amounts = [line.amount.minor for line in facts.lines]
        base = [0] * len(amounts)
        for place, weight in self._bases:
            for n in bits(reached[place]):
                base[n] += weight * amounts[n]
                parts[place] += weight * amounts[n]
        compounds = self.multiplying is Multiplying.COMPOUND
        for place, more, divisor in self._factors:
            for n in bits(reached[place]):
                added = base[n] * more // divisor
                parts[place] += added
                if compounds:
                    base[n] += added
        for place, bonus in self._bonuses:
            if reached[place]:
                parts[place] = bonus
        return parts

    def member_side(self, facts: EarningFacts, raw: list[int]) -> Side:
        """What the member has from each rule once the caps have bitten."""
        return self._capped({place: part for place, part in enumerate(raw) if part}, facts.credited)

    def referrer_side(self, facts: EarningFacts, reached: list[int]) -> Side:
        """What the referrer has from each rule once the caps have bitten, of their own account."""
        if facts.referred_by is None or not self._referrals:
            return _NOBODY
        raw = {
            place: self._ready[place].rule.gives.referrer * self.unit  # type: ignore[union-attr]
            for place in self._referrals
            if reached[place]
        }
        return self._capped(raw, facts.referrer_credited) if raw else _NOBODY

    def _capped(self, raw: Mapping[int, int], credited: tuple[Credited, ...]) -> Side:
        """Let the caps of the rules bite, then those of the set: what comes last is lost first."""
        bites: list[Bite] = []
        parts: dict[str, int] = {}
        if not self._has_caps:
            return Side({self._names[place]: part for place, part in raw.items()}, ())
        used = _used(credited) if credited else _NOTHING_USED
        for place, part in raw.items():
            name, caps = self._names[place], self._ready[place].caps
            parts[name] = self._through(name, caps, part, used, bites) if caps and part else part
        if self.caps:
            left = self._through(None, self.caps, sum(parts.values()), used, bites)
            for name, part in parts.items():
                parts[name] = min(part, left)
                left -= parts[name]
        return Side(parts, tuple(bites))

    def _through(
        self,
        rule: str | None,
        caps: tuple[EarningCap, ...],
        asked: int,
        used: Used,
        bites: list[Bite],
    ) -> int:
        """How much of what is asked the caps let through, each noted with what it had."""
        least = asked
        for cap in caps:
            before = used.get((rule, cap.per), 0)
            bites.append(Bite(rule, cap, before, asked))
            least = min(least, max(0, cap.points - before) * self.unit)
        return least

    def rounded(self, parts: int) -> int:
        """Whole points, by the rounding of the set: the one place where anything is rounded."""
        points, rest = divmod(parts, self.unit)
        if not rest or self.rounding is Rounding.FLOOR:
            return points
        return round_fraction(Fraction(parts, self.unit), self.rounding)

    # --- in one go ---

    def points(self, facts: EarningFacts) -> int:
        """The points of the member alone."""
        raw = self.raw(facts, self.reached(self.covered(facts)))
        if self._has_caps:
            return self.rounded(sum(self.member_side(facts, raw).parts.values()))
        return self.rounded(sum(raw))


def _groups(ordered: Sequence[EarningRule]) -> list[list[int]]:
    """The rules of each group by their place, the best first."""
    groups: dict[str, list[int]] = {}
    by_worth = sorted(range(len(ordered)), key=lambda place: ordered[place].preference)
    for place in by_worth:
        group = ordered[place].group
        if group is not None:
            groups.setdefault(group, []).append(place)
    return list(groups.values())


def _used(credited: Iterable[Credited]) -> Used:
    used: dict[tuple[str | None, CapPeriod], int] = {}
    for entry in credited:
        # Each purchase begins a cap for the purchase again.
        if entry.per is not CapPeriod.PURCHASE:
            key = entry.rule, entry.per
            used[key] = used.get(key, 0) + entry.points
    return used
