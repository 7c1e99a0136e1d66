"""The domain check as a feed: asks the registry once a day, keeps the answer over restarts, and judges by it at each moment."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tui_monitor.core.clock import Clock, SystemClock
from tui_monitor.core.humanize import span_words
from tui_monitor.core.values import ProbeResult, Sample, labels_of
from tui_monitor.sources.domain.bootstrap import servers_in, shipped
from tui_monitor.sources.domain.lookup import LookupFailed, RdapLookup
from tui_monitor.sources.domain.name import ascii_name
from tui_monitor.sources.domain.settings import METRICS, DomainCheck
from tui_monitor.sources.domain.state import DAY_MS, DomainState, end_verdict, state_from, verdict
from tui_monitor.sources.net.excerpt import clean
from tui_monitor.sources.net.resolve import RESOLVER, Resolver

LIST_MS = 7 * DAY_MS
"""Age of the list of servers from which on a newer one is read."""
HEARD_WITHIN = 3.0
"""Seconds for which the first probe waits for the first answer."""
_LONGEST_SLEEP = 600.0
"""Seconds: after a suspend or a change of the clock the next lookup is at most so late."""
_EXPIRY = labels_of(METRICS[0])


class DomainFeed:
    """One domain check (sources/api.py: Feed). Raises ValueError naming the key where the domain is none."""

    def __init__(
        self, settings: DomainCheck, clock: Clock | None = None, *, resolver: Resolver = RESOLVER, chance: random.Random | None = None
    ) -> None:
        self.stage = ""
        self.news = asyncio.Event()
        self._settings = settings
        self._clock = clock or SystemClock()
        self._chance = chance or random.Random()
        try:
            self._name = ascii_name(settings.domain)
        except ValueError as error:
            raise ValueError(f"domain: {error}") from None
        self._lookup = RdapLookup(settings, resolver)
        self._state = DomainState(self._name)
        self._tried = asyncio.Event()

    def restore(self, saved: Mapping[str, Any] | None, at: int) -> None:
        """Go on with the stored answer: a restart asks nobody."""
        self._state = state_from(saved, self._name, self._clock.wall_ms())
        if self._state.tried:
            self._tried.set()

    async def run(self) -> None:
        """Ask when it is time."""
        if self._settings.expires:
            await asyncio.Event().wait()
        while True:
            wait = (self._state.due - self._clock.wall_ms()) / 1000
            if wait > 0:
                await self._clock.sleep(min(wait, _LONGEST_SLEEP))
                continue
            await self._ask()
            self._tried.set()
            self.news.set()

    async def probe(self) -> ProbeResult:
        """The verdict by what is known."""
        if self._settings.expires:
            return self._by_hand()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(HEARD_WITHIN, 0.8 * self._settings.timeout)):
                await self._tried.wait()
        status, reason = verdict(self._state, self._clock.wall_ms(), self._settings.warning)
        known = self._state.found.registration if self._state.found is not None else None
        samples = (Sample(_EXPIRY, known.expires),) if known is not None and known.expires is not None else ()
        return ProbeResult(status, reason, samples=samples, facts=self._facts(), saved=self._state.to_json())

    async def close(self) -> None:
        """Nothing is held."""

    def _by_hand(self) -> ProbeResult:
        expires = datetime.fromisoformat(self._settings.expires).replace(tzinfo=UTC).timestamp()
        status, reason = end_verdict(expires, self._clock.wall_ms() / 1000, self._settings.warning)
        return ProbeResult(status, reason, samples=(Sample(_EXPIRY, expires),), facts={"ends": _day(expires), "source": "configuration"})

    async def _ask(self) -> None:
        try:
            servers = await self._servers()
            found = await self._lookup.registration(self._name, servers)
        except LookupFailed as failed:
            self._state = self._state.has_failed(clean(str(failed), 200), self._clock.wall_ms(), self._jitter(), failed.wait)
            return
        self._state = self._state.has_found(found, self._clock.wall_ms(), self._jitter(), self._settings.warning)

    async def _servers(self) -> tuple[str, ...]:
        """The configured server, else those of the newest list. Raises LookupFailed where the registry has none."""
        if self._settings.server is not None:
            return (self._settings.server,)
        if not self._state.listed or self._clock.wall_ms() - self._state.listed > LIST_MS:
            await self._read_list()
        if not self._state.servers:
            top = self._name.rpartition(".")[2]
            raise LookupFailed(
                f'the registry of .{top} offers no RDAP; write the end into the check: expires = "YYYY-MM-DD"', wait=86_400.0
            )
        return self._state.servers

    async def _read_list(self) -> None:
        """IANA's newest list; where it cannot be had the one that comes with the program, or what was known, for another day."""
        now = self._clock.wall_ms()
        try:
            self._state = replace(self._state, servers=await self._lookup.servers(self._name), listed=now)
        except LookupFailed:
            known = self._state.servers or servers_in(await asyncio.to_thread(shipped), self._name)
            self._state = replace(self._state, servers=known, listed=now - LIST_MS + DAY_MS)

    def _jitter(self) -> float:
        return self._chance.uniform(0.9, 1.1)

    def _facts(self) -> dict[str, str]:
        state, now = self._state, self._clock.wall_ms()
        facts = {"domain": self._name}
        known = state.found.registration if state.found is not None else None
        if known is not None:
            facts["registered"] = known.name
            facts |= {"ends": _day(known.expires)} if known.expires is not None else {}
            facts |= {"registrar": known.registrar} if known.registrar else {}
            facts |= {"ends, says the registrar": _day(known.registrar_expires)} if known.registrar_expires is not None else {}
            facts |= {"status": clean(", ".join(known.statuses), 200)} if known.statuses else {}
        if state.found is not None:
            facts["asked"] = f"{clean(state.found.server, 80)}, {span_words(max(0, now - state.looked) / 1000, most=1)} ago"
        if state.fault:
            facts["last failure"] = state.fault
        return facts


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
