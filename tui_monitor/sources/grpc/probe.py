"""The gRPC probe: asks the standard health service over HTTP/2, plain or with TLS."""

from __future__ import annotations

from dataclasses import replace

from tui_monitor.core.values import HealthStatus, ProbeResult, Sample, labels_of
from tui_monitor.sources.grpc.call import Header, UnaryCall
from tui_monitor.sources.grpc.health import CHECK_PATH, BadMessage, Outcome, code_text, judged, request
from tui_monitor.sources.grpc.settings import GrpcCheck
from tui_monitor.sources.http.request import USER_AGENT, header_secrets
from tui_monitor.sources.net.connect import Failure, open_stream
from tui_monitor.sources.net.excerpt import clean, mask
from tui_monitor.sources.net.measurement import Measurement
from tui_monitor.sources.net.resolve import RESOLVER, Resolver
from tui_monitor.sources.net.secured import secure_and_tell
from tui_monitor.sources.net.stream import Stream
from tui_monitor.sources.net.tls import TlsSettings, ensure_usable

_PHASES = ("resolve", "connect", "tls", "request")
_STATUS_CODE = labels_of("probe_grpc_status_code")


class GrpcProbe:
    """Tests one server over a new connection each time. Raises ValueError naming the key where a file of its TLS cannot be used."""

    def __init__(self, settings: GrpcCheck, *, resolver: Resolver = RESOLVER) -> None:
        self.stage = ""
        self._settings = settings
        self._resolver = resolver
        self._lookup = settings.host.strip("[]")
        self._name = settings.server_name or self._lookup.rstrip(".")
        self._secrets = tuple(sorted(header_secrets(settings.metadata), key=len, reverse=True))
        self._tls = TlsSettings(
            settings.verify, settings.ca_file, settings.cert_file, settings.key_file, settings.tls_min_version, alpn=("h2",)
        )
        ensure_usable(self._tls, used=settings.tls)

    async def probe(self) -> ProbeResult:
        """Ask once; raises OwnTrouble where the monitor itself could not."""
        measured = Measurement(_PHASES)
        return await measured.result(self, self._run(measured))

    async def close(self) -> None:
        """Nothing is kept between probes."""

    async def _run(self, measured: Measurement) -> None:
        settings = self._settings
        stream = await open_stream(self, self._lookup, settings.port, measured.phases, self._resolver, settings.timeout)
        measured.facts["address"] = stream.peer
        try:
            if settings.tls:
                await secure_and_tell(self, stream, self._tls, self._name, measured, settings.tls_expiry_warning)
                self._ensure_http2(stream)
            self._judge(await self._ask(stream, measured), measured)
        except BadMessage as error:
            raise Failure(f"does not answer as a health service: {error} ({stream.peer})") from error
        finally:
            stream.close()

    def _ensure_http2(self, stream: Stream) -> None:
        chosen = stream.tls.selected_alpn_protocol() if stream.tls is not None else None
        if chosen != "h2":
            raise Failure(f"its TLS offers no HTTP/2 (ALPN h2), which gRPC needs ({stream.peer})")

    async def _ask(self, stream: Stream, measured: Measurement) -> Outcome:
        self.stage = "waiting for the answer of the health service"
        with measured.phase("request"):
            return await UnaryCall(stream, self._settings.tls).run(self._headers(), request(self._settings.service))

    def _headers(self) -> list[Header]:
        settings = self._settings
        host = f"[{self._name}]" if ":" in self._name else self._name
        return [
            (":method", "POST"), (":scheme", "https" if settings.tls else "http"), (":path", CHECK_PATH),
            (":authority", f"{host}:{settings.port}"), ("te", "trailers"), ("content-type", "application/grpc"),
            ("user-agent", USER_AGENT), ("grpc-timeout", f"{max(1, round(settings.timeout * 1000))}m"),
            *((name.lower(), value) for name, value in settings.metadata.items()),
        ]  # fmt: skip

    def _judge(self, outcome: Outcome, measured: Measurement) -> None:
        outcome = replace(outcome, said=mask(outcome.said, self._secrets))
        measured.samples.append(Sample(_STATUS_CODE, float(outcome.code)))
        measured.facts["grpc_status"] = code_text(outcome.code)
        if outcome.said:
            measured.facts["grpc_message"] = clean(outcome.said, 200)
        status, reason = judged(outcome, self._settings.service)
        if status is HealthStatus.UNHEALTHY:
            raise Failure(reason)
        measured.degraded = reason or measured.degraded
