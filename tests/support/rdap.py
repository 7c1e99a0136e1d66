"""RDAP answers in the form of RFC 9083, section 5.3, and lists of servers in that of RFC 9224."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

RDAP = {"Content-Type": "application/rdap+json"}


def domain(name: str, expires: str | None, *, statuses: Iterable[str] = ("active",), **more: Any) -> dict[str, Any]:
    """How a registry answers about a domain: keywords for ``HttpServer.at``."""
    events = [{"eventAction": "registration", "eventDate": "1995-08-14T04:00:00Z"}]
    events += [{"eventAction": "expiration", "eventDate": expires}] if expires is not None else []
    document = {
        "rdapConformance": ["rdap_level_0"],
        "objectClassName": "domain",
        "handle": "2336799_DOMAIN_COM-VRSN",
        "ldhName": name.upper(),
        "status": list(statuses),
        "events": [*events, {"eventAction": "last update of RDAP database", "eventDate": "2026-09-01T00:00:00Z"}],
        "entities": [
            {
                "objectClassName": "entity",
                "roles": ["registrar"],
                "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Example Registrar"]]],
            }
        ],
        "secureDNS": {"delegationSigned": False},
        **more,
    }
    return {"body": json.dumps(document), "headers": RDAP}


def not_found() -> dict[str, Any]:
    """RFC 9083, section 6: an error of the registry."""
    return {"status": 404, "headers": RDAP, "body": json.dumps({"errorCode": 404, "title": "Not Found", "description": ["no such domain"]})}


def bootstrap(**servers: str) -> dict[str, Any]:
    """A list of servers: top domain = base address."""
    services = [[[name], [url]] for name, url in servers.items()]
    document = {"version": "1.0", "publication": "2026-09-01T00:00:00Z", "description": "test", "services": services}
    return {"body": json.dumps(document), "headers": {"Content-Type": "application/json"}}
