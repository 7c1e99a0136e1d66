"""Asks RDAP servers (RFC 7480) over HTTP for a domain, and IANA's list for the servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tui_monitor.core.values import HealthStatus
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.domain.bootstrap import BadList, servers_in
from tui_monitor.sources.domain.name import candidates
from tui_monitor.sources.domain.registration import BadRegistration, Found, registration_of
from tui_monitor.sources.domain.settings import DomainCheck
from tui_monitor.sources.http.charset import decode_body
from tui_monitor.sources.http.exchange import Answer, BadAnswer, decoded
from tui_monitor.sources.http.expectations import status_text
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.net.resolve import Resolver

LIMIT = 20.0
"""Seconds for one request: registries are slow, and nobody waits."""
MAX_BODY = 4 * 2**20
LONGEST_WAIT = 7 * 86400.0
_NOT_THERE = (400, 404, 422)
"""What registries say of a name that they do not register: 404 by RFC 7480, others of a name with too many labels."""


class LookupFailed(Exception):
    """Nobody could tell; the text says why. ``wait``: seconds for which a server wants no other request."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _RdapReader:
    """An ``AnswerReader`` that keeps the JSON document and how long the server wants to be left alone (seconds).

    ``unknown_name``: the registry has said that it has no such name. A web page says nothing: the server may have moved.
    """

    def __init__(self) -> None:
        self.document: object = None
        self.unknown_name = False
        self.wait = 0.0

    def names(self, status: int) -> bool:
        """No redirect is an answer."""
        return False

    async def fault(self, answer: Answer) -> str:
        """What is wrong with the answer, "" where it is JSON."""
        self.wait = _wait(answer)
        self.unknown_name = answer.status in _NOT_THERE and "html" not in (answer.header("content-type") or "")
        if answer.status != 200:
            return status_text(answer.status)
        try:
            body, cut = await decoded(answer, MAX_BODY)
            self.document = await asyncio.to_thread(json.loads, decode_body(body, answer.header("content-type") or ""))
        except BadAnswer as error:
            return str(error)
        except (ValueError, RecursionError):
            return "the answer is not JSON"
        return "the answer is cut short" if cut else ""


class RdapLookup:
    """The requests for one check. Its methods raise LookupFailed."""

    def __init__(self, settings: DomainCheck, resolver: Resolver) -> None:
        self._settings = settings
        self._resolver = resolver

    async def servers(self, name: str) -> tuple[str, ...]:
        """The servers for a name by the newest list."""
        reader, reason = await self._get(self._settings.bootstrap, "application/json")
        if reason:
            raise LookupFailed(f"{_host(self._settings.bootstrap)}: {reason}", reader.wait)
        try:
            return servers_in(reader.document, name)
        except BadList as error:
            raise LookupFailed(f"{_host(self._settings.bootstrap)}: {error}") from None

    async def registration(self, name: str, servers: Sequence[str]) -> Found:
        """The registration that a name belongs to, by the first server that can tell."""
        failed = LookupFailed("no RDAP server is known")
        for server in servers:
            try:
                return await self._by(server, name)
            except LookupFailed as error:
                failed = error
        raise failed

    async def _by(self, server: str, name: str) -> Found:
        """Asks for the name, then for those above it. One of those without an end is no registration, but a suffix of the registry."""
        for asked in candidates(name):
            reader, reason = await self._get(f"{server.rstrip('/')}/domain/{asked}", "application/rdap+json, application/json")
            if reason and reader.unknown_name:
                continue
            if reason:
                raise LookupFailed(f"{_host(server)}: {reason}", reader.wait)
            try:
                found = registration_of(reader.document, asked)
            except BadRegistration as error:
                raise LookupFailed(f"{_host(server)}: {error}") from None
            if asked == name or found.expires is not None:
                return Found(found, _host(server))
        return Found(None, _host(server))

    async def _get(self, url: str, accept: str) -> tuple[_RdapReader, str]:
        reader = _RdapReader()
        check = HttpCheck(
            name=self._settings.name, url=url, timeout=LIMIT, headers={"Accept": accept, "Accept-Encoding": "gzip"},
            ca_file=self._settings.ca_file, tls_expiry_warning=0.0, max_body=MAX_BODY,
        )  # fmt: skip
        try:
            probe = HttpProbe(check, reader=reader, resolver=self._resolver)
            async with asyncio.timeout(LIMIT):
                result = await probe.probe()
        except TimeoutError:
            return reader, "does not answer in time"
        except (OwnTrouble, ValueError) as error:
            return reader, str(error)
        return reader, result.reason if result.status is HealthStatus.UNHEALTHY else ""


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _wait(answer: Answer) -> float:
    """Seconds of Retry-After (RFC 9110, section 10.2.3), a date by the answer's own Date; at most a week."""
    told = (answer.header("retry-after") or "").strip()
    if told.isascii() and told.isdigit():
        return min(float(told[:9]), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(told) - parsedate_to_datetime(answer.header("date") or "")).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(0.0, seconds), LONGEST_WAIT)
