"""Why customers complain: a taxonomy of causes, as data that a shop extends with its own words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from attrs import field, frozen

from crmkit.errors import InvalidPolicy, InvalidValue
from crmkit.identifiers import check_identifier

__all__ = ["CAUSES", "CauseTaxonomy"]


def _as_causes(causes: Iterable[str]) -> tuple[str, ...]:
    if isinstance(causes, str):
        raise InvalidPolicy("causes are a tuple of texts: write ('late',), not 'late'")
    return tuple(causes)


def _as_groups(groups: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({group: _as_causes(causes) for group, causes in groups.items()})


@frozen
class CauseTaxonomy:
    """The causes of complaints, each in one group, so that both can be counted.

    :raises InvalidPolicy: if there is no group, a group has no cause, or a cause stands twice.
    :raises InvalidIdentifier: if a word could not serve as a key.

    >>> CAUSES.group_of("packaging")
    'quality'
    >>> wider = CAUSES.extended(delivery=["late", "wrong-address"], service=["waiting-time"])
    >>> wider.group_of("late"), wider.causes_of("service")
    ('delivery', ('attitude', 'method', 'waiting-time'))
    """

    groups: Mapping[str, tuple[str, ...]] = field(converter=_as_groups, hash=False)

    def __attrs_post_init__(self) -> None:
        for word in (*self.groups, *self.causes):
            check_identifier(word, "a group or cause")
        if not self.groups or not all(self.groups.values()):
            raise InvalidPolicy("name one group or more, and in each group one cause or more")
        twice = [cause for cause, count in Counter(self.causes).items() if count > 1]
        if twice:
            raise InvalidPolicy(
                f"each cause stands in one place, so that it is counted once; twice: "
                f"{', '.join(twice)}"
            )

    @property
    def causes(self) -> tuple[str, ...]:
        """Every cause, group by group."""
        return tuple(cause for causes in self.groups.values() for cause in causes)

    def __contains__(self, cause: object) -> bool:
        """Whether this is one of the causes."""
        return cause in self.causes

    def check(self, cause: str) -> None:
        """Refuse a word that is no cause.

        :raises InvalidValue: naming the causes that are known.
        """
        if cause not in self:
            raise InvalidValue(
                f"the cause is not in the taxonomy: it knows {', '.join(self.causes)}; add others "
                f"with extended(group=[...])"
            )

    def group_of(self, cause: str) -> str:
        """The group that a cause belongs to.

        :raises InvalidValue: if the cause is not in the taxonomy.
        """
        self.check(cause)
        return next(group for group, causes in self.groups.items() if cause in causes)

    def causes_of(self, group: str) -> tuple[str, ...]:
        """The causes of a group.

        :raises InvalidValue: if there is no such group.
        """
        if group not in self.groups:
            raise InvalidValue(f"there is no such group of causes: pass {', '.join(self.groups)}")
        return self.groups[group]

    def extended(
        self, more: Mapping[str, Iterable[str]] | None = None, /, **groups: Iterable[str]
    ) -> "CauseTaxonomy":
        """The same taxonomy with further causes, in groups old or new.

        Groups whose names are no Python names are passed as a mapping.

        :raises InvalidPolicy: if a cause is there already.
        """
        added = {**(more or {}), **groups}
        grown = {**self.groups}
        for group, causes in added.items():
            grown[group] = (*grown.get(group, ()), *_as_causes(causes))
        return CauseTaxonomy(grown)


CAUSES = CauseTaxonomy(
    {
        "expectation": ("overpromise", "hidden-info"),
        "quality": ("product", "packaging", "blemish", "misuse"),
        "service": ("attitude", "method"),
    }
)
"""Three roots of complaints: what was promised, what was delivered, and how people were treated.

Expectations are raised too high or information is held back; the product, its packaging or a
blemish disappoints, or it is used wrongly; staff behave badly or go about it badly.
"""
