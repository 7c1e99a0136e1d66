"""The HTTP probe: request, redirects, and a verdict with phase times, certificate and facts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from itertools import pairwise
from time import perf_counter
from typing import Protocol

from tui_monitor.core.units import format_size
from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.http import request as requests
from tui_monitor.sources.http.cookies import Cookies
from tui_monitor.sources.http.exchange import Answer, BadAnswer, Exchange, beginning, decoded
from tui_monitor.sources.http.expectations import Expectations, body_text, status_text
from tui_monitor.sources.http.request import HttpRequest, Url
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.net.connect import Failure, open_stream, secure, stream_failure
from tui_monitor.sources.net.excerpt import clean, mask
from tui_monitor.sources.net.expiry import CertificateExpiry, earlier, expiry_of, without_expiry
from tui_monitor.sources.net.resolve import RESOLVER, Resolver
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings, certificate_facts, ensure_usable, sent_certificates

MAX_REDIRECTS = 10
EXCERPT = 200
PHASES = ("resolve", "connect", "tls", "processing", "transfer")
_PHASE_LABELS = {phase: labels_of("probe_phase_seconds", phase=phase) for phase in PHASES}
_STATUS_CODE = labels_of("probe_http_status_code")
_SAFE_TO_REPEAT = {"GET", "HEAD", "OPTIONS"}


class _Run:
    """Intermediate results of one probe run."""

    __slots__ = ("answer", "expiry", "facts", "phases", "started", "urls")

    def __init__(self) -> None:
        self.started = perf_counter()
        self.phases = dict.fromkeys(PHASES, 0.0)
        self.facts: dict[str, str] = {}
        self.urls: list[Url] = []
        self.answer: Answer | None = None
        self.expiry: CertificateExpiry | None = None


class AnswerReader(Protocol):
    """Judge of a probe's last answer."""

    def names(self, status: int) -> bool:
        """Whether this status is an answer, not a redirect to follow."""
        ...

    async def fault(self, answer: Answer) -> str:
        """The fault of the answer, "" without one."""
        ...


class _Expected:
    """Answer reader by the check's ``expect_`` keys."""

    def __init__(self, settings: HttpCheck) -> None:
        self._expect = Expectations(settings)
        self._max_body = settings.max_body
        self.names = self._expect.names

    async def fault(self, answer: Answer) -> str:
        fault = self._expect.head_fault(answer)
        if fault or not self._expect.wants_body:
            return fault
        try:
            body, cut = await decoded(answer, self._max_body)
        except BadAnswer as error:
            return str(error)
        if self._expect.takes_long(body):
            return await asyncio.to_thread(self._expect.body_fault, answer, body, cut)
        return self._expect.body_fault(answer, body, cut)


