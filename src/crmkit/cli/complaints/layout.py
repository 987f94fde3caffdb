"""How a file of complaints is to be understood: layouts and lifecycles, each a document in TOML."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from attrs import field, frozen

from crmkit.cli.complaints.options import LAYOUTS, LIFECYCLES
from crmkit.cli.refusal import Refusal
from crmkit.complaints.policies.obligations import Obligation
from crmkit.errors import CrmkitError, InvalidPolicy
from crmkit.identifiers import check_identifier
from crmkit.lifecycle import Lifecycle
from crmkit.serialization import make_converter

__all__ = [
    "DESK",
    "ROUND_THE_CLOCK",
    "CaseLifecycle",
    "ComplaintTable",
    "EventLog",
    "Step",
    "built_in",
    "read_layout",
    "read_lifecycle",
]

DESK, ROUND_THE_CLOCK = "desk", "round-the-clock"
"""The calendars that deadlines can be counted by: the hours of the desk, or all hours."""


@frozen(kw_only=True)
class CaseLifecycle:
    """The lifecycle of a host, what its codes in a file stand for, and its deadlines.

    ``activities`` translates what stands in a log to actions; empty, the log names actions itself.
    ``trouble`` are the actions that are counted for hot spots; empty, missed deadlines are.

    :raises InvalidPolicy: if an activity, a deadline or a trouble names an action that the
        lifecycle does not have.
    """

    lifecycle: Lifecycle[str, str]
    activities: Mapping[str, str] = field(factory=dict, hash=False)
    obligations: tuple[Obligation, ...] = ()
    trouble: tuple[str, ...] = ()
    source: str = ""

    def __attrs_post_init__(self) -> None:
        named = {
            *self.activities.values(),
            *self.trouble,
            *(mark for each in self.obligations for mark in each.met_by),
        }
        _check_actions(named, self.lifecycle)

    def action_of(self, activity: str) -> str | None:
        """The action that a code of the log stands for; None if nobody said."""
        return self.activities.get(activity) if self.activities else activity


def _check_actions(named: set[str], lifecycle: Lifecycle[str, str]) -> None:
    unknown = sorted(named - set(lifecycle.actions))
    if unknown:
        raise InvalidPolicy(
            f"the lifecycle has no action {', '.join(unknown)}; it has "
            f"{', '.join(lifecycle.actions)}"
        )


@frozen(kw_only=True)
class Step:
    """What a column of a table adds to the trail: an action by each value, or a note.

    ``at`` is the column with the day of it. Without one the file does not say when it was, and the
    entry stands at the end of the file's last day, the earliest at which the file can say so.

    :raises InvalidPolicy: unless it is exactly one of the two.
    :raises InvalidIdentifier: if a topic or a role could not serve as a key.
    """

    column: str
    action: str | None = None
    """Taken whatever stands in the column, if anything does."""
    actions: Mapping[str, str] = field(factory=dict, hash=False)
    """By what stands in the column; an empty action is none."""
    note: str | None = None
    at: str | None = None
    role: str | None = None

    def __attrs_post_init__(self) -> None:
        if (self.action is not None) + bool(self.actions) + (self.note is not None) != 1:
            raise InvalidPolicy(f"the column {self.column} has one of action, actions and note")
        for text, what in ((self.note, "the topic of a note"), (self.role, "a role")):
            if text is not None:
                check_identifier(text, what)

    @property
    def names(self) -> set[str]:
        """Every action that the step can take."""
        return {action for action in (self.action, *self.actions.values()) if action}


@frozen(kw_only=True)
class TableColumns:
    """Where a table has what a complaint needs, by the names in its header."""

    id: str
    received: str
    channel: str | None = None
    product: str | None = None
    unit: str | None = None
    region: str | None = None
    cause: str | None = None
    content: str | None = None


@frozen(kw_only=True)
class ComplaintTable:
    """A table with one complaint a row.

    :raises InvalidPolicy: if a step names an action that the lifecycle does not have.
    """

    name: str
    columns: TableColumns
    date_format: str = "iso"
    steps: tuple[Step, ...]
    rules: CaseLifecycle

    def __attrs_post_init__(self) -> None:
        named = set().union(*(step.names for step in self.steps))
        _check_actions(named, self.rules.lifecycle)

    @property
    def places(self) -> Mapping[str, str]:
        """The columns that cases are compared by, by what stands in them."""
        columns = self.columns
        named = {
            "product": columns.product,
            "unit": columns.unit,
            "region": columns.region,
            "channel": columns.channel,
            "cause": columns.cause,
        }
        return {what: column for what, column in named.items() if column is not None}

    @property
    def header(self) -> tuple[str, ...]:
        """Every column that is read."""
        columns = self.columns
        read = [
            *(columns.id, columns.received, columns.channel, columns.product, columns.unit),
            *(columns.region, columns.cause, columns.content),
        ]
        for step in self.steps:
            read += [step.column, step.at]
        return tuple(dict.fromkeys(name for name in read if name is not None))


@frozen(kw_only=True)
class EventLog:
    """A log with one event a row: a case, what was done, and when, by the clock on the wall."""

    name: str
    case: str
    activity: str
    at: str
    date_format: str = "iso"

    @property
    def header(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (self.case, self.activity, self.at)


_DOCUMENTS = make_converter(ComplaintTable, EventLog, CaseLifecycle, Lifecycle[str, str])


def read_layout(name: str) -> ComplaintTable | EventLog:
    """Read a layout that comes with the command, or one of the host.

    :raises Refusal: if it cannot be read, or is no layout.
    """
    layout = _read(name, "layout", LAYOUTS)
    if isinstance(layout, ComplaintTable | EventLog):
        return layout
    raise Refusal(f"{name} is a lifecycle, not a layout: pass it with --lifecycle")


def read_lifecycle(name: str) -> CaseLifecycle:
    """Read a lifecycle that comes with the command, or one of the host, with or without deadlines.

    :raises Refusal: if it cannot be read, or is no lifecycle.
    """
    found = _read(name, "lifecycle", LIFECYCLES)
    if isinstance(found, Lifecycle):
        return CaseLifecycle(lifecycle=found)
    if isinstance(found, CaseLifecycle):
        return found
    raise Refusal(f"{name} is a layout, not a lifecycle: pass it with --layout")


def built_in(name: str) -> str:
    """The text of a layout or a lifecycle that comes with the command."""
    return files(__package__).joinpath("layouts", f"{name}.toml").read_text(encoding="utf-8")


def _read(name: str, what: str, known: tuple[str, ...]) -> Any:
    if name in known:
        return _DOCUMENTS.loads_toml(built_in(name))
    try:
        return _DOCUMENTS.loads_toml(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(
            f"cannot read the {what} {name}: {why}; name a file, or one that comes with the "
            f"command: {', '.join(known)}"
        ) from error
    except (CrmkitError, ValueError) as error:
        why = str(error) if isinstance(error, CrmkitError) else "it is not UTF-8 text"
        raise Refusal(f"the {what} {name} cannot be used: {why}") from error
