"""The section [remote_write]: where the history is sent as it is written (docs/scale.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tui_monitor.config.fields import Duration, FilePath, Regex, SecretHttpAddress, SecretText
from tui_monitor.config.section import Section, key


class RemoteWriteSettings(Section):
    """Sends every series to an engine that takes Prometheus' remote write: Prometheus, VictoriaMetrics, Mimir, Thanos, GreptimeDB."""

    url: SecretHttpAddress = key(doc="its address for remote write", example="http://127.0.0.1:8428/api/v1/write")
    username: str | None = key(default=None, doc="basic authentication", example="monitor")
    password: SecretText | None = key(default=None, doc="basic authentication", example="${PASSWORD}")
    bearer: SecretText | None = key(default=None, doc="bearer token, in place of basic authentication", example="${TOKEN}")
    headers: dict[str, str] = key(default={}, doc="more request headers, for example a tenant", example={"X-Scope-OrgID": "shop"})
    ca_file: FilePath | None = key(
        default=None, doc="certificate authorities to trust instead of the usual ones (PEM)", example="/etc/ssl/my-ca.pem"
    )
    timeout: Duration = key(default=30.0, doc="an answer that takes longer has failed", gt=0)
    labels: dict[str, str] = key(default={}, doc="labels added to every series, beside host", example={"site": "seoul"})
    keep: list[Regex] = key(default=[], doc="only metrics whose whole name matches one of these (RE2)", shown="all", example=["probe_.*"])
    drop: list[Regex] = key(default=[], doc="not those whose whole name matches one of these", example=["process_.*"])
    max_age: Duration = key(default=6 * 3600.0, doc="after a longer outage of the engine older samples are left out", gt=0)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: half of a way to authenticate."""
        if (self.username is None) != (self.password is None):
            yield "username" if self.username is None else "password", "is missing: basic authentication needs both"
