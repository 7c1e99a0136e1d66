"""Why a connection over ssh has failed, in words: what is wrong, and what to do where it is something of ours."""

from __future__ import annotations

import re

from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clean, clip

MOST = 200
NOT_FOUND = 127
USAGE = 64


@frozen
class LinkFault:
    """A reason. ``ours``: this side lacks something (a key, a known host, ssh), so the host is not known to be down."""

    text: str
    ours: bool = False


def fault_of(name: str, code: int | None, errors: str, first_line: str = "") -> LinkFault:
    """The reason, of ssh's exit code and standard error (OpenSSH's words, LC_ALL=C); ``first_line``: what came in place of a hello."""
    for pattern, text, ours in _KNOWN:
        if pattern.search(errors):
            return LinkFault(text.format(name=name), ours)
    if code == NOT_FOUND or "command not found" in errors:
        return LinkFault(f"tui-monitor is not installed there, or not in the PATH of ssh; try: ssh {name} tui-monitor --version")
    if code == USAGE and "stdio" in errors:
        return LinkFault("the tui-monitor there is too old for this; update it")
    last = next((line for line in reversed(clean(errors, newlines=True).splitlines()) if line.strip()), "")
    if last:
        return LinkFault(clip(last.strip(), MOST))
    if first_line:
        return LinkFault(f'something else answers than tui-monitor stdio: "{clip(first_line, 80)}"')
    return LinkFault(f"the connection has ended{f' (exit {code})' if code else ''}")


_KNOWN = tuple(
    (re.compile(pattern, re.IGNORECASE), text, ours)
    for pattern, text, ours in (
        (r"REMOTE HOST IDENTIFICATION HAS CHANGED", "host key has changed; if that is right: ssh-keygen -R {name}, then ssh {name}", True),
        (r"Host key verification failed|host key is known for", "host key is not known; run: ssh {name}", True),
        (
            r"Too many authentication failures",
            "too many keys were offered; name one in ~/.ssh/config (IdentityFile, IdentitiesOnly yes)",
            True,
        ),
        (r"Permission denied", "permission denied: none of your keys is accepted there; try: ssh {name}", True),
        (r"Could not resolve hostname", "its name cannot be resolved", False),
        (r"Connection refused", "connection refused", False),
        (r"Connection timed out|Operation timed out|timed out during banner", "connection timed out", False),
        (r"No route to host|Network is unreachable", "no route to the host", False),
        (r"Bad configuration option|terminating, .* bad configuration", "~/.ssh/config has an error; try: ssh {name}", True),
    )
)
