"""The promises of a store as tests that pytest collects: what ``--crmkit-store`` asks for.

:mod:`crmkit.testing.plugin` has the options, and imports this only when one is given.
"""

import inspect
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import pytest
from attrs import define, frozen

from crmkit.storage import Store
from crmkit.testing.contracts import ContractBroken, StoreContract

__all__ = ["Promise", "PromisesOfAStore", "StoreFactory", "StorePromises", "promises_of"]

_EXAMPLE = "name a module and what makes a new, empty store in it, such as shop.stores:new_store"
_METHODS = ("unit_of_work", "deliver", "reindex", "forget_answers", "close")


def promises_of(contract: type[StoreContract]) -> Iterator[tuple[str, str]]:
    """Each promise in words, and the method that holds a store to it, in the order of the code."""
    methods = [name for each in reversed(contract.mro()) for name in vars(each)]
    for name in dict.fromkeys(methods):
        if name.startswith("test_"):
            yield name.removeprefix("test_").replace("_", " "), name


# --- where a store comes from ---------------------------------------------------------------------


@frozen
class StoreFactory:
    """What makes new, empty stores, as it was named on the command line."""

    path: str
    make: Callable[..., Any]
    takes_folder: bool

    @classmethod
    def load(cls, path: str) -> "StoreFactory":
        """Import what a path names.

        :raises pytest.UsageError: if there is nothing that makes a store.
        """
        module, _, name = path.partition(":")
        if not module or not name:
            raise pytest.UsageError(f"--crmkit-store {path}: {_EXAMPLE}")
        found: Any = _imported(path, module)
        for step in name.split("."):
            if not hasattr(found, step):
                raise pytest.UsageError(f"--crmkit-store {path}: there is no {step} in it")
            found = getattr(found, step)
        if not callable(found):
            raise pytest.UsageError(f"--crmkit-store {path}: it cannot be called; {_EXAMPLE}")
        return cls(path, found, _takes_folder(path, found))

    def new_store(self, folder: Path) -> Store:
        """Make a new, empty store; its files, if it has any, may lie in a folder.

        :raises ContractBroken: if what was made is no store.
        """
        made = self.make(Path(mkdtemp(dir=folder))) if self.takes_folder else self.make()
        missing = [name for name in _METHODS if not callable(getattr(made, name, None))]
        if missing:
            raise ContractBroken(
                f"{self.path} makes a store: {type(made).__name__} has no {', '.join(missing)}"
            )
        store: Store = made
        return store


def _imported(path: str, module: str) -> Any:
    try:
        return import_module(module)
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        where = "" if "importlib" in at.filename else f" ({at.filename}:{at.lineno})"
        raise pytest.UsageError(
            f"--crmkit-store {path}: {module} cannot be imported: "
            f"{type(error).__name__}: {error}{where}"
        ) from None


def _takes_folder(path: str, factory: Callable[..., Any]) -> bool:
    """Whether a factory must be handed something, which can only be a folder for its files."""
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    required = [
        each
        for each in parameters
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    ]
    if len(required) > 1 or any(each.kind is each.KEYWORD_ONLY for each in required):
        names = ", ".join(each.name for each in required)
        raise pytest.UsageError(
            f"--crmkit-store {path}: it wants {names}; it may want nothing, or one folder"
        )
    return bool(required)


# --- what pytest collects -------------------------------------------------------------------------


@define(eq=False)  # pytest keeps its plugins in sets.
class StorePromises:
    """The part of the plugin that is awake: it adds the promises to what pytest collects."""

    _paths: tuple[str, ...]
    _max_examples: int | None
    _factories: tuple[StoreFactory, ...] = ()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find the stores, from the folder that pytest was started in as well."""
        here = str(session.config.invocation_params.dir)
        if here not in sys.path:
            sys.path.insert(0, here)
        self._factories = tuple(StoreFactory.load(path) for path in self._paths)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Put the promises behind all other tests."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result = [*report.result, *(self._of(collector, f) for f in self._factories)]
        return report

    def _of(self, session: pytest.Session, factory: StoreFactory) -> "PromisesOfAStore":
        name = f"crmkit-store[{factory.path}]"
        found: PromisesOfAStore = PromisesOfAStore.from_parent(session, name=name, nodeid=name)
        found.factory = factory
        found.max_examples = self._max_examples
        return found


class PromisesOfAStore(pytest.Collector):
    """All promises of one store."""

    factory: StoreFactory
    max_examples: int | None

    def collect(self) -> Iterator[pytest.Item]:
        """One test for each promise."""
        for words, method in promises_of(StoreContract):
            promise: Promise = Promise.from_parent(self, name=words)
            promise.method = method
            promise.store = self
            yield promise


class Promise(pytest.Item):
    """One promise of one store."""

    method: str
    store: PromisesOfAStore

    def runtest(self) -> None:
        """Hold new stores to the promise."""
        with TemporaryDirectory(prefix="crmkit-store-", ignore_cleanup_errors=True) as folder:
            contract = _contract_of(self.store, Path(folder))
            getattr(contract, self.method)()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell what happened from the contract on, and not how pytest came there."""
        if not self.config.getoption("fulltrace"):
            excinfo.traceback = excinfo.traceback.cut(path=_source_of(self.method)[0])
        if self.config.getoption("tbstyle") == "auto":
            style = style or "short"
        return super().repr_failure(excinfo, style=style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the promise is written down."""
        return *_source_of(self.method), self.nodeid


def _source_of(method: str) -> tuple[Path, int]:
    """The file of a promise, and its line, counted from 0 as pytest does."""
    code = getattr(StoreContract, method).__code__
    return Path(code.co_filename), code.co_firstlineno - 1


def _contract_of(store: PromisesOfAStore, folder: Path) -> StoreContract:
    class ContractOfThisStore(StoreContract):
        max_examples = store.max_examples

        def new_store(self) -> Store:
            return store.factory.new_store(folder)

    return ContractOfThisStore()
