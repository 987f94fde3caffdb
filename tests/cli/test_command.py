"""The command as it is installed: how it starts, stops, and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest

from crmkit.cli.refusal import Refusal
from crmkit.cli.review.progress import progress
from crmkit.examples import shop_path
from tests.cli.running import run
from tests.shared_data import shared_file

CRMKIT = Path(sys.executable).with_name("crmkit")
WITHOUT_THE_EXTRA = """
import sys
for library in ("rich", "matplotlib", "jinja2", "numpy", "markupsafe"):
    sys.modules[library] = None
from crmkit.cli import main
sys.exit(main(sys.argv[1:]))
"""


def command(*arguments: object, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the installed command, with what it is given on standard input."""
    return subprocess.run(
        [CRMKIT, *map(str, arguments)], capture_output=True, text=True, timeout=300, input=given
    )


def in_shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line as one types it."""
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=300)


def open_once_read(fifo: Path) -> int:
    """Open a named pipe for writing as soon as somebody reads it."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with suppress(OSError):
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.01)
    raise AssertionError("nobody has read the file")


class TestTheInstalledCommand:
    """``crmkit`` and ``python -m crmkit`` are the same."""

    def test_the_demo_of_the_readme(self, here):
        result = command("review", "--example", "--output-dir", "crmkit-review")
        assert (result.returncode, result.stderr) == (0, "")
        assert "80 % of revenue comes from" in result.stdout
        written = sorted(path.name for path in (here / "crmkit-review").iterdir())
        assert written == ["report.html", "review.sqlite"]

    def test_the_module_is_the_command(self):
        arguments = ["review", "--example", "--json"]
        module = subprocess.run(
            [sys.executable, "-m", "crmkit", *arguments],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert module.stdout == command(*arguments).stdout

    @pytest.mark.parametrize("option", ["--help", "--version"])
    def test_help_and_version_end_well(self, option):
        result = run(option)
        assert (result.status, result.err) == (0, "")
        assert "crmkit" in result.out

    def test_the_help_of_the_review_fits_a_page_and_names_every_option(self):
        shown = run("review", "--help").out
        assert max(map(len, shown.splitlines())) <= 100
        for option in ("--as-of", "--policy", "--explain", "--json", "--rejects", "--date-format"):
            assert f"\n  {option}" in shown

    def test_a_refusal_is_one_line_and_status_2(self):
        result = command("review", "nope.csv")
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith("crmkit review: cannot read nope.csv: no such file")
        assert len(result.stderr.splitlines()) == 1

    def test_purchases_come_through_a_pipe(self):
        text = shop_path().read_text(encoding="utf-8")
        result = command("review", "-", "--json", given=text)
        assert '"file": "standard input"' in result.stdout
        assert '"lines": 356' in result.stdout


class TestTheExtra:
    """The figures need no library beyond the core; tables and pictures say what brings theirs."""

    @staticmethod
    def without(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", WITHOUT_THE_EXTRA, *arguments],
            capture_output=True,
            text=True,
            timeout=300,
        )

    @pytest.mark.parametrize("option", ["--json", "--explain=C-008"])
    def test_figures_and_explanations_do_without(self, option):
        result = self.without("review", "--example", option)
        assert (result.returncode, result.stderr) == (0, "")
        assert "C-008" in result.stdout

    @pytest.mark.parametrize(
        ("options", "library"), [((), "rich"), (("--json", "--report", "r.html"), "jinja2")]
    )
    def test_tables_and_pictures_name_the_extra(self, here, options, library):
        result = self.without("review", "--example", *options)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.splitlines() == [
            f"crmkit review: {library} is not installed: pip install 'crmkit[review]'"
        ]
        assert list(here.iterdir()) == []

    def test_what_is_missing_is_seen_before_the_file_is_read(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "rich", None)
        assert "rich is not installed" in run("review", "nope.csv").err

    def test_figures_do_not_wait_for_the_libraries_of_pictures(self):
        script = (
            "import sys; from crmkit.cli import main; main(['review', '--example', '--json']);"
            "print([name for name in ('matplotlib', 'numpy', 'jinja2', 'rich')"
            " if name in sys.modules], file=sys.stderr)"
        )
        result = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
        )
        assert result.stderr.strip() == "[]"


