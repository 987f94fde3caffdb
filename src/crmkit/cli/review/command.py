"""The work of ``crmkit review``, one step after the other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

from crmkit.cli.refusal import Refusal
from crmkit.cli.review.as_json import json_of
from crmkit.cli.review.explained import explanation, explanation_json, facts_on
from crmkit.cli.review.figures import Outcomes, decide, figures_of
from crmkit.cli.review.kept import keep_review, last_review, tier_history
from crmkit.cli.review.lifetime import LifetimeFigures, Without, lifetime_of
from crmkit.cli.review.options import ReviewOptions
from crmkit.cli.review.policy import ReviewPolicy, Terms, read_terms, write_policy
from crmkit.cli.review.progress import Progress, progress
from crmkit.cli.review.reading import PurchaseFile, read_file, source_path
from crmkit.cli.review.result import Result
from crmkit.cli.review.values import values_csv
from crmkit.cli.review.writing import Writing, make_folder
from crmkit.errors import CurrencyMismatch, MissingExtra, NewerSchema, StoreError
from crmkit.money import NO_CURRENCY
from crmkit.segmentation import RfmSummary
from crmkit.storage import UnitOfWork
from crmkit.storage.memory import MemoryStore
from crmkit.storage.sqlite import SqliteStore

__all__ = ["review"]


def review(options: ReviewOptions, out: TextIO) -> None:
    """Read, decide, keep, write, and show.

    Files are put in their places, and the store commits, only when all of it has worked.

    :raises Refusal: with what would have worked.
    :raises MissingExtra: if tables or pictures are wanted and their libraries are not there.
    """
    _check_places(options)
    _check_extra(options)
    terms = read_terms(options.policies)
    if options.rejects is not None:
        make_folder(options.rejects)
    with progress(source_path(options), wanted=not options.quiet) as bar:
        file = read_file(options, bar.read, repeats=options.has_lifetime_value)
        if options.explain is not None:
            facts_on(options.explain, file.summary)  # Nothing is written for a slip of the pen.
        with _unit(options) as unit, Writing() as writing:
            show = _review(options, terms, file, unit, writing, bar)
            bar.step("keeping")
            unit.commit()
    show(out)


def _review(
    options: ReviewOptions,
    terms: Terms,
    file: PurchaseFile,
    unit: UnitOfWork,
    writing: Writing,
    bar: Progress,
) -> Callable[[TextIO], None]:
    """Decide, keep, and write files beside their places; give what shows it at the end."""
    bar.step("deciding")
    policy, policy_source = _policy(options, terms, file.summary, unit)
    outcomes = _outcomes(policy, file.summary)
    bar.step("looking ahead")
    lifetime = _lifetime(options, file, policy, outcomes)
    result = Result(
        file=file,
        policy=policy,
        policy_source=policy_source,
        figures=figures_of(policy, file.summary, outcomes),
        migrations=keep_review(unit, policy, file.summary, outcomes),
        lifetime=lifetime,
        files=_files(options),
    )
    if options.save_policy is not None:
        writing.add(options.save_policy, write_policy(policy))
    if options.values is not None:
        writing.add(options.values, values_csv(lifetime, file.summary, outcomes))
    if options.report_path is not None:
        bar.step("drawing")
        from crmkit.cli.review.as_html import html_of

        writing.add(options.report_path, html_of(result))
    return _shower(options, result, unit)


def _shower(options: ReviewOptions, result: Result, unit: UnitOfWork) -> Callable[[TextIO], None]:
    if options.explain is not None:
        text = _explanation(options, options.explain, result, unit)
    elif options.json:
        text = json_of(result)
    elif options.quiet:
        text = ""
    else:
        from crmkit.cli.review.as_table import print_review

        return lambda out: print_review(result, out)
    return lambda out: print(text, end="", file=out)


def _explanation(options: ReviewOptions, customer: str, result: Result, unit: UnitOfWork) -> str:
    facts = facts_on(customer, result.file.summary)
    ladders = result.policy.ladders if options.store_path is not None else ()
    histories = {ladder: tier_history(unit, ladder, facts.customer) for ladder in ladders}
    write = explanation_json if options.json else explanation
    return write(result, facts, histories)


# --- the policy -----------------------------------------------------------------------------------


def _policy(
    options: ReviewOptions, terms: Terms, summary: RfmSummary, unit: UnitOfWork
) -> tuple[ReviewPolicy, str]:
    """By what is decided, and where that comes from."""
    if not options.keep_policy:
        given = "given" if terms.is_complete else "given-and-fitted"
        return terms.fitted_to(summary), given if options.policies else "fitted"
    last = last_review(unit)
    if last is None:
        raise Refusal("there is no review in the store yet whose policy could be kept")
    return last.record.policy, "kept"


def _outcomes(policy: ReviewPolicy, summary: RfmSummary) -> Outcomes:
    try:
        return decide(policy, summary)
    except CurrencyMismatch as error:
        other = error.left if error.right == summary.currency else error.right
        advice = (
            f"add --currency {other}"
            if summary.currency == NO_CURRENCY
            else f"name a policy in {summary.currency}"
        )
        raise Refusal(f"the policy is in {other} and the purchases are not: {advice}") from error


# --- what customers will bring --------------------------------------------------------------------


def _lifetime(
    options: ReviewOptions, file: PurchaseFile, policy: ReviewPolicy, outcomes: Outcomes
) -> LifetimeFigures | Without | None:
    if file.repeats is None:
        return None
    ladders = {
        name: ([tier.name for tier in reversed(list(ladder))], outcomes.by_ladder[name])
        for name, ladder in policy.ladders.items()
    }
    return lifetime_of(file.repeats, file.summary, ladders, options.terms)


# --- places ---------------------------------------------------------------------------------------


def _files(options: ReviewOptions) -> dict[str, Path]:
    """Every file that is written, by what it is."""
    places = {
        "report": options.report_path,
        "store": options.store_path,
        "rejects": options.rejects,
        "policy": options.save_policy,
        "values": options.values,
    }
    return {name: path for name, path in places.items() if path is not None}


def _check_places(options: ReviewOptions) -> None:
    """Refuse to write over what is read, or two things to one place."""
    source = source_path(options)
    read = [*options.policies] if source is None else [source, *options.policies]
    taken = {path.resolve() for path in read}
    for name, path in _files(options).items():
        if path.resolve() in taken:
            raise Refusal(f"the {name} would overwrite {path}: name another file")
        taken.add(path.resolve())
    if options.save_policy is not None and options.save_policy.suffix.lower() == ".toml":
        raise Refusal("policies are read from .toml and written as .json: name a .json file")
    if options.keep_policy and options.store_path is None:
        raise Refusal("--keep-policy takes the policy from a store: name it with --store")


def _check_extra(options: ReviewOptions) -> None:
    """See at once whether what is wanted can be shown, and not after a long read."""
    wanted = []
    if options.is_plain and not options.quiet:
        wanted += ["rich"]
    if options.report_path is not None:
        wanted += ["jinja2", "matplotlib"]
    for library in wanted:
        if find_spec(library) is None:
            raise MissingExtra(library, "review")


@contextmanager
def _unit(options: ReviewOptions) -> Iterator[UnitOfWork]:
    """A unit of work on the store that was named; without one, on a store that is forgotten."""
    path = options.store_path
    if path is None:
        with MemoryStore().unit_of_work() as unit:
            yield unit
        return
    make_folder(path)
    try:
        with SqliteStore.open(path, create=True) as store, store.unit_of_work() as unit:
            yield unit
    except (StoreError, NewerSchema) as error:
        raise Refusal(f"the store {path}: {error}") from error
