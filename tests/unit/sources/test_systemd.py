"""The systemd check without a systemd: settings, where its bus is, what a hostile bus may do, and the counting of restarts."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jeepney import new_error, new_method_return
from jeepney.low_level import HeaderFields, Message, Parser

from tests.support.peers.base import scratch
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.systemd.bus import Bus, bus_paths, open_bus
from tui_monitor.sources.systemd.discovery import services_to_watch
from tui_monitor.sources.systemd.messages import MalformedMessage, read_reply
from tui_monitor.sources.systemd.probe import SystemdProbe
from tui_monitor.sources.systemd.restarts import RestartCounter
from tui_monitor.sources.systemd.settings import SystemdCheck, full_name

Answer = Callable[[Message], Message | bytes]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LIST = "a(ssssssouso)"


def row(name: str, active: str = "active", sub: str = "running", load: str = "loaded") -> tuple[Any, ...]:
    """A row of a list of units."""
    path = "/org/freedesktop/systemd1/unit/" + "".join(letter if letter.isalnum() else f"_{ord(letter):02x}" for letter in name)
    return (name, name, load, active, sub, "", path, 0, "", "/")


def units(*rows: tuple[Any, ...]) -> Answer:
    """A systemd with these units, whose properties nobody may read."""

    def answer(call: Message) -> Message:
        if call.header.fields[HeaderFields.member].startswith("ListUnits"):
            return new_method_return(call, LIST, (list(rows),))
        return new_error(call, "org.freedesktop.DBus.Error.UnknownProperty", "s", ("no",))

    return answer


def serving(answer: Answer) -> Talk:
    """A bus that lets everybody in and answers calls."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"OK 0123456789abcdef0123456789abcdef\r\n")
        assert await reader.readline() == b"BEGIN\r\n"
        parser = Parser()
        while data := await reader.read(65536):
            for call in parser.feed(data):
                hello = call.header.fields[HeaderFields.member] == "Hello"
                reply = new_method_return(call, "s", (":1.1",)) if hello else answer(call)
                writer.write(reply if isinstance(reply, bytes) else reply.serialise(serial=1))

    return talk


