"""What the terminal answers about itself: true colour and its background, asked before the app takes the terminal over."""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty

from tui_monitor.core.frozen import frozen

LIMIT_S = 1.0
"""Every terminal answers the last question at once; over a slow line the answers must not arrive as keys later."""
_QUESTIONS = "\x1b[48;2;1;2;3m\x1bP$qm\x1b\\\x1b[0m\x1b]11;?\x1b\\\r\u2581\x1b[6n\r\x1b[K\x1b[c"
"""Set a background and ask for the rendition (DECRQSS), ask for the background (OSC 11), write a block and ask for the
cursor's place (CPR), which tells its width; ask for the device attributes (DA1)."""
_ENDED = re.compile(rb"\x1b\[\?[\d;]*c")
_RENDITION = re.compile(rb"\x1bP1\$r[^\x1b]*48[:;]2[:;]{1,2}1[:;]2[:;]3")
_PLACE = re.compile(rb"\x1b\[\d+;(\d+)R")
_READS_UTF8 = {2: True, 3: True, 4: False}
"""By the column after the block: its three bytes took one cell, two, or one each. Any other is no answer to this question."""
_BACKGROUND = re.compile(rb"\x1b\]11;rgb:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")


@frozen
class TerminalAnswer:
    """The terminal shows true colour; ``light`` is its background's lightness, None where it does not tell."""

    true_color: bool = False
    light: bool | None = None
    wide: bool = False
    """Characters of ambiguous width (blocks, boxes) take two cells."""
    utf8: bool | None = None
    """It reads UTF-8, whatever the locale says: the three bytes of a block took one or two cells; None where it does not tell."""


NO_ANSWER = TerminalAnswer()


def writes_utf8() -> bool:
    """Whether this process writes UTF-8: with LANG=C Python does (PEP 538, 540), with another character set of the locale it does not."""
    return getattr(sys.__stderr__, "encoding", "").lower().replace("-", "") == "utf8"


def ask_terminal(limit_s: float = LIMIT_S) -> TerminalAnswer:
    """Ask the terminal; nothing is asked where input and output are not one terminal."""
    try:
        inward, outward = sys.__stdin__.fileno(), sys.__stderr__.fileno()  # type: ignore[union-attr]
        if not (os.isatty(inward) and os.isatty(outward)):
            return NO_ANSWER
        before = termios.tcgetattr(inward)
    except (OSError, ValueError, AttributeError, termios.error):
        return NO_ANSWER
    try:
        tty.setcbreak(inward)
        os.write(outward, _QUESTIONS.encode())
        return read_answer(_until_ended(inward, limit_s))
    except OSError:
        return NO_ANSWER
    finally:
        with contextlib.suppress(termios.error, OSError):
            termios.tcsetattr(inward, termios.TCSANOW, before)


def read_answer(data: bytes) -> TerminalAnswer:
    """The answers in the bytes that the terminal has sent; the background may have one to four hexadecimal digits a channel."""
    found = _BACKGROUND.search(data)
    light = None
    if found is not None:
        red, green, blue = (int(part, 16) / (16 ** len(part) - 1) for part in found.groups())
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
    place = _PLACE.search(data)
    column = int(place[1]) if place else 0
    return TerminalAnswer(_RENDITION.search(data) is not None, light, column == 3, _READS_UTF8.get(column))


def _until_ended(inward: int, limit_s: float) -> bytes:
    data, end = b"", time.monotonic() + limit_s
    last = end + limit_s
    while _ENDED.search(data) is None and (left := end - time.monotonic()) > 0 and len(data) < 4096:
        if not select.select([inward], [], [], left)[0]:
            break
        more = os.read(inward, 1024)
        if not more:
            break
        data += more
        end = min(last, time.monotonic() + limit_s)  # it answers, if slowly
    return data
