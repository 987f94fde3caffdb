"""The work of ``crmkit complaints``, one step after the other."""

from pathlib import Path
from typing import TextIO

from crmkit.cli.complaints.as_json import case_json, json_of
from crmkit.cli.complaints.as_text import case_text, text_of
from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.figures import figures_of
from crmkit.cli.complaints.keeping import desk_of, keep, open_store, overdue_of, profile_of
from crmkit.cli.complaints.layout import EventLog, read_layout, read_lifecycle
from crmkit.cli.complaints.logs import read_log
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.tables import read_table
from crmkit.cli.refusal import Refusal
from crmkit.identifiers import ComplaintId

__all__ = ["complaints"]


def complaints(options: ComplaintOptions, out: TextIO) -> None:
    """Read, replay, keep, and show.

    The store commits, and rejects are written, only when all of it has worked.

    :raises Refusal: with what would have worked.
    :raises MissingExtra: if national holidays are wanted and their library is not there.
    """
    _check_places(options)
    file = _read(options)
    profile = profile_of(options, file)
    with open_store(options.store) as store, store.unit_of_work() as unit:
        desk = desk_of(store, file, profile)
        keep(desk, file, unit)
        if options.case is not None:
            case = desk.get(_known(options.case, file), unit=unit)
            write = case_json if options.format == "json" else case_text
            text = write(case, file, profile)
        else:
            figures = figures_of(file, profile, overdue_of(desk, file, unit))
            show = json_of if options.format == "json" else text_of
            text = show(file, figures, options)
        if options.rejects is not None:
            file.account.write(options.rejects)
        unit.commit()
    print(text, file=out)


def _read(options: ComplaintOptions) -> CaseFile:
    layout = read_layout(options.layout, options.columns)
    if not isinstance(layout, EventLog):
        if options.lifecycle is not None:
            raise Refusal("a table has its lifecycle in its layout: leave --lifecycle out")
        file = read_table(options, layout)
    elif options.lifecycle is None:
        raise Refusal(
            "a log is replayed by a lifecycle: add --lifecycle FILE, or --lifecycle helpdesk"
        )
    else:
        file = read_log(options, layout, read_lifecycle(options.lifecycle))
    if not file.cases:
        raise Refusal("there is not one case in the file that can be kept as of that day")
    return file


def _known(case: str, file: CaseFile) -> ComplaintId:
    """The number of a case of the file, as it stands there."""
    if all(each.id != case for each in file.cases):
        raise Refusal("the file has no such case as of that day: write its number as it stands")
    return ComplaintId(case)


def _check_places(options: ComplaintOptions) -> None:
    """Refuse to write over what is read, or two things to one place."""
    read = [options.file, options.columns]
    if options.lifecycle is not None:
        read.append(Path(options.lifecycle))
    taken = {path.resolve() for path in read if path is not None}
    for name, path in (("store", options.store), ("rejects", options.rejects)):
        if path is None:
            continue
        if path.resolve() in taken:
            raise Refusal(f"the {name} would overwrite {path}: name another file")
        taken.add(path.resolve())
