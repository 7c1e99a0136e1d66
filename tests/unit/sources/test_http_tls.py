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
from tests.support.peers.fixtures import present
from tests.support.peers.gnutls import gnutls_server
from tests.support.peers.hostile import hostile
from tests.support.peers.openssl import openssl_server
from tests.support.settings import made
from tests.support.tls_chains import authorities, issue, server_context
from tui_monitor.core.values import HealthStatus, Inventory, ProbeResult
from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
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
    return await HttpProbe(made(HttpCheck, name="api", url=url, **settings)).probe()


def sample_of(result: ProbeResult, name: str) -> float | None:
    return next((sample.value for sample in result.samples if ("__name__", name) in sample.labels), None)


def expiry(result: ProbeResult) -> float:
    found = sample_of(result, "probe_ssl_earliest_cert_expiry")
    assert found is not None
    return found


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
        (("127.0.0.1",), {"days": -3.1}, "certificate expired 3d ago"),
        (("127.0.0.1",), {"days": -0.1}, "certificate expired 2h ago"),
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
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expires in 9d")
        assert (await probe(server.url, ca_file=authority.file, tls_expiry_warning="5d")).status is HealthStatus.HEALTHY
        server.behave(status=500)
        assert (await probe(server.url, ca_file=authority.file)).reason == "500 Internal Server Error"
    async with HttpServer(tls=authority.server("127.0.0.1", days=-3.5)) as server:
        result = await probe(server.url, verify=False)
        assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expired 3d ago")


async def test_the_earliest_end_of_the_verified_chain_counts(tmp_path: Path) -> None:
    """An intermediate that ends before the leaf decides; the sent chain is a fact."""
    root = issue("Root", days=3000, lived=3000, ca=True)
    middle = issue("Middle", root, days=5, lived=700, ca=True)
    leaf = issue("127.0.0.1", middle, days=60)
    async with HttpServer(tls=server_context(leaf, middle)) as server:
        result = await probe(server.url, ca_file=authorities(tmp_path, root))
    assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate expires in 4d")
    assert expiry(result) == middle.not_after
    assert result.facts["certificate_chain"] == "127.0.0.1, Middle"


async def test_a_root_that_ends_is_in_the_verified_chain(tmp_path: Path) -> None:
    """The trusted root, which no server sends, is judged too: with its end the chain ends."""
    root = issue("Root", days=4.5, lived=3000, ca=True)
    async with HttpServer(tls=server_context(issue("127.0.0.1", root, days=60))) as server:
        result = await probe(server.url, ca_file=authorities(tmp_path, root))
    assert (expiry(result), result.reason) == (root.not_after, "certificate expires in 4d")


async def test_an_expired_root_that_nobody_needs_harms_nobody(tmp_path: Path) -> None:
    """A cross-signed root that has expired, as servers send it for old clients: healthy; what was sent is a fact."""
    old = issue("Old Root", days=-200, lived=4000, ca=True)
    root = issue("New Root", days=3000, lived=400, ca=True)
    crossed = issue("New Root", old, days=-12.5, lived=3000, ca=True, key=root.key)
    leaf = issue("127.0.0.1", root, days=60)
    async with HttpServer(tls=server_context(leaf, crossed, old)) as server:
        result = await probe(server.url, ca_file=authorities(tmp_path, root))
    assert (result.status, result.reason, expiry(result)) == (HealthStatus.HEALTHY, "", leaf.not_after)
    assert result.facts["certificate_chain"] == "127.0.0.1, New Root (expired 12d ago), Old Root (expired 200d ago)"


async def test_a_left_over_certificate_harms_nobody(tmp_path: Path) -> None:
    """An old certificate that still stands in the server's file is a fact only, verified or not."""
    root = issue("Root", days=3000, ca=True)
    leaf, left = issue("127.0.0.1", root, days=60), issue("old.example", root, days=-3.5)
    async with HttpServer(tls=server_context(leaf, left)) as server:
        for settings in ({"ca_file": authorities(tmp_path, root)}, {"verify": False}):
            result = await probe(server.url, **settings)
            assert (result.status, expiry(result)) == (HealthStatus.HEALTHY, leaf.not_after)


async def test_a_third_of_a_short_life_is_soon_enough(tmp_path: Path) -> None:
    """A certificate that lives 6 days is well at 2.5 and told at 1.5; the limit is a series for the rule."""
    root = issue("Root", days=3000, ca=True)
    for days, status in ((2.5, HealthStatus.HEALTHY), (1.5, HealthStatus.DEGRADED)):
        leaf = issue("127.0.0.1", root, days=days, lived=6 - days)
        async with HttpServer(tls=server_context(leaf)) as server:
            result = await probe(server.url, ca_file=authorities(tmp_path, root))
        assert result.status is status
        assert sample_of(result, "probe_ssl_expiry_warning_seconds") == pytest.approx(2 * 86400, abs=2)
    leaf = issue("127.0.0.1", root, days=60, lived=30)
    async with HttpServer(tls=server_context(leaf)) as server:
        result = await probe(server.url, ca_file=authorities(tmp_path, root), tls_expiry_warning="5d")
    assert sample_of(result, "probe_ssl_expiry_warning_seconds") == 5 * 86400


