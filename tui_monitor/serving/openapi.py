"""The description of the routes as an OpenAPI 3.1 document, made from the route table."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tui_monitor.core.version import VERSION
from tui_monitor.serving.endpoint import Endpoint, Parameter

Json = dict[str, Any]
DESCRIBED = ("own", "alertmanager", "prometheus", "text")
"""The families that programs use; pages are for people."""
_PLACE = re.compile(r"\{(\w+)(:\w+)?\}")
_ERRORS = {
    "own": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
            }
        },
    },
    "alertmanager": {"type": "string"},
    "prometheus": {
        "type": "object",
        "required": ["status", "errorType", "error"],
        "properties": {"status": {"const": "error"}, "errorType": {"type": "string"}, "error": {"type": "string"}},
    },
}
_REFUSALS = {
    "400": "a parameter or the body is wrong; the message names it",
    "401": "a token is needed",
    "403": "the token's scopes do not allow it",
    "404": "there is nothing of this name",
    "405": "this method is not possible here",
    "409": "the monitor refuses it; the message says why",
    "413": "the body is too large",
    "415": "another type of body is wanted",
    "421": "the Host header names another server",
    "429": "too many requests; see Retry-After",
    "503": "unhealthy or unknown, or the monitor cannot answer now; see Retry-After",
}


_OTHERWISE = {
    "202": {"description": "queued"},
    "204": {"description": "done"},
    "303": {"description": "see Location"},
    "304": {"description": "unchanged"},
}


def openapi(endpoints: Iterable[Endpoint]) -> Json:
    """The document. Its server is the address at which it is read."""
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        if endpoint.family in DESCRIBED:
            path = _PLACE.sub(r"{\1}", endpoint.path)
            paths.setdefault(path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tui-monitor", "version": VERSION, "description": "See docs/serving.md and docs/security.md."},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"basic": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "responses": _refusals(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}},
        },
    }


def _operation(endpoint: Endpoint) -> Json:
    said: Json = {
        "summary": endpoint.summary,
        "operationId": _name(endpoint),
        "tags": [endpoint.family],
        "parameters": [*_path_parameters(endpoint.path), *(_parameter(one) for one in endpoint.parameters)],
        "responses": _responses(endpoint),
        "x-scope": endpoint.scope,
    }
    if endpoint.open == "always":
        said["security"] = []
    if endpoint.body is not None:
        required = bool(endpoint.body.get("required")) or endpoint.body.get("type") == "array"
        said["requestBody"] = {"required": required, "content": {"application/json": {"schema": dict(endpoint.body)}}}
    return said


def _name(endpoint: Endpoint) -> str:
    path = _PLACE.sub(r"by_\1", endpoint.path)
    return re.sub(r"\W+", "_", f"{endpoint.method.lower()}{path}").strip("_")


def _path_parameters(path: str) -> list[Json]:
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name, _ in _PLACE.findall(path)]


def _parameter(one: Parameter) -> Json:
    schema: Json = {"type": one.type, **({"enum": list(one.choices)} if one.choices else {})}
    if one.bounds is not None:
        schema |= {"minimum": one.bounds[0], "maximum": one.bounds[1]}
    return {
        "name": one.name,
        "in": "query",
        "description": one.doc,
        "schema": {"type": "array", "items": schema} if one.repeated else schema,
    }


def _responses(endpoint: Endpoint) -> Json:
    refusals: Json = {status: {"$ref": f"#/components/responses/{endpoint.family}-{status}"} for status in _REFUSALS}
    if endpoint.path.startswith(("/api/health", "/api/v1/monitoring/health")):
        refusals["503"] = {"description": "unhealthy or unknown; the body is as with 200"}
    done = {"200": {"description": "done", "content": {endpoint.answer: {}}}, **_OTHERWISE}
    return {**done, **refusals}


def _refusals() -> Json:
    """The refusals of each family."""
    return {f"{family}-{status}": _refusal(family, text) for family in DESCRIBED for status, text in _REFUSALS.items()}


def _refusal(family: str, text: str) -> Json:
    shape: Json = {"content": {"application/json": {"schema": _ERRORS[family]}}} if family in _ERRORS else {}
    return {"description": text, **shape}
