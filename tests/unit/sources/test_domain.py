"""The domain kind against an RDAP server on loopback that answers in the documented form, oddly, or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.support import rdap
from tests.support.clocks import ManualClock
from tests.support.httpserver import HttpServer
from tests.support.peers.hostile import hostile
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.api import Feed
from tui_monitor.sources.domain.bootstrap import BadList, servers_in, shipped
from tui_monitor.sources.domain.feed import DomainFeed
from tui_monitor.sources.domain.name import ascii_name, candidates
from tui_monitor.sources.domain.registration import BadRegistration, registration_of
from tui_monitor.sources.domain.settings import DomainCheck
from tui_monitor.sources.domain.state import state_from

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
NOW = round(datetime(2026, 10, 1, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400.0
FAR, NEAR, PAST = "2027-08-13T04:00:00Z", "2026-10-21T00:00:00+00:00", "2026-09-28T00:00:00Z"


@pytest.fixture
async def registry() -> AsyncIterator[HttpServer]:
    async with HttpServer() as server:
        server.behave(**rdap.not_found())
        yield server


class World:
    """A domain check, its clock, and what it has stored."""

    def __init__(self, server: HttpServer, /, **keys: Any) -> None:
        found = {"domain": "example.com", "server": f"{server.url}/rdap/", "bootstrap": f"{server.url}/list", **keys}
        self.settings = made(DomainCheck, {"name": "d", **{name: value for name, value in found.items() if value is not None}})
        self.clock = ManualClock(NOW)
        self.saved: Mapping[str, Any] | None = None

    @contextlib.asynccontextmanager
    async def process(self) -> AsyncIterator[DomainFeed]:
        """A running process with the stored state."""
        feed = DomainFeed(self.settings, self.clock, chance=random.Random(1))
        feed.restore(json.loads(json.dumps(self.saved)) if self.saved is not None else None, 0)
        task = asyncio.create_task(feed.run())
        try:
            yield feed
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def later(self, feed: DomainFeed, days: float) -> ProbeResult:
        """The verdict so many days later, after a lookup."""
        feed.news.clear()
        await self.clock.advance(days * DAY)
        async with asyncio.timeout(10):
            await feed.news.wait()
        return await feed.probe()

    async def once(self) -> ProbeResult:
        """The verdict of a new process."""
        async with self.process() as feed:
            result = await feed.probe()
        self.saved = result.saved
        return result


async def test_the_registry_is_asked_as_documented(registry: HttpServer) -> None:
    """GET BASE/domain/NAME for RDAP's media type; the end, the registrar and statuses are told, also by a redirect."""
    registry.at("/rdap/domain/example.com", status=303, redirect="/other/domain/example.com")
    registry.at("/other/domain/example.com", **rdap.domain("example.com", FAR))
    world = World(registry)
    result = await world.once()
    assert (result.status, result.reason) == (HEALTHY, "")
    assert [value for _, value in result.samples] == [datetime(2027, 8, 13, 4, tzinfo=UTC).timestamp()]
    assert result.facts["ends"] == "2027-08-13" and result.facts["registrar"] == "Example Registrar" and result.facts["status"] == "active"
    first = registry.requests[0]
    assert first.method == "GET" and "application/rdap+json" in first.headers["accept"] and first.path == "/rdap/domain/example.com"
    assert isinstance(DomainFeed(world.settings), Feed)


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (rdap.domain("example.com", NEAR), DEGRADED, "the registration ends in 20d: renew it"),
        (rdap.domain("example.com", PAST), UNHEALTHY, "the registration ended 3d ago"),
        (rdap.domain("example.com", FAR, statuses=["Client Hold"]), UNHEALTHY, "is on hold at the registrar"),
        (rdap.domain("example.com", FAR, statuses=["pending delete"]), UNHEALTHY, "is about to be deleted"),
        (rdap.domain("example.com", FAR, statuses=["redemption period"]), UNHEALTHY, "can only be redeemed"),
        (rdap.domain("example.com", None), UNKNOWN, "does not tell when it ends; write it into the check: expires ="),
        (rdap.domain("example.com", "-292277022657-01-27T08:29:52Z"), UNKNOWN, "does not tell when it ends"),
        (rdap.domain("example.com", "9999-12-31T00:00:00Z"), UNKNOWN, "does not tell when it ends"),
        (rdap.domain("other.com", FAR), UNKNOWN, 'the answer is about "OTHER.COM"'),
        (rdap.not_found(), UNHEALTHY, "is not registered, says 127.0.0.1"),
        ({"status": 404, "body": ""}, UNHEALTHY, "is not registered"),
        ({"status": 404, "body": "<html>", "headers": {"Content-Type": "text/html"}}, UNKNOWN, "404 Not Found"),
        ({"status": 503}, UNKNOWN, "503 Service Unavailable"),
        ({"body": "<html>"}, UNKNOWN, "the answer is not JSON"),
        ({"body": "[" * 100_000}, UNKNOWN, "the answer is not JSON"),
        ({"body": '{"objectClassName": "entity"}'}, UNKNOWN, "the answer is no RDAP domain"),
    ],
)
async def test_verdicts(registry: HttpServer, answer: dict[str, Any], status: HealthStatus, reason: str) -> None:
    """Only what the registry says for certain is the domain's fault; all else is unknown, with the reason."""
    registry.at("/rdap/domain/example.com", **answer)
    result = await World(registry).once()
    assert result.status is status and reason in result.reason, result


