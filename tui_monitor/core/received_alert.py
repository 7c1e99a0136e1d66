"""An alert as another program sends it to Alertmanager's address."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.frozen import frozen


@frozen
class ReceivedAlert:
    """One alert of a sender, its texts cleaned. Stamps are UTC milliseconds, None where the sender gave none.

    ``labels`` are its identity. ``ends_at`` in the past: it has ended; ahead: until then it holds unless it is sent again.
    ``url``: where it was made (generatorURL); programs that evaluate rules give one and repeat the alert while it fires.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: int | None = None
    ends_at: int | None = None
    url: str = ""
