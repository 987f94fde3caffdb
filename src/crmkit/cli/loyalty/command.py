"""The work of ``crmkit loyalty``, one step after the other."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TextIO

from crmkit.cli.loyalty.as_json import explanation_json, json_of
from crmkit.cli.loyalty.as_text import explanation, text_of
from crmkit.cli.loyalty.members import members_csv
from crmkit.cli.loyalty.options import LoyaltyOptions
from crmkit.cli.loyalty.program import text_of_program
from crmkit.cli.loyalty.replaying import ShopReplay, replay_of
from crmkit.cli.refusal import Refusal
from crmkit.cli.review.reading import source_path
from crmkit.cli.review.writing import Writing, make_folder
from crmkit.errors import MissingExtra

__all__ = ["loyalty"]


def loyalty(options: LoyaltyOptions, out: TextIO) -> None:
    """Read, replay, write, and show.

    Files are put in their places only when all of it has worked.

    :raises Refusal: with what would have worked.
    :raises MissingExtra: if pictures are wanted and the library for them is not there.
    """
    _check_extras(options)
    _check_places(options)
    if options.reading.rejects is not None:
        make_folder(options.reading.rejects)
    with _without_collecting():
        shop = replay_of(options)
    if options.explain is not None:
        text = (explanation_json if options.json else explanation)(shop, options.explain)
    else:
        text = (json_of if options.json else text_of)(shop, options)
    with Writing() as writing:
        _write(options, shop, writing)
    if not options.quiet:
        print(text, file=out)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Look for no cycles among records meanwhile: there are none, and looking takes a sixth of
    the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _write(options: LoyaltyOptions, shop: ShopReplay, writing: Writing) -> None:
    if options.report is not None:
        from crmkit.cli.loyalty.as_html import html_of

        writing.add(options.report, html_of(shop, options))
    if options.members is not None:
        writing.add(options.members, members_csv(shop.replay))
    if options.save_program is not None:
        text = text_of_program(options.program, shop.replay.program, options.save_program)
        writing.add(options.save_program, text)


def _check_places(options: LoyaltyOptions) -> None:
    """Refuse to write over what is read, or two things to one place."""
    taken = {path.resolve() for path in options.paths_read}
    source = source_path(options.reading)
    if source is not None:
        taken.add(source.resolve())
    for path in options.paths_written:
        if path.resolve() in taken:
            raise Refusal(f"{path} is read already, or written twice: name another file")
        taken.add(path.resolve())


def _check_extras(options: LoyaltyOptions) -> None:
    """See at once whether what is wanted can be made, and not after a long read."""
    for library in ("jinja2", "matplotlib") if options.report is not None else ():
        if find_spec(library) is None:
            raise MissingExtra(library, "review")
