"""Names to addresses: numeric ones need no thread, a stuck name holds one thread, and threads are bounded."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence

import pytest

from tui_monitor.sources.net.resolve import Address, Resolver, numeric

ANSWER: list[Address] = [(socket.AF_INET, ("192.0.2.1", 0))]


class Stuck:
    """A lookup that hangs until it is released, and counts."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.calls: list[str] = []

    def __call__(self, host: str) -> Sequence[Address]:
        self.calls.append(host)
        assert self.release.wait(10)
        return ANSWER


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", socket.AF_INET), ("::1", socket.AF_INET6)])
async def test_numeric_addresses_need_no_thread(host: str, family: int) -> None:
    """An address is its own answer."""
    resolver = Resolver(Stuck())
    assert [address[0] for address in await resolver.resolve(host)] == [family]
    assert resolver.running == 0


@pytest.mark.parametrize("host", ["localhost", "127.1", "1.2.3.4.5", "fe80::1%lo", "a\x00b", ""])
def test_other_forms_are_names(host: str) -> None:
    """What is not an ordinary address goes to the resolver."""
    assert numeric(host) is None


async def test_the_systems_resolver() -> None:
    """localhost has an address without doubles."""
    found = await Resolver().resolve("localhost")
    assert len(found) == len(set(found)) >= 1


async def test_a_stuck_name_holds_one_thread_however_often_it_is_asked_for() -> None:
    """Cancelled waits leave the one call alone, later ones join it, and all get its answer."""
    stuck = Stuck()
    resolver = Resolver(stuck, threads=4)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await resolver.resolve("stuck.example")
    assert stuck.calls == ["stuck.example"]
    waiting = asyncio.create_task(resolver.resolve("stuck.example"))
    await asyncio.sleep(0)
    stuck.release.set()
    assert await waiting == ANSWER
    assert stuck.calls == ["stuck.example"]


async def test_threads_are_bounded() -> None:
    """With more names than threads the rest waits its turn, and gets its answer in the end."""
    stuck = Stuck()
    resolver = Resolver(stuck, threads=3)
    tasks = [asyncio.create_task(resolver.resolve(f"host{index}.example")) for index in range(12)]
    await asyncio.sleep(0)
    assert resolver.running <= 3
    assert len(stuck.calls) <= 3
    stuck.release.set()
    assert await asyncio.gather(*tasks) == [ANSWER] * 12
    assert len(stuck.calls) == 12


async def test_errors_reach_everybody_who_waits() -> None:
    """The system's error is raised for each; a name that cannot be encoded does not exist."""

    def fails(host: str) -> Sequence[Address]:
        raise UnicodeError("label too long")

    resolver = Resolver(fails)
    for answer in await asyncio.gather(*(resolver.resolve("x" * 300) for _ in range(3)), return_exceptions=True):
        assert isinstance(answer, socket.gaierror)
        assert answer.errno == socket.EAI_NONAME


async def test_no_address_is_no_host() -> None:
    """An empty answer is a name without addresses."""
    with pytest.raises(socket.gaierror):
        await Resolver(lambda host: []).resolve("empty.example")


def test_a_waiter_whose_loop_has_ended_harms_nobody() -> None:
    """The answer to a loop that is gone is dropped; the next one is served."""
    stuck = Stuck()
    resolver = Resolver(stuck)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await resolver.resolve("late.example")

    asyncio.run(give_up())
    stuck.release.set()
    assert asyncio.run(resolver.resolve("other.example")) == ANSWER
