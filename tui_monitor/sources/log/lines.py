"""Splitter of a file's bytes into whole events. Held bytes are counted, so that the saved position excludes them."""

from __future__ import annotations

import codecs
import re

from tui_monitor.sources.log.multiline import Multiline

MAX_LINE = 1024 * 1024
"""Bytes of a line; what is longer is cut there and its rest skipped."""
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-Z\\^-~]")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def encoding_of(head: bytes, configured: str) -> str:
    """The encoding of a file: by its byte order mark, else as configured, else UTF-8."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    return "utf-16-le" if configured.lower().replace("_", "-") == "utf-16" else configured or "utf-8"


class Splitter:
    """Splitter of one file's bytes into events.

    Events are UTF-8 as far as the file is (undecodable bytes of a UTF-8 file stay until they are shown, other encodings are decoded
    with replacement), without line ends, NULs, terminal sequences and byte order mark. Empty lines are left out. With ``multiline``
    the last event is held back until the next one begins, or until ``flush``.
    """

    def __init__(self, encoding: str = "utf-8", multiline: Multiline | None = None, max_line: int = MAX_LINE) -> None:
        self._encoding = encoding
        self._plain = codecs.lookup(encoding).name in ("utf-8", "ascii")
        self._newline = "\n".encode(encoding)
        self._multiline = multiline if len(self._newline) == 1 else None
        self._max_line = max_line
        self._held = b""
        self.skipping = False
        self.cut = 0

    @property
    def held(self) -> int:
        """Number of bytes not returned yet."""
        return len(self._held)

    @property
    def holds_partial(self) -> bool:
        """Whether a line without its end is held."""
        return bool(self._held) and not self._held.endswith(self._newline)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Feed bytes; returns the events completed by them."""
        if self.skipping:
            chunk = self._after_newline(chunk)
        if self._plain and not self._held and chunk.startswith(b"\0"):  # the end of a hole
            chunk = chunk.lstrip(b"\0")
        held = len(self._held)
        data = self._held + chunk if held else chunk
        end = self._last_newline(data, 0 if self._multiline else max(0, held - len(self._newline)))
        whole, self._held = data[:end], data[end:]
        events = self._events(whole) if whole else []
        if len(self._held) > self._max_line:
            events += self._cut()
        return events

    def flush(self) -> list[bytes]:
        """Return held events, complete or not, after a quiet time or at the end of the file."""
        whole, self._held = self._held, b""
        if not whole:
            return []
        lines = whole.removesuffix(self._newline)
        return self._cleaned(self._multiline.group(lines.split(b"\n"))) if self._multiline else self._split(lines)

    def _events(self, whole: bytes) -> list[bytes]:
        """Events of whole lines; with ``multiline`` the last one is held again."""
        lines = whole[: -len(self._newline)]
        if self._multiline is None:
            return self._split(lines)
        before, _, last = lines.rpartition(b"\n")
        found = self._split(before) if before else []
        if not self._multiline.may_continue([*found, last]):
            self._held = last + b"\n" + self._held
            return found
        events = self._multiline.group(lines.split(b"\n"))
        self._held = events.pop() + b"\n" + self._held
        return self._cleaned(events)

    def _split(self, lines: bytes) -> list[bytes]:
        found = self._clean(lines).split(b"\n")
        if b"" in found:
            found = [line for line in found if line]
        if len(lines) > self._max_line:
            self.cut += sum(len(line) > self._max_line for line in found)
            found = [line[: self._max_line] for line in found]
        return found

    def _cleaned(self, events: list[bytes]) -> list[bytes]:
        clean = (self._clean(event).strip(b"\n") for event in events)
        return [event[: self._max_line] for event in clean if event]

    def _clean(self, lines: bytes) -> bytes:
        if not self._plain:
            lines = lines.decode(self._encoding, "replace").encode("utf-8", "replace")
        if b"\xef" in lines:  # one byte is found much faster than three
            lines = lines.replace(codecs.BOM_UTF8, b"")
        if b"\0" in lines:
            lines = lines.replace(b"\0", b"")
        if b"\r" in lines:
            lines = lines.replace(b"\r\n", b"\n").removesuffix(b"\r")
        return _ESCAPES.sub(b"", lines) if b"\x1b" in lines else lines

    def _cut(self) -> list[bytes]:
        """The start of an endless line; its rest is skipped and reported once."""
        if self._held.strip(b"\0") == b"":  # a hole, not a line
            self._held = self._held[-(len(self._held) % len(self._newline)) or len(self._held) :]
            return []
        if self._multiline and b"\n" in self._held:  # an event that grew too long
            whole, _, self._held = self._held.rpartition(b"\n")
            return self._cleaned(self._multiline.group(whole.split(b"\n")))
        begin = self._clean(self._held[: self._max_line])
        self._held, self.skipping = b"", True
        self.cut += 1
        return [begin]

    def _after_newline(self, chunk: bytes) -> bytes:
        at = self._last_newline(chunk, 0, first=True)
        self.skipping = not at
        return chunk[at:] if at else b""

    def _last_newline(self, data: bytes, begin: int, *, first: bool = False) -> int:
        """The offset after the last (or first) line end, 0 without one. Line ends of UTF-16 are at even offsets only."""
        width = len(self._newline)
        find = data.find if first else data.rfind
        at = find(self._newline, begin)
        while at >= 0 and at % width:
            at = data.find(self._newline, at + 1) if first else data.rfind(self._newline, begin, at + width - 1)
        return at + width if at >= 0 else 0
