"""Form tokens: what a page of ours has in its forms and a page of another origin cannot know.

The second lock beside the Origin header and the cookie's SameSite: each caller of a process has its own, a restart makes them anew, and an
open page learns the new one with its next event.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from tui_monitor.serving.access import Caller
from tui_monitor.serving.answers import ApiError
from tui_monitor.serving.shared import Shared

FORM_TOKEN = "x-form-token"
"""The header of requests that a script of a page makes; forms have a field."""


class FormTokens:
    """Makes and checks the tokens of one application."""

    def __init__(self, shared: Shared) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, caller: Caller) -> str:
        """The token of a caller, in hexadecimal digits."""
        return hmac.new(self._key, f"{caller.token}\n{caller.name}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def check(self, caller: Caller, given: str) -> None:
        """Raises ApiError 403 for another token."""
        if not hmac.compare_digest(self.of(caller).encode(), given.encode("utf-8", "replace")):
            raise ApiError(403, "the form is not from this page, or the monitor was restarted meanwhile; load the page again")
