"""The acting user: the person behind sudo or the user, and the SSH client's address."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping


def acting_user(environ: Mapping[str, str] = os.environ) -> str:
    """The acting user for the audit log, for example "kim (ssh 203.0.113.7)"."""
    try:
        name = environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # no passwd entry and no name in the environment (a container)
        name = f"uid {os.getuid()}"
    client = (environ.get("SSH_CONNECTION") or environ.get("SSH_CLIENT") or "").split(" ")[0]
    return f"{name} (ssh {client})" if client else name
