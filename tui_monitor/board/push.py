"""What HTTP hands to the monitor and what it answers: bodies of the push protocols, undecoded."""

from __future__ import annotations

from typing import Literal

from tui_monitor.core.frozen import frozen

PushKind = Literal["pushgateway", "otlp_metrics", "otlp_traces", "otlp_logs", "metrics", "logs"]


@frozen
class PushRequest:
    """One body. ``sender``: the token's name, "" where there is none (then its `job`, else ``address`` counts).

    ``group``: the end of a Pushgateway address ("job/backup/instance/a"); ``method`` is POST, PUT or DELETE; ``ttl`` in seconds, 0: the
    configured one.
    """

    kind: PushKind
    body: bytes
    sender: str = ""
    address: str = ""
    content_type: str = ""
    method: str = "POST"
    group: str = ""
    ttl: float = 0.0


@frozen
class PushAnswer:
    """The answer in the protocol's own form. ``wait``: seconds after which a sender that came too fast may try again."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    wait: int = 0
