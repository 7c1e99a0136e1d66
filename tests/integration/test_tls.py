"""The TLS check: against openssl, real servers with STARTTLS, files, and servers that lie."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.peers.dovecot import Dovecot
from tests.support.peers.hostile import hostile
from tests.support.peers.openssl import OpensslServer, openssl_server
from tests.support.peers.require import peers_needed
from tests.support.settings import made
from tests.support.smtp_server import smtp_server
from tui_monitor.checks.check_loop import probe_once
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.clock import SystemClock
from tui_monitor.core.values import HealthStatus, ProbeResult
from tui_monitor.sources.net.certificate import public_key_pin
from tui_monitor.sources.tls.probe import TlsProbe
from tui_monitor.sources.tls.settings import TlsCheck


async def probe(port: int = 0, **keys: Any) -> ProbeResult:
    place = {"host": "127.0.0.1", "port": port} if port else {}
    async with asyncio.timeout(20):
        return await TlsProbe(made(TlsCheck, {"name": "x", **place, **keys})).probe()


def series(result: ProbeResult) -> dict[str, float]:
    return {dict(sample.labels)["__name__"]: sample.value for sample in result.samples}


@pytest.fixture(scope="module")
def server() -> Iterator[OpensslServer]:
    with peers_needed(), openssl_server() as peer:
        yield peer


def openssl_pin(certificate: str) -> str:
    """The pin as the documentation makes it."""
    steps = f"openssl x509 -in {certificate} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
    return subprocess.run(["sh", "-c", steps], capture_output=True, text=True, check=True).stdout.strip()


async def test_a_good_certificate(server: OpensslServer) -> None:
    """Both ends, the limit of the warning, and four phases; the name asked for may be another than the host."""
    result = await probe(server.port, ca_file=server.ca)
    assert (result.status, result.reason) == (HealthStatus.HEALTHY, "")
    found = series(result)
    assert (
        found["probe_ssl_leaf_cert_expiry"] >= found["probe_ssl_earliest_cert_expiry"] > 0 and found["probe_ssl_expiry_warning_seconds"] > 0
    )
    assert result.phases["tls"] > 0 and result.phases["connect"] > 0
    assert (await probe(server.port, ca_file=server.ca, server_name="localhost")).reason == ""
    assert "is for" in (await probe(server.port, ca_file=server.ca, server_name="other.test")).reason


async def test_the_end_is_told_where_the_verification_fails(server: OpensslServer) -> None:
    """An unknown authority is unhealthy, and the series of the end are there all the same; verification can be left out."""
    result = await probe(server.port)
    assert result.reason == "certificate comes from an unknown authority" and "probe_ssl_leaf_cert_expiry" in series(result)
    assert (await probe(server.port, verify=False)).reason == ""
    assert (await probe(server.port, verify=False, tls_expiry_warning="100000d", timeout="9s")).status is HealthStatus.HEALTHY


async def test_a_pinned_public_key(server: OpensslServer) -> None:
    """As openssl computes it; one of several is enough, and it holds without verification too."""
    pin = openssl_pin(str(Path(server.ca).with_name("chain.pem")))
    other = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    assert (await probe(server.port, ca_file=server.ca, pin=f"sha256/{other} sha256//{pin}")).reason == ""
    result = await probe(server.port, verify=False, pin=other)
    assert result.reason == f"another public key than the pinned one: sha256/{pin}"
    assert public_key_pin(b"") == public_key_pin(b"rubbish") == ""


async def test_versions() -> None:
    """An old server is told by its version; 1.2 is not 1.3."""
    with peers_needed(), openssl_server("-tls1_2") as old:
        assert (await probe(old.port, ca_file=old.ca)).reason == ""
        assert (await probe(old.port, ca_file=old.ca, min_version="1.3")).reason == "agreed on TLS 1.2; wanted at least 1.3 (min_version)"
    with peers_needed(), openssl_server("-tls1", "-cipher", "DEFAULT:@SECLEVEL=0") as older:
        assert "supports no TLS version that is allowed" in (await probe(older.port, ca_file=older.ca)).reason
        assert "agreed on TLS 1.0" in (await probe(older.port, ca_file=older.ca, tls_min_version="1.0")).reason


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
async def test_a_server_that_wants_a_client_certificate(version: str) -> None:
    """With TLS 1.3 the refusal comes after the handshake, and is found by a read; with a certificate all is well."""
    with peers_needed(), openssl_server("-Verify", "1", "-verify_return_error", version) as server:
        refused = await probe(server.port, ca_file=server.ca)
        assert refused.status is HealthStatus.UNHEALTHY
        assert "client certificate" in refused.reason or version == "-tls1_2"
    with peers_needed(), openssl_server("-Verify", "1", version) as server:
        files = {"cert_file": str(Path(server.ca).with_name("chain.pem")), "key_file": str(Path(server.ca).with_name("key.pem"))}
        assert (await probe(server.port, ca_file=server.ca, **files)).reason == ""


async def test_starttls_of_real_servers(dovecot_peer: Dovecot) -> None:
    """IMAP by Dovecot, SMTP by aiosmtpd; what does not fit is said."""
    assert (await probe(dovecot_peer.port, starttls="imap", ca_file=dovecot_peer.ca_file)).reason == ""
    assert "does not speak SMTP" in (await probe(dovecot_peer.port, starttls="smtp")).reason
    with smtp_server() as mail:
        result = await probe(mail.port, starttls="smtp", ca_file=mail.ca_file)
        assert result.reason == "" and result.phases["starttls"] > 0
    with smtp_server("none") as plain:
        assert (await probe(plain.port, starttls="smtp")).reason.startswith("offers no STARTTLS")


SPOKEN = {
    "pop3": [(b"+OK ready\r\n", b"STLS\r\n", b"+OK\r\n")],
    "ftp": [(b"220-hello\r\n there\r\n220 ready\r\n", b"AUTH TLS\r\n", b"234 go\r\n")],
    "ldap": [
        (b"", b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00")
    ],
    "postgres": [(b"", b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b"S")],
}


def spoken(protocol: str, context: ssl.SSLContext | None, behind: bytes = b"", answer: bytes | None = None) -> Any:
    [(greeting, request, good)] = SPOKEN[protocol]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        assert await reader.readexactly(len(request)) == request
        writer.write((good if answer is None else answer) + behind)
        await writer.drain()
        if context is not None and not behind:
            await writer.start_tls(context)
        await reader.read(100)

    return talk


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, str]:
    made_here = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made_here.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    made_here.cert_pem.write_to_path(str(path))
    return context, str(path)


@pytest.mark.parametrize("protocol", SPOKEN)
async def test_starttls_of_other_protocols(protocol: str, authority: tuple[ssl.SSLContext, str]) -> None:
    """Byte by byte as the RFCs have it: a good way, a refusal, and bytes that somebody put before TLS."""
    context, ca = authority
    async with hostile(spoken(protocol, context)) as server:
        assert (await probe(server.port, starttls=protocol, ca_file=ca)).reason == ""
    async with hostile(spoken(protocol, context, behind=b"250 evil\r\n")) as server:
        assert "between its answer to STARTTLS and TLS" in (await probe(server.port, starttls=protocol, ca_file=ca)).reason
    no = {"postgres": b"N", "ldap": b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00"}.get(protocol, b"-500 no\r\n")
    async with hostile(spoken(protocol, context, answer=no if protocol != "ftp" else b"500 no\r\n")) as server:
        assert "refuses" in (reason := (await probe(server.port, starttls=protocol, ca_file=ca)).reason) or reason.startswith(
            "offers no TLS"
        )


@pytest.mark.parametrize("protocol", ["", "smtp", "imap", "pop3", "ftp", "ldap", "postgres"])
@pytest.mark.parametrize("behaviour", ["hang up", "close at once", "reset", "garbage", "endless line"])
async def test_hostile_servers_are_a_reason(protocol: str, behaviour: str) -> None:
    """Whatever comes instead of a protocol: unhealthy with words, soon and in bounded memory."""
    check = made(TlsCheck, {"name": "x", "host": "127.0.0.1", "starttls": protocol, "timeout": "500ms"})
    async with hostile(behaviour) as server:
        check = replace(check, port=server.port)
        result = await probe_once(TlsProbe(check), check, SystemClock(), lag=30)
    assert result.status is HealthStatus.UNHEALTHY and result.reason


async def test_each_address_has_its_own_certificate(authority: tuple[ssl.SSLContext, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With all_addresses the one that nobody answers at is found and named; without, the first that answers is enough."""
    context, ca = authority

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)

    async def two(*_: Any) -> list[Any]:
        return [(2, ("127.0.0.1", 0)), (2, ("127.0.0.2", 0))]

    monkeypatch.setattr("tui_monitor.sources.tls.probe.addresses_of", two)
    async with hostile(talk, tls=context) as server:
        keys: dict[str, Any] = {"host": "two.test", "server_name": "127.0.0.1", "ca_file": ca, "port": server.port}
        assert (await probe(**keys)).reason == ""
        result = await probe(**keys, all_addresses=True)
        assert result.reason == f"connection refused (127.0.0.2:{server.port})" and "probe_ssl_leaf_cert_expiry" in series(result)


