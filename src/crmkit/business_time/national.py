"""Holidays by country and region, as the ``holidays`` package knows them.

Needs ``pip install 'crmkit[holidays]'``. What a country decides from year to year is in no release
before it is decided: bring the package up to date before a year begins.

>>> national_holidays("DE", subdivision="BE", years=[2026])[0]
Closure(on=datetime.date(2026, 1, 1), name='Neujahr', hours='00:00-24:00')
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from crmkit.business_time.calendar import Closure, Opening
from crmkit.business_time.hours import parse_hours
from crmkit.errors import InvalidValue, MissingExtra

__all__ = ["national_holidays", "national_workdays"]

HALF_DAY = "half_day"
IN_EXCHANGE = "working day in exchange"


def national_holidays(
    country: str,
    *,
    years: Iterable[int],
    subdivision: str | None = None,
    categories: Iterable[str] = ("public",),
    half_day_hours: str | None = None,
    language: str | None = None,
) -> tuple[Closure, ...]:
    """The holidays of a country, or of a region of it, in some years, by date.

    ``country`` and ``subdivision`` are codes of ISO 3166 such as ``"DE"`` and ``"BE"``; without a
    subdivision, the holidays are those of the whole country. ``categories`` are those that the
    package has for the country, such as ``"public"`` or ``"bank"``; on the days of ``"half_day"``
    only ``half_day_hours`` are closed, for example ``"12:00-24:00"``. A day with several holidays
    is one closure with all their names, in the country's own language if none is asked for.

    :raises MissingExtra: if holidays is not installed.
    :raises InvalidValue: if there is no such country, subdivision, category, language or year, with
        those there are; or if half holidays have no hours, or hours that are no window.
    """
    entity = _entity(country)
    if isinstance(categories, str):
        raise InvalidValue("categories are several: write ('public',) for one")
    wanted = set(categories)
    _check_known(wanted, entity.supported_categories, "categories")
    _check_known({language} - {None}, entity.supported_languages, "languages")
    _check_known({subdivision} - {None}, entity.subdivisions, "subdivisions")
    if half_day_hours is not None:
        parse_hours(half_day_hours)
    elif HALF_DAY in wanted:
        raise InvalidValue(
            "say which hours a half holiday takes away, such as half_day_hours='12:00-24:00'"
        )
    chosen = _years(entity, years)

    def named(kind: set[str]) -> dict[date, str]:
        # Asked for no category, the package takes one itself; for no language, that of the machine.
        if not kind:
            return {}
        speak = language or entity.default_language
        return dict(
            entity(subdiv=subdivision, years=chosen, expand=False, language=speak, categories=kind)
        )

    closures = {
        day: Closure(day, name, str(half_day_hours))
        for day, name in named(wanted & {HALF_DAY}).items()
    }
    closures |= {day: Closure(day, name) for day, name in named(wanted - {HALF_DAY}).items()}
    return tuple(closures[day] for day in sorted(closures))


def national_workdays(country: str, *, years: Iterable[int], hours: str) -> tuple[Opening, ...]:
    """The days of a weekend on which a country works in exchange for a holiday, by date.

    China and some others move working days to a Saturday or Sunday, so that a holiday gets longer.
    ``hours`` are those of such a day.

    :raises MissingExtra: if holidays is not installed.
    :raises InvalidValue: if there is no such country or year, or the hours are no window.

    >>> national_workdays("CN", years=[2025], hours="09:00-18:00")[0].on
    datetime.date(2025, 1, 26)
    """
    parse_hours(hours)
    entity = _entity(country)
    chosen = _years(entity, years)
    # The package lists those of all years, whichever are asked for.
    days = sorted(entity(years=chosen, expand=False).weekend_workdays)
    return tuple(Opening(day, hours, IN_EXCHANGE) for day in days if day.year in chosen)


def _entity(country: str) -> Any:
    """The class that knows a country."""
    try:
        from holidays import country_holidays, list_supported_countries
    except ImportError:
        raise MissingExtra("holidays", "holidays") from None
    known = list_supported_countries(include_aliases=False)
    if country not in known:
        raise InvalidValue(f"no such country: use one of {', '.join(sorted(known))}")
    return type(country_holidays(country))


def _check_known(wanted: set[Any], known: Iterable[str], what: str) -> None:
    choice = set(known)
    if not wanted <= choice:
        there = f"use {', '.join(sorted(choice))}" if choice else "it has none"
        raise InvalidValue(f"not among the {what} of the country: {there}")


def _years(entity: Any, years: Iterable[int]) -> set[int]:
    chosen = set()
    for year in years:
        if type(year) is not int or not entity.start_year <= year <= entity.end_year:
            raise InvalidValue(
                f"the holidays of the country are known from {entity.start_year} to "
                f"{entity.end_year}: pass such years, for example range(2026, 2029)"
            )
        chosen.add(year)
    return chosen
