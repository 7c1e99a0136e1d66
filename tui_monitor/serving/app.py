"""The ASGI application: finds the endpoint, admits the caller, answers every error in the family's shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from tui_monitor.board.backend import Backend, CommandRefused
from tui_monitor.board.privacy import Privacy
from tui_monitor.config.settings import Settings
from tui_monitor.core.access_token import granted
from tui_monitor.core.catalogue.languages import language_in_use
from tui_monitor.core.clock import Clock
from tui_monitor.core.commands import ReportRefusal
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.serving.access import (
    PUSH_BURST,
    PUSH_RATE,
    Caller,
    RateLimits,
    Tokens,
    TooManyRequests,
    address_of,
    host_allowed,
    peer_caller,
    secret_of,
)
from tui_monitor.serving.answers import ApiError, alertmanager_error, own_error, prometheus_error, text_error
from tui_monitor.serving.endpoint import Endpoint, Family, HttpCall, name_of
from tui_monitor.serving.form_token import FORM_TOKEN, FormTokens
from tui_monitor.serving.openapi import openapi
from tui_monitor.serving.protocol import Peer
from tui_monitor.serving.shared import Shared
from tui_monitor.serving.visible_backend import visible_backend

log = logging.getLogger(__name__)
SAFE = ("GET", "HEAD")
REFUSAL_EVERY_S = 60.0
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise. There are no CORS headers: pages of other origins read nothing here."""
ERRORS: dict[Family, Callable[[ApiError], Response]] = {
    "own": own_error, "prometheus": prometheus_error, "alertmanager": alertmanager_error, "text": text_error, "page": text_error,
}  # fmt: skip


