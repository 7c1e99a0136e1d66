"""The fields of exported documents with their types, and Elasticsearch's index template of them (deploy/elastic/index-template.json).

Source: elastic.co/docs/reference/ecs (types) and the composable index templates of Elasticsearch 7.8 and later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION_OF_ECS = "8.11.0"
MODULE = "tuimonitor"
INDEX_PATTERN = f"logs-{MODULE}-*"
FIELDS: Mapping[str, str] = {
    "@timestamp": "date",
    "message": "match_only_text",
    "labels": "flattened",
    "ecs.version": "keyword",
    "agent.name": "keyword",
    "agent.type": "keyword",
    "agent.version": "keyword",
    "error.message": "match_only_text",
    "event.action": "keyword",
    "event.category": "keyword",
    "event.dataset": "keyword",
    "event.duration": "long",
    "event.end": "date",
    "event.id": "keyword",
    "event.kind": "keyword",
    "event.module": "keyword",
    "event.outcome": "keyword",
    "event.provider": "keyword",
    "event.reason": "keyword",
    "event.severity": "long",
    "event.start": "date",
    "event.type": "keyword",
    "host.name": "keyword",
    "log.file.path": "keyword",
    "log.level": "keyword",
    "log.logger": "keyword",
    "rule.category": "keyword",
    "rule.description": "keyword",
    "rule.name": "keyword",
    "rule.reference": "keyword",
    "service.environment": "keyword",
    "service.name": "keyword",
    "source.address": "keyword",
    "source.ip": "ip",
    "trace.id": "keyword",
    "user.name": "keyword",
}
"""Every field of a document. The schema says ``object`` of labels: flattened, so that names from outside make no fields."""
LONG = 1024
"""Characters of a keyword that are indexed; longer ones are kept, not indexed."""


def index_template() -> str:
    """The body of PUT _index_template/tuimonitor."""
    properties: dict[str, Any] = {}
    for name, kind in FIELDS.items():
        *outer, last = name.split(".")
        place = properties
        for part in outer:
            place = place.setdefault(part, {"properties": {}})["properties"]
        place[last] = {"type": kind, **({"ignore_above": LONG} if kind in ("keyword", "flattened") else {})}
    return json.dumps(
        {
            "index_patterns": [INDEX_PATTERN],
            "data_stream": {},
            "priority": 200,
            "template": {"mappings": {"dynamic": False, "properties": properties}},
            "_meta": {"description": f"tui-monitor's export, ECS {VERSION_OF_ECS}"},
        },
        indent=1,
    ) + "\n"  # fmt: skip
