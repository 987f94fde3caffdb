"""The file that names whose customers they are."""

from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from crmkit.cli.listed import rows_of
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
    for line, (customer, owner) in rows_of(path, (_CUSTOMER, _OWNER)):
        if not customer or not owner:
            raise Refusal(f"{path}, line {line}: write a customer and an owner in each")
        if owner not in known:
            raise Refusal(f"{path}, line {line}: {owner} is no owner: add --owner {quote(owner)}")
        if found.setdefault(CustomerId(customer), Actor(owner)) != owner:
            raise Refusal(f"{path}, line {line}: {customer} has two owners: leave one of them out")
    return found
