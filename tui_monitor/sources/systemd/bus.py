"""A connection to a message bus (D-Bus) over its Unix socket, for calls of systemd's manager; at most 50 are on their way at once."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from jeepney import DBusAddress, MessageFlag, new_method_call
from jeepney.auth import BEGIN, AuthenticationError, Authenticator

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.error_attribution import own_trouble, target_trouble
from tui_monitor.sources.net.slices import Pause
from tui_monitor.sources.net.stream import ConnectError, Stream, connect_unix
from tui_monitor.sources.systemd.messages import BusReply, MalformedMessage, MessageBuffer, read_reply

SYSTEM_PATHS = ("/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket")
SYSTEMD = "org.freedesktop.systemd1"
IN_FLIGHT = 50
"""Calls without an answer yet: a bus daemon may refuse more than 128 of one connection."""
_LARGE = 16_384
"""Bytes of a message whose reading would hold the loop for more than a millisecond; it is read in a thread."""
_BUS = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
_DENIED = ("org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired")
_NOBODY = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")


@frozen
class BusCall:
    """One method call of an object of systemd's."""

    path: str
    interface: str
    method: str
    signature: str = ""
    values: tuple[Any, ...] = ()


def bus_paths(user: bool, environment: Mapping[str, str] = os.environ) -> list[str]:
    """Where the bus may be, "\\0name" for an abstract socket: as its variable says, else the usual places (source: sd_bus_open_user(3))."""
    given = environment.get("DBUS_SESSION_BUS_ADDRESS" if user else "DBUS_SYSTEM_BUS_ADDRESS", "")
    if named := [path for address in given.split(";") if (path := _socket_of(address))]:
        return named
    if not user:
        return list(SYSTEM_PATHS)
    return [f"{environment.get('XDG_RUNTIME_DIR') or f'/run/user/{os.geteuid()}'}/bus"]


def _socket_of(address: str) -> str:
    """The socket of "unix:path=/run/x,guid=1"; "" for another kind of address."""
    kind, _, rest = address.partition(":")
    keys = dict(part.partition("=")[::2] for part in rest.split(",")) if kind == "unix" else {}
    if "path" in keys:
        return unquote(keys["path"])
    return f"\0{unquote(keys['abstract'])}" if "abstract" in keys else ""


class Bus:
    """An open connection. Every fault of it is the monitor's own: nothing is known of the units then."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = MessageBuffer()
        self._serial = 0

    async def ask(self, call: BusCall) -> tuple[Any, ...]:
        """The values of one answer. Raises OwnTrouble, also where systemd refuses."""
        [reply] = await self.ask_all([call])
        if reply.error:
            raise OwnTrouble(_refusal(reply, call.method))
        return reply.values

    async def ask_all(self, calls: Sequence[BusCall]) -> list[BusReply]:
        """The answer to each call, in their order; an error is an answer too. Raises OwnTrouble where the bus is at fault."""
        found: list[BusReply] = []
        try:
            for begin in range(0, len(calls), IN_FLIGHT):
                found += await self._round(calls[begin : begin + IN_FLIGHT])
        except MalformedMessage as fault:
            raise OwnTrouble(f"the bus at {shown(self._stream.peer)} is at fault: {fault}") from None
        except OSError as error:
            raise OwnTrouble(f"the bus at {shown(self._stream.peer)} broke off: {own_trouble(error) or target_trouble(error)}") from None
        return found

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    async def greet(self) -> None:
        """Log in as this user. Raises OwnTrouble."""
        peer, login = shown(self._stream.peer), Authenticator()
        try:
            for line in login:
                await self._stream.send(line)
                if not login.authenticated:
                    login.feed(await self._received())
            await self._stream.send(BEGIN)
            await self._round([BusCall(_BUS.object_path, str(_BUS.interface), "Hello")])
        except AuthenticationError as error:
            said = clip(clean(bytes(error.data).decode(errors="replace")).strip(), 80)
            raise OwnTrouble(f"the bus at {peer} does not let user {os.geteuid()} in: {error.msg} ({said})") from None
        except MalformedMessage as fault:
            raise OwnTrouble(f"the bus at {peer} is at fault: {fault}") from None
        except OSError as error:
            raise OwnTrouble(f"the bus at {peer} broke off: {own_trouble(error) or target_trouble(error)}") from None

    async def _received(self) -> bytes:
        data = await self._stream.receive()
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "hung up")
        return data

    async def _round(self, calls: Sequence[BusCall]) -> list[BusReply]:
        """Send these calls together and wait for all their answers; what else comes is skipped."""
        first = self._serial + 1
        self._serial += len(calls)
        await self._stream.send(b"".join(_bytes_of(call, serial) for serial, call in enumerate(calls, first)))
        missing, found, pause = set(range(first, first + len(calls))), dict[int, BusReply](), Pause()
        while missing:
            for message in self._buffer.feed(await self._received()):
                reply = await asyncio.to_thread(read_reply, message) if len(message) > _LARGE else read_reply(message)
                if reply is not None and reply.serial in missing:
                    missing.discard(reply.serial)
                    found[reply.serial] = reply
                await pause.when_due()
        return [found[serial] for serial in sorted(found)]


async def open_bus(user: bool, environment: Mapping[str, str] = os.environ) -> Bus:
    """Connect and log in. Raises OwnTrouble with the remedy."""
    paths = bus_paths(user, environment)
    failed: list[tuple[str, OSError]] = []
    for path in paths:
        try:
            bus = Bus(await connect_unix(path))
        except ConnectError as error:
            failed += error.failures
            continue
        try:
            await bus.greet()
        except BaseException:
            bus.close()
            raise
        return bus
    raise OwnTrouble(_no_bus(user, *next((fault for fault in failed if fault[1].errno != errno.ENOENT), failed[0])))


def _no_bus(user: bool, path: str, error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"user {os.geteuid()} may not connect to the bus at {shown(path)}: give it the right to write to this socket"
    which = "session bus of this user" if user else "system bus"
    if error.errno == errno.ENOENT:
        remedy = (
            "log in (loginctl enable-linger keeps it), or set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS" if user
            else "does systemd run here, and is dbus installed? In a container, mount the host's /run/dbus"
        )  # fmt: skip
        return f"there is no {which} at {shown(path)}: {remedy}"
    return f"the {which} at {shown(path)} does not answer ({own_trouble(error) or target_trouble(error)}): is dbus running?"


def _bytes_of(call: BusCall, serial: int) -> bytes:
    address = _BUS if call.path == _BUS.object_path else DBusAddress(call.path, SYSTEMD, call.interface)
    message = new_method_call(address, call.method, call.signature or None, call.values)
    message.header.flags |= MessageFlag.no_auto_start
    made: bytes = message.serialise(serial=serial)
    return made


def _refusal(reply: BusReply, method: str) -> str:
    said = clip(clean(str(reply.values[0])), 200) if reply.values else ""
    if reply.error in _NOBODY:
        return "systemd is not on this bus: does it run here, and is this its bus?"
    if reply.error in _DENIED:
        return f"systemd does not let user {os.geteuid()} ask ({said}): let the bus' policy allow {SYSTEMD}"
    return f"systemd refuses {method}: {said or clean(reply.error)}"


def shown(path: str) -> str:
    """A socket's path for people; an abstract one begins with @."""
    return clean(path.replace("\0", "@"))