async def test_zero_switches_the_warning_off(tmp_path: Path) -> None:
    """tls_expiry_warning = "0s": no verdict and no limit, also for an unverified certificate that has expired; its end is still told."""
    leaf = issue("127.0.0.1", days=-3.5)
    async with HttpServer(tls=server_context(leaf)) as server:
        result = await probe(server.url, verify=False, tls_expiry_warning="0s")
    assert (result.status, expiry(result)) == (HealthStatus.HEALTHY, leaf.not_after)
    assert sample_of(result, "probe_ssl_expiry_warning_seconds") is None
    assert result.inventories == (Inventory(("probe_ssl_expiry_warning_seconds",), "check", frozenset()),)


async def test_the_certificate_of_another_host_is_told_as_its_own(tmp_path: Path) -> None:
    """A site that redirects to a host whose certificate ends soon: the reason names that host; the site's own is not named."""
    root = issue("Root", days=3000, ca=True)
    good, soon = issue("127.0.0.1", root, days=60), issue("localhost", root, days=5.5)
    ca_file = authorities(tmp_path, root)
    async with HttpServer(tls=server_context(soon)) as other, HttpServer(tls=server_context(good)) as site, HttpServer() as plain:
        for server in (site, plain):
            server.behave(redirect=f"https://localhost:{other.port}/")
            result = await probe(server.url, ca_file=ca_file)
            assert (result.status, result.reason) == (HealthStatus.DEGRADED, "certificate of localhost expires in 5d")
        result = await probe(f"https://localhost:{other.port}/", ca_file=ca_file)
        assert result.reason == "certificate expires in 5d"


async def test_an_old_version_of_tls_is_allowed_only_where_it_is_asked_for() -> None:
    """A server that speaks TLS 1.1 at most is refused by name of the key; tls_min_version = "1.0" talks to it."""
    with present(lambda: openssl_server("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")) as server:
        url = f"https://127.0.0.1:{server.port}/"
        result = await probe(url, ca_file=server.ca)
        wanted = (HealthStatus.UNHEALTHY, "supports no TLS version that is allowed (tls_min_version)")
        assert (result.status, result.reason) == wanted
        result = await probe(url, ca_file=server.ca, tls_min_version="1.0")
        assert (result.status, result.facts["tls"].split()[0]) == (HealthStatus.HEALTHY, "TLSv1.1")


async def test_a_server_that_only_speaks_newer_tls_is_no_fault_of_it() -> None:
    """tls_min_version = "1.3" refuses a server of 1.2 in the same words."""
    with present(lambda: openssl_server("-tls1_2")) as server:
        result = await probe(f"https://127.0.0.1:{server.port}/", ca_file=server.ca, tls_min_version="1.3")
    assert result.reason == "supports no TLS version that is allowed (tls_min_version)"


async def test_a_hang_up_in_the_handshake_is_told_as_that() -> None:
    """A server that closes in the middle of the TLS handshake is named so, in order or by a reset."""
    for behaviour, reason in (("hang up", "hung up during the TLS handshake"), ("reset", "connection reset")):
        async with hostile(behaviour) as server:
            result = await probe(f"https://127.0.0.1:{server.port}/")
        assert result.reason == f"{reason} (127.0.0.1:{server.port})"


async def test_a_server_without_secure_renegotiation() -> None:
    """GnuTLS without RFC 5746: refused with the key that allows it, and healthy with it."""
    with present(lambda: gnutls_server()) as server:
        url = f"https://127.0.0.1:{server.port}/"
        result = await probe(url, verify=False)
        assert result.status is HealthStatus.UNHEALTHY and "tls_legacy_renegotiation = true" in result.reason
        assert (await probe(url, verify=False, tls_legacy_renegotiation=True)).status is HealthStatus.HEALTHY


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
        HttpProbe(made(HttpCheck, name="api", url="https://localhost/", **settings))


async def test_a_file_that_vanishes_is_own_trouble(authority: Authority, tmp_path: Path) -> None:
    """A PEM file that is gone since the start is unknown, not the target's fault."""
    mine = shutil.copy(authority.file, tmp_path)
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        tested = HttpProbe(made(HttpCheck, name="api", url=server.url, ca_file=str(mine)))
        os.unlink(mine)
        with pytest.raises(OwnTrouble, match="cannot"):
            await tested.probe()
        await server.wait_for(lambda now: now.open_connections == 0)


async def test_keep_alive_over_tls(authority: Authority) -> None:
    """A TLS connection is reused too, and its certificate still told."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        tested = HttpProbe(made(HttpCheck, name="api", url=server.url, ca_file=authority.file, keep_alive=True))
        first, second = await tested.probe(), await tested.probe()
        assert second.facts["connection"] == "reused"
        assert expiry(first) == expiry(second)
        await tested.close()


async def test_a_large_answer_over_tls(authority: Authority) -> None:
    """Many records are read to the cap."""
    async with HttpServer(tls=authority.server("127.0.0.1")) as server:
        server.behave(body=b"a" * 3_000_000)
        result = await probe(server.url, ca_file=authority.file)
    assert (result.status, result.facts["body"]) == (HealthStatus.HEALTHY, "only the first 1MiB was read")


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
