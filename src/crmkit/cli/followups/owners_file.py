"""The file that names whose customers they are."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote

from crmkit.cli.refusal import Refusal
from crmkit.identifiers import Actor, CustomerId

__all__ = ["read_owners"]

_CUSTOMER, _OWNER = "customer", "owner"


def read_owners(path: Path, owners: Iterable[Actor]) -> dict[CustomerId, Actor]:
    """The owner of each customer in the file, which has the columns customer and owner.

    Other columns are nobody's business here.

    :raises Refusal: if it cannot be read, or names somebody who is none of the owners.
    """
    known = set(owners)
    found: dict[CustomerId, Actor] = {}
    for line, customer, owner in _rows(path):
        if not customer or not owner:
            raise Refusal(f"{path}, line {line}: write a customer and an owner in each")
        if owner not in known:
            raise Refusal(f"{path}, line {line}: {owner} is no owner: add --owner {quote(owner)}")
        if found.setdefault(CustomerId(customer), Actor(owner)) != owner:
            raise Refusal(f"{path}, line {line}: {customer} has two owners: leave one of them out")
    return found


def _rows(path: Path) -> Iterator[tuple[int, str, str]]:
    """Each row that is not blank: the line it ends on, the customer and the owner."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.reader(lines)
            header = [name.strip() for name in next(reader, [])]
            if _CUSTOMER not in header or _OWNER not in header:
                raise Refusal(
                    f"{path} has no columns customer and owner: write customer,owner in its first "
                    f"line, with a comma between columns"
                )
            at = (header.index(_CUSTOMER), header.index(_OWNER))
            for row in filter(None, reader):
                customer, owner = (_cell(row, column) for column in at)
                yield reader.line_num, customer, owner
    except OSError as error:
        why = (error.strerror or "not a usable path").lower()
        raise Refusal(f"cannot read {path}: {why}") from error
    except (csv.Error, UnicodeError) as error:
        raise Refusal(f"{path} is no CSV in UTF-8: write the columns customer and owner") from error


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""
