"""The work of ``crmkit complaints``, one step after the other."""

from contextlib import ExitStack
from typing import TextIO

from crmkit.cli.complaints.as_json import case_json, json_of
from crmkit.cli.complaints.as_text import text_of
from crmkit.cli.complaints.case_text import case_text
from crmkit.cli.complaints.cases import CaseFile
from crmkit.cli.complaints.deadlines import profile_of
from crmkit.cli.complaints.figures import add_up
from crmkit.cli.complaints.keeping import Keeper, keeper_of
from crmkit.cli.complaints.layout import EventLog, read_layout, read_lifecycle
from crmkit.cli.complaints.logs import read_log
from crmkit.cli.complaints.options import ComplaintOptions
from crmkit.cli.complaints.tables import read_table
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.writing import make_folder
from crmkit.complaints.policies.profiles import ObligationProfile
from crmkit.complaints.records.complaint import Complaint

__all__ = ["complaints"]


def complaints(options: ComplaintOptions, out: TextIO) -> None:
    """Read, replay, keep, and show.

    Nothing is written before the file is read, understood and replayed to its end.

    :raises Refusal: with what would have worked.
    :raises MissingExtra: if national holidays are wanted and their library is not there.
    """
    _check_places(options)
    file = _read(options)
    profile = profile_of(options, file)
    case = None if options.case is None else _case(options.case, file)
    with ExitStack() as stack:
        keeper = None
        if options.store is not None:
            keeper = stack.enter_context(keeper_of(options.store, file, profile))
        if options.rejects is not None:
            make_folder(options.rejects)
            file.account.write(options.rejects)
        text = _text(options, file, profile, keeper, case)
    if not options.quiet:
        print(text, file=out)


def _read(options: ComplaintOptions) -> CaseFile:
    layout = read_layout(options.layout)
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
    rejects = file.account.rejects
    if options.strict and rejects:
        raise Refusal(f"{rejects[0]}; without --strict, the other lines would be read")
    return file


def _case(number: str, file: CaseFile) -> Complaint:
    case = file.cases.find(number)
    if case is None:
        raise Refusal("the file has no such case as of that day: write its number as it stands")
    return case


def _text(
    options: ComplaintOptions,
    file: CaseFile,
    profile: ObligationProfile | None,
    keeper: Keeper | None,
    case: Complaint | None,
) -> str:
    cases = file.cases if keeper is None else keeper.keep_all(file.cases)
    if case is not None:
        if keeper is not None:
            for each in cases:  # All are kept, one is shown.
                case = each if each.id == case.id else case
        return (case_json if options.json else case_text)(case, file, profile)
    figures = add_up(file, profile, cases)
    return (json_of if options.json else text_of)(file, figures, options, keeper)


def _check_places(options: ComplaintOptions) -> None:
    """Refuse to write over what is read, or two things to one place."""
    taken = {path.resolve() for path in options.paths_read}
    for name, path in (("store", options.store), ("rejects", options.rejects)):
        if path is None:
            continue
        if path.resolve() in taken:
            raise Refusal(f"the {name} would overwrite {path}: name another file")
        taken.add(path.resolve())
