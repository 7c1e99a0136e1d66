"""HTTP client of notifiers: the only module that imports httpx; maps answers and errors to SendError."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import ssl
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from tui_monitor.config.fields import FilePath
from tui_monitor.config.section import key
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip
from tui_monitor.core.version import VERSION
from tui_monitor.notifiers.api import NotifierSettings, SendError

if TYPE_CHECKING:
    import httpx


class HttpNotifierSettings(NotifierSettings):
    """Keys of every notifier that uses HTTP."""

    ca_file: FilePath | None = key(
        default=None, doc="certificate authorities to trust instead of the usual ones (PEM)", example="/etc/ssl/my-ca.pem"
    )


USER_AGENT = f"tui-monitor/{VERSION}"
_MAX_ANSWER = 64 * 1024
_TRANSIENT = {408, 425, 429}
_MAX_RETRY_AFTER = 86_400.0
_MOST_DIGITS = 20


def load_httpx() -> ModuleType:
    """The module httpx without its command line client, which would import rich, pygments and click."""
    blocked = "httpx" not in sys.modules and "httpx._main" not in sys.modules
    if blocked:
        sys.modules["httpx._main"] = None  # type: ignore[assignment]  # importing it now raises ImportError, which httpx expects
    try:
        import httpx
    finally:
        if blocked:
            del sys.modules["httpx._main"]
    return httpx


@cache
def _tls() -> ssl.SSLContext:
    """The verifying TLS context of all notifiers: authorities of certifi or $SSL_CERT_FILE, and the system's."""
    context: ssl.SSLContext = load_httpx().create_ssl_context()
    context.load_default_certs()
    return context


def trusting(ca_file: str | None) -> ssl.SSLContext | None:
    """A TLS context that trusts only this file's authorities; None without a file. Raises ValueError for an unusable file."""
    if ca_file is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # includes SSLError
        raise ValueError(f"ca_file: {ca_file} cannot be used: {error.strerror or error}") from None


def header_text(text: str) -> str:
    """The text as a header value: one line, ASCII where the language allows it, else UTF-8."""
    return clean(text).replace("–", "-").replace(" · ", "; ").encode(errors="replace").decode().strip()


@frozen
class ApiAnswer:
    """A server's answer; ``complete`` is false where the body was cut off or never ended."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool

    @property
    def text(self) -> str:
        """The body as one cleaned line."""
        return clean(self.body.decode(errors="replace")).strip()

    def json(self) -> dict[str, Any] | None:
        """The body's JSON object; None where it is not one or is incomplete."""
        try:
            parsed = json.loads(self.body, parse_int=_whole)
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None


def secrets_of_url(url: str) -> tuple[str, ...]:
    """The parts of an address that can be secret: path, query values, user and password."""
    parts = urlsplit(url)
    found = [url, f"{parts.path}?{parts.query}" if parts.query else "", parts.path, parts.query, parts.password or "", parts.username or ""]
    found += [value for _, value in parse_qsl(parts.query)]
    found += [part for part in parts.path.split("/") if len(part) >= 16 or not part.isalpha()]
    return tuple(text for text in found if len(text) >= 6)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret (also percent-encoded) and every Telegram token replaced by ***."""
    for secret in sorted({form for word in secrets if word for form in (word, quote(word, safe=""))}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return re.sub(r"bot\d+:[\w-]{20,}", "bot***", text)


def retry_after(value: str | None, now_s: float) -> float | None:
    """Seconds of a Retry-After header (a number or a date); None without a valid one.

    ``now_s`` is the server's time where its answer has a Date (`server_time`), since a date is read on its clock.
    """
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        if (moment := http_date(value)) is None:
            return None
        seconds = moment - now_s
    return bounded_wait(seconds) if seconds == seconds else None


def bounded_wait(seconds: float) -> float:
    """The requested seconds limited to 0 to one day; 0 for NaN."""
    return min(max(0.0, seconds), _MAX_RETRY_AFTER)


def _whole(digits: str) -> int | float:
    """A JSON integer; as a float beyond the length of any identifier, counter or time."""
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


def http_date(value: str | None) -> float | None:
    """Unix seconds of an HTTP date (RFC 9110, 5.6.7; without a zone it is UTC); None for an invalid one."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def server_time(headers: Mapping[str, str], now_s: float) -> float:
    """The time of the answer by the server's clock (Date header), else ``now_s``."""
    stamp = http_date(headers.get("date"))
    return now_s if stamp is None else stamp


