"""A program of the user's: gets the webhook's JSON on standard input. An argument list, never a shell."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from tui_monitor.config.models import CommandNotifier
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.base import RateLimit, SendError
from tui_monitor.notifiers.webhook import encode

_MAX_OUTPUT = 64 * 1024


def environment_of(message: Message, note: str, possible_repeat: bool) -> dict[str, str]:
    """What the program finds in its environment beside ours."""
    texts = {"KEY": message.key, "KIND": message.kind, "SEVERITY": message.severity, "TITLE": message.title, "NOTE": note}
    texts["POSSIBLE_REPEAT"] = "1" if possible_repeat else ""
    return {f"TUI_MONITOR_{name}": clip(clean(text), 1000) for name, text in texts.items()}


class Command:
    """Runs the program once for each message; exit 0 is success, its first line of output is the id."""

    def __init__(self, settings: CommandNotifier) -> None:
        self.name = settings.name
        self.timeout = settings.timeout
        self.rate_limit = RateLimit.parse(settings.rate_limit)
        self._argv = settings.argv

    async def send(self, message: Message, note: str = "", possible_repeat: bool = False) -> str:
        """Run it. Raises SendError; one that overstays its time is killed with all its children and may have done its work."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **environment_of(message, note, possible_repeat)},
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
            raise SendError(f"cannot run {clip(clean(self._argv[0]), 100)}: {os.strerror(error.errno or 0)}", permanent=True) from None
        except OSError as error:
            raise SendError(f"cannot run {clip(clean(self._argv[0]), 100)}: {os.strerror(error.errno or 0)}") from None
        try:
            async with asyncio.timeout(self.timeout):
                output, complaint = await _talk(process, encode(message))
                code = await process.wait()
        except TimeoutError:
            raise SendError(f"still running after {self.timeout:g} s, killed", maybe_delivered=True) from None
        finally:
            await _end(process)
        if code != 0:
            how = f"exit {code}" if code > 0 else f"ended by signal {-code}"
            raise SendError(f"{how}: {complaint}" if complaint else how)
        return output

    async def close(self) -> None:
        """Nothing is kept open."""


async def _talk(process: asyncio.subprocess.Process, text: bytes) -> tuple[str, str]:
    """Feed the program; the first line it says and the last it complains of."""
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    answers = asyncio.gather(_read(process.stdout), _read(process.stderr))
    with contextlib.suppress(ConnectionError):  # a program need not read what it is told
        process.stdin.write(text)
        await process.stdin.drain()
    process.stdin.close()
    output, complaint = await answers
    return next(iter(output), ""), next(reversed(complaint), "")


async def _read(stream: asyncio.StreamReader) -> list[str]:
    """The lines of the first 64 KiB; the rest is read and dropped."""
    kept = bytearray()
    while chunk := await stream.read(_MAX_OUTPUT):
        kept += chunk[: _MAX_OUTPUT - len(kept)]
    lines = kept.decode(errors="replace").splitlines()
    return [clip(clean(line).strip(), 200) for line in lines if line.strip()]


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
