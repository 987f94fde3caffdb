"""What customers will bring: purchases to expect, who is still there, and what that is worth.

The models are fitted to the purchases of the file. What cannot be fitted, or not be trusted, is
left out with the reason; what is to be taken with care comes with a word of caution.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from attrs import frozen

from crmkit.cli.review.terms import MODELS, LifetimeTerms
from crmkit.cli.review.words import counted, money
from crmkit.decision import Decision
from crmkit.errors import CannotFit, NothingToFit
from crmkit.identifiers import CustomerId
from crmkit.lifetime_value import (
    BgNbd,
    CustomerEquity,
    ExpectedValue,
    FitWarning,
    FrequencyFit,
    GammaGamma,
    Horizon,
    MbgNbd,
    RepeatPurchaseFacts,
    RepeatPurchaseSummary,
    SegmentEquity,
    Tracking,
    frequency_fit,
    tracking,
)
from crmkit.money import Money, Rounding, round_fraction, sum_money
from crmkit.period import Rate, Unit
from crmkit.segmentation import RfmSummary

__all__ = ["LifetimeFigures", "Prospect", "ValueGroup", "Without", "lifetime_of"]

LeavingModel = BgNbd | MbgNbd

_MODELS: Mapping[str, type[LeavingModel]] = {"mbg-nbd": MbgNbd, "bg-nbd": BgNbd}

_FEWEST_REPEATERS = 10
"""With fewer customers who came back, four parameters would be drawn from next to nothing."""

_MOST_WEEKS = 160
"""A longer time is tracked by months: the weeks of three years are as many as can be drawn."""

_NOTHING_YET = "nobody has come back yet, so there is nothing to tell who will"


@frozen
class Without:
    """Why there are no figures."""

    reason: str


@frozen
class Prospect:
    """What is expected of one customer within the horizon."""

    alive: float
    """The probability that they have not left."""
    purchases: float
    value: Money


@frozen(kw_only=True)
class ValueGroup:
    """What is expected of the customers of one segment, class or layer together.

    ``alive`` is how many of them are expected not to have left. Where nothing is expected of
    anybody, there is no share in it.
    """

    name: str
    customers: int
    alive: float
    purchases: float
    value: Money
    share_of_value: Fraction | None


@frozen(kw_only=True)
class LifetimeFigures:
    """What is expected of every customer, of groups of them, and how well the model fits.

    ``prospects`` are in the order of the columns of the RFM summary. ``spend`` is an amount where
    no model of spend can be fitted. ``tracking`` is None before the second week is over.
    """

    terms: LifetimeTerms
    policy: ExpectedValue[LeavingModel, GammaGamma | Money]
    cautions: tuple[str, ...]
    prospects: Sequence[Prospect]
    total: ValueGroup
    groups: Mapping[str, tuple[ValueGroup, ...]]
    """By ladder: ``segment``, ``abc`` and ``pyramid``."""
    frequency: FrequencyFit
    tracking: Tracking | None
    facts: RepeatPurchaseSummary
    days_known: int
    """How many days ago the first customer came."""

    @property
    def model(self) -> LeavingModel:
        """How often customers come back, and whether they have left."""
        return self.policy.purchases

    @property
    def spend(self) -> GammaGamma | Money:
        """What a purchase brings."""
        return self.policy.spend

    @property
    def usual_repeats(self) -> int:
        """More repeat purchases than this have only two customers in a hundred."""
        repeats = sorted(self.facts.columns.repeat_purchases)
        return repeats[len(repeats) * 98 // 100]

    def alive_after(self, days: int, repeats: int) -> float:
        """The probability that a customer is still there so many days after the last purchase.

        One who came back is as old as the oldest, one who did not came on that very day.
        """
        silent, age = days / 7, self.days_known / 7
        facts = (
            RepeatPurchaseFacts(repeats, age - silent, age)
            if repeats
            else RepeatPurchaseFacts(0, 0.0, silent)
        )
        return self.model.probability_alive(facts)

    def decision_on(self, customer: CustomerId) -> Decision[Money]:
        """Value one customer, with the evidence."""
        return self.policy(self.facts[customer])


def lifetime_of(
    repeats: RepeatPurchaseSummary,
    summary: RfmSummary,
    ladders: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    terms: LifetimeTerms,
) -> LifetimeFigures | Without:
    """Fit the models, and say what is expected of each customer and of each group.

    ``ladders`` give for each one its names and the name of every customer of ``summary``.
    """
    came_back = sum(1 for number in repeats.columns.repeat_purchases if number)
    if came_back < _FEWEST_REPEATERS:
        return Without(_too_few(came_back))
    rows = repeats.counted()
    try:
        model = _MODELS[terms.model].fit(rows)
    except CannotFit as error:
        return Without(error.reason)
    if FitWarning.NOT_CONVERGED in _warnings(model):
        return Without("no parameters were found that describe these purchases best")
    spend, caution = _spend(repeats)
    policy: ExpectedValue[LeavingModel, GammaGamma | Money] = ExpectedValue(
        purchases=model,
        spend=spend,
        margin=terms.margin,
        discount=Rate.annual(terms.discount),
        horizon=Horizon(terms.days, Unit.DAY, step=Unit.YEAR),
    )
    prospects = _prospects(policy, repeats, summary, terms)
    return LifetimeFigures(
        terms=terms,
        policy=policy,
        cautions=(*_cautions(terms.model, model, spend, came_back), *caution),
        prospects=prospects,
        total=_groups(prospects, summary, ["all"], ["all"] * len(prospects))[0],
        groups={
            ladder: _groups(prospects, summary, names, placed)
            for ladder, (names, placed) in ladders.items()
        },
        frequency=frequency_fit(model, rows),
        tracking=_tracking(model, repeats),
        facts=repeats,
        days_known=repeats.as_of.toordinal() - min(repeats.columns.first_days),
    )


def _too_few(came_back: int) -> str:
    if not came_back:
        return _NOTHING_YET
    return (
        f"only {counted(came_back, 'customer')} came back, and it takes {_FEWEST_REPEATERS} to "
        f"tell anything from it"
    )


# --- the models -----------------------------------------------------------------------------------


def _warnings(model: LeavingModel | GammaGamma) -> tuple[FitWarning, ...]:
    return model.fitted.warnings if model.fitted is not None else ()


def _spend(repeats: RepeatPurchaseSummary) -> tuple[GammaGamma | Money, tuple[str, ...]]:
    """What a purchase brings: a model, or the mean of all repeat purchases and why it has to do."""
    try:
        model = GammaGamma.fit(repeats)
    except (CannotFit, NothingToFit):
        return _mean_spend(repeats, "customers do not differ in what they spend")
    if FitWarning.NOT_CONVERGED in _warnings(model) or model.q <= 1.0:
        return _mean_spend(repeats, "customers differ too much in what they spend")
    return model, ()


def _mean_spend(repeats: RepeatPurchaseSummary, why: str) -> tuple[Money, tuple[str, ...]]:
    columns = repeats.columns
    part = Fraction(max(sum(columns.repeat_spend), 0), sum(columns.repeat_purchases))
    mean = Money.of_minor(round_fraction(part, Rounding.HALF_EVEN), str(repeats.currency))
    return mean, (f"every purchase is taken to bring {money(mean)}, the mean, as {why}",)


def _cautions(
    name: str, model: LeavingModel, spend: GammaGamma | Money, came_back: int
) -> tuple[str, ...]:
    """What is to be said of the fits, in words: each once, with the models that it is about."""
    found: dict[FitWarning, list[str]] = {}
    for title, fitted in ((MODELS[name], model), ("Gamma-Gamma", spend)):
        for warning in () if isinstance(fitted, Money) else _warnings(fitted):
            found.setdefault(warning, []).append(title)
    people = counted(came_back, "customer")
    return tuple(
        f"{_WORDS[warning].format(people)} ({' and '.join(names)})"
        for warning, names in found.items()
    )


_WORDS = {
    FitWarning.FEW_REPEATS: "only {} came back, so the figures hang on very few people",
    FitWarning.AT_BOUNDARY: "a parameter ran to an extreme: a simpler model would do as well",
    FitWarning.NOT_IDENTIFIED: "some parameters are open: others would fit as well",
    FitWarning.SPEND_FOLLOWS_FREQUENCY: "who buys more often spends more each time, or less, which "
    "the models do not know",
}


def _tracking(model: LeavingModel, repeats: RepeatPurchaseSummary) -> Tracking | None:
    days = (repeats.as_of - min(repeats.first_days)).days + 1
    if days < 2 * 7:
        return None  # One week is no course of time.
    return tracking(model, repeats, by=Unit.WEEK if days <= 7 * _MOST_WEEKS else Unit.MONTH)


# --- the customers --------------------------------------------------------------------------------


def _prospects(
    policy: ExpectedValue[LeavingModel, GammaGamma | Money],
    repeats: RepeatPurchaseSummary,
    summary: RfmSummary,
    terms: LifetimeTerms,
) -> list[Prospect]:
    """What is expected of each customer of a summary, computed once for those who are alike."""
    columns = repeats.columns
    rows = zip(
        columns.repeat_purchases,
        columns.days_at_last_purchase,
        columns.first_days,
        columns.repeat_spend,
        strict=True,
    )
    alike: dict[tuple[int, ...], int] = {}
    places = [alike.setdefault(row, len(alike)) for row in rows]
    facts: dict[int, RepeatPurchaseFacts] = {}
    for customer, place in zip(columns.customers, places, strict=True):
        if place not in facts:
            facts[place] = repeats[customer]
    each = list(facts.values())
    model = policy.purchases
    found = list(
        map(
            Prospect,
            model.probability_alive_each(each),
            model.expected_purchases_each(each, terms.days / 7),
            policy.outcomes(each),
        )
    )
    where = columns.rows
    return [found[places[where[customer]]] for customer in summary.columns.customers]


def _groups(
    prospects: Sequence[Prospect],
    summary: RfmSummary,
    names: Iterable[str],
    placed: Sequence[str],
) -> tuple[ValueGroup, ...]:
    """Sum up what is expected of the customers under each name, also where there is nobody."""
    members: dict[str, list[Prospect]] = {name: [] for name in names}
    for name, prospect in zip(placed, prospects, strict=True):
        members[name].append(prospect)
    currency = str(summary.currency)
    equity = CustomerEquity(
        as_of=summary.as_of,
        segments={
            name: SegmentEquity(len(each), sum_money((p.value for p in each), currency))
            for name, each in members.items()
        },
    )
    return tuple(
        ValueGroup(
            name=name,
            customers=len(each),
            alive=math.fsum(p.alive for p in each),
            purchases=math.fsum(p.purchases for p in each),
            value=equity.segments[name].value,
            share_of_value=equity.share(name),
        )
        for name, each in members.items()
    )
