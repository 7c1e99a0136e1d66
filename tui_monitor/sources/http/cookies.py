"""Cookies of one redirect chain: a site that sets one and redirects to itself expects it back (RFC 6265, section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from time import time

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.http.request import Url

_MOST = 50
_LONGEST = 4096


@frozen
class _Cookie:
    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    secure: bool

    def goes_to(self, url: Url) -> bool:
        """Whether the cookie is sent to this address."""
        here = url.host == self.domain or (not self.host_only and url.host.endswith(f".{self.domain}"))
        path = url.target.partition("?")[0]
        below = path == self.path or (path.startswith(self.path) and (self.path.endswith("/") or path[len(self.path)] == "/"))
        return here and below and (url.secure or not self.secure)


class Cookies:
    """Cookie store of one probe: at most 50 cookies of 4 KiB."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, url: Url, headers: Iterable[tuple[str, str]]) -> None:
        """Store the Set-Cookie headers of an answer from this address."""
        for name, value in headers:
            if name == "set-cookie" and len(value) <= _LONGEST:
                self._set(url, value)

    def header(self, url: Url) -> str:
        """The value of the Cookie header for this address, "" for none; the longer path first."""
        found = [cookie for cookie in self._cookies.values() if cookie.goes_to(url)]
        found.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in found)

    def _set(self, url: Url, text: str) -> None:
        pair, *rest = text.split(";")
        name, sign, value = pair.partition("=")
        attributes = {key.strip().lower(): content.strip() for key, _, content in (part.partition("=") for part in rest)}
        domain = attributes.get("domain", "").lstrip(".").lower()
        if not sign or not name.strip() or not _may_set(url.host, domain):
            return
        path = attributes.get("path", "")
        path = path if path.startswith("/") else _directory(url)
        cookie = _Cookie(name.strip(), value.strip(), domain or url.host, not domain, path, "secure" in attributes)
        key = (cookie.name, cookie.domain, cookie.path)
        if _is_over(attributes):
            self._cookies.pop(key, None)
        elif key in self._cookies or len(self._cookies) < _MOST:
            self._cookies[key] = cookie


def _may_set(host: str, domain: str) -> bool:
    """Whether a host may set a cookie for a domain: its own, or a parent that is not a top-level domain; for an IP address only its own."""
    if not domain or domain == host:
        return True
    return "." in domain and host.endswith(f".{domain}") and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _directory(url: Url) -> str:
    """The path of the address up to its last slash."""
    return url.target.partition("?")[0].rpartition("/")[0] or "/"


def _is_over(attributes: dict[str, str]) -> bool:
    """Whether the cookie is deleted: its max-age is 0, or its expiry is in the past."""
    age = attributes.get("max-age", "")
    if age.removeprefix("-").isdecimal() and age.isascii():
        return age.startswith("-") or not int(age[:20])
    from email.utils import parsedate_to_datetime  # 0.6 MiB: imported only where a site sets a cookie

    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp() <= time()
    except (KeyError, ValueError, OverflowError):
        return False
