"""How often, how long and for how much one customer came back, as of a day."""

from datetime import date

from attrs import field, frozen

from crmkit.errors import CurrencyMismatch, InvalidValue
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.money import Money
from crmkit.period import Unit, check_date

__all__ = ["MAX_AGE", "MAX_CUSTOMERS", "MAX_REPEAT_PURCHASES", "RepeatPurchaseFacts"]

MAX_REPEAT_PURCHASES = 1_000_000
"""More purchase days than any customer has: a larger number is a mistake in the columns."""

MAX_AGE = 1e12
"""The highest age, in any unit of time: 30,000 years of seconds."""

MAX_CUSTOMERS = 10**12
"""More customers than there are people: a larger number is a mistake in the counts."""

# Whole numbers beyond this could not even be turned into a float.
_LARGEST_MEAN = 1e300


def _as_float(number: float) -> float:
    """A whole age as the float it equals; what is no number is left for the check to refuse."""
    if isinstance(number, float) or (type(number) is int and -MAX_AGE <= number <= MAX_AGE):
        return float(number)
    return number


@frozen
class RepeatPurchaseFacts:
    """How often, how long and for how much a customer came back, as of a day.

    ``repeat_purchases`` (x in the literature) are the purchase days after the first one.
    ``age_at_last_purchase`` (t_x; called *recency* there, though a high one means that the customer
    was there lately) and ``customer_age`` (T) are units of time since the first purchase day, which
    ``unit`` names. ``whole_units`` says that the ages were rounded down to whole ones, so that a
    customer may have come back at the age of 0.

    ``mean_repeat_spend`` is what was spent on a repeat day, on average: money, or a bare number
    where no currency is meant (figures of a paper). ``repeat_spend`` is the exact total of which it
    is the rounded mean; it alone may be below zero, when more was paid back than paid.

    There is no bound of repeat purchases by age: what a unit of time is, is up to the host.

    :raises InvalidValue: if the facts contradict each other, with the reason: the age at the last
        purchase is above that of the customer, there are repeats without an age or an age without
        repeats, a number is not finite, below zero or beyond measure, ages in whole units are not
        whole, money was spent on no repeat, or the mean is not that of the total.
    :raises CurrencyMismatch: if the mean and the total are in different currencies.
    :raises InvalidIdentifier: if the customer could not serve as a key.

    >>> RepeatPurchaseFacts(2, 30.43, 38.86, unit=Unit.WEEK).repeat_purchases
    2
    >>> RepeatPurchaseFacts(2, 40, 38.86, unit=Unit.WEEK)
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidValue: the last purchase lies after the end: both ages count from the \
first purchase, so age_at_last_purchase is at most customer_age
    """

    repeat_purchases: int
    age_at_last_purchase: float = field(converter=_as_float)
    customer_age: float = field(converter=_as_float)
    mean_repeat_spend: Money | float | None = None
    unit: Unit | None = field(default=None, kw_only=True)
    whole_units: bool = field(default=False, kw_only=True)
    customer: CustomerId | None = field(default=None, kw_only=True)
    as_of: date | None = field(default=None, kw_only=True)
    repeat_spend: Money | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        check_unit(self.unit, whole_units=self.whole_units)
        check_history(
            self.repeat_purchases,
            self.age_at_last_purchase,
            self.customer_age,
            whole_units=self.whole_units,
        )
        if self.customer is not None:
            check_identifier(self.customer, "customer")
        if self.as_of is not None:
            check_date(self.as_of, "as_of")
        if self.mean_repeat_spend is not None or self.repeat_spend is not None:
            _check_spend(self.repeat_purchases, self.mean_repeat_spend, self.repeat_spend)


def check_unit(unit: Unit | None, *, whole_units: bool) -> None:
    """Refuse a unit of time that is only the name of one."""
    if unit is not None and not isinstance(unit, Unit):
        raise InvalidValue("a unit of time is a member of Unit, such as Unit.WEEK")
    if not isinstance(whole_units, bool):
        raise InvalidValue("whole_units is True (ages were rounded down) or False")


def check_history(repeats: int, at_last: float, age: float, *, whole_units: bool) -> None:
    """Refuse a history that nobody can have, with the reason."""
    if type(repeats) is not int:
        raise InvalidValue(
            f"repeat_purchases is a {type(repeats).__name__}: pass a whole number as an int"
        )
    if not 0 <= repeats <= MAX_REPEAT_PURCHASES:
        raise InvalidValue(
            f"repeat_purchases counts purchase days after the first: zero or more, at most "
            f"{MAX_REPEAT_PURCHASES}"
        )
    _check_age(at_last, "age_at_last_purchase", whole_units=whole_units)
    _check_age(age, "customer_age", whole_units=whole_units)
    if at_last > age:
        raise InvalidValue(
            "the last purchase lies after the end: both ages count from the first purchase, so "
            "age_at_last_purchase is at most customer_age"
        )
    if at_last > 0 and not repeats:
        raise InvalidValue(
            "an age at the last purchase without a repeat: it counts from the first purchase day "
            "and is 0 for a customer who has not come back"
        )
    if repeats and not at_last and not whole_units:
        raise InvalidValue(
            "repeat purchases without an age: they lie after the first day, so "
            "age_at_last_purchase is above 0 (whole_units=True says that it was rounded down)"
        )


def _check_age(age: float, what: str, *, whole_units: bool) -> None:
    if isinstance(age, bool) or not isinstance(age, int | float):
        raise InvalidValue(f"{what} is a {type(age).__name__}: pass an int or a float")
    if not 0 <= age <= MAX_AGE:
        raise InvalidValue(
            f"{what} is a finite number of units of time: zero or more, at most {MAX_AGE:g}"
        )
    if whole_units and age != int(age):
        raise InvalidValue(
            f"{what} is not whole, but whole_units=True says that ages were rounded down"
        )


def _check_spend(repeats: int, mean: Money | float | None, total: Money | None) -> None:
    if isinstance(mean, Money):
        spent = _check_money(repeats, mean, total)
    elif total is not None:
        raise InvalidValue("repeat_spend goes with its mean: pass mean_repeat_spend as Money")
    else:
        spent = _check_bare(mean)
    if spent and not repeats:
        raise InvalidValue("money was spent on no repeat purchase: leave mean_repeat_spend out")


def _check_money(repeats: int, mean: Money, total: Money | None) -> bool:
    if total is None:
        if mean.is_negative:
            raise InvalidValue(
                "mean_repeat_spend is below zero: only a repeat_spend net of refunds makes it so"
            )
        return not mean.is_zero
    if not isinstance(total, Money):
        raise InvalidValue("repeat_spend is the exact total of the repeat days, as Money")
    if mean.currency != total.currency:
        raise CurrencyMismatch(mean.currency, total.currency)
    # At most half a minor unit a repeat day off: that is a mean, rounded to the nearest.
    if 2 * abs(total.minor - repeats * mean.minor) > repeats:
        raise InvalidValue(
            "mean_repeat_spend is not repeat_spend by repeat purchase, rounded to the minor unit"
        )
    return not total.is_zero


def _check_bare(mean: object) -> bool:
    if isinstance(mean, bool) or not isinstance(mean, int | float):
        raise InvalidValue(
            f"mean_repeat_spend is a {type(mean).__name__}: pass Money, or a bare number where no "
            f"currency is meant"
        )
    if not 0 <= mean <= _LARGEST_MEAN:
        raise InvalidValue("mean_repeat_spend is a finite number, zero or more")
    return mean != 0