class App:
    """Serves the endpoints to those who may use them."""

    def __init__(self, endpoints: Iterable[Endpoint], backend: Backend, settings: Settings, clock: Clock, host: str, owner: int) -> None:
        """``host``: this machine's name in alerts, ``owner``: the uid of the state directory."""
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._patterns: list[tuple[Any, str, dict[str, Endpoint]]] = []
        every = tuple(endpoints)
        for endpoint in every:
            self._add(endpoint)
        self._backend = backend
        self._clock = clock
        self._host = host
        self._owner = owner
        self._tokens = Tokens(backend.tokens, clock.monotonic)
        self._limits = RateLimits(clock.monotonic)
        self._push_limits = RateLimits(clock.monotonic, PUSH_RATE, PUSH_BURST)
        self._refused: dict[str, float] = {}
        self.shared = Shared(backend, clock)
        self.shared.description = partial(openapi, every)
        self.configure(settings)

    def configure(self, settings: Settings) -> None:
        """Use other settings from the next request on."""
        assert settings.http is not None
        self._settings, self._http, self._privacy = settings, settings.http, Privacy.of(settings.redact)

    def _add(self, endpoint: Endpoint) -> None:
        if "{" not in endpoint.path:
            self._fixed.setdefault(endpoint.path, {})[endpoint.method] = endpoint
            return
        for _, path, methods in self._patterns:
            if path == endpoint.path:
                methods[endpoint.method] = endpoint
                return
        self._patterns.append((compile_path(endpoint.path)[0], endpoint.path, {endpoint.method: endpoint}))

    # --- one request --------------------------------------------------------------------------------------------------

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """ASGI."""
        request = Request(scope, receive)
        response = await self._respond(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        family = family_of(request.scope["path"])
        try:
            self._check_host(request)
            endpoint, path = self._find(request)
            family = endpoint.family
            caller = await self._admit(request, endpoint, path)
            backend = visible_backend(self._backend, self._privacy, caller.scopes)
            call = HttpCall(request, path, caller, backend, self._settings, self._http, self._clock, self.shared)
            return await endpoint.handler(call)
        except ApiError as error:
            return self._refusal(request, family, error)
        except TooManyRequests as error:
            return self._refusal(request, family, ApiError(429, str(error), headers={"retry-after": str(error.seconds)}))
        except CommandRefused as error:
            return self._refusal(request, family, ApiError(503, str(error), headers={"retry-after": "5"}))
        except Exception:  # the boundary: an error of ours is logged, and its text is nobody's business
            log.exception("internal error while answering %s", clip(clean(shown_path(request.url.path)), 200))
            return ERRORS[family](ApiError(500, "internal error; the monitor's log has the details"))

    def _refusal(self, request: Request, family: Family, error: ApiError) -> Response:
        """In the family's shape; a browser gets a page, also where nothing is at an address."""
        if family not in ("page", "text") or "text/html" not in request.headers.get("accept", ""):
            return ERRORS[family](error)
        from tui_monitor.serving.page.errors import page_error
        from tui_monitor.serving.page.words import Words, language_of

        return page_error(error, Words(language_of(request.headers.get("accept-language", ""), language_in_use(self._settings.language))))

    def _find(self, request: Request) -> tuple[Endpoint, dict[str, str]]:
        path, found = request.scope["path"], {}
        methods = self._fixed.get(path, {})
        if not methods:
            for pattern, _, candidate in self._patterns:
                if match := pattern.match(path):
                    methods, found = candidate, match.groupdict()
                    break
        if not methods:
            raise ApiError(404, "there is nothing at this address")
        endpoint = methods.get("GET" if request.method == "HEAD" else request.method)
        if endpoint is None or (request.method == "HEAD" and endpoint.scope == "act"):
            allow = sorted({*methods, *(["HEAD"] if "GET" in methods and methods["GET"].scope != "act" else [])})
            raise ApiError(405, f"{clip(clean(request.method), 20)} is not possible here", headers={"allow": ", ".join(allow)})
        return endpoint, found

    def _check_host(self, request: Request) -> None:
        if peer_on(request) is None and not host_allowed(request.headers.get("host", ""), self._http, self._host):
            raise ApiError(421, "this Host name is not served here; add it to allowed_hosts in [http]")

    # --- admission ----------------------------------------------------------------------------------------------------

    async def _admit(self, request: Request, endpoint: Endpoint, path: dict[str, str]) -> Caller:
        """The caller. Raises ApiError 401, 403, 421, TooManyRequests."""
        peer = peer_on(request)
        client = request.client.host if request.client else ""
        address = address_of(client, request.headers.get("x-forwarded-for", ""), self._http)
        request.scope["address"] = address
        if endpoint.open == "always":
            return Caller("anyone")
        if endpoint.by_key is not None and self._has_key(endpoint.by_key, path, request, address):
            return Caller("heartbeat key")
        caller = peer_caller(peer, self._http, self._owner) if peer is not None else await self._by_token(request, address)
        limits = self._push_limits if endpoint.scope in ("push", "alerts") else self._limits
        limits.admit(caller.token or address or caller.name)
        if request.method not in SAFE or endpoint.acts:
            _check_origin(request)
            if caller.by_cookie and endpoint.family != "page":  # a page's form has its token among its fields
                self.shared.one(FormTokens).check(caller, request.headers.get(FORM_TOKEN, ""))
        opened = peer is None and set(endpoint.open.split()) & set(self._http.open)
        if endpoint.scope in caller.scopes or opened or (endpoint.local and peer is not None):
            return caller
        if not caller.known:
            raise ApiError(401, "a token is needed: tui-monitor token add NAME --scope " + endpoint.scope, headers=_CHALLENGE)
        await self._report(name_of(caller, address), f"{request.method} {shown_path(request.url.path)}: needs scope {endpoint.scope}")
        raise ApiError(403, f"this needs the scope {endpoint.scope}")

    def _has_key(self, by_key: Callable[[dict[str, str], Settings], bool], path: dict[str, str], request: Request, address: str) -> bool:
        """Whether the address holds a right key; wrong ones are counted as wrong tokens are. Raises TooManyRequests."""
        if peer_on(request) is None:
            self._limits.check_address(address)
        if by_key(path, self._settings):
            self._push_limits.admit(address or "unix")
            return True
        anonymous = not secret_of(request.headers, request.cookies)[0] and "heartbeat" not in self._http.open
        if peer_on(request) is None and anonymous:
            self._limits.wrong_token(address)
        return False

    async def _by_token(self, request: Request, address: str) -> Caller:
        secret, by_cookie = secret_of(request.headers, request.cookies)
        if not secret:
            return Caller("anyone")
        self._limits.check_address(address)
        token = await self._tokens.find(secret, self._clock.wall_ms())
        if token is not None and token.kind == ("session" if by_cookie else "token"):
            return Caller(token.name, granted(token.scopes), known=True, by_cookie=by_cookie, token=token.digest)
        if by_cookie:
            return Caller("anyone")
        if self._limits.wrong_token(address):
            await self._report(address, "wrong tokens; refused for a minute")
        raise ApiError(401, "this token is not known, or it has expired", headers=_CHALLENGE)

    async def _report(self, who: str, text: str) -> None:
        """Write a refusal into the audit log, each once a minute."""
        now = self._clock.monotonic()
        self._refused = {key: at for key, at in self._refused.items() if at > now - REFUSAL_EVERY_S}
        if len(self._refused) < 100 and f"{who} {text}" not in self._refused:
            self._refused[f"{who} {text}"] = now
            await self._backend.command(ReportRefusal(clip(clean(text), 200)), clip(clean(who), 64))


def peer_on(request: Request) -> Peer | None:
    """The process at the other end of the unix socket; None over TCP."""
    state: dict[str, Peer | None] = request.scope.get("state") or {}
    return state.get("peer")


def shown_path(path: str) -> str:
    """The path without what may be a key."""
    return next((f"{begin}…" for begin in ("/ping/", "/login/") if path.startswith(begin)), path)


_CHALLENGE = {"www-authenticate": 'Basic realm="tui-monitor", charset="UTF-8"'}


def _check_origin(request: Request) -> None:
    """A page of another origin may not act through a browser that is known here. Programs send neither header."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != request.headers.get("host")):
        raise ApiError(403, "a page of another origin may not act here")


def family_of(path: str) -> Family:
    """The shape of errors where no endpoint is at an address."""
    if path.startswith("/api/v1/") and not path.startswith(("/api/v1/monitoring", "/api/v1/metrics")):
        return "prometheus"
    if path.startswith("/api/v2/"):
        return "alertmanager"
    return "own" if path.startswith("/api") else "text"
