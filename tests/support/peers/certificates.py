"""A certificate for localhost and 127.0.0.1 as three files, for servers that read files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The paths of the authority, the certificate chain and its key (PEM)."""

    ca: str
    chain: str
    key: str


def certificate_files(directory: Path) -> CertificateFiles:
    """Issue a certificate by an authority of its own and write the three files into ``directory``."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    files = CertificateFiles(str(directory / "ca.pem"), str(directory / "chain.pem"), str(directory / "key.pem"))
    authority.cert_pem.write_to_path(files.ca)
    issued.private_key_pem.write_to_path(files.key)
    Path(files.chain).write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return files
