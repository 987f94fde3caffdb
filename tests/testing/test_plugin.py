"""Anyone's store is held to its contract by one command, without a test file."""

from __future__ import annotations

import os
import subprocess
import sys
from fnmatch import fnmatch
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

import pytest

from crmkit.testing import plugin
from crmkit.testing.contracts import StoreContract
from crmkit.testing.promises import StoreFactory, promises_of

pytest_plugins = ["pytester"]

PROMISES = [words for words, _ in promises_of(StoreContract)]
STORES = """
    from crmkit.storage.memory import MemoryStore
    from crmkit.storage.sqlite import SqliteStore

    class Shelves:
        Good = MemoryStore

    def new_store():
        return MemoryStore()

    def on_disk(folder, name="shop.crmkit"):
        assert list(folder.iterdir()) == []
        return SqliteStore.open(folder / name, create=True)

    class LosesUpdates(MemoryStore):
        def _apply(self, changes):
            changes.seen = {}
            changes.lengths = {}
            super()._apply(changes)

    class KeepsWhatIsRolledBack(MemoryStore):
        def unit_of_work(self):
            unit = super().unit_of_work()
            unit.rollback = unit.commit
            return unit

    class SkipsMessages(MemoryStore):
        def deliver(self, handler, *, limit=100):
            failed = []

            def take(message):
                try:
                    handler(message)
                except Exception as error:
                    failed.append(error)

            count = super().deliver(take, limit=limit)
            for error in failed:
                raise error
            return count

    def counted():
        with open("made.txt", "a") as file:
            file.write("x")
        return MemoryStore()

    class NoStore:
        def unit_of_work(self):
            return None

    def wants_too_much(folder, size):
        return MemoryStore()

    def wants_a_name(*, name):
        return MemoryStore()

    number = 7
"""
FEW = ("-p", "no:randomly", "-p", "no:cacheprovider", "--crmkit-examples=3")
EXAMPLES_ONLY = ("-k", "not random")


