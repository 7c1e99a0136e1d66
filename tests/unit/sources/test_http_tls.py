"""HTTPS: certificates that are valid, expiring, expired, for others, self-signed; client certificates; no TLS at all."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.httpserver import HttpServer
from tui_monitor.config.models import HttpCheck
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.base import OwnTrouble
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.net.certificate import read_certificate
from tui_monitor.sources.net.tls import TlsSettings, context_for

DAY = timedelta(days=1)


class Authority:
    """A certificate authority with its file, and servers' contexts from it."""

    def __init__(self, directory: Path) -> None:
        self.ca = trustme.CA()
        self.directory = directory
        self.file = str(directory / "ca.pem")
        self.ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str, days: float = 90, starts: float = -30) -> ssl.SSLContext:
        now = datetime.now(UTC)
        issued = self.ca.issue_cert(*names, not_after=now + days * DAY, not_before=now + starts * DAY)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    yield Authority(tmp_path_factory.mktemp("tls"))


async def probe(url: str, **settings: Any) -> ProbeResult:
    return await HttpProbe(HttpCheck(name="api", url=url, **settings)).probe()


def expiry(result: ProbeResult) -> float:
    return next(sample.value for sample in result.samples if ("__name__", "probe_ssl_earliest_cert_expiry") in sample.labels)


async def test_a_valid_certificate(authority: Authority) -> None:
    """Verified by the given authority: healthy, with a tls phase, the expiry as a sample and the certificate as a fact."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        result = await probe(server.url, ca_file=authority.file)
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    assert result.phases["tls"] > 0
    assert abs(expiry(result) - (datetime.now(UTC) + 90 * DAY).timestamp()) < 60
    assert "issued by" in result.facts["certificate"]
    assert result.facts["certificate_days"] in ("89", "90")
    assert result.facts["tls"].startswith("TLSv1.")


@pytest.mark.parametrize(
    ("names", "how", "reason"),
    [
        (("127.0.0.1",), {"days": -3.1}, "certificate expired 3 d ago"),
        (("127.0.0.1",), {"days": -0.1}, "certificate expired 2 h ago"),
        (("other.example", "b.example"), {}, "certificate is for other.example, b.example, not 127.0.0.1"),
        (("127.0.0.1",), {"starts": 2}, "certificate is not valid yet"),
    ],
)
async def test_bad_certificates(authority: Authority, names: tuple[str, ...], how: dict[str, float], reason: str) -> None:
    """Each fault of a certificate is named; its end is a sample all the same."""
    async with HttpServer(tls=authority.server(*names, **how)) as server:
        result = await probe(server.url, ca_file=authority.file)
        await server.wait_for(lambda now: now.open_connections == 0)
    assert (result.status, result.reason) == (HealthStatus.UNHEALTHY, reason)
    assert expiry(result) > 0
    assert result.phases["tls"] > 0


async def test_a_wrong_host_is_named_by_its_name(authority: Authority) -> None:
    """The reason compares the certificate's names with the name that was asked for."""
    async with HttpServer(tls=authority.server("other.example")) as server:
        result = await probe(f"https://localhost:{server.port}/", ca_file=authority.file)
    assert result.reason == "certificate is for other.example, not localhost"


async def test_an_unknown_authority(authority: Authority) -> None:
    """A certificate of an authority that nobody trusts is unhealthy; verify = false accepts it."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        assert (await probe(server.url)).reason == "certificate comes from an unknown authority"
        result = await probe(server.url, verify=False)
    assert result.status is HealthStatus.HEALTHY
    assert abs(expiry(result) - (datetime.now(UTC) + 90 * DAY).timestamp()) < 60


async def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """A certificate that signs itself is named so."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.ca.private_key_pem.tempfile() as key:
        context.load_cert_chain(authority.file, key)
    async with HttpServer(tls=context) as server:
        assert (await probe(server.url)).reason == "certificate is self-signed"


async def test_a_certificate_that_ends_soon_is_degraded(authority: Authority) -> None:
    """Below tls_expiry_warning a good answer is degraded; an unverified expired certificate too."""
    async with HttpServer(tls=authority.server("127.0.0.1", days=9.5)) as server:
        result = await probe(server.url, ca_file=authority.file)
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expires in 9 d")
        assert (await probe(server.url, ca_file=authority.file, tls_expiry_warning="5d")).status is HealthStatus.HEALTHY
        server.behave(status=500)
        assert (await probe(server.url, ca_file=authority.file)).reason == "500 Internal Server Error"
    async with HttpServer(tls=authority.server("127.0.0.1", days=-3.5)) as server:
        result = await probe(server.url, verify=False)
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expired 3 d ago")


