"""IANA's list of RDAP servers (RFC 9224): the copy that comes with the program, and newer ones. Pure but for reading the copy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from tui_monitor.sources.domain.name import servers_for

COPY = "rdap_dns.json"
MOST_SERVERS = 3
_LONGEST = 200


class BadList(ValueError):
    """What came is no list of RDAP servers."""


def servers_in(document: object, name: str) -> tuple[str, ...]:
    """The servers for a name by a list in IANA's form, https ones only where there is one; () where it has none. Raises BadList."""
    services: dict[str, Sequence[str]] = {}
    for names, urls in map(_service, _services(document)):
        services |= dict.fromkeys(names, urls)
    found = [url for url in servers_for(name, services) if url.startswith(("https://", "http://")) and len(url) <= _LONGEST]
    return tuple([url for url in found if url.startswith("https://")] or found)[:MOST_SERVERS]


def _services(document: object) -> Sequence[Any]:
    services = document.get("services") if isinstance(document, Mapping) else None
    if not isinstance(services, list) or not services:
        raise BadList("no list of RDAP servers (RFC 9224): it has no services")
    return services


def _service(entry: object) -> tuple[Sequence[str], Sequence[str]]:
    if not isinstance(entry, list) or len(entry) < 2 or not all(isinstance(part, list) for part in entry[:2]):
        raise BadList("no list of RDAP servers (RFC 9224): a service is no pair of lists")
    names, urls = ([text for text in part if isinstance(text, str)] for part in entry[:2])
    return [name.lower() for name in names], urls


def shipped() -> object:
    """The copy."""
    return json.loads(files("tui_monitor.sources.domain").joinpath(COPY).read_text(encoding="utf-8"))
