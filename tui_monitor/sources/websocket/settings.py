"""The keys of a WebSocket check."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Any

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, Regex, Size, TlsVersion, address
from tui_monitor.config.section import key
from tui_monitor.sources.target import url_target

AGE, MESSAGES, LAG, GAPS = (
    "websocket_message_age_seconds", "websocket_messages_total", "websocket_lag_seconds", "websocket_gaps_total",
)  # fmt: skip
METRICS = (AGE, MESSAGES, LAG, GAPS, "probe_ssl_earliest_cert_expiry", "probe_ssl_expiry_warning_seconds")
"""The names of its series, beside those of every check."""
WebSocketAddress = Annotated[str, address("ws", "wss")]


class WebSocketCheck(CheckSettings):
    """A WebSocket server and whether its messages keep coming, over a connection that stays open."""

    url: WebSocketAddress = key(doc="ws:// or wss://", example="wss://stream.example.com/ws")
    headers: dict[str, str] = key(default={}, doc="headers of the upgrade", example={"Authorization": "Bearer ${TOKEN}"}, hide=True)
    send: list[str] = key(
        default=[], doc="messages that are sent after connecting, for example to subscribe", example=['{"op": "subscribe"}'], hide=True
    )
    ignore: list[Regex] = key(
        default=[],
        doc="regular expressions (RE2): messages in which one is found count for nothing (heartbeats, answers)",
        example=["heartbeat"],
    )
    expect_json: dict[str, Any] = key(
        default={}, doc="JMESPath (jmespath.org) = value: each message that is not ignored must have them", example={"type": "ticker"}
    )
    max_age: Duration | None = key(default=None, doc="unhealthy where no message has come for longer", gt=0, example="30s")
    time: str = key(
        default="",
        doc="JMESPath of a message's stamp, for its lag: ISO 8601, or a number in s, ms, µs or ns",
        shown="none",
        example="data.E",
    )
    sequence: str = key(default="", doc="JMESPath of a message's number; what is skipped is counted", shown="none", example="data.seq")
    ping_interval: Duration = key(default=20.0, doc="the pause between own pings, each to be answered within timeout; 0s: none")
    max_message: Size = key(default=2**20, doc="a larger message is refused", gt=0)
    verify: bool = key(default=True, doc="verify the certificate")
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")
    cert_file: FilePath | None = key(default=None, doc="client certificate (PEM)", example="/etc/ssl/client.pem")
    key_file: FilePath | None = key(default=None, doc="client key (PEM)", example="/etc/ssl/client.key")
    tls_expiry_warning: Duration = key(
        default=14 * 86400.0,
        doc="degraded when the certificate ends sooner, or when a third of its lifetime is left where that is later; 0s: never",
    )
    tls_min_version: TlsVersion = key(default="1.2", doc="the oldest version of TLS: 1.0, 1.1, 1.2 or 1.3")

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """One message to send may stand without a list."""
        given = super().prepared(given)
        if isinstance(given.get("send"), str):
            given["send"] = [given["send"]]
        return given

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Limits on a time that is not the target's."""
        yield from super().problems(given)
        if 0 < self.ping_interval < 1:
            yield "ping_interval", "at least 1s is wanted; 0s for no pings"


def target(check: WebSocketCheck) -> tuple[str, bool]:
    """The address without credentials and query."""
    return url_target(check.url)