async def test_the_earliest_end_of_the_chain_counts(tmp_path: Path) -> None:
    """The sample is the earliest end over all certificates that the server sent, not the leaf's."""
    authority = Authority(tmp_path)
    child = authority.ca.create_child_ca()
    issued = child.issue_cert("127.0.0.1", not_after=datetime.now(UTC) + 36500 * 30 * DAY / 30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    chain = [read_certificate(ssl.PEM_cert_to_DER_cert(pem.bytes().decode())) for pem in issued.cert_chain_pems]
    assert len(chain) == 2
    async with HttpServer(tls=context) as server:
        result = await probe(server.url, ca_file=authority.file)
    assert expiry(result) == min(certificate.not_after for certificate in chain if certificate is not None)


async def test_no_tls_on_the_other_side() -> None:
    """https to a plain HTTP port says so."""
    async with HttpServer() as plain:
        assert (await probe(plain.url.replace("http:", "https:"))).reason == "answered without TLS"


async def test_plain_http_to_a_tls_port(authority: Authority) -> None:
    """A TLS alert as the answer is recognised."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        result = await probe(server.url.replace("https:", "http:"))
    assert result.reason in ("answered TLS, not plain HTTP (https?)", "closed the connection without an answer")


async def test_a_redirect_down_to_plain_http_is_shown(authority: Authority) -> None:
    """https → http is told in the facts."""
    async with HttpServer() as plain, HttpServer(tls=authority.server("127.0.0.1")) as server:
        server.behave(redirect=plain.url)
        result = await probe(server.url, ca_file=authority.file)
    assert result.facts["redirects"] == "1, https → http"
    assert expiry(result) > 0


async def test_a_client_certificate_is_shown_to_its_host_only(authority: Authority, tmp_path: Path) -> None:
    """A server that wants a client's certificate gets it; the host of a redirect does not."""
    client = authority.ca.issue_cert("client@example")
    cert = str(tmp_path / "client.pem")
    client.private_key_and_cert_chain_pem.write_to_path(cert)
    wanting, other = authority.server("127.0.0.1"), authority.server("127.0.0.1")
    for context in (wanting, other):
        authority.ca.configure_trust(context)
    wanting.verify_mode, other.verify_mode = ssl.CERT_REQUIRED, ssl.CERT_REQUIRED
    async with HttpServer(tls=wanting) as server, HttpServer(tls=other) as elsewhere:
        assert (await probe(server.url, ca_file=authority.file)).status is HealthStatus.UNHEALTHY
        assert (await probe(server.url, ca_file=authority.file, cert_file=cert)).status is HealthStatus.HEALTHY
        server.behave(redirect=elsewhere.url)
        assert (await probe(server.url, ca_file=authority.file, cert_file=cert)).status is HealthStatus.UNHEALTHY
        assert not elsewhere.requests


@pytest.mark.parametrize("settings", [{"ca_file": "/nowhere/ca.pem"}, {"cert_file": "/nowhere/client.pem"}, {"ca_file": __file__}])
def test_a_file_that_cannot_be_used_is_refused(settings: dict[str, Any]) -> None:
    """A missing or broken PEM file is a fault of the configuration that names its key."""
    with pytest.raises(ValueError, match=f"^{next(iter(settings))}: cannot"):
        HttpProbe(HttpCheck(name="api", url="https://localhost/", **settings))


async def test_a_file_that_vanishes_is_own_trouble(authority: Authority, tmp_path: Path) -> None:
    """A PEM file that is gone since the start is unknown, not the target's fault."""
    mine = shutil.copy(authority.file, tmp_path)
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        tested = HttpProbe(HttpCheck(name="api", url=server.url, ca_file=str(mine)))
        os.unlink(mine)
        with pytest.raises(OwnTrouble, match="cannot"):
            await tested.probe()
        await server.wait_for(lambda now: now.open_connections == 0)


async def test_keep_alive_over_tls(authority: Authority) -> None:
    """A TLS connection is reused too, and its certificate still told."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        tested = HttpProbe(HttpCheck(name="api", url=server.url, ca_file=authority.file, keep_alive=True))
        first, second = await tested.probe(), await tested.probe()
        assert second.facts["connection"] == "reused"
        assert expiry(first) == expiry(second)
        await tested.close()


async def test_a_large_answer_over_tls(authority: Authority) -> None:
    """Many records are read to the cap."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        server.behave(body=b"a" * 3_000_000)
        result = await probe(server.url, ca_file=authority.file)
    assert (result.status, result.facts["body"]) == (HealthStatus.HEALTHY, "only the first 1 MiB was read")


def test_contexts_are_shared_until_a_file_changes(authority: Authority, tmp_path: Path) -> None:
    """One context per distinct setting; a renewed file makes a new one."""
    assert context_for(TlsSettings()) is context_for(TlsSettings())
    copy = tmp_path / "ca.pem"
    authority.ca.cert_pem.write_to_path(str(copy))
    setting = TlsSettings(ca_file=str(copy))
    before = context_for(setting)
    assert context_for(setting) is before
    Path(copy).touch()
    assert context_for(setting) is not before


@pytest.mark.parametrize("cut", [0, 1, 3, 40, 200])
def test_a_broken_certificate_is_none(authority: Authority, cut: int) -> None:
    """Bytes that are no certificate are None, whatever they are."""
    der = ssl.PEM_cert_to_DER_cert(authority.ca.cert_pem.bytes().decode())
    assert read_certificate(der) is not None
    assert read_certificate(der[:cut]) is None
    assert read_certificate(b"\x30\x80" + der[:cut]) is None