@pytest.fixture
def shop(pytester, monkeypatch):
    """A folder with a package that brings stores, and no test."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    package = pytester.mkpydir("shop")
    (package / "stores.py").write_text(dedent(STORES), encoding="utf-8")
    (package / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    return pytester


class TestOneCommand:
    """``pytest --crmkit-store module:factory`` is all it takes."""

    def test_every_promise_is_a_test_of_its_own(self, shop):
        result = shop.runpytest(*FEW, "-v", "--crmkit-store=shop.stores:new_store")
        result.assert_outcomes(passed=len(PROMISES))
        assert result.ret is pytest.ExitCode.OK
        for words in PROMISES:
            result.stdout.fnmatch_lines([f"crmkit-store[[]shop.stores:new_store]::{words} PASSED*"])

    @pytest.mark.parametrize("factory", ["Shelves.Good", "on_disk"])
    def test_a_class_and_a_function_of_a_folder_make_stores_too(self, shop, factory):
        result = shop.runpytest(*FEW, f"--crmkit-store=shop.stores:{factory}")
        result.assert_outcomes(passed=len(PROMISES))

    def test_several_stores_are_looked_at_in_one_run_each_of_them_once(self, shop):
        paths = ["shop.stores:new_store", "shop.stores:on_disk", "shop.stores:new_store"]
        asked = [f"--crmkit-store={path}" for path in paths]
        result = shop.runpytest(*FEW, *EXAMPLES_ONLY, *asked)
        result.assert_outcomes(passed=2 * (len(PROMISES) - 1), deselected=2)

    def test_the_tests_of_the_shop_run_beside_it(self, shop):
        shop.makepyfile(test_shop="def test_we_are_open(): pass")
        for paths in [(), ("test_shop.py",), ("test_shop.py::test_we_are_open",)]:
            asked = "--crmkit-store=shop.stores:new_store"
            result = shop.runpytest(*FEW, *EXAMPLES_ONLY, asked, *paths)
            result.assert_outcomes(passed=len(PROMISES), deselected=1)

    def test_promises_are_chosen_by_their_words(self, shop):
        asked = ("--crmkit-store=shop.stores:new_store", "-k", "guarded", "--collect-only", "-q")
        result = shop.runpytest(*FEW, *asked)
        result.stdout.fnmatch_lines(["crmkit-store[[]shop.stores:new_store]::*guarded*"])
        result.stdout.fnmatch_lines([f"1/{len(PROMISES)} tests collected*"])

    def test_promises_are_shared_out_to_worker_processes(self, shop):
        pytest.importorskip("xdist")
        asked = ("-n1", "--crmkit-store=shop.stores:new_store", "-k", "guarded or overtaken")
        shop.runpytest(*FEW, *asked).assert_outcomes(passed=2)


class TestBrokenStores:
    """A store that breaks a promise fails the test that has the name of the promise."""

    @pytest.mark.parametrize(
        ("store", "word", "told"),
        [
            ("LosesUpdates", "overtaken", "no update is lost: VersionConflict was expected"),
            ("KeepsWhatIsRolledBack", "nothing_of_a_unit", "no record is kept"),
            ("SkipsMessages", "taken_comes", "what was not taken comes again"),
        ],
    )
    def test_the_promise_is_named(self, shop, store, word, told):
        (promise,) = [words for words in PROMISES if word.replace("_", " ") in words]
        asked = ("-k", word.split("_")[0], f"--crmkit-store=shop.stores:{store}")
        result = shop.runpytest(*FEW, *asked)
        assert result.ret is pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines([f"E *ContractBroken: {told}"])
        result.stdout.fnmatch_lines([f"FAILED crmkit-store[[]shop.stores:{store}]::{promise}*"])

    def test_what_is_shown_begins_at_the_promise(self, shop):
        asked = ("--crmkit-store=shop.stores:LosesUpdates", "-k", "overtaken")
        shown = shop.runpytest(*FEW, *asked).stdout.str()
        assert "contracts.py" in shown
        assert "pluggy" not in shown.partition("FAILURES")[2]
        assert "pluggy" in shop.runpytest(*FEW, *asked, "--full-trace").stdout.str()

    def test_the_effort_decides_how_many_histories_are_tried(self, shop):
        made = []
        for effort in (1, 20):
            (shop.path / "made.txt").unlink(missing_ok=True)
            asked = ("--crmkit-store=shop.stores:counted", f"--crmkit-examples={effort}")
            shop.runpytest("-p", "no:randomly", "-k", "random", *asked).assert_outcomes(passed=1)
            made.append((shop.path / "made.txt").stat().st_size)
        assert made[0] < 10 <= made[1]

    def test_what_is_no_store_is_told_what_it_lacks(self, shop):
        result = shop.runpytest(*FEW, "-k", "guarded", "--crmkit-store=shop.stores:NoStore")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*NoStore has no deliver, reindex, forget_answers, close"])


class TestMistakes:
    """A mistyped option is refused at once, with what would have worked."""

    @pytest.mark.parametrize(
        ("path", "told"),
        [
            ("shop.stores", "*such as shop.stores:new_store"),
            (":new_store", "*such as shop.stores:new_store"),
            ("shop.stores:", "*such as shop.stores:new_store"),
            ("shop.nowhere:new_store", "*cannot be imported: ModuleNotFoundError: *shop.nowhere*"),
            ("shop.broken:new_store", "*cannot be imported: ZeroDivisionError: *broken.py:1)"),
            ("shop.stores:newstore", "*there is no newstore in it"),
            ("shop.stores:Shelves.Better", "*there is no Better in it"),
            ("shop.stores:number", "*it cannot be called; name a module*"),
            ("shop.stores:wants_too_much", "*it wants folder, size; it may want nothing*"),
            ("shop.stores:wants_a_name", "*it wants name; it may want nothing*"),
        ],
    )
    def test_a_path_to_no_store_is_refused(self, shop, path, told):
        shop.syspathinsert()
        with pytest.raises(pytest.UsageError) as refused:
            StoreFactory.load(path)
        assert fnmatch(str(refused.value), f"--crmkit-store {path}: {told}")

    def test_that_is_a_wrong_use_of_pytest(self, shop):
        result = shop.runpytest(*FEW, "--crmkit-store=shop.stores:newstore")
        assert result.ret is pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: --crmkit-store shop.stores:newstore: there is no*"])

    @pytest.mark.parametrize("effort", ["0", "many"])
    def test_the_effort_is_a_number(self, shop, effort):
        result = shop.runpytest(f"--crmkit-examples={effort}")
        assert result.ret is pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*a whole number from 1 is wanted*"])

    def test_the_extra_is_named(self, monkeypatch):
        for name in ("promises", "contracts", "histories"):
            monkeypatch.delitem(sys.modules, f"crmkit.testing.{name}", raising=False)
        monkeypatch.setitem(sys.modules, "hypothesis", None)
        asked: Any = SimpleNamespace(getoption={"crmkit_stores": ["shop.stores:new_store"]}.get)
        with pytest.raises(pytest.UsageError, match=r"--crmkit-store: .*crmkit\[testing\]"):
            plugin.pytest_configure(asked)


class TestAsleep:
    """Who does not ask for it does not notice that it is there."""

    def test_nothing_is_collected(self, shop):
        assert shop.runpytest("-p", "no:randomly").ret is pytest.ExitCode.NO_TESTS_COLLECTED

    def test_nothing_heavy_is_imported(self, tmp_path):
        (tmp_path / "test_it.py").write_text(
            "import sys\n"
            "def test_it():\n"
            "    assert 'crmkit.testing.plugin' in sys.modules\n"
            "    heavy = {'hypothesis', 'attr', 'attrs', 'cattrs', 'dateutil'} & {*sys.modules}\n"
            "    assert heavy == set()\n"
            "    assert [name for name in sys.modules if name.startswith('crmkit')] == [\n"
            "        'crmkit', 'crmkit.testing', 'crmkit.testing.plugin']\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "crmkit.testing.plugin"]
        alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
        done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout

    def test_it_is_found_by_pytest_and_can_be_left_out(self, shop):
        assert "--crmkit-store" in shop.runpytest("--help").stdout.str()
        assert "--crmkit-store" not in shop.runpytest("--help", "-p", "no:crmkit").stdout.str()


class TestFixture:
    """Who writes a test file gets the whole contract in one line."""

    def test_a_good_store_passes_and_a_bad_one_is_told(self, shop):
        shop.makepyfile(
            """
            import pytest
            from crmkit.testing.contracts import ContractBroken
            from shop.stores import LosesUpdates, new_store

            def test_ours(crmkit_check_store):
                crmkit_check_store(new_store)

            def test_theirs(crmkit_check_store):
                with pytest.raises(ContractBroken):
                    crmkit_check_store(LosesUpdates)
            """
        )
        shop.syspathinsert()
        shop.runpytest(*FEW).assert_outcomes(passed=2)


def test_the_promises_stand_in_the_order_of_the_contract():
    """A class of more promises adds its own behind those of the contract."""

    class More(StoreContract):
        def test_more_is_promised(self):
            """More."""

    assert [words for words, _ in promises_of(More)] == [*PROMISES, "more is promised"]
