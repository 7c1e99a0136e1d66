"""Requests of the HTTP probe: address parsing, request construction, and redirects."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote, urljoin, urlsplit

import h11

from tui_monitor.core.frozen import frozen

_PORTS = {"http": 80, "https": 443}
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_HARMLESS_HEADERS = {"accept", "accept-encoding", "accept-language", "user-agent"}
_QUERY_VALUE = re.compile(r"=[^&;]*")
_SECRET_NAME = re.compile(r"auth|cookie|key|token|secret|password|signature|session", re.I)
_SHORTEST, _LONG_VALUE = 4, 8
_REDIRECTS_TO_GET = {301, 302, 303}
USER_AGENT = "tui-monitor"
REDIRECTS = {301, 302, 303, 307, 308}


@frozen
class Url:
    """A parsed address; ``target`` is the path with the query, ``userinfo`` is "user:password" or "".

    ``lookup`` is the name to resolve, with a trailing dot if written, which excludes search domains. TLS, the Host header and
    certificates use the name without it: ``host``.
    """

    scheme: str
    host: str
    port: int
    target: str
    userinfo: str = ""
    lookup: str = ""

    @property
    def secure(self) -> bool:
        """Whether the scheme is https."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """The Host header, with the port only if it is not the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def shown(self) -> str:
        """The address for people, without credentials and query values, which can be secret."""
        path, mark, query = self.target.partition("?")
        return f"{self.scheme}://{self.authority}{path}{mark}{_QUERY_VALUE.sub('=…', query) if '=' in query else query and '…'}"

    def same_host(self, other: Url) -> bool:
        """Whether credentials may be sent to ``other``: the same origin, or the same host upgraded from http to https."""
        if self.host != other.host:
            return False
        raised = (self.scheme, self.port, other.scheme, other.port) == ("http", 80, "https", 443)
        return raised or (self.scheme, self.port) == (other.scheme, other.port)


def parse_url(text: str) -> Url:
    """Parse an address. Raises ValueError with its fault."""
    parts = urlsplit(text)
    if parts.scheme not in _PORTS:
        raise ValueError(f"{parts.scheme or 'no'} scheme, where http or https is wanted")
    written = parts.hostname or ""
    host = written.rstrip(".")
    if not host or not host.isprintable() or " " in host:
        raise ValueError("no valid host")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    path = quote(parts.path or "/", safe=_SAFE)
    target = f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path
    port = parts.port if parts.port is not None else _PORTS[parts.scheme]
    return Url(parts.scheme, host, port, target, parts.netloc.rpartition("@")[0], f"{host}." if written.endswith(".") else host)


@frozen
class HttpRequest:
    """A request; ``head`` is validated once and used by every probe."""

    url: Url
    head: h11.Request
    body: bytes

    @property
    def method(self) -> str:
        """The method, in capitals."""
        return self.head.method.decode("ascii")


def build_request(url: Url, method: str, headers: Mapping[str, str], body: bytes, *, keep_alive: bool = False) -> HttpRequest:
    """Build a request; ``headers`` override the default ones. Raises ValueError where HTTP does not allow it."""
    fields = {"host": url.authority, "user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "identity"}
    if not keep_alive:
        fields["connection"] = "close"
    if body or method in ("POST", "PUT", "PATCH"):
        fields["content-length"] = str(len(body))
    fields |= {name.lower(): value for name, value in headers.items()}
    try:
        pairs = [(name.encode("ascii"), value.strip().encode("utf-8")) for name, value in fields.items()]
        head = h11.Request(method=method, target=url.target, headers=pairs)
    except (h11.LocalProtocolError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error
    return HttpRequest(url, head, body)


def authorization(userinfo: str, username: str | None, password: str, bearer: str) -> str:
    """The Authorization header's value, "" without one; configured credentials override those in the address."""
    if bearer:
        return f"Bearer {bearer}"
    if username is not None:
        pair = f"{username}:{password}"
    elif userinfo:
        pair = unquote(userinfo)
    else:
        return ""
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def header_secrets(headers: Mapping[str, str]) -> set[str]:
    """The values of headers whose names say that they are secret, and the words in them."""
    found = {value for name, value in headers.items() if _SECRET_NAME.search(name)}
    return {secret for value in found for secret in (value, *value.split()) if len(secret) >= _SHORTEST}


def secrets_of(url: Url, headers: Mapping[str, str], *more: str) -> tuple[str, ...]:
    """Secrets to mask in texts of the target, the longest first, so that none is hidden within another."""
    found = header_secrets(headers) | {*more, url.userinfo, unquote(url.userinfo), unquote(url.userinfo).partition(":")[2]}
    values = [pair.partition("=")[2] for pair in url.target.partition("?")[2].split("&")]
    queried = {form for value in values if len(value) >= _LONG_VALUE for form in (value, unquote(value))}
    return tuple(sorted({secret for secret in found if len(secret) >= _SHORTEST} | queried, key=len, reverse=True))


class BadRedirect(ValueError):
    """A redirect that is not followed; the text is the reason."""


def redirected(
    request: HttpRequest, headers: Mapping[str, str], status: int, location: str, cookies_for: Callable[[Url], str] = lambda url: ""
) -> tuple[HttpRequest, Mapping[str, str]]:
    """The request of a redirect, and the configured headers to send with it.

    303, and 301 and 302 after POST, become GET without a body, as in browsers. On a change of host only headers without secrets
    stay, and no body is sent. ``cookies_for`` returns the cookies set so far for an address. Raises BadRedirect.
    """
    try:
        url = parse_url(urljoin(str(replace(request.url, host=request.url.lookup)), location))
    except ValueError as error:
        raise BadRedirect("redirects to an address that cannot be used") from error
    method, body, kept = request.method, request.body, headers
    if status in _REDIRECTS_TO_GET and (method == "POST" or (status == 303 and method != "HEAD")):
        method, body = "GET", b""
        kept = {name: value for name, value in kept.items() if name.lower() not in ("content-type", "content-length")}
    if not request.url.same_host(url):
        if body:
            raise BadRedirect(f"redirects the request's body to another host ({url.shown})")
        kept = {name: value for name, value in kept.items() if name.lower() in _HARMLESS_HEADERS}
    url = replace(url, userinfo="")
    kept = {name: value for name, value in kept.items() if name.lower() != "host"}
    try:
        return build_request(url, method, _with_cookies(kept, cookies_for(url)), body), kept
    except ValueError as error:
        raise BadRedirect("redirects to an address that cannot be used") from error


def _with_cookies(headers: Mapping[str, str], cookies: str) -> Mapping[str, str]:
    """The configured headers with cookies, a configured Cookie first."""
    if not cookies:
        return headers
    own = next((name for name in headers if name.lower() == "cookie"), "Cookie")
    return {**headers, own: f"{headers[own]}; {cookies}" if own in headers else cookies}