class HttpClient:
    """HTTP client of one notifier: verified TLS, an overall time limit, reasons without secrets, connections closed after 5 s idle."""

    def __init__(self, timeout: float, secrets: Iterable[str] = (), ca_file: str | None = None, most: int = _MAX_ANSWER) -> None:
        """``most``: bytes that are read of an answer. Raises ValueError, starting with "ca_file: ", for an unusable file."""
        self._most = most
        self._timeout = timeout
        self._trusted = trusting(ca_file)
        self._secrets = tuple(secrets)
        self._client: httpx.AsyncClient | None = None
        self._lock = asyncio.Lock()

    async def post(self, url: str, *, content: bytes, headers: Mapping[str, str], time_limit: float | None = None) -> ApiAnswer:
        """Send one POST. Raises SendError without an answer; redirects are answers. ``time_limit``: seconds, below the client's.

        After the first byte of the request was written, a missing answer means *maybe delivered*.
        """
        return await self._send("POST", url, content, headers, time_limit)

    async def get(self, url: str, *, headers: Mapping[str, str], time_limit: float | None = None) -> ApiAnswer:
        """Send one GET; as `post`."""
        return await self._send("GET", url, b"", headers, time_limit)

    async def _send(self, method: str, url: str, content: bytes, headers: Mapping[str, str], time_limit: float | None) -> ApiAnswer:
        async with self._lock:  # one at a time: a failed exchange closes the shared client
            limit = self._timeout if time_limit is None else min(time_limit, self._timeout)
            return await self._sent(method, url, content, headers, limit)

    async def _sent(self, method: str, url: str, content: bytes, headers: Mapping[str, str], limit: float) -> ApiAnswer:
        httpx = load_httpx()
        written = False

        async def trace(event: str, info: Mapping[str, Any]) -> None:
            nonlocal written
            written = written or event.endswith("send_request_headers.started")

        try:
            client = self._client or self._open(url)
            fields = httpx.Headers(dict(headers), encoding="utf-8")
            request = client.build_request(method, url, content=content, headers=fields, extensions={"trace": trace})
            return await self._exchange(client, request, limit)
        except TimeoutError:
            reason = f"no answer in {limit:g}s" if written else f"no connection in {limit:g}s"
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, ValueError) as error:
            raise self.error(f"bad request: {error}", permanent=True) from None
        except httpx.ConnectError as error:
            reason, written = f"cannot connect to {urlsplit(url).hostname}: {_root_cause(error)}", False
        except httpx.ProxyError as error:
            reason, written = f"the proxy refused: {error}", False
        except (httpx.HTTPError, OSError) as error:
            reason = f"connection lost: {_root_cause(error)}"
        await self.close()  # the connection's state is unknown: the next try opens a new one
        raise self.error(reason, maybe_delivered=written)

    async def post_json(self, url: str, payload: object, headers: Mapping[str, str] | None = None) -> ApiAnswer:
        """Send one POST of JSON; see `post`."""
        content = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return await self.post(
            url, content=content, headers={"Content-Type": "application/json", "User-Agent": USER_AGENT, **(headers or {})}
        )

    def error(self, reason: str, **meaning: Any) -> SendError:
        """A SendError whose reason is one cleaned line without secrets."""
        return SendError(clip(clean(redact(reason, self._secrets)), 300), **meaning)

    def judge(self, answer: ApiAnswer, now_s: float, detail: str = "") -> None:
        """Raise SendError unless the status is 2xx: 408, 425, 429 and 5xx can be retried, all others are permanent."""
        if 200 <= answer.status < 300:
            return
        reason = f"HTTP {answer.status}: {detail or answer.text}".removesuffix(": ")
        if 300 <= answer.status < 400:
            reason = f"HTTP {answer.status}: redirected; configure the final address"
        wait = retry_after(answer.headers.get("retry-after"), server_time(answer.headers, now_s))
        transient = answer.status in _TRANSIENT or answer.status >= 500
        raise self.error(reason, permanent=not transient, retry_after=wait if transient else None, answered=answer.status != 429)

    async def close(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, RuntimeError):
                await client.aclose()

    def _open(self, url: str) -> httpx.AsyncClient:
        plain = url.startswith("http://") and not any(name.lower().endswith("_proxy") for name in os.environ)
        verify = self._trusted or (False if plain else _tls())  # loading the authorities costs 15 ms and 2 MiB
        module = load_httpx()
        limits = module.Limits(max_connections=4, max_keepalive_connections=1, keepalive_expiry=5.0)
        client: httpx.AsyncClient = module.AsyncClient(verify=verify, timeout=self._timeout, limits=limits, follow_redirects=False)
        self._client = client
        return client

    async def _exchange(self, client: httpx.AsyncClient, request: httpx.Request, limit: float) -> ApiAnswer:
        deadline = asyncio.get_running_loop().time() + limit
        async with asyncio.timeout_at(deadline):
            response = await client.send(request, stream=True)
        body, complete = bytearray(), False
        try:
            async with asyncio.timeout_at(deadline):
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) >= self._most:
                        break
                else:
                    complete = True
        except (load_httpx().HTTPError, TimeoutError):
            pass  # status without a complete body: the channel decides what that means
        finally:
            await response.aclose()
        return ApiAnswer(response.status_code, response.headers, bytes(body), complete)


def _root_cause(error: BaseException) -> str:
    """The most specific text in a chain of wrapped errors."""
    chain: list[BaseException] = []
    while error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__ or error
    for cause in reversed(chain):
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return f"name not found ({cause.strerror})"
        if isinstance(cause, ssl.SSLError):
            return f"TLS: {(cause.reason or str(cause)).replace('_', ' ').lower()}"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno)
    return next((str(cause) for cause in chain if str(cause)), type(chain[0]).__name__)
