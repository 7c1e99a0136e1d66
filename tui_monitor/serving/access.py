"""Who is asking, and what they may do: tokens, Unix peers, open routes; and who asks too often. docs/security.md states the model."""

from __future__ import annotations

import base64
import binascii
import grp
import os
import pwd
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from tui_monitor.config.serving import HttpSettings
from tui_monitor.core.access_token import AccessToken, digest_of, granted
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.serving.protocol import Peer

COOKIE = "tui_monitor_session"
TOKENS_AGE_S = 2.0
"""A revoked token opens nothing after this; a new one works at once."""
RATE, BURST = 20.0, 60.0
"""Requests per second of one address or token, and how many at once."""
PUSH_RATE, PUSH_BURST = 200.0, 1000.0
"""The same of one sender of pushes: a logger sends a request for each line."""
WRONG_TOKENS, WRONG_WINDOW_S = 10, 60.0
MOST_ADDRESSES = 10_000


@frozen
class Caller:
    """Who asks: the name for the audit log, the scopes, and whether a browser's cookie says so (which needs a form token to act)."""

    name: str
    scopes: frozenset[str] = frozenset()
    known: bool = False
    by_cookie: bool = False
    token: str = ""


class TooManyRequests(Exception):
    """The caller has to wait; ``seconds`` at least."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many requests; try again in {max(1, round(seconds))}s")
        self.seconds = max(1, round(seconds))


class Tokens:
    """The stored tokens, read again every TOKENS_AGE_S seconds and for a digest that is not known."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[AccessToken]]], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._by_digest: dict[str, AccessToken] = {}
        self._read_at = float("-inf")

    async def find(self, secret: str, now_ms: int) -> AccessToken | None:
        """The token of this secret, None where there is none that is valid."""
        digest = digest_of(secret)
        age = self._monotonic() - self._read_at
        if age > TOKENS_AGE_S or digest not in self._by_digest:
            self._by_digest = {token.digest: token for token in await self._read()}
            self._read_at = self._monotonic()
        token = self._by_digest.get(digest)
        return token if token is not None and token.valid(now_ms) else None

    def forget(self) -> None:
        """Read them again at the next request."""
        self._read_at = float("-inf")


class RateLimits:
    """A token bucket per caller, and a count of wrong tokens per address."""

    def __init__(self, monotonic: Callable[[], float], rate: float | None = None, burst: float | None = None) -> None:
        """``rate`` in requests per second, ``burst`` at once; None: RATE and BURST."""
        self._monotonic = monotonic
        self._rate, self._burst = RATE if rate is None else rate, BURST if burst is None else burst
        self._buckets: dict[str, tuple[float, float]] = {}
        self._wrong: dict[str, list[float]] = {}

    def admit(self, caller: str) -> None:
        """Count a request. Raises TooManyRequests."""
        now = self._monotonic()
        left, at = self._buckets.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._rate)
        _bound(self._buckets)
        self._buckets[caller] = (max(0.0, left - 1), now)
        if left < 1:
            raise TooManyRequests((1 - left) / self._rate)

    def wrong_token(self, address: str) -> bool:
        """Count a wrong token; True for the one that closes the door."""
        now = self._monotonic()
        recent = [at for at in self._wrong.pop(address, []) if at > now - WRONG_WINDOW_S]
        _bound(self._wrong)
        self._wrong[address] = [*recent, now][-WRONG_TOKENS:]
        return len(recent) + 1 == WRONG_TOKENS

    def check_address(self, address: str) -> None:
        """Raises TooManyRequests for an address that has tried too many wrong tokens."""
        tried = self._wrong.get(address, [])
        if len(tried) == WRONG_TOKENS and (left := tried[0] + WRONG_WINDOW_S - self._monotonic()) > 0:
            raise TooManyRequests(left)


def _bound(table: dict[str, object] | dict[str, tuple[float, float]] | dict[str, list[float]]) -> None:
    """Forget the callers that were seen longest ago."""
    while len(table) >= MOST_ADDRESSES:
        del table[next(iter(table))]


def secret_of(headers: Mapping[str, str], cookies: Mapping[str, str]) -> tuple[str, bool]:
    """The secret that a request carries, "" for none, and whether it is the browser's cookie: Bearer, or the password of Basic."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip(), False
    if kind.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            return base64.b64decode(value.strip(), validate=True).decode().partition(":")[2], False
        return "not base64", False
    return cookies.get(COOKIE, ""), True


def peer_caller(peer: Peer, settings: HttpSettings, owner: int) -> Caller:
    """Who is at the other end of the unix socket: root and the state's owner may do everything, others what their groups may."""
    name = f"uid {peer.uid}"
    with suppress(KeyError):
        name = pwd.getpwuid(peer.uid).pw_name
    if peer.uid in (0, owner, os.getuid()):
        return Caller(name, granted(("admin", "push", "alerts")), known=True)
    groups = set(_names_of(peer.groups))
    scopes = [
        scope
        for scope, names in (("admin", settings.groups.admin), ("act", settings.groups.act), ("read", settings.groups.read))
        if groups & set(names)
    ]
    return Caller(name, granted(tuple(scopes)), known=True)


def _names_of(groups: Iterable[int]) -> Iterable[str]:
    for number in groups:
        with suppress(KeyError):
            yield grp.getgrgid(number).gr_name


def host_allowed(host: str, settings: HttpSettings, own: str) -> bool:
    """Whether a Host header names this server: a page of another name that was pointed here may not read it (DNS rebinding)."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    listened = settings.listen.rpartition(":")[0]
    known = {"localhost", "127.0.0.1", "[::1]", listened, own, *settings.allowed_hosts}
    return name.lower().rstrip(".") in {each.lower() for each in known if each}


def address_of(client: str, forwarded: str, settings: HttpSettings) -> str:
    """Where a request comes from: X-Forwarded-For counts from a trusted proxy only, and there its last address that is none."""
    if client not in settings.trusted_proxies:
        return client
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    others = [hop for hop in hops if hop not in settings.trusted_proxies]
    return clip(clean(others[-1]), 64) if others else client