class HttpProbe:
    """Probe of one HTTP or HTTPS address. Proxies of the environment are not used: the target itself is tested.

    ``reader`` judges the last answer, by default by the check's ``expect_`` keys. The constructor raises ValueError naming the key
    of an invalid setting.
    """

    def __init__(self, settings: HttpCheck, *, reader: AnswerReader | None = None, resolver: Resolver = RESOLVER) -> None:
        self._stage = self._at = ""
        self._settings = settings
        self._resolver = resolver
        self._tls = _tls(settings)
        self._reader = reader or _Expected(settings)
        url = _url(settings)
        self._headers: Mapping[str, str] = _headers(settings, url)
        self._request = _request(settings, url, self._headers)
        self._secrets = requests.secrets_of(self._request.url, self._headers, *_configured_secrets(settings))
        self._kept: tuple[Stream, Exchange] | None = None

    @property
    def stage(self) -> str:
        """The current step, with the host after a redirect to another one."""
        return f"{self._stage}{self._at}" if self._stage else ""

    @stage.setter
    def stage(self, stage: str) -> None:
        self._stage = stage

    async def probe(self) -> ProbeResult:
        """Measure once. Raises OwnTrouble where the monitor could not measure."""
        run = _Run()
        try:
            reason = await self._run(run)
        except Failure as failure:
            reason = failure.reason
        self.stage = ""
        return self._result(run, self._with_host(run, reason) if reason else "")

    def _with_host(self, run: _Run, reason: str) -> str:
        """The reason, with the host after a redirect to another one: the tested host is not at fault."""
        host = run.urls[-1].host
        return reason if host == self._request.url.host or host in reason else f"{reason} (at {host})"

    def masked(self, text: str) -> str:
        """A text of the target with the check's secrets masked, since the target can echo them."""
        return mask(text, self._secrets)

    async def close(self) -> None:
        """Close the kept connection."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[0].close()

    async def _run(self, run: _Run) -> str:
        """Follow redirects to the last answer; returns its fault, "" without one."""
        request, headers, cookies = self._request, self._headers, Cookies()
        for _ in range(MAX_REDIRECTS + 1):
            answer = run.answer = await self._fetch(run, request)
            location = self._location(answer)
            if location is None:
                return await self._reader.fault(answer)
            cookies.take(request.url, answer.headers)
            try:
                request, headers = requests.redirected(request, headers, answer.status, location, cookies.header)
            except requests.BadRedirect as error:
                return f"{status_text(answer.status)}, {error}"
        return f"more than {MAX_REDIRECTS} redirects"

    def _location(self, answer: Answer) -> str | None:
        """The redirect's address, None where this answer is the last."""
        if answer.status not in requests.REDIRECTS or not self._settings.follow_redirects or self._reader.names(answer.status):
            return None
        return answer.header("location")

    async def _fetch(self, run: _Run, request: HttpRequest) -> Answer:
        run.urls.append(request.url)
        self._at = "" if request.url.host == self._request.url.host else f", {request.url.host}"
        kept, self._kept = self._kept, None
        if kept is not None and request is self._request:
            answer = await self._reuse(run, request, *kept)
            if answer is not None:
                return answer
        elif kept is not None:
            kept[0].close()
        stream = await self._connect(run, request.url)
        return await self._ask(run, request, stream, Exchange(stream))

    async def _reuse(self, run: _Run, request: HttpRequest, stream: Stream, exchange: Exchange) -> Answer | None:
        """The answer over the last probe's connection; None where it was closed meanwhile."""
        if not stream.is_idle():
            stream.close()
            return None
        run.facts |= {"connection": "reused", "address": stream.peer}
        self._look_at_certificate(run, stream, request.url, self._tls)
        try:
            return await self._ask(run, request, stream, exchange)
        except Failure as failure:
            if failure.silent and request.method in _SAFE_TO_REPEAT:
                return None
            raise

    async def _connect(self, run: _Run, url: Url) -> Stream:
        stream = await open_stream(self, url.lookup, url.port, run.phases, self._resolver, self._settings.timeout)
        run.facts |= {"connection": "new", "address": stream.peer}
        if not url.secure:
            return stream
        settings = self._tls if url.same_host(self._request.url) else self._tls.without_client()
        try:
            await secure(self, stream, settings, url.host, run.phases, time.time())
        except BaseException:
            self._look_at_certificate(run, stream, url, settings)
            stream.close()
            raise
        self._look_at_certificate(run, stream, url, settings)
        return stream

    def _look_at_certificate(self, run: _Run, stream: Stream, url: Url, settings: TlsSettings) -> None:
        if not url.secure or stream.tls is None:
            return
        run.expiry = earlier(run.expiry, expiry_of(stream.tls, settings, self._settings.tls_expiry_warning, url.host))
        run.facts |= certificate_facts(stream.tls, sent_certificates(stream.tls), time.time())

    async def _ask(self, run: _Run, request: HttpRequest, stream: Stream, exchange: Exchange) -> Answer:
        """Run one request; keeps or closes the stream."""
        self.stage = "waiting for the answer"
        started = perf_counter()
        keep = False
        try:
            answer = await exchange.run(request, self._settings.max_body, self._reading)
            keep = self._settings.keep_alive and answer.reusable and request is self._request
        except BadAnswer as error:
            raise Failure(str(error), silent=error.silent) from error
        except OSError as error:
            silent = isinstance(error, ConnectionError) and not exchange.first
            raise stream_failure(error, stream.peer, silent=silent) from error
        finally:
            first, done = exchange.first or perf_counter(), perf_counter()
            run.phases["processing"] += first - started
            run.phases["transfer"] += done - first
            if keep:
                self._kept = (stream, exchange)
            else:
                stream.close()
        return answer

    def _reading(self) -> None:
        self.stage = "reading the answer"

    def _result(self, run: _Run, reason: str) -> ProbeResult:
        status = HealthStatus.UNHEALTHY if reason else HealthStatus.HEALTHY
        now = time.time()
        if not reason and run.expiry is not None and run.expiry.is_soon(now):
            status, reason = HealthStatus.DEGRADED, run.expiry.reason(now, self._request.url.host)
        return ProbeResult(
            status=status,
            reason=mask(reason, self._secrets) if reason else "",
            duration=perf_counter() - run.started,
            phases=run.phases,
            samples=_samples(run),
            facts=self._facts(run, status),
            inventories=() if status is HealthStatus.UNHEALTHY else without_expiry(run.expiry),
        )

    def _facts(self, run: _Run, status: HealthStatus) -> Mapping[str, str]:
        facts = {"url": run.urls[0].shown, **run.facts}
        if len(run.urls) > 1:
            facts["final_url"] = run.urls[-1].shown
            facts["redirects"] = _redirects(run.urls)
        answer = run.answer
        if answer is not None:
            facts["status"] = status_text(answer.status)
            facts["http_version"] = answer.version
            if answer.cut:
                facts["body"] = f"only the first {format_size(len(answer.body))} was read"
            if status is HealthStatus.UNHEALTHY and answer.body:
                facts["excerpt"] = self._excerpt(answer)
        return {name: mask(text, self._secrets) for name, text in facts.items()} if self._secrets else facts

    def _excerpt(self, answer: Answer) -> str:
        """The start of the body, masked before it is cut, so that no part of a secret remains."""
        try:
            body = beginning(answer, 16 * EXCERPT)
        except BadAnswer:
            body = answer.body[: 16 * EXCERPT]
        return clean(mask(body_text(answer, body), self._secrets), EXCERPT)


