"""Seven types of loyalty, which two axes cannot tell apart: so the reason is asked."""

from collections.abc import Iterable
from enum import StrEnum
from itertools import product

from attrs import evolve, field, frozen

from crmkit.decision import Decision, Evidence, all_of, equals, noted
from crmkit.errors import InvalidPolicy
from crmkit.loyalty.facts.loyal import LoyaltyFacts, LoyaltyReason, Span
from crmkit.loyalty.policies.levels import check_span, repeats_at_least
from crmkit.loyalty.records.answers import AnswerScale, as_word

__all__ = [
    "LatentConvention",
    "LoyaltyType",
    "LoyaltyTypePolicy",
    "LoyaltyTypeVerdict",
    "ReasonQuestion",
]


class LoyaltyType(StrEnum):
    """Why a customer is loyal, or only looks it; source: LOY-04."""

    MONOPOLY = "monopoly"
    """No choice: low attachment, buys again and again."""
    INERTIA = "inertia"
    """Nothing but the bother of a change: low attachment, buys again and again."""
    LATENT = "latent"
    """Would buy more, and something stands in the way; see :class:`LatentConvention`."""
    CONVENIENCE = "convenience"
    """It is near or easy: low attachment, buys again and again."""
    PRICE = "price"
    """Follows the lowest price: low attachment, seldom comes back."""
    INCENTIVE = "incentive"
    """Buys when rewarded: low attachment, buys again and again."""
    SUPER_VALUE = "super-value"
    """Is attached, buys again and again, and recommends."""

    @property
    def reason(self) -> LoyaltyReason:
        """The reason that names this type."""
        return _REASONS[self]

    @classmethod
    def of(cls, reason: LoyaltyReason) -> "LoyaltyType":
        """The type that a reason names."""
        return next(kind for kind in cls if _REASONS[kind] is reason)


_REASONS = {
    LoyaltyType.MONOPOLY: LoyaltyReason.NO_CHOICE,
    LoyaltyType.INERTIA: LoyaltyReason.HABIT,
    LoyaltyType.LATENT: LoyaltyReason.BLOCKED,
    LoyaltyType.CONVENIENCE: LoyaltyReason.CONVENIENCE,
    LoyaltyType.PRICE: LoyaltyReason.LOWEST_PRICE,
    LoyaltyType.INCENTIVE: LoyaltyReason.REWARD,
    LoyaltyType.SUPER_VALUE: LoyaltyReason.PREFERENCE,
}


class LatentConvention(StrEnum):
    """Where latent loyalty stands, on which the sources differ (note N-03)."""

    LOW_ATTACHMENT = "low-attachment"
    """Low attachment and few purchases, as LOY-04 says: the same place as the price type."""
    HIGH_ATTACHMENT = "high-attachment"
    """High attachment and few purchases: A. Dick & K. Basu, Customer Loyalty (1994)."""


_Place = tuple[bool, bool]
"""Whether attachment is high, and whether the customer buys again and again."""


def _place_of(kind: LoyaltyType, latent: LatentConvention) -> _Place:
    match kind:
        case LoyaltyType.SUPER_VALUE:
            return True, True
        case LoyaltyType.LATENT:
            return latent is LatentConvention.HIGH_ATTACHMENT, False
        case LoyaltyType.PRICE:
            return False, False
        case _:
            return False, True


@frozen
class ReasonQuestion:
    """What to ask a customer, and which answers would name the type."""

    text: str
    answers: tuple[LoyaltyReason, ...]


_QUESTIONS = {
    True: "what brings you back to us?",
    False: "what keeps you from buying from us more often?",
    None: "why do you buy from us, or why not?",
}


@frozen(kw_only=True)
class LoyaltyTypeVerdict:
    """The type of a customer, or what it can be and the question that would tell.

    ``type`` is None until one type is certain. ``candidates`` are those that attachment and
    purchases leave open, in the order of :class:`LoyaltyType`; there can be none, where the
    convention has no type in that place. ``contradicted`` is the type that the reason speaks for
    and the two axes speak against.
    """

    type: LoyaltyType | None
    candidates: tuple[LoyaltyType, ...]
    question: ReasonQuestion | None = None
    contradicted: LoyaltyType | None = None

    def __str__(self) -> str:
        if self.type is not None:
            return str(self.type)
        open_ones = " or ".join(self.candidates) or "none of the seven types"
        if self.contradicted is None:
            return open_ones
        return f"{open_ones} by the axes, {self.contradicted} by the reason"


_HIGH_LOW = {True: "high", False: "low"}
_Known = tuple[bool | None, bool | None, LoyaltyReason | None]


