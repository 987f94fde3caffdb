"""Several models of the same customers side by side."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

from attrs import frozen

from crmkit.errors import InvalidValue, NothingToFit
from crmkit.lifetime_value.comparison.holdout import HoldoutFit, holdout_fit
from crmkit.lifetime_value.facts import Countable, CountedFacts, counted
from crmkit.lifetime_value.models.base import RepeatPurchaseModel
from crmkit.lifetime_value.summary import HoldoutSplit

__all__ = ["Criterion", "ModelComparison", "ModelStanding", "compare_models"]


class Criterion(StrEnum):
    """By what models are ranked; of each the least is the best."""

    AIC = "aic"
    """Akaike's information criterion: how well the model describes the customers, for its size."""
    BIC = "bic"
    """The Bayesian one, which asks more of each further parameter."""
    HOLDOUT = "holdout"
    """The root mean squared error of single customers in the holdout."""


@frozen(kw_only=True)
class ModelStanding:
    """How one model does: on the customers that it was fitted to, and on the holdout."""

    name: str
    parameters: int
    log_likelihood: float
    aic: float
    bic: float
    holdout: HoldoutFit | None
    is_trustworthy: bool | None
    """Whether its fit had no warning; None for parameters that were given, not fitted."""

    def by(self, criterion: Criterion) -> float:
        """What counts for one criterion; the less, the better.

        :raises InvalidValue: if it is no :class:`Criterion`, or the holdout and there was none.
        """
        if criterion is Criterion.AIC:
            return self.aic
        if criterion is Criterion.BIC:
            return self.bic
        if criterion is not Criterion.HOLDOUT:
            raise InvalidValue("models are ranked by a member of Criterion: AIC, BIC or HOLDOUT")
        if self.holdout is None:
            raise InvalidValue("the models were compared without a holdout: pass split=...")
        return self.holdout.root_mean_squared_error


@frozen
class ModelComparison:
    """Models of the same customers, in the order in which they were handed in."""

    standings: tuple[ModelStanding, ...]

    def __getitem__(self, name: str) -> ModelStanding:
        """How one model does.

        :raises InvalidValue: if no model of that name was compared.
        """
        for standing in self.standings:
            if standing.name == name:
                return standing
        names = ", ".join(standing.name for standing in self.standings)
        raise InvalidValue(f"no model of that name was compared, only {names}")

    def ranking(self, criterion: Criterion) -> tuple[str, ...]:
        """The names of the models, the best first; equals stay in the order handed in.

        :raises InvalidValue: if it is no :class:`Criterion`, or the holdout and there was none.
        """
        ranked = sorted(self.standings, key=lambda standing: standing.by(criterion))
        return tuple(standing.name for standing in ranked)

    def best(self, criterion: Criterion) -> ModelStanding:
        """The model that is first by a criterion.

        :raises InvalidValue: if it is no :class:`Criterion`, or the holdout and there was none.
        """
        return self[self.ranking(criterion)[0]]


def compare_models(
    models: Iterable[RepeatPurchaseModel] | Mapping[str, RepeatPurchaseModel],
    facts: Countable,
    *,
    split: HoldoutSplit | None = None,
) -> ModelComparison:
    """Hold several models of the same customers against each other.

    Log-likelihood, AIC and BIC are of ``facts``, those that the models were fitted to. With a
    ``split``, whose calibration they were fitted to, the error on the holdout stands beside them.
    A model is named by its class; two of one class come in a mapping from names of your own.

    Likelihoods compare between models that give densities of the same thing: BG/NBD, MBG/NBD and
    Pareto/NBD do. BG/BB gives probabilities of whole periods, which compare with none of these, and
    is held against opportunities taken where the others are held against days of purchase. So it
    stands beside other parameters of its own, with ``split.calibration.opportunities()`` as facts.

    :raises InvalidValue: if there is no model, two have one name, or there is a split and some
        models count opportunities and others do not.
    :raises NothingToFit: if there is no customer.
    :raises UnitMismatch: if a model counts time in another unit than the facts.
    """
    named = models if isinstance(models, Mapping) else _named(models)
    if not named:
        raise InvalidValue("there is no model to compare: pass at least one")
    if split is not None and len({model.COUNTS_OPPORTUNITIES for model in named.values()}) > 1:
        raise InvalidValue(
            "some models foresee opportunities taken and others days of purchase, whose errors do "
            "not compare: compare the ones without the others, or leave the split out"
        )
    rows = counted(facts)
    if not rows.rows:
        raise NothingToFit("there is no customer to compare models on")
    return ModelComparison(
        tuple(_standing(name, model, rows, split) for name, model in named.items())
    )


def _named(models: Iterable[RepeatPurchaseModel]) -> Mapping[str, RepeatPurchaseModel]:
    named: dict[str, RepeatPurchaseModel] = {}
    for model in models:
        name = type(model).__name__
        if name in named:
            raise InvalidValue(
                f"two models are called {name}: pass a mapping from names of your own to models"
            )
        named[name] = model
    return named


def _standing(
    name: str, model: RepeatPurchaseModel, rows: CountedFacts, split: HoldoutSplit | None
) -> ModelStanding:
    log_likelihood, size = model.log_likelihood(rows), len(model.PARAMETERS)
    return ModelStanding(
        name=name,
        parameters=size,
        log_likelihood=log_likelihood,
        aic=2.0 * size - 2.0 * log_likelihood,
        bic=math.log(rows.customers) * size - 2.0 * log_likelihood,
        holdout=None if split is None else holdout_fit(model, split),
        is_trustworthy=None if model.fitted is None else model.fitted.is_trustworthy,
    )
