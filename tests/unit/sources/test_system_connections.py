"""TCP connections by state: out of the kernel's dump, out of /proc/net/tcp, and of this machine."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.fake_machine import Machine, value
from tui_monitor.sources.system import connections
from tui_monitor.sources.system.connections import EVERY, STATES, Connections, add_states, states_of_text

LINE = "   {0}: 0100007F:1F90 00000000:0000 {1} 00000000:00000000 00:00000000 00000000     0        0 {0} 1 0000000000000000 100 0 0 10 0\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def message(state: int, length: int = 88, kind: int = 18) -> bytes:
    return struct.pack("=IHHII", length, kind, 2, 1, 0) + bytes((2, state)) + bytes(length - 18)


DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def test_the_files_are_counted_by_state(tmp_path: Path) -> None:
    """IPv4 and IPv6 together; every state has a series, also one without a connection."""
    machine = Machine(tmp_path)
    tcp = HEAD + "".join(LINE.format(number, state) for number, state in enumerate(("01", "01", "0A", "06", "0C")))
    machine.write({"proc/net/tcp": tcp, "proc/net/tcp6": HEAD + LINE.format(0, "08")})
    reading = machine.system().read(1_000, 1.0)
    found = {state: value(reading, "network_connections", state=state) for state in STATES}
    expected = {"established": 2, "listen": 1, "time_wait": 1, "syn_recv": 1, "close_wait": 1}
    assert found == {state: expected.get(state, 0) for state in STATES} and reading.faults == ()


def test_a_machine_without_these_files_has_no_such_series(tmp_path: Path) -> None:
    """Nothing is told and nothing is at fault."""
    reading = Machine(tmp_path).system().read(1_000, 1.0)
    assert reading.faults == () and value(reading, "network_connections", state="listen") is None


@pytest.mark.parametrize(
    "lengths", [[88] * 50, [88, 104], [104] * 3 + [88] * 4 + [104], [88, 96, 104, 112] * 8], ids=["alike", "two", "runs", "mixed"]
)
def test_a_dump_is_counted_whatever_the_lengths_of_its_messages(lengths: list[int]) -> None:
    """Messages of one length are counted in one go; those of several all the same."""
    states = [1 + number % 11 for number in range(len(lengths))]
    found: Counter[int] = Counter()
    packet = b"".join(message(state, length) for state, length in zip(states, lengths, strict=True))
    assert not add_states(packet, found) and add_states(DONE, found)
    assert found == Counter(states)


@pytest.mark.parametrize(
    "packet", [struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -2), struct.pack("=IHHII", 0, 18, 0, 1, 0), message(1, 16 + 2)[:17]]
)
def test_a_refusal_or_nonsense_is_an_error_or_nothing(packet: bytes) -> None:
    """Never an endless loop."""
    found: Counter[int] = Counter()
    with contextlib.suppress(OSError):
        assert not add_states(packet, found)
    assert sum(found.values()) <= 1


def test_text_without_sockets_counts_none() -> None:
    """Headings and garbage are no connections."""
    assert states_of_text(HEAD.encode() + b"garbage\n\xff: 01\n") == Counter()


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux' kernel")
def test_the_kernel_and_the_files_agree() -> None:
    """Fifty connections more are fifty more by both ways."""

    def both() -> list[Mapping[str, int]]:
        return [Connections("/proc", netlink=way)._count() for way in (True, False)]

    before = both()
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        ends = [socket.create_connection(server.getsockname()) for _ in range(50)]
        after = both()
        for end in ends:
            end.close()
    for earlier, later in zip(before, after, strict=True):
        assert later["established"] - earlier["established"] >= 90 and later["listen"] > earlier["listen"] - 3


def test_a_refused_dump_falls_back_to_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's filter may forbid the socket: the files are read then, and from then on."""
    machine = Machine(tmp_path)
    machine.write({"proc/net/tcp": HEAD + LINE.format(0, "0A")})
    asked = []

    def refused(*_: object) -> Counter[int]:
        asked.append(1)
        raise PermissionError(1, "no netlink here")

    monkeypatch.setattr(connections, "_asked", refused)
    counting = Connections(str(machine.proc))
    assert counting._count()["listen"] == counting._count()["listen"] == 1 and len(asked) == 1


def test_a_look_that_takes_long_holds_nobody_and_is_repeated_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading goes on with what is known; after a second of work the next look is a hundred seconds away."""
    go, looks = threading.Event(), 0

    def slow(self: Connections) -> Mapping[str, int]:
        nonlocal looks
        looks += 1
        go.wait(10)
        return {"listen": looks}

    monkeypatch.setattr(Connections, "_count", slow)
    counting = Connections("/proc")
    assert counting.counts(0.0) == {} and counting.counts(2 * EVERY) == {} and looks == 1
    look = counting._look
    assert look is not None
    go.set()
    assert look.done.wait(10)
    look.seconds = 1.0
    assert counting.counts(30.0) == {"listen": 1} and counting.counts(129.0) == {"listen": 1} and looks == 1
    second = counting.counts(131.0)
    assert looks == 2 and second in ({"listen": 1}, {"listen": 2})


def test_a_failed_look_is_told_once_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading names the fault; nothing of the past is told in its place."""

    def answers() -> Iterator[Mapping[str, int] | OSError]:
        yield OSError(5, "Input/output error")
        yield {"listen": 7}

    given = answers()

    def one(self: Connections) -> Mapping[str, int]:
        found = next(given)
        if isinstance(found, OSError):
            raise found
        return found

    monkeypatch.setattr(Connections, "_count", one)
    counting = Connections("/proc")
    with pytest.raises(OSError, match="Input"):
        counting.counts(0.0)
    assert counting.counts(1.0) == {} and counting.counts(EVERY) == {"listen": 7}
