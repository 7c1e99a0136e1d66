"""Certificate chains of every kind, made with `cryptography`: any lifetime, cross-signed roots, certificates that nobody needs."""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        """The certificate."""
        return self.certificate.public_bytes(PEM)

    @property
    def private(self) -> bytes:
        """The key, without a passphrase."""
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    @property
    def not_after(self) -> float:
        """Its end in Unix seconds."""
        return self.certificate.not_valid_after_utc.timestamp()


def issue(
    name: str,
    issuer: Issued | None = None,
    *,
    days: float,
    lived: float = 30,
    ca: bool = False,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> Issued:
    """A certificate that ends in ``days`` days and has lived ``lived``; self-signed without issuer. A name of digits is an address."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=lived))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        plain = name.replace(".", "").isdigit()
        names: list[x509.GeneralName] = [x509.IPAddress(ip_address(name)) if plain else x509.DNSName(name)]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def server_context(leaf: Issued, *more: Issued) -> ssl.SSLContext:
    """A server's context that sends the leaf and these certificates, needed or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(leaf.private + leaf.pem + b"".join(issued.pem for issued in more))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def authorities(directory: Path, *roots: Issued) -> str:
    """The path of a file with these roots, for `ca_file`."""
    path = directory / "roots.pem"
    path.write_bytes(b"".join(root.pem for root in roots))
    return str(path)