async def test_a_file(tmp_path: Path) -> None:
    """The chain on disk: its ends and its pin; missing, empty, broken, expired or soon to end each has its reason."""
    ca = trustme.CA()
    now = datetime.datetime.now(datetime.UTC)
    ends = {"good": 90, "soon": 2, "gone": -1}
    for name, days in ends.items():
        leaf = ca.issue_cert("a.test", not_before=now - datetime.timedelta(days=300), not_after=now + datetime.timedelta(days=days))
        (tmp_path / name).write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    (tmp_path / "empty").write_text("no certificate")
    (tmp_path / "broken").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "large").write_bytes(bytes(2 << 20))
    reasons = {name: (await probe(file=str(tmp_path / name))).reason for name in (*ends, "empty", "broken", "large", "missing")}
    assert reasons["good"] == "" and reasons["soon"] == "certificate expires in 1d" and reasons["gone"] == "certificate expired 1d ago"
    assert "holds no certificate" in reasons["empty"] and "holds no certificate" in reasons["broken"]
    assert "larger than" in reasons["large"] and "no such file" in reasons["missing"]
    result = await probe(file=str(tmp_path / "good"), pin=openssl_pin(str(tmp_path / "good")))
    assert result.reason == "" and series(result)["probe_ssl_leaf_cert_expiry"] > now.timestamp()


@pytest.mark.parametrize("before", ["", "sha256/", "sha256//"])
@pytest.mark.parametrize("pin", ["/" * 43 + "=", "A" * 43 + "=", "/" + "A" * 42 + "="])
def test_a_pin_may_begin_with_a_slash(before: str, pin: str) -> None:
    """One of 64 does; what other programs write before it is left out."""
    assert made(TlsCheck, {"name": "x", "host": "a", "pin": before + pin}).pins() == [pin]


def test_what_cannot_be_tested_is_a_fault() -> None:
    """Neither host nor file, and a pin that is none."""
    for keys in ({}, {"host": "a", "pin": "sha256/AAAA"}, {"host": "a", "pin": "???"}):
        with pytest.raises(ConfigurationError):
            made(TlsCheck, {"name": "x", **keys})
