"""Pings of jobs in healthchecks' shape: /ping/NAME[/start|/fail|/log|/0-255] and /ping/KEY/SLUG with the check's own `token`.

Source: healthchecks.io, docs/http_api. A ping is stored before it is answered.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from starlette.responses import Response

from tui_monitor.config.settings import Settings
from tui_monitor.core.frozen import frozen
from tui_monitor.core.ping import MOST_TEXT, Ping, PingKind, kind_of_exit
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import body_of, pairs_of
from tui_monitor.serving.endpoint import Endpoint, HttpCall, Parameter

MOST_ID = 200
_WORDS: dict[str, PingKind] = {"start": "start", "fail": "fail", "log": "log"}


@frozen
class PingAddress:
    """What an address means: the check's name, the kind of ping, the exit status where it gives one; ``keyed``: it holds the key."""

    name: str
    kind: PingKind = "success"
    code: int | None = None
    keyed: bool = False


def _readings(rest: str) -> Iterator[tuple[str, PingKind, int | None]]:
    """The possible meanings: all of it is a name, or its end is an action."""
    yield rest, "success", None
    head, slash, word = rest.rpartition("/")
    if slash and word in _WORDS:
        yield head, _WORDS[word], None
    elif slash and word.isascii() and word.isdigit() and len(word) <= 3 and int(word) <= 255:
        yield head, kind_of_exit(int(word)), int(word)


def address_of_ping(rest: str, settings: Settings) -> PingAddress | None:
    """The meaning of what stands behind /ping/; None where no heartbeat check is meant. Every key is compared, in constant time."""
    found = None
    for check in settings.checks:
        if check.type != "heartbeat":
            continue
        token = getattr(check, "token", None)
        keys = [f"{token.reveal()}/{check.name}"] if token is not None else []
        for text, kind, code in _readings(rest):
            if any(hmac.compare_digest(text.encode("utf-8", "replace"), key.encode()) for key in keys):
                found = PingAddress(check.name, kind, code, keyed=True)
            elif text == check.name and found is None:
                found = PingAddress(check.name, kind, code)
    return found


def has_key(path: dict[str, str], settings: Settings) -> bool:
    """Whether the address holds the key of the check that it pings."""
    found = address_of_ping(path["rest"], settings)
    return found is not None and found.keyed


async def ping(call: HttpCall) -> Response:
    """Store a ping. The body is kept as evidence."""
    found = address_of_ping(call.path["rest"], call.settings)
    if found is None:
        raise ApiError(404, "not found: no heartbeat check has this name")
    text = (await body_of(call.request)).decode("utf-8", "replace")
    rid = clean(dict(pairs_of(call.request.url.query)).get("rid", ""))[:MOST_ID]
    message = clip(clean(text, newlines=True), MOST_TEXT)
    await call.backend.ping(Ping(found.name, found.kind, call.clock.wall_ms(), rid, found.code, message, call.by()))
    return Response("OK", headers={"ping-body-limit": str(MOST_TEXT)}, media_type="text/plain")


ENDPOINTS = tuple(
    Endpoint(
        method, "/ping/{rest:path}", ping, "report a job's run to its heartbeat check", scope="push", open="heartbeat", family="text",
        by_key=has_key, local=True, parameters=(Parameter("rid", "which run, where several overlap"),), answer="text/plain",
    )
    for method in ("GET", "POST")
)  # fmt: skip
