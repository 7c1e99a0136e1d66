"""Access tokens of the HTTP interface: a secret that is shown once, and what is stored of it."""

from __future__ import annotations

import hashlib
import secrets

from tui_monitor.core.frozen import frozen

SCOPES = ("read", "act", "push", "alerts", "admin")
"""What a token may do: admin includes act and read, act includes read; push and alerts stand alone."""
_INCLUDED = {"admin": ("act", "read"), "act": ("read",)}
PREFIX = "tm_"
SECRET_BYTES = 32
LINK_MS = 5 * 60_000
SESSION_MS = 12 * 3_600_000
"""How long a link for the browser works, and the session that it becomes."""


@frozen
class AccessToken:
    """A stored token. ``digest`` is the SHA-256 of the secret in hex, which itself is stored nowhere; stamps are UTC milliseconds.

    ``kind``: "token", made by `token add`; "link", works once, for the page; "session", a browser that came by a link.
    """

    name: str
    scopes: tuple[str, ...]
    digest: str
    by: str
    created_at: int
    expires_at: int | None = None
    kind: str = "token"

    def valid(self, now_ms: int) -> bool:
        """Whether it has not expired."""
        return self.expires_at is None or now_ms < self.expires_at


def new_secret() -> str:
    """A new secret: 256 random bits."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> str:
    """The stored form of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def granted(scopes: tuple[str, ...]) -> frozenset[str]:
    """The scopes and what they include."""
    return frozenset(scopes).union(*(_INCLUDED.get(scope, ()) for scope in scopes))
