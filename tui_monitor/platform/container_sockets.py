"""The sockets at which Docker and Podman answer on this machine: where they are by default, and which of them speak."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from tui_monitor.core.frozen import frozen

TIMEOUT = 0.5
_SYSTEM = ("/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock")
_OF_USER = ("docker.sock", "podman/podman.sock")
_PING = b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n"


@frozen
class FoundSocket:
    """A socket of a container engine; ``may_open``: this user may connect to it."""

    path: str
    may_open: bool


def usual_sockets(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """The paths where an engine listens unless told otherwise, for the whole machine first, then for this user (rootless)."""
    own = environ.get("XDG_RUNTIME_DIR", "")
    return (*_SYSTEM, *(f"{own}/{name}" for name in _OF_USER if own.startswith("/")))


def present_socket(paths: Sequence[str] | None = None) -> str:
    """The first of these paths (default: the usual ones) that is there, "" where none is."""
    return next((path for path in (usual_sockets() if paths is None else paths) if os.path.exists(path)), "")


async def discover_sockets(paths: Sequence[str] | None = None) -> list[FoundSocket]:
    """The sockets at which an engine answers, each once under its real path, and those that this user may not open."""
    found = []
    for path in _each_once(usual_sockets() if paths is None else paths):
        if (may_open := await _ask(path)) is not None:
            found.append(FoundSocket(path, may_open))
    return found


def _each_once(paths: Sequence[str]) -> list[str]:
    """/var/run is a link to /run nearly everywhere."""
    return list({os.path.realpath(path): path for path in reversed(paths)}.values())[::-1]


async def _ask(path: str) -> bool | None:
    """True: an engine answers; False: it may not be opened; None: nothing that is an engine."""
    writer = None
    try:
        async with asyncio.timeout(TIMEOUT):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(_PING)
            answer = await reader.read(2048)
    except PermissionError:
        return False
    except (OSError, ValueError):
        return None
    finally:
        if writer is not None:
            writer.close()
    return True if answer.startswith(b"HTTP/1.") and b" 200 " in answer.split(b"\r\n")[0] else None
