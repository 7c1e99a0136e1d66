"""A registration as RDAP tells it (RFC 9083, section 5.3). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.net.excerpt import clean

_MOST = 100
"""Events, statuses and entities that are looked at."""
_FIRST, _LAST = datetime(1985, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)
"""The first domain was registered in 1985; some registries write impossible years for "none"."""


class BadRegistration(ValueError):
    """What came is no answer about the domain; the text says why."""


@frozen
class DomainRegistration:
    """``expires``: Unix seconds, None where the registry does not tell; ``statuses`` in RDAP's words (RFC 8056)."""

    name: str
    expires: float | None
    statuses: tuple[str, ...] = ()
    registrar: str = ""
    registrar_expires: float | None = None


@frozen
class Found:
    """What a lookup gave: a registration, or None where the registry knows no such name. ``server``: who said so."""

    registration: DomainRegistration | None
    server: str


def registration_of(document: object, name: str) -> DomainRegistration:
    """The registration of a name. Raises BadRegistration."""
    if not isinstance(document, Mapping) or document.get("objectClassName") != "domain":
        raise BadRegistration("the answer is no RDAP domain (RFC 9083)")
    told = document.get("ldhName")
    if isinstance(told, str) and told.rstrip(".").lower() != name:
        raise BadRegistration(f'the answer is about "{clean(told, 60)}"')
    dates = dict(reversed(list(_dates(document))))
    statuses = tuple(clean(status, 40).lower() for status in _list(document, "status") if isinstance(status, str))
    return DomainRegistration(name, dates.get("expiration"), statuses, _registrar(document), dates.get("registrar expiration"))


def _list(document: Mapping[str, Any], member: str) -> list[Any]:
    found = document.get(member)
    return found[:_MOST] if isinstance(found, list) else []


def _dates(document: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for event in _list(document, "events"):
        action, at = (event.get("eventAction"), event.get("eventDate")) if isinstance(event, Mapping) else (None, None)
        if isinstance(action, str) and isinstance(at, str) and (moment := _moment(at)) is not None:
            yield action.lower(), moment


def _moment(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text[:40])
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found.timestamp() if _FIRST <= found < _LAST else None
    except (ValueError, OverflowError):
        return None


def _registrar(document: Mapping[str, Any]) -> str:
    """The name in the jCard (RFC 7095) of the entity whose role is registrar."""
    for entity in _list(document, "entities"):
        if isinstance(entity, Mapping) and "registrar" in _list(entity, "roles"):
            card = entity.get("vcardArray")
            for line in card[1][:_MOST] if isinstance(card, list) and len(card) > 1 and isinstance(card[1], list) else ():
                if isinstance(line, list) and len(line) > 3 and line[0] == "fn" and isinstance(line[3], str):
                    return clean(line[3], 80)
    return ""
