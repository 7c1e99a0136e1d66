"""Reader of certificate files on this machine."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from tui_monitor.sources.api import OwnTrouble
from tui_monitor.sources.net.connect import Failure
from tui_monitor.sources.net.excerpt import clean

MAX_SIZE = 1 << 20
MAX_CERTIFICATES = 100
_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----.*?-----END (?:TRUSTED )?CERTIFICATE-----", re.DOTALL)


def certificates_in(path: str) -> list[bytes]:
    """The file's certificates in DER, in order. Blocks. Raises Failure, or OwnTrouble without read permission."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except PermissionError as error:
        raise OwnTrouble(f"the monitor may not read {path}: give its user the right (setfacl -m u:USER:r)") from error
    except OSError as error:
        raise Failure(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    if len(data) > MAX_SIZE:
        raise Failure(f"{path} is larger than {MAX_SIZE >> 20}MiB: not a certificate")
    found = _PEM.findall(data.decode("latin-1"))[:MAX_CERTIFICATES]
    try:
        return [ssl.PEM_cert_to_DER_cert(block.replace("TRUSTED ", "")) for block in found]
    except ValueError as error:
        raise Failure(f"{path} holds a broken certificate ({clean(str(error), 60)})") from error