@frozen(kw_only=True)
class LoyaltyTypePolicy:
    """The type of a customer's loyalty by attachment, repeat purchases, and the reason.

    Four types have low attachment and many purchases in common, so two axes cannot name them (note
    N-03). Without a reason the outcome is what the type can be, and what to ask. Only the
    super-value type is named by the axes alone: where both are high, nothing else stands.
    With a reason the outcome is its type, unless an axis speaks against it; one that is not known
    does not.

    A reason that an axis speaks against names no type, and is no error: somebody who answers "no
    choice" and is devoted has told us two things of which one has to be asked again. The verdict
    says which type is contradicted, the evidence by which axis.

    :raises InvalidPolicy: if not everybody could be low, or the convention is none of the two.
    :raises InvalidValue: if the word is not on the scale.

    >>> from datetime import date
    >>> from attrs import evolve
    >>> from crmkit.loyalty.facts.loyal import RepeatPurchasing
    >>> from crmkit.period import Unit
    >>> scale, year = AnswerScale("attachment", ["none", "some", "strong"]), Span(1, Unit.YEAR)
    >>> types = LoyaltyTypePolicy(
    ...     attachment=scale, attachment_from="strong", over=year, repeats_from=4
    ... )
    >>> anna = LoyaltyFacts(
    ...     customer="anna", as_of=date(2026, 6, 30),
    ...     attachment=scale.answer("none"), repeat=RepeatPurchasing(9, year),
    ... )
    >>> print(types(anna).outcome)
    monopoly or inertia or convenience or incentive
    >>> types(anna).outcome.question.text
    'what brings you back to us?'
    >>> print(types(evolve(anna, reason=LoyaltyReason.HABIT)).outcome)
    inertia
    """

    attachment: AnswerScale
    attachment_from: str = field(converter=as_word)
    over: Span
    repeats_from: int
    latent: LatentConvention = LatentConvention.LOW_ATTACHMENT

    def __attrs_post_init__(self) -> None:
        if self.attachment.position(self.attachment_from) == 0:
            raise InvalidPolicy("attachment is high from a word above the least one of the scale")
        if type(self.repeats_from) is not int or self.repeats_from < 1:
            raise InvalidPolicy("purchases are many from a whole number of repeats, 1 or more")
        # A text that equals a convention is not it, and would silently stand for the other one.
        if not isinstance(self.latent, LatentConvention):
            raise InvalidPolicy("where latent loyalty stands is a LatentConvention: name one")

    def __call__(self, facts: LoyaltyFacts, /) -> Decision[LoyaltyTypeVerdict]:
        """The type of one customer, or what it can be, with what speaks for and against it.

        :raises InvalidValue: if the attachment is on another scale, or the repeat purchases were
            counted over another span.
        """
        known = self._known(facts)
        evidence = [*self._axes(facts), noted("latent-convention", self.latent)]
        if facts.reason is None:
            evidence.append(noted("reason", "unknown"))
        else:
            evidence += [
                noted("reason", facts.reason),
                self._fit(LoyaltyType.of(facts.reason), known),
            ]
        return Decision(
            self._verdict(known),
            "loyalty-type",
            facts.as_of,
            tuple(evidence),
            subject=facts.customer,
        )

    def outcomes(self, facts: Iterable[LoyaltyFacts]) -> list[LoyaltyTypeVerdict]:
        """The verdicts on many customers, as the call gives them one by one."""
        axes = (True, False, None)
        table = {
            known: self._verdict(known) for known in product(axes, axes, (*LoyaltyReason, None))
        }
        return [table[self._known(item)] for item in facts]

    def candidates(self, high: bool | None, many: bool | None) -> tuple[LoyaltyType, ...]:
        """The types that can stand where attachment is high and purchases are many, or not.

        None stands for what is not known, and rules nothing out.
        """
        places = ((kind, _place_of(kind, self.latent)) for kind in LoyaltyType)
        return tuple(
            kind for kind, place in places if high in (None, place[0]) and many in (None, place[1])
        )

    def _known(self, facts: LoyaltyFacts) -> _Known:
        check_span(facts.repeat, self.over)
        step = self.attachment.step_of(facts.attachment)
        high = None if step is None else step >= self.attachment.position(self.attachment_from)
        many = None if facts.repeat is None else facts.repeat.repeats >= self.repeats_from
        return high, many, facts.reason

    def _verdict(self, known: _Known) -> LoyaltyTypeVerdict:
        high, many, reason = known
        candidates = self.candidates(high, many)
        told = None if reason is None else LoyaltyType.of(reason)
        if told is None and high and many:
            told = LoyaltyType.SUPER_VALUE
        if told in candidates:
            return LoyaltyTypeVerdict(type=told, candidates=(told,))
        return LoyaltyTypeVerdict(
            type=None,
            candidates=candidates,
            question=self._question(candidates, told, many),
            contradicted=told,
        )

    def _question(
        self, candidates: tuple[LoyaltyType, ...], told: LoyaltyType | None, many: bool | None
    ) -> ReasonQuestion | None:
        if not candidates:
            return None  # No answer would name a type there.
        reasons = {kind.reason for kind in (*candidates, *([told] if told else []))}
        answers = tuple(reason for reason in LoyaltyReason if reason in reasons)
        return ReasonQuestion(_QUESTIONS[many], answers)

    def _axes(self, facts: LoyaltyFacts) -> tuple[Evidence, ...]:
        """Both axes, held against where high and many begin; what is unknown is only noted."""
        axes = (
            self.attachment.at_least("attachment", facts.attachment, self.attachment_from),
            repeats_at_least(facts.repeat, self.repeats_from),
        )
        return tuple(evolve(axis, met=None) if axis.observed is None else axis for axis in axes)

    def _fit(self, kind: LoyaltyType, known: _Known) -> Evidence:
        """Hold the axes against the place of the type that the reason names."""
        place = _place_of(kind, self.latent)
        named = zip(("attachment", "repeat-purchases"), known[:2], place, strict=True)
        parts = (
            equals(name, _HIGH_LOW[axis], _HIGH_LOW[wanted])
            for name, axis, wanted in named
            if axis is not None
        )
        return all_of(kind, *parts)
