"""For pytest: the contract of a store, run on anyone's store without a test file.

pytest finds this plugin by itself where crmkit is installed. It sleeps until it is asked::

    pytest --crmkit-store shop.stores:new_store

runs every promise of :class:`crmkit.testing.contracts.StoreContract` as a test of its own, beside
the tests that pytest collects anyway. ``shop.stores:new_store`` is a module and what makes a new,
empty store in it: a class or a function, of no argument, or of one that gets a new, empty folder
each time. ``--crmkit-examples 500`` tries so many random histories. ``pytest -p no:crmkit`` does
without the plugin. It needs the extra ``crmkit[testing]`` once it is asked, and nothing before.
"""

from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crmkit.storage import Store

__all__ = ["crmkit_check_store"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the two options."""
    group = parser.getgroup("crmkit", "crmkit: the contract of a store")
    group.addoption(
        "--crmkit-store",
        action="append",
        default=[],
        metavar="MODULE:FACTORY",
        dest="crmkit_stores",
        help="run the contract on the stores that this makes; may be given several times",
    )
    group.addoption(
        "--crmkit-examples",
        type=_at_least_one,
        metavar="N",
        help="how many random histories are tried (default: as the Hypothesis profile says)",
    )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"a whole number from 1 is wanted, not {text}")
    return int(text)


def pytest_configure(config: pytest.Config) -> None:
    """Wake up if there is a store to look at."""
    paths = config.getoption("crmkit_stores")
    if paths:
        from crmkit.errors import MissingExtra

        try:
            from crmkit.testing.promises import StorePromises
        except MissingExtra as error:
            raise pytest.UsageError(f"--crmkit-store: {error}") from None
        found = StorePromises(tuple(dict.fromkeys(paths)), config.getoption("crmkit_examples"))
        config.pluginmanager.register(found, "crmkit-stores")


@pytest.fixture
def crmkit_check_store(request: pytest.FixtureRequest) -> "Callable[[Callable[[], Store]], None]":
    """For a test of one's own: ``crmkit_check_store(new_store)`` runs the whole contract.

    It is :func:`crmkit.testing.contracts.check_store` with the effort of ``--crmkit-examples``.
    """
    from crmkit.testing.contracts import check_store

    examples: int | None = request.config.getoption("crmkit_examples")

    def check(new_store: "Callable[[], Store]") -> None:
        check_store(new_store, max_examples=examples)

    return check
