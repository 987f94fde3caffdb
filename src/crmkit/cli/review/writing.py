"""Writing files so that a file is either as it was or whole."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Self

from crmkit.cli.refusal import Refusal

__all__ = ["Writing", "make_folder"]


def make_folder(path: Path) -> None:
    """Make the folder of a file that is to be written.

    :raises Refusal: if that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error


class Writing:
    """Files that are written beside their places, and put there together at the end.

    Leaving the ``with`` block by an exception leaves every place as it was.
    """

    def __init__(self) -> None:
        self._ready: list[tuple[Path, Path]] = []

    def add(self, path: Path, text: str) -> None:
        """Write a text beside the place that it is for.

        :raises Refusal: if it cannot be written.
        """
        make_folder(path)
        try:
            if path.is_dir():
                raise IsADirectoryError(0, "it is a folder")
            with NamedTemporaryFile(
                "w",
                encoding="utf-8",
                newline="\n",
                dir=path.parent,
                prefix=".crmkit-",
                delete=False,
            ) as file:
                self._ready.append((Path(file.name), path))
                file.write(text)
        except OSError as error:
            raise _cannot_write(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for beside, place in self._ready:
            if kind is None:
                os.replace(beside, place)
            else:
                with suppress(OSError):
                    beside.unlink()


def _cannot_write(path: Path, error: OSError) -> Refusal:
    why = (error.strerror or "not a usable path").lower()
    return Refusal(f"cannot write {path}: {why}")
