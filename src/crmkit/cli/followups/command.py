"""The work of ``crmkit followups``, one step after the other."""

from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from crmkit.cli.followups.as_json import explanation_json, json_of
from crmkit.cli.followups.as_text import explanation, text_of
from crmkit.cli.followups.options import FollowUpOptions
from crmkit.cli.followups.planning import ShopPlan, plan_of
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.reading import read_file, source_path
from crmkit.cli.review.writing import Writing, make_folder
from crmkit.cli.working_time import zone_of
from crmkit.errors import MissingExtra

__all__ = ["followups"]


def followups(options: FollowUpOptions, out: TextIO) -> None:
    """Read, plan, write, and show.

    Files are put in their places only when all of it has worked.

    :raises Refusal: with what would have worked.
    :raises MissingExtra: if pictures, calendar files or holidays are wanted and the library for
        them is not there.
    """
    _check_extras(options)
    zone_of(options.zone)
    _check_places(options)
    if options.reading.rejects is not None:
        make_folder(options.reading.rejects)
    file = read_file(options.reading, lambda _: None, repeats=False)
    plan = plan_of(options, file)
    if options.explain is not None:
        text = (explanation_json if options.json else explanation)(plan, options.explain)
    else:
        text = (json_of if options.json else text_of)(plan, options)
    with Writing() as writing:
        _write(options, plan, writing)
    if not options.quiet:
        print(text, file=out)


def _write(options: FollowUpOptions, plan: ShopPlan, writing: Writing) -> None:
    if options.report is not None:
        from crmkit.cli.followups.as_html import html_of

        writing.add(options.report, html_of(plan, options))
    if options.ics is not None:
        from crmkit.cli.followups.as_calendar import calendar_of

        for place, each in zip(_calendars(options), plan.plans, strict=True):
            writing.add(place, calendar_of(plan, each))


# --- places ---------------------------------------------------------------------------------------


def _calendars(options: FollowUpOptions) -> list[Path]:
    if options.ics is None:
        return []
    return [options.ics / f"{_file_name(name)}.ics" for name, _ in options.owners]


def _file_name(owner: str) -> str:
    """What is a letter or a digit stays; what a file cannot be called is said otherwise."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in owner)


def _check_places(options: FollowUpOptions) -> None:
    """Refuse to write over what is read, or two things to one place."""
    taken = {path.resolve() for path in options.paths_read}
    source = source_path(options.reading)
    if source is not None:
        taken.add(source.resolve())
    for path in (options.report, options.reading.rejects):
        if path is not None:
            if path.resolve() in taken:
                raise Refusal(f"{path} is read already, or written twice: name another file")
            taken.add(path.resolve())
    for (name, _), path in zip(options.owners, _calendars(options), strict=False):
        if path.resolve() in taken:
            raise Refusal(
                f"the calendar file of {name} would be {path}, which is read already, or written "
                f"twice: name another folder, or give the owner another name"
            )
        taken.add(path.resolve())


def _check_extras(options: FollowUpOptions) -> None:
    """See at once whether what is wanted can be made, and not after a long read."""
    wanted = {
        "review": ["jinja2", "matplotlib"] if options.report is not None else [],
        "ical": ["icalendar"] if options.ics is not None else [],
        "holidays": ["holidays"] if options.holidays is not None else [],
    }
    for extra, libraries in wanted.items():
        for library in libraries:
            if find_spec(library) is None:
                raise MissingExtra(library, extra)
