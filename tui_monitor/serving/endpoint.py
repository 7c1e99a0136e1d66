"""A route of the HTTP interface: where it is, who may use it, what answers; each module in routes/ gives a tuple of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from tui_monitor.board.backend import Backend
from tui_monitor.config.serving import HttpSettings
from tui_monitor.config.settings import Settings
from tui_monitor.core.clock import Clock
from tui_monitor.core.frozen import frozen
from tui_monitor.serving.access import Caller
from tui_monitor.serving.shared import Shared

Family = Literal["own", "prometheus", "alertmanager", "text", "page"]
Open = Literal["", "always", "metrics", "read", "heartbeat", "status_page", "read status_page"]


@frozen
class HttpCall:
    """One admitted request, and what answers it. ``path`` holds the route's parameters."""

    request: Request
    path: dict[str, str]
    caller: Caller
    backend: Backend
    settings: Settings
    http: HttpSettings
    clock: Clock
    shared: Shared

    def by(self) -> str:
        """The caller as the audit log names it."""
        return name_of(self.caller, self.request.scope["address"])


def name_of(caller: Caller, address: str) -> str:
    """The name in the audit log; ``address`` is "" over the unix socket."""
    return f"{caller.name} (http {address})" if address else f"{caller.name} (http)"


@frozen
class Parameter:
    """A parameter of an address, for docs/openapi.json: ``type`` is string, integer or boolean; ``bounds`` are of an integer."""

    name: str
    doc: str
    type: str = "string"
    repeated: bool = False
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None


Handler = Callable[[HttpCall], Awaitable[Response]]


@frozen
class Endpoint:
    """``path`` may hold parameters: "/api/alerts/{id}/ack"; "{rest:path}" takes slashes too. GET answers HEAD as well.

    ``scope``: what a token needs; ``open``: which words of `[http] open` let TCP in without one, "always": no word is needed.
    ``by_key``: says by path and settings whether the address itself holds a key that admits the request; then such addresses are secret.
    ``local``: every user of this machine may use it over the unix socket. ``family``: the shape of its errors. ``summary``,
    ``parameters``, ``body`` (the JSON schema of the request's body) and ``answer`` (its media type) are for docs/openapi.json.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scope: str = "read"
    open: Open = "read"
    family: Family = "own"
    by_key: Callable[[dict[str, str], Settings], bool] | None = None
    local: bool = False
    parameters: tuple[Parameter, ...] = ()
    body: Mapping[str, Any] | None = None
    answer: str = "application/json"

    @property
    def acts(self) -> bool:
        """Whether it changes something, also by GET; a POST of scope read carries only the parameters of a query."""
        return self.scope in ("act", "push", "alerts") or (self.scope == "admin" and self.method != "GET")