@asynccontextmanager
async def bus_at(talk: Talk) -> AsyncIterator[Callable[[bool], Awaitable[Bus]]]:
    """A bus that behaves so, as something that connects to it."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    with scratch() as directory:
        path = str(directory / "bus")
        async with await asyncio.start_unix_server(served, path):
            yield lambda user: open_bus(user, {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path},guid=1"})


def probe_of(opened: Any, *names: str, **keys: Any) -> SystemdProbe:
    return SystemdProbe(made(SystemdCheck, {"name": "x", "units": list(names), **keys}), None, opened)


@pytest.mark.parametrize(
    ("keys", "part"),
    [
        ({"units": []}, "units"),
        ({"units": ["nginx service"]}, '"nginx service" cannot be a unit'),
        ({"units": ["a" * 300]}, "cannot be a unit"),
        ({"units": ["app@"]}, "is a template; name an instance, or all of them by app@*"),
        ({"units": ["a"], "restarts_degraded": "3"}, "is not a rate"),
    ],
)
def test_what_cannot_be_a_unit_is_refused(keys: dict[str, Any], part: str) -> None:
    """The configuration says what to write in its place."""
    with pytest.raises(ConfigurationError, match=part.replace("*", r"\*")):
        made(SystemdCheck, {"name": "x", **keys})


def test_names_are_completed_as_systemctl_does() -> None:
    """A name without an ending of a unit is a service; a pattern stays."""
    names = ["nginx", "a.timer", "app@1", "app@*", "my.app", "-.slice"]
    assert [full_name(name) for name in names] == ["nginx.service", "a.timer", "app@1.service", "app@*", "my.app.service", "-.slice"]


def test_where_the_bus_is() -> None:
    """Its variable first, with escapes and abstract sockets; else the usual places, both for a system that has only one of them."""
    assert bus_paths(False, {}) == ["/run/dbus/system_bus_socket", "/var/run/dbus/system_bus_socket"]
    assert bus_paths(False, {"DBUS_SYSTEM_BUS_ADDRESS": "tcp:host=x;unix:path=/a%20b,guid=1"}) == ["/a b"]
    assert bus_paths(True, {"DBUS_SESSION_BUS_ADDRESS": "unix:abstract=/tmp/x"}) == ["\0/tmp/x"]
    assert bus_paths(True, {"XDG_RUNTIME_DIR": "/run/user/7"}) == ["/run/user/7/bus"]
    assert bus_paths(True, {"DBUS_SESSION_BUS_ADDRESS": "autolaunch:"}) == [f"/run/user/{os.geteuid()}/bus"]


@pytest.mark.parametrize(
    ("user", "part"), [(False, "no system bus at .*mount the host's /run/dbus"), (True, "no session bus .*enable-linger")]
)
async def test_no_bus_is_own_trouble_with_the_remedy(tmp_path: Path, user: bool, part: str) -> None:
    """A container, or a user who is not logged in: the units are unknown, not down."""
    environment = {name: f"unix:path={tmp_path}/bus" for name in ("DBUS_SYSTEM_BUS_ADDRESS", "DBUS_SESSION_BUS_ADDRESS")}
    with pytest.raises(OwnTrouble, match=part):
        await open_bus(user, environment)


async def test_a_bus_without_the_right_to_it_is_own_trouble() -> None:
    """EACCES names the user and the socket."""
    with scratch() as directory:
        path = directory / "bus"
        async with await asyncio.start_unix_server(lambda reader, writer: None, str(path)):
            path.chmod(0)
            me = os.geteuid()
            if me == 0:
                os.seteuid(65534)
            try:
                with pytest.raises(OwnTrouble, match=rf"user {os.geteuid()} may not connect to the bus at {path}: give it the right"):
                    await open_bus(False, {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}"})
            finally:
                os.seteuid(me)


async def test_states_without_details_still_give_a_verdict() -> None:
    """A bus that answers lists but no properties: the states count, figures are missing."""
    async with bus_at(serving(units(row("a.service"), row("b.service", "failed", "failed")))) as opened:
        result = await probe_of(opened, "a", "b").probe()
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, "b.service failed; see journalctl -u b.service")
    assert {label for sample in result.samples for label in dict(sample.labels).values() if label.startswith("systemd_")} == {
        "systemd_unit_state"
    }
    assert [(unit.name, unit.status, unit.memory) for unit in result.units] == [
        ("b.service", HealthStatus.UNHEALTHY, None),
        ("a.service", HealthStatus.HEALTHY, None),
    ]


@pytest.mark.parametrize(
    ("row_", "status", "reason"),
    [
        (row("a.service", "activating", "start-pre"), HealthStatus.DEGRADED, "a.service is starting (start-pre)"),
        (row("a.service", "deactivating", "stop-sigterm"), HealthStatus.DEGRADED, "a.service is stopping (stop-sigterm)"),
        (row("a.service", "reloading", "reload"), HealthStatus.HEALTHY, ""),
        (row("a.service", "maintenance", "x"), HealthStatus.UNHEALTHY, "a.service is in maintenance"),
        (row("a.service", "inactive", "dead", "bad-setting"), HealthStatus.UNHEALTHY,
         "a.service has a file that systemd cannot use (bad-setting): systemctl status a.service"),
        (row("a\x1b[2J.service", "failed", "failed"), HealthStatus.UNHEALTHY, "a.service failed; see journalctl -u a.service"),
    ],
)  # fmt: skip
async def test_each_state_has_its_verdict(row_: tuple[Any, ...], status: HealthStatus, reason: str) -> None:
    """States of passage are degraded, for they end or last; what names say is made harmless."""
    async with bus_at(serving(units(row_))) as opened:
        result = await probe_of(opened, "a").probe()
    assert (result.status, result.reason) == (status, reason)


async def test_many_reasons_are_cut_and_many_units_bounded() -> None:
    """Three reasons and a number; 2,000 units, of which 100 go to the board and 20 to the details, the failed first."""
    rows = [row(f"u{number}.service", "failed" if number % 500 == 7 else "active", "x") for number in range(2100)]
    async with bus_at(serving(units(*rows))) as opened:
        result = await probe_of(opened, "u*").probe()
    assert result.reason.startswith("u1007.service failed; see journalctl -u u1007.service; u1507") and result.reason.endswith(
        "; and 2 more"
    )
    assert (len(result.samples), len(result.units), len(result.facts)) == (10_000, 100, 22)
    assert result.facts["left out"] == "100 units beyond the first 2000; name fewer"
    assert result.facts["units"] == "1995 active, 5 failed" and result.inventories == ()


async def test_a_view_without_units_is_own_trouble() -> None:
    """A container's empty systemd: nothing is loaded at all, so that nothing is known of the units that were meant."""

    def empty(call: Message) -> Message:
        if call.header.fields[HeaderFields.member] == "Get":
            return new_method_return(call, "v", (("u", 0),))
        return new_method_return(call, LIST, ([row("a.service", "inactive", "dead", "not-found")],))

    async with bus_at(serving(empty)) as opened:
        with pytest.raises(OwnTrouble, match="no units at all"):
            await probe_of(opened, "a").probe()


