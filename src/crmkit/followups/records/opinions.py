"""What customers in key regions think: opinions by topic, collected visit by visit."""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from attrs import field, frozen
from attrs.converters import optional

from crmkit.errors import InvalidValue
from crmkit.followups.records.visit_report import check_said
from crmkit.followups.records.words import as_text
from crmkit.identifiers import CustomerId, check_identifier
from crmkit.period import Period, check_date

__all__ = ["OpinionRound", "OpinionSheet", "OpinionTopic"]


class OpinionTopic(StrEnum):
    """What a visit to a key region asks about; source: FUP-05 of the requirements."""

    USE = "use"
    DESIGN = "design"
    ASSEMBLY = "assembly"
    PROCESS = "process"


def _by_topic(opinions: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(opinions, Mapping):
        raise InvalidValue("opinions are texts by topic, such as {'use': 'the lid sticks'}")
    found = {str(topic): text for topic, text in opinions.items()}
    for topic, text in found.items():
        check_identifier(topic, "a topic")
        check_said(text, "an opinion")
    return MappingProxyType(dict(sorted(found.items())))


@frozen(kw_only=True)
class OpinionSheet:
    """What one customer thinks, asked on a visit.

    A topic on which there was nothing to say has a text of its own, such as "content"; one that is
    left out was not asked about. Topics may be words of the host.

    :raises InvalidValue: if an opinion is blank, or a word could not serve as a key.
    """

    customer: CustomerId
    on: date
    area: str | None = field(default=None, converter=optional(as_text))
    opinions: Mapping[str, str] = field(
        converter=_by_topic, hash=False, repr=False, metadata={"personal": True}
    )

    def __attrs_post_init__(self) -> None:
        check_identifier(self.customer, "customer")
        check_date(self.on, "the day of a visit")
        if self.area is not None:
            check_identifier(self.area, "area")

    def not_asked(self, topics: Iterable[str] = OpinionTopic) -> tuple[str, ...]:
        """The topics that were left out, in their order."""
        return tuple(str(topic) for topic in topics if topic not in self.opinions)


def _sheets(sheets: Iterable[OpinionSheet]) -> tuple[OpinionSheet, ...]:
    found = tuple(sheets)
    if not all(isinstance(sheet, OpinionSheet) for sheet in found):
        raise InvalidValue("a round has sheets, such as (OpinionSheet(customer='C-7', ...),)")
    return tuple(sorted(found, key=lambda sheet: (sheet.on, sheet.customer)))


@frozen(kw_only=True)
class OpinionRound:
    """The opinions of one round of visits; sheets of other days are left out.

    >>> sheet = OpinionSheet(
    ...     customer=CustomerId("C-7"), on=date(2026, 5, 4), area="north",
    ...     opinions={OpinionTopic.USE: "the lid sticks"},
    ... )
    >>> spring = OpinionRound(period=Period.quarter(2026, 2), sheets=[sheet])
    >>> spring.on(OpinionTopic.USE), spring.by_area(OpinionTopic.USE), spring.not_visited(["C-9"])
    (('the lid sticks',), {'north': 1}, ('C-9',))
    """

    period: Period
    sheets: tuple[OpinionSheet, ...] = field(converter=_sheets)

    def __attrs_post_init__(self) -> None:
        within = tuple(sheet for sheet in self.sheets if sheet.on in self.period)
        object.__setattr__(self, "sheets", within)

    def on(self, topic: str) -> tuple[str, ...]:
        """What was said on a topic, in the order of the visits."""
        return tuple(sheet.opinions[topic] for sheet in self.sheets if topic in sheet.opinions)

    def by_area(self, topic: str) -> dict[str | None, int]:
        """How many had something to say on a topic, by their area."""
        areas = [sheet.area for sheet in self.sheets if topic in sheet.opinions]
        return {area: areas.count(area) for area in sorted(set(areas), key=lambda area: area or "")}

    def not_visited(self, customers: Iterable[CustomerId]) -> tuple[CustomerId, ...]:
        """Those of whom there is no sheet in this round, each once and in order."""
        visited = {sheet.customer for sheet in self.sheets}
        return tuple(sorted(set(customers) - visited))
