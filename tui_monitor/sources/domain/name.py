"""Domain names as registries know them: A-labels, and the names that may be the registered one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
MOST_LABELS = 6
"""Names that are asked for at most; each costs a request."""


def ascii_name(text: str) -> str:
    """The name in small ASCII letters without the last dot, "müller.example" as "xn--mller-kva.example". Raises ValueError with advice."""
    name = text.strip().rstrip(".").lower()
    if not name.isascii():
        name = _encoded(name)
    if "/" in name or ":" in name:
        raise ValueError("a domain name is wanted, not an address; write for example example.com")
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("is no domain name; write for example example.com")
    if _is_address(name):
        raise ValueError("is an IP address; a domain name is wanted")
    return name


def _encoded(name: str) -> str:
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError("holds a character that no domain name can have") from None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def candidates(name: str) -> list[str]:
    """The name and those above it with two labels or more, the longest first: one of them is the registered one.

    No list of public suffixes is needed: the registry knows which names it has registered.
    """
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(max(0, len(labels) - MOST_LABELS), len(labels) - 1)]


def servers_for(name: str, services: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The RDAP servers of the longest part of the name that the list has (RFC 9224, section 4)."""
    labels = name.split(".")
    return next((found for start in range(len(labels)) if (found := services.get(".".join(labels[start:])))), ())
