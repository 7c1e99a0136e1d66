"""Query parameters of a database address."""

from __future__ import annotations

import re
from urllib.parse import unquote

_NAME = re.compile(r"[a-z][a-z_-]*")


def parameters_of(query: str) -> dict[str, str]:
    """The parameters by name, percent-decoded; unlike in forms "+" stays a plus. Raises ValueError."""
    found: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        name, sign, value = pair.partition("=")
        if not sign or not _NAME.fullmatch(name):
            raise ValueError('after "?" parameters of the form name=value are wanted, joined by "&"; a "?" in a password is written %3F')
        found[name] = unquote(value)
    return found
