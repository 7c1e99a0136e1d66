"""The command line of the system's ssh: the user's own configuration, agent, jump hosts and known hosts; it never asks anything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence

from tui_monitor.platform.child_process import minimal_environment, run

SSH = "ssh"
_LIMITS = (("connecttimeout", "ConnectTimeout", "10"), ("serveraliveinterval", "ServerAliveInterval", "10"))
_UNSET = ("none", "0", "")
_PASSED = ("SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "KRB5CCNAME", "SSH_SK_PROVIDER", "LD_LIBRARY_PATH")
_SETTINGS_WITHIN = 10.0


def ssh_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of ssh: that of a child, the agent's socket, and no dialog that asks for a password."""
    return minimal_environment({"SSH_ASKPASS_REQUIRE": "never", **{name: environ[name] for name in _PASSED if name in environ}})


async def ssh_argv(destination: str, remote: Sequence[str], slots: asyncio.Semaphore) -> list[str]:
    """The arguments; time limits are set only where the user's configuration has none. Raises CannotStart."""
    found = await run([SSH, "-G", "--", destination], time_limit=_SETTINGS_WITHIN, slots=slots, environment=ssh_environment())
    return [SSH, "-T", "-o", "BatchMode=yes", *_options(found.output.decode("utf-8", "replace")), "--", destination, *remote]


def _options(settings: str) -> list[str]:
    """Time limits that `ssh -G` shows as unset."""
    known = dict(line.split(" ", 1) for line in settings.lower().splitlines() if " " in line)
    limits = [f"{name}={value}" for key, name, value in _LIMITS if known.get(key, "") in _UNSET]
    if known.get("serveraliveinterval", "") in _UNSET:
        limits.append("ServerAliveCountMax=2")
    return [part for limit in limits for part in ("-o", limit)]
