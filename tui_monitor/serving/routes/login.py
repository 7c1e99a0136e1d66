"""Login of a browser: the link that `tui-monitor web` prints works once and becomes a session with a cookie."""

from __future__ import annotations

import html
import secrets

from starlette.responses import Response

from tui_monitor.core.access_token import SESSION_MS, AccessToken, digest_of, new_secret
from tui_monitor.core.commands import AddToken, RevokeToken
from tui_monitor.serving.access import COOKIE, RateLimits
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.body import parameters_of
from tui_monitor.serving.endpoint import Endpoint, HttpCall
from tui_monitor.serving.form_token import FORM_TOKEN, FormTokens
from tui_monitor.serving.shared import Shared

CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_GONE = "this link is not valid any more: it works once, within 5 minutes; make another with: tui-monitor web"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>tui-monitor</title><meta http-equiv="refresh" content="0; url=/">
<meta name="viewport" content="width=device-width"></head><body><p><a href="/">{text}</a></p></body></html>
"""
"""A page that leads on and no redirect: after a redirect that began on another site the browser would not send a SameSite=Strict cookie."""


class LoginLimits(RateLimits):
    """How often an address may try links."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared.clock.monotonic)


async def login(call: HttpCall) -> Response:
    """Spend the link and start a session. Raises ApiError 403 for one that is spent, expired or unknown."""
    if call.request.method == "HEAD":  # a preview of the address must not spend it
        return Response(status_code=204)
    call.shared.one(LoginLimits).admit(call.request.scope["address"])
    link = await _link(call)
    spent = await call.backend.command(RevokeToken(link.name), call.by()) if link is not None else None
    if link is None or spent is None or not spent.ok:
        raise ApiError(403, _GONE)
    secret = new_secret()
    name = f"{link.by} (browser {secrets.token_hex(3)})"
    expires = call.clock.wall_ms() + SESSION_MS
    made = await call.backend.command(AddToken(name, link.scopes, digest_of(secret), expires, "session"), name)
    if not made.ok:
        raise ApiError(503, made.text, headers={"retry-after": "5"})
    return _answer(_PAGE.format(text=html.escape(f"signed in as {name}")), _cookie(call, secret, SESSION_MS // 1000))


async def _link(call: HttpCall) -> AccessToken | None:
    digest, now = digest_of(call.path["secret"]), call.clock.wall_ms()
    return next((one for one in await call.backend.tokens() if one.kind == "link" and one.digest == digest and one.valid(now)), None)


async def logout(call: HttpCall) -> Response:
    """End the session of this browser."""
    if call.caller.by_cookie:
        given = call.request.headers.get(FORM_TOKEN) or dict(await parameters_of(call.request)).get("form_token", "")
        call.shared.one(FormTokens).check(call.caller, given)
        await call.backend.command(RevokeToken(call.caller.name), call.by())
    return _answer(_PAGE.format(text="signed out"), _cookie(call, "", 0))


def _answer(page: str, cookie: str) -> Response:
    return Response(page, headers={"set-cookie": cookie, "content-security-policy": CSP}, media_type="text/html")


def _cookie(call: HttpCall, value: str, age_s: int) -> str:
    secure = "; Secure" if call.request.url.scheme == "https" else ""
    return f"{COOKIE}={value}; Max-Age={age_s}; Path=/; HttpOnly; SameSite=Strict{secure}"


ENDPOINTS = (
    Endpoint("GET", "/login/{secret}", login, "spend a link and sign in", open="always", family="page"),
    Endpoint("POST", "/logout", logout, "sign out", family="page"),
)