class TestEndingsInside:
    """However the work ends, the command ends in order."""

    @pytest.mark.parametrize(
        ("error", "status", "said"),
        [
            (KeyboardInterrupt(), 130, "crmkit review: interrupted\n"),
            (BrokenPipeError(), 0, ""),
            (OSError(28, "No space left on device"), 2, "crmkit review: cannot write: no space"),
            (Refusal("try\nagain"), 2, "crmkit review: try again\n"),
        ],
    )
    def test_there_is_one_line_and_a_status(self, monkeypatch, error, status, said):
        def fails(*arguments: object) -> None:
            raise error

        monkeypatch.setattr("crmkit.cli.review.command.review", fails)
        result = run("review", "--example")
        assert (result.status, result.out) == (status, "")
        assert result.err.startswith(said)
        assert result.err.count("\n") == (said != "")

    def test_an_error_of_our_own_is_not_hidden(self, monkeypatch):
        def fails(*arguments: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("crmkit.cli.review.command.review", fails)
        with pytest.raises(ZeroDivisionError):
            run("review", "--example")

    def test_standard_input_is_read(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(shop_path().read_bytes())))
        assert run("review", "-", "--json").json["file"] == "standard input"

    def test_closed_standard_input_is_refused(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert "standard input is closed" in run("review", "-", "--json").err


@pytest.mark.skipif(os.name != "posix", reason="pipes and signals as POSIX has them")
class TestEndings:
    """A reader who has seen enough, a full disk, and Ctrl-C."""

    def test_a_reader_that_stops_early_is_no_error(self):
        with subprocess.Popen(
            [CRMKIT, "review", "--example", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == ""
            assert process.wait(timeout=300) == 0

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
    def test_a_full_disk_is_one_line(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run(
                [CRMKIT, "review", "--example", "--json"],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                timeout=300,
            )
        assert result.returncode == 2
        assert result.stderr == "crmkit review: cannot write: no space left on device\n"

    def test_closed_output_is_no_error(self):
        result = in_shell(f'"{CRMKIT}" review --example --json >&-')
        assert (result.returncode, result.stderr) == (0, "")

    def test_closed_input_is_refused(self):
        result = in_shell(f'"{CRMKIT}" review - --json <&-')
        assert result.returncode == 2
        assert "standard input is closed" in result.stderr

    def test_ctrl_c_ends_with_one_line_and_leaves_nothing_half_written(self, here):
        fifo = here / "shop.csv"
        os.mkfifo(fifo)
        with subprocess.Popen(
            [CRMKIT, "review", fifo, "--currency", "EUR"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests that run in the background have Ctrl-C ignored, and hand that down.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            writing = open_once_read(fifo)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=300)
            os.close(writing)
        assert (process.returncode, out, err) == (130, "", "crmkit review: interrupted\n")
        assert [path.name for path in here.iterdir()] == ["shop.csv"]


class Terminal(StringIO):
    """A stream that a person is watching."""

    def isatty(self) -> bool:
        """Yes."""
        return True


class TestProgress:
    """A bar is shown to people, on standard error, and never in a pipe."""

    def test_it_says_how_far_the_work_is(self, here, monkeypatch):
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        monkeypatch.setenv("TERM", "xterm")
        (here / "shop.csv").write_bytes(b"x" * 200)
        with progress(here / "shop.csv", wanted=True) as bar:
            bar.read(100)
            bar.step("deciding")
        shown = screen.getvalue()
        assert "deciding" in shown
        assert "50%" in shown

    @pytest.mark.parametrize("source", [None, Path("nope.csv")])
    def test_it_does_without_a_size(self, monkeypatch, source):
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        with progress(source, wanted=True) as bar:
            bar.read(100)
        assert "reading" in screen.getvalue()

    def test_it_is_silent_without_the_extra(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        monkeypatch.setitem(sys.modules, "rich.progress", None)
        with progress(None, wanted=True) as bar:
            bar.read(100)
            bar.step("deciding")
        assert screen.getvalue() == ""

    def test_no_bar_where_nobody_watches(self):
        assert command("review", "--example", "--no-report", "--no-store").stderr == ""

    @pytest.mark.skipif(os.name != "posix", reason="a terminal as POSIX has it")
    def test_a_bar_on_a_terminal(self):
        import pty

        master, terminal = pty.openpty()
        with os.fdopen(master, "rb", buffering=0) as screen:
            result = subprocess.run(
                [CRMKIT, "review", shared_file("cdnow_sample.csv"), "--currency", "USD", "--json"],
                stdout=subprocess.PIPE,
                stderr=terminal,
                timeout=300,
                env={**os.environ, "TERM": "xterm"},
            )
            os.close(terminal)
            shown = screen.read(65536)
        assert result.returncode == 0
        assert b"reading" in shown