def _samples(run: _Run) -> tuple[Sample, ...]:
    samples = [Sample(_PHASE_LABELS[phase], seconds) for phase, seconds in run.phases.items()]
    if run.answer is not None:
        samples.append(Sample(_STATUS_CODE, float(run.answer.status)))
    return (*samples, *(run.expiry.samples() if run.expiry is not None else ()))


def _redirects(urls: list[Url]) -> str:
    """Fact about redirects: their number, and whether one leads from https to http."""
    count = f"{len(urls) - 1}"
    unsafe = any(before.secure and not after.secure for before, after in pairwise(urls))
    return f"{count}, https → http" if unsafe else count


def _url(settings: HttpCheck) -> Url:
    try:
        return requests.parse_url(settings.url)
    except ValueError as error:
        raise ValueError(f"url: {error}") from error


def _tls(settings: HttpCheck) -> TlsSettings:
    made = TlsSettings(
        settings.verify,
        settings.ca_file,
        settings.cert_file,
        settings.key_file,
        settings.tls_min_version,
        settings.tls_legacy_renegotiation,
    )
    ensure_usable(made, used=settings.url.lower().startswith("https:"))
    return made


def _headers(settings: HttpCheck, url: Url) -> Mapping[str, str]:
    if settings.bearer and (settings.username is not None or settings.password):
        raise ValueError("bearer: give either this or username and password")
    if settings.password and settings.username is None:
        raise ValueError("password: without a username it is not sent")
    password, bearer = (secret.reveal() if secret else "" for secret in (settings.password, settings.bearer))
    value = requests.authorization(url.userinfo, settings.username, password, bearer)
    has_own = any(name.lower() == "authorization" for name in settings.headers)
    return settings.headers if has_own or not value else {**settings.headers, "Authorization": value}


def _request(settings: HttpCheck, url: Url, headers: Mapping[str, str]) -> HttpRequest:
    body = (settings.body or "").encode()
    try:
        return requests.build_request(url, settings.method.upper(), headers, body, keep_alive=settings.keep_alive)
    except ValueError as error:
        said = str(error).partition(" b'")[0]  # without the value, which can be a secret
        key = "method" if "method" in said else "headers" if settings.headers or not settings.bearer else "bearer"
        raise ValueError(f"{key}: {said}") from None


def _configured_secrets(settings: HttpCheck) -> tuple[str, ...]:
    return tuple(secret.reveal() for secret in (settings.password, settings.bearer) if secret)
