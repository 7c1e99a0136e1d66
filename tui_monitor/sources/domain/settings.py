"""The keys of a domain check."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.fields import Duration, FilePath, HttpAddress
from tui_monitor.config.section import key
from tui_monitor.sources.domain.name import ascii_name

METRICS = ("domain_expiry_timestamp_seconds",)
"""The names of its series, beside those of every check."""
BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
"""IANA's list of RDAP servers by domain (RFC 9224, section 4)."""


class DomainCheck(CheckSettings):
    """A domain name's registration, asked of its registry by RDAP once a day."""

    domain: str = key(
        doc="the domain; of a name below it the registration that it belongs to is found", min_length=1, example="example.com"
    )
    warning: Duration = key(default=30 * 86400.0, doc="degraded when the registration ends sooner", gt=0)
    expires: str = key(
        default="",
        doc="the day on which it ends, where the registry offers no RDAP; nothing is asked then",
        shown="asked",
        example="2031-05-01",
    )
    server: HttpAddress | None = key(
        default=None, doc="the RDAP server's base address", shown="by IANA's list", example="https://rdap.example.net/"
    )
    bootstrap: HttpAddress = key(
        default=BOOTSTRAP, doc="the list of RDAP servers (RFC 9224), read once a week; a copy comes with the program"
    )
    ca_file: FilePath | None = key(default=None, doc="certificate authorities to trust (PEM)", example="/etc/ssl/my-ca.pem")

    @classmethod
    def prepared(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A date may stand without quotes, as TOML has it."""
        given = super().prepared(given)
        if isinstance(given.get("expires"), date):
            given["expires"] = given["expires"].isoformat()[:10]
        return given

    def problems(self, given: Collection[str]) -> Iterable[tuple[str, str]]:
        """No domain, no date."""
        yield from super().problems(given)
        try:
            ascii_name(self.domain)
        except ValueError as error:
            yield "domain", str(error)
        try:
            date.fromisoformat(self.expires or "2000-01-01")
        except ValueError:
            yield "expires", f'"{self.expires}" is no date; write for example "2031-05-01"'


def target(check: DomainCheck) -> tuple[str, bool]:
    """The domain. Whether its registry can be asked depends on the network."""
    return check.domain, False