@pytest.mark.parametrize(
    ("error", "part"),
    [
        ("org.freedesktop.DBus.Error.AccessDenied", "does not let user .* ask"),
        ("org.freedesktop.DBus.Error.ServiceUnknown", "systemd is not on this bus"),
        ("org.freedesktop.systemd1.Odd", "refuses ListUnitsByNames: because"),
    ],
)
async def test_a_refusal_is_own_trouble(error: str, part: str) -> None:
    """A policy of the bus, a bus without systemd: not the units' fault."""
    async with bus_at(serving(lambda call: new_error(call, error, "s", ("because",)))) as opened:
        with pytest.raises(OwnTrouble, match=part):
            await probe_of(opened, "a").probe()


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def _reject(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"REJECTED EXTERNAL\x1b[2J\r\n")
    await _hang(reader, writer)


async def _garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"\xff" * 20_000)
    await _hang(reader, writer)


async def _flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Signals without end in place of an answer."""
    await reader.readline()
    writer.write(b"OK 1\r\n")
    await reader.readline()
    signal = struct.pack("<cBBBIII", b"l", 4, 0, 1, 0, 7, 0)
    while True:
        writer.write(signal * 1000)
        await writer.drain()


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()


@pytest.mark.parametrize(
    ("talk", "part"),
    [
        (_hang, "does not answer within 0.45s"),
        (_hang_up, "broke off: connection reset"),
        (_reject, r"does not let user \d+ in: .*REJECTED EXTERNAL"),
        (_garbage, "does not let user"),
        (_flood, "does not answer within"),
        (serving(lambda call: b"\xff" * 64), "it does not speak D-Bus"),
        (serving(lambda call: struct.pack("<cBBBIII", b"l", 2, 0, 1, 1 << 30, 1, 0)), "announces a message of 1,073,741,824 bytes"),
        (serving(lambda call: new_method_return(call, "ay", (b"x",))), r"a message cannot be read \(ValueError\)"),
        (serving(lambda call: new_method_return(call, "v", (("d", 1.0),))), r"a message cannot be read \(ValueError\)"),
    ],
)
async def test_a_hostile_bus_is_own_trouble_within_the_time(talk: Talk, part: str) -> None:
    """Silence, refusals, garbage, floods and sizes: told in time, and nothing is said of the units."""
    async with bus_at(talk) as opened:
        with pytest.raises(OwnTrouble, match=part):
            await probe_of(opened, "a", timeout=0.5).probe()


@pytest.mark.parametrize(("signature", "body"), [("s", ("x",)), ("a(ss)", ([("a", "b")],)), ("v", (("as", ["x"]),))])
async def test_an_answer_of_another_shape_has_no_units(signature: str, body: tuple[Any, ...]) -> None:
    """What is no list of units names none, which is told."""
    async with bus_at(serving(lambda call: new_method_return(call, signature, body))) as opened:
        assert (await probe_of(opened, "a").probe()).reason == "no loaded unit is a.service"
        assert await services_to_watch(opened) == []


def test_an_array_of_empty_structs_has_an_end() -> None:
    """Such a signature would be read for ever; it is refused, in the header and in a value."""
    field = struct.pack("<BB", 9, 3) + b"a()\0" + b"\0\0" + struct.pack("<I", 8) + b"\0" * 12
    message = struct.pack("<cBBBIII", b"l", 2, 0, 1, 0, 1, len(field)) + field
    with pytest.raises(MalformedMessage):
        read_reply(message)


def test_restarts_count_by_growth_within_the_window() -> None:
    """What a counter stood at first is no restart; a fall begins anew; what is older than the window, or gone, is forgotten."""
    counter = RestartCounter(600)
    for now, total in ((0, 57), (10, 57), (20, 59), (30, 0), (40, 2)):
        counter.note("a", total, now)
    assert counter.recent("a", 40) == 4 and counter.recent("b", 40) == 0
    assert counter.recent("a", 621) == 2 and counter.recent("a", 641) == 0
    counter.keep({"b"})
    counter.note("a", 9, 700)
    assert counter.recent("a", 700) == 0