async def test_the_registered_name_is_found_without_a_list_of_suffixes(registry: HttpServer) -> None:
    """www.shop.example.co.uk belongs to example.co.uk; a suffix without an end is no registration."""
    registry.at("/rdap/domain/example.co.uk", **rdap.domain("example.co.uk", FAR))
    registry.at("/rdap/domain/www.shop.example.co.uk", status=400, body="too many labels")
    registry.at("/rdap/domain/co.uk", **rdap.domain("co.uk", None))
    found = await World(registry, domain="www.shop.example.co.uk").once()
    assert found.status is HEALTHY and found.facts["registered"] == "example.co.uk"
    gone = await World(registry, domain="gone.co.uk").once()
    assert gone.status is UNHEALTHY and "is not registered" in gone.reason


async def test_the_list_of_servers_is_read_once_a_week(registry: HttpServer) -> None:
    """A newer list wins over the copy; where it cannot be had, what was known goes on, and it is tried again the next day."""
    registry.at("/list", **rdap.bootstrap(com=f"{registry.url}/new/"))
    registry.at("/new/domain/example.com", **rdap.domain("example.com", FAR))
    world = World(registry, server=None)
    async with world.process() as feed:
        await feed.probe()
        for lookups, lists in ((5, 1), (2, 2)):  # six days, then eight: a lookup happens each day
            for _ in range(lookups):
                await world.later(feed, 1.2)
            assert [request.path for request in registry.requests].count("/list") == lists
        registry.at("/list", status=500)
        for _ in range(7):
            result = await world.later(feed, 1.2)
    assert result.status is HEALTHY, result


async def test_a_registry_without_rdap_is_unknown_with_advice(registry: HttpServer) -> None:
    """Never expired; an end by hand is judged without asking anybody."""
    registry.at("/list", **rdap.bootstrap(com=f"{registry.url}/new/"))
    unknown = await World(registry, domain="example.de", server=None).once()
    assert unknown.status is UNKNOWN and 'the registry of .de offers no RDAP; write the end into the check: expires = "' in unknown.reason
    count = len(registry.requests)
    by_hand = World(registry, domain="example.de", server=None, expires=date(2026, 10, 15))
    result = await by_hand.once()
    assert (result.status, result.reason) == (DEGRADED, "the registration ends in 14d: renew it") and len(result.samples) == 1
    assert len(registry.requests) == count


async def test_a_restart_asks_nobody_and_a_day_later_it_is_time(registry: HttpServer) -> None:
    """The answer is kept; another domain's is not taken for it."""
    registry.at("/rdap/domain/example.com", **rdap.domain("example.com", FAR))
    world = World(registry)
    await world.once()
    assert (await world.once()).status is HEALTHY and len(registry.requests) == 1
    async with world.process() as feed:
        await world.clock.advance(0.8 * DAY)
        assert len(registry.requests) == 1
        assert (await world.later(feed, 0.4)).status is HEALTHY and len(registry.requests) == 2
    assert state_from(world.saved, "example.org", NOW).found is None


