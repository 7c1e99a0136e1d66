"""Keys that every section with an HTTP server of somebody else's has: how this monitor proves who it is, and whom it trusts."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable

from tui_monitor.config.fields import Duration, FilePath, SecretHttpAddress, SecretText
from tui_monitor.config.section import Section, key


class HttpAddressed(Section):
    """One address; a class of its own so that it stands before the other keys."""

    url: SecretHttpAddress = key(doc="its address", example="http://127.0.0.1:9090")


class HttpAccess(Section):
    """Authentication, trust and patience."""

    username: str | None = key(default=None, doc="basic authentication", example="monitor")
    password: SecretText | None = key(default=None, doc="basic authentication", example="${PASSWORD}")
    bearer: SecretText | None = key(default=None, doc="bearer token, in place of basic authentication", example="${TOKEN}")
    headers: dict[str, str] = key(default={}, doc="more request headers, as a tenant", example={"X-Scope-OrgID": "shop"}, hide=True)
    ca_file: FilePath | None = key(
        default=None, doc="certificate authorities to trust instead of the usual ones (PEM)", example="/etc/ssl/my-ca.pem"
    )
    timeout: Duration = key(default=30.0, doc="an answer that takes longer has failed", gt=0)

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """Faults: half of a way to authenticate."""
        if (self.username is None) != (self.password is None):
            yield "username" if self.username is None else "password", "is missing: basic authentication needs both"

    def authorization(self) -> dict[str, str]:
        """The headers of every request: authentication, then those that are configured."""
        if self.bearer is not None:
            return {"Authorization": f"Bearer {self.bearer.reveal()}", **self.headers}
        if self.username is not None and self.password is not None:
            pair = f"{self.username}:{self.password.reveal()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}", **self.headers}
        return dict(self.headers)

    def secrets(self) -> tuple[str, ...]:
        """Texts that no log may show."""
        return tuple(one.reveal() for one in (self.password, self.bearer) if one is not None)
