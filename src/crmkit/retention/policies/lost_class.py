"""In which way a customer was lost, from what is known of it."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from crmkit.decision import Comparison, Decision, Evidence, any_of
from crmkit.errors import InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.retention.facts.loss import EndedBy, LossFacts, RivalOffer
from crmkit.retention.records.lost import LostClass
from crmkit.retention.records.words import as_text

__all__ = ["LostClassPolicy", "LostFinding"]


@frozen
class LostFinding:
    """The class of a lost customer, and which others the facts speak for as well.

    ``lost_class`` is None where the facts speak for none: it is unknown, and has to be asked.
    """

    lost_class: LostClass | None
    others: tuple[LostClass, ...] = ()

    def __str__(self) -> str:
        return "unknown" if self.lost_class is None else str(self.lost_class)


_ORDER = (
    LostClass.DELIBERATELY_PUSHED,
    LostClass.MOVED,
    LostClass.BOUGHT_AWAY,
    LostClass.PULLED_AWAY,
    LostClass.UNINTENTIONALLY_PUSHED,
)


def _as_reasons(reasons: Mapping[str, LostClass]) -> Mapping[str, LostClass]:
    return MappingProxyType({as_text(word): LostClass(reasons[word]) for word in sorted(reasons)})


def _as_order(order: Iterable[LostClass]) -> tuple[LostClass, ...]:
    return tuple(order)


@frozen(kw_only=True)
class LostClassPolicy:
    """Finds the class of a lost customer (CHU-03) from who ended it, why, and what a rival offered.

    The company ending it on purpose is a deliberate push, a move is a move, and a rival's lower
    price or better offer bought or pulled the customer away. ``reasons`` gives each reason that
    customers name, a word of the shop, its class; that is the only way to an unintentional push,
    which no fact but the customer's own word shows. Where the facts speak for several classes, the
    first in ``order`` is taken and the others are named. Where they speak for none, the class is
    unknown, and nothing is guessed.

    :raises InvalidPolicy: if the order does not hold each of the five classes once.
    :raises InvalidIdentifier: if a reason could not serve as a key.

    >>> from datetime import date
    >>> from crmkit.decision import explain
    >>> policy = LostClassPolicy(reasons={"rude-staff": LostClass.UNINTENTIONALLY_PUSHED})
    >>> facts = LossFacts(customer="C-7", as_of=date(2026, 5, 31), ended_by=EndedBy.CUSTOMER,
    ...                   reason="rude-staff")
    >>> print(explain(policy(facts)))
    unintentionally pushed for C-7, by lost class, as of 2026-05-31
    - not met: deliberately pushed; one of these is enough
      - not met: ended by is customer; company required
    - not met: moved; one of these is enough
      - not met: moved away is not known; yes required
    - not met: bought away; one of these is enough
      - not met: offer of a rival is not known; lower-price required
    - not met: pulled away; one of these is enough
      - not met: offer of a rival is not known; better-offer required
    - met: unintentionally pushed; one of these is enough
      - met: reason is rude-staff; one of rude-staff required
    """

    reasons: Mapping[str, LostClass] = field(factory=dict, converter=_as_reasons, hash=False)
    order: tuple[LostClass, ...] = field(default=_ORDER, converter=_as_order)

    def __attrs_post_init__(self) -> None:
        if sorted(self.order) != sorted(LostClass):
            raise InvalidPolicy("the order holds each of the five classes once")
        for word in self.reasons:
            check_identifier(word, "a reason")

    def __call__(self, facts: LossFacts, /) -> Decision[LostFinding]:
        """The class of one lost customer, with what speaks for each class."""
        evidence = tuple(self._evidence(one, facts) for one in self.order)
        met = [one for one, item in zip(self.order, evidence, strict=True) if item.met]
        found = LostFinding(met[0], tuple(met[1:])) if met else LostFinding(None)
        return Decision(found, "lost-class", facts.as_of, evidence, subject=facts.customer)

    def outcomes(self, facts: Iterable[LossFacts]) -> list[LostFinding]:
        """The classes of many lost customers, as the call gives them one by one."""
        return [self(each).outcome for each in facts]

    def _evidence(self, lost_class: LostClass, facts: LossFacts) -> Evidence:
        parts = list[Evidence]()
        match lost_class:
            case LostClass.DELIBERATELY_PUSHED:
                parts.append(_equals("ended-by", facts.ended_by, EndedBy.COMPANY))
            case LostClass.MOVED:
                parts.append(_equals("moved-away", facts.moved, True))
            case LostClass.BOUGHT_AWAY:
                parts.append(_equals("offer-of-a-rival", facts.rival_offer, RivalOffer.LOWER_PRICE))
            case LostClass.PULLED_AWAY:
                wanted = RivalOffer.BETTER_OFFER
                parts.append(_equals("offer-of-a-rival", facts.rival_offer, wanted))
        words = [word for word, found in self.reasons.items() if found is lost_class]
        if words:
            met = facts.reason in words
            asked = ", ".join(words)
            parts.append(Evidence("reason", facts.reason, asked, met, Comparison.ONE_OF))
        return any_of(lost_class, *parts)


def _equals(criterion: str, observed: str | bool | None, required: str | bool) -> Evidence:
    """Evidence that can be not known, and is then not met."""
    return Evidence(criterion, observed, required, observed == required, Comparison.EQUALS)