async def test_a_server_that_wants_to_be_left_alone_is(registry: HttpServer) -> None:
    """429 with Retry-After, over a restart too; meanwhile the last answer holds, and after a week without any nothing is known."""
    registry.at("/rdap/domain/example.com", **rdap.domain("example.com", FAR))
    world = World(registry)
    await world.once()
    registry.at("/rdap/domain/example.com", status=429, headers={"Retry-After": str(3 * 86_400)})
    async with world.process() as feed:
        result = await world.later(feed, 1.2)
        world.saved = result.saved
        assert result.status is HEALTHY and "429" in result.facts["last failure"]
    async with world.process() as feed:
        await world.clock.advance(2.5 * DAY)
        assert len(registry.requests) == 2
        world.clock.step_wall(5 * DAY)
        stale = await feed.probe()
    assert stale.status is UNKNOWN and "no answer for 8d: 127.0.0.1" in stale.reason, stale
    assert len(stale.samples) == 1


@pytest.mark.parametrize("behaviour", ["garbage", "bomb", "cut body", "reset", "endless head"])
async def test_hostile_registries_are_unknown(registry: HttpServer, behaviour: str) -> None:
    """The registry's trouble is not the domain's."""
    async with hostile(behaviour) as server:
        result = await asyncio.wait_for(World(registry, server=f"http://127.0.0.1:{server.port}/").once(), 20)
    assert result.status is UNKNOWN and result.reason, result


@pytest.mark.parametrize("saved", [{}, {"domain": "example.com"}, {"domain": "example.com", "looked": "x", "listed": 1}, {"domain": 5}])
def test_a_stored_state_that_cannot_be_understood_is_left_out(saved: dict[str, Any]) -> None:
    """The domain is asked for anew."""
    assert state_from(saved, "example.com", NOW).due == 0


def test_the_copy_of_the_list_has_the_usual_servers() -> None:
    """By the longest part of the name, https only."""
    assert servers_in(shipped(), "example.com") == ("https://rdap.verisign.com/com/v1/",)
    assert servers_in(shipped(), "example.de") == ()
    services = [[["uk"], ["http://a/", "https://b/"]], [["co.uk"], ["https://c/"]]]
    assert servers_in({"services": services}, "x.uk") == ("https://b/",) and servers_in({"services": services}, "x.co.uk") == (
        "https://c/",
    )
    odd: tuple[object, ...] = (None, [], {}, {"services": []}, {"services": [1]}, {"services": [["a", "b"]]})
    for bad in odd:
        with pytest.raises(BadList):
            servers_in(bad, "x.uk")


@pytest.mark.parametrize(
    "document",
    [
        {"events": [None, {}, {"eventAction": 1, "eventDate": 2}, {"eventAction": "expiration", "eventDate": "soon"}], "entities": [1, {}]},
        {"status": "active", "events": {}, "entities": [{"roles": ["registrar"], "vcardArray": ["vcard", [[], ["fn", {}, "text"], 1]]}]},
        {"ldhName": 5, "entities": [{"roles": "registrar"}]},
    ],
)
def test_parts_of_an_answer_that_are_odd_cost_themselves(document: dict[str, Any]) -> None:
    """Nothing raises."""
    found = registration_of({"objectClassName": "domain", **document}, "example.com")
    assert (found.expires, found.registrar) == (None, "")
    with pytest.raises(BadRegistration):
        registration_of(document, "example.com")


def test_names() -> None:
    """Small letters, A-labels, no last dot."""
    assert ascii_name("Example.COM.") == "example.com" and ascii_name("bücher.example") == "xn--bcher-kva.example"
    assert ascii_name("한국.kr") == "xn--3e0b707e.kr"
    assert candidates("a.b.example.com") == ["a.b.example.com", "b.example.com", "example.com"]


@pytest.mark.parametrize(
    "domain", ["com", "a b.com", "https://example.com/", "192.0.2.1", "-a.com", "a..com", "x" * 64 + ".com", "☃\u200d.com"]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    """By the reader."""
    with pytest.raises(ConfigurationError, match="domain"):
        made(DomainCheck, {"name": "x", "domain": domain})


def test_what_is_no_date_is_refused() -> None:
    """With an example."""
    with pytest.raises(ConfigurationError, match="is no date"):
        made(DomainCheck, {"name": "x", "domain": "example.de", "expires": "May 2031"})
