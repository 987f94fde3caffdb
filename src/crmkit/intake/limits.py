"""How much of a file is looked at before it is refused."""

from attrs import fields, frozen

from crmkit.errors import InvalidValue

__all__ = ["Limits"]


@frozen(kw_only=True)
class Limits:
    """The sizes beyond which a line is refused rather than read.

    A line longer than ``line_characters`` is rejected. A record that would go on over more than
    ``record_lines`` lines has a quote that was never closed. The first ``kept_rejects`` bad lines
    are kept in the report; all are counted.

    :raises InvalidValue: if a limit is not a whole number, or leaves no room for anything.
    """

    line_characters: int = 100_000
    record_lines: int = 100
    kept_rejects: int = 100

    def __attrs_post_init__(self) -> None:
        for attribute in fields(Limits):
            value = getattr(self, attribute.name)
            least = 0 if attribute.name == "kept_rejects" else 1
            if type(value) is not int or value < least:
                raise InvalidValue(
                    f"the limit {attribute.name} is a whole number of at least {least}"
                )
