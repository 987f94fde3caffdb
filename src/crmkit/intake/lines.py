"""From bytes to lines: decoding, byte order marks, and lines that are no text.

A line ends with LF, CRLF or CR; a last line need not end. No byte is ever replaced silently: a line
that is no text in the encoding that was named comes out marked as such, with its number.
"""

import codecs
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from crmkit.errors import InvalidValue, UnreadableSource
from crmkit.intake.limits import Limits
from crmkit.intake.rejects import Refused, RejectReason, Tally

__all__ = ["ENCODINGS", "Line", "PhysicalLines", "encoding_named"]

ENCODINGS: Final = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "ascii": "ascii",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp1252": "cp1252",
    "iso8859-1": "iso8859-1",
    "iso8859-15": "iso8859-15",
}
"""The encodings that a purchase file can have; GB18030 reads what its forerunners wrote."""

_CHUNK_BYTES = 1 << 16
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# What the error handlers below leave where bytes were no text; no well-formed text holds them.
_NO_TEXT = re.compile("[\ud800-\udfff]")

Line = tuple[int, str | None, Refused | None]
"""Number, text (None after the last line), and why the line cannot be used, if so."""


def encoding_named(name: str) -> str:
    """Find the encoding that a name, in any of its usual spellings, stands for.

    :raises InvalidValue: if purchase files are not read in it.
    """
    try:
        return ENCODINGS[codecs.lookup(name).name]
    except (LookupError, TypeError, ValueError):
        raise InvalidValue(
            "encoding is not one that purchase files are read in: pass 'utf-8', 'utf-16', "
            "'gb18030', 'cp1252', 'iso8859-1' or 'iso8859-15'"
        ) from None


class PhysicalLines:
    """The lines of a stream of bytes, one by one, in memory that does not grow with the file.

    After the last line it yields ``(number, None, None)`` for ever, so that lines can be pushed
    back even then.
    """

    def __init__(self, stream: BinaryIO, encoding: str, limits: Limits, tally: Tally) -> None:
        self._stream = stream
        self._encoding = encoding
        self._longest = limits.line_characters
        self._tally = tally
        self._pushed: deque[Line] = deque()
        self._lines = self._walk()

    def __iter__(self) -> Iterator[Line]:
        return self._lines

    def push_back(self, lines: Sequence[Line]) -> None:
        """Take lines back that were looked at too early; they come out again next."""
        self._pushed.extendleft(reversed(lines))
        self._tally.lines_read -= len(lines)

    def _walk(self) -> Iterator[Line]:
        tally = self._tally
        number = 0
        for texts, suspect in self._texts():
            # Looked at all at once, and line by line only where something was found.
            clean = not suspect and max(map(len, texts)) <= self._longest
            for text in texts:
                number += 1
                tally.lines_read += 1
                yield (number, text, None) if clean else self._checked(number, text)
                while self._pushed:
                    tally.lines_read += 1
                    yield self._pushed.popleft()
        while True:
            while self._pushed:
                tally.lines_read += 1
                yield self._pushed.popleft()
            yield number, None, None

    def _checked(self, number: int, text: str) -> Line:
        problem = self._problem(text)
        return number, text[: self._longest], problem

    def _problem(self, text: str) -> Refused | None:
        if len(text) > self._longest:
            return Refused(
                RejectReason.LINE_TOO_LONG,
                f"more than {self._longest} characters: limits=Limits(line_characters=...) "
                f"allows more",
            )
        if (bad := _NO_TEXT.search(text)) is not None:
            return Refused(
                RejectReason.UNDECODABLE,
                f"not {self._encoding} from character {bad.start() + 1} on: pass the encoding of "
                f"the file, such as encoding='gb18030' or 'cp1252'",
            )
        if (at := text.find("\0")) >= 0:
            return Refused(
                RejectReason.NUL_CHARACTER,
                f"character {at + 1} is NUL: remove it, or pass the encoding of the file, "
                f"perhaps encoding='utf-16-le'",
            )
        return None

    # --- bytes to text ---

    def _texts(self) -> Iterator[tuple[list[str], bool]]:
        """Yield the lines that each piece of the stream completes, and whether to look closer."""
        rest, rest_is_suspect = "", False
        for text in self._decoded():
            suspect = "\0" in text or (not text.isascii() and _NO_TEXT.search(text) is not None)
            texts = (rest + text).split("\n")
            # A line that is too long anyway is not kept in full while its end is looked for.
            rest = texts.pop()[: self._longest + 1]
            if texts:
                yield texts, suspect or rest_is_suspect
                rest_is_suspect = suspect
            else:
                rest_is_suspect = suspect or rest_is_suspect
        if rest:
            yield [rest], rest_is_suspect

    def _decoded(self) -> Iterator[str]:
        data = self._read()
        while 0 < len(data) < 4 and (more := self._read()):  # A mark may come in pieces.
            data += more
        data, encoding = self._without_mark(data)
        wide = encoding.startswith("utf-16")
        # Both handlers leave a surrogate where bytes are no text, and nothing else does.
        errors = "surrogatepass" if wide else "surrogateescape"
        decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder(encoding)(errors), translate=True
        )
        while data:
            yield decoder.decode(data)
            data = self._read()
        try:
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            yield "\udcff"  # Half a character at the end of a UTF-16 file.

    def _read(self) -> bytes:
        try:
            data = self._stream.read(_CHUNK_BYTES)
        except (OSError, ValueError) as error:
            raise UnreadableSource(
                f"the file cannot be read ({type(error).__name__}): pass a path, or a binary "
                f"stream that is open for reading"
            ) from error
        if not isinstance(data, bytes):
            raise InvalidValue("a stream of purchases is binary: open it with mode 'rb'")
        self._tally.bytes_read += len(data)
        return data

    def _without_mark(self, data: bytes) -> tuple[bytes, str]:
        """Hold the byte order mark against the encoding that was named, and take it off."""
        for mark, meant in _MARKS:
            if data.startswith(mark):
                if meant != self._encoding and not (
                    meant.startswith("utf-16") and self._encoding == "utf-16"
                ):
                    raise UnreadableSource(
                        f"the file begins with the mark of {meant}: pass encoding={meant!r}"
                    )
                return data[len(mark) :], meant
        if self._encoding == "utf-16" and data:
            raise UnreadableSource(
                "the file has no byte order mark: pass encoding='utf-16-le' or 'utf-16-be'"
            )
        return data, self._encoding
