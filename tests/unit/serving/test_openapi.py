"""The description of the routes: generated, complete, and the same as in docs/."""

from __future__ import annotations

from tests.support.generated_docs import openapi_text
from tests.support.http_face import face
from tests.support.paths import ROOT
from tui_monitor.serving.openapi import openapi
from tui_monitor.serving.route_table import ENDPOINTS


def test_the_document_in_docs_is_the_present_one() -> None:
    """`make docs` writes it from the route table."""
    assert (ROOT / "docs" / "openapi.json").read_text() == openapi_text()


async def test_it_is_served() -> None:
    """To those who may read."""
    async with face(open=["read"]) as server:
        assert (await server.get("/api/openapi.json")).json == openapi(ENDPOINTS)
    async with face() as server:
        assert (await server.get("/api/openapi.json")).status == 401


def test_every_route_for_programs_is_described_once() -> None:
    """With its scope, and an operation id of its own."""
    document = openapi(ENDPOINTS)
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == sum(endpoint.family != "page" for endpoint in ENDPOINTS)
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert {one["x-scope"] for one in operations} <= {"read", "act", "admin", "push", "alerts"}


def test_what_changes_something_is_never_open() -> None:
    """No word of `[http] open` lets anybody act, send alerts or administrate."""
    for endpoint in ENDPOINTS:
        if endpoint.scope in ("act", "admin", "alerts"):
            assert endpoint.open == "", endpoint.path
