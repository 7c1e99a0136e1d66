"""Reports over HTTP: JSON and pages."""

from __future__ import annotations

from tests.support.board_backend import FakeBackend
from tests.support.http_face import face, token_of
from tests.unit.serving.test_page import Markup
from tui_monitor.board.backend import CommandRefused
from tui_monitor.board.report import Report

REPORTS = {"reports": [{"name": "morning", "kind": "daily"}]}


class Refusing(FakeBackend):
    """Makes no risk report."""

    async def report(self, name: str, day: str = "", *, public: bool = False) -> Report:
        if name == "risk":
            raise CommandRefused("the history cannot be read")
        return await super().report(name, day, public=public)


async def test_a_report_as_json() -> None:
    """By name, by kind, for a day; what is not there, is no day or cannot be made is refused with the reason."""
    backend = Refusing()
    async with face(backend, beside=REPORTS, open=["read"]) as server:
        listed = (await server.get("/api/reports")).json["reports"]
        assert [one["name"] for one in listed] == ["morning", "weekly", "performance", "risk", "health"]
        answer = await server.get("/api/reports/daily?for=2026-03-01")
        assert answer.status == 200 and answer.json["period"]["begin"] == "2026-03-01T00:00:00.000Z"
        assert answer.json["sections"][1]["rows"][0]["value"] == 1234.0 and backend.asked_reports == [("daily", "2026-03-01", False)]
        assert (await server.get("/api/reports/yearly")).status == 404
        assert (await server.get("/api/reports/daily?for=soon")).status == 400
        refused = await server.get("/api/reports/risk")
        assert refused.status == 409 and "history cannot be read" in refused.json["error"]["message"]


async def test_a_report_as_a_page() -> None:
    """Whole markup without scripts, every section, links to other reports and to the periods around it."""
    async with face(FakeBackend(), beside=REPORTS, open=["read"]) as server:
        first = await server.get("/reports")
        assert (first.status, first.headers["location"]) == (303, "/reports/morning")
        page = await server.get("/reports/morning")
        markup = Markup(page.text)
        assert page.status == 200 and not markup.all("script")
        assert "2 incidents, 1 still open" in markup.text and "Not watched for 2h" in markup.text and "5,200,000 KRW" in markup.text
        assert [link["href"] for link in markup.all("a") if (link["href"] or "").startswith("?for=")] == [
            "?for=2026-02-28",
            "?for=2026-03-02",
        ]
        assert {"/reports/morning", "/reports/weekly", "/reports"} <= {link["href"] for link in markup.all("a")}
        assert len(markup.all("svg")) == 1 and (await server.get("/reports/none")).status == 404
        english = await server.get("/", accept_language="ko")
        assert 'href="/reports"' in english.text and "보고서" in english.text


async def test_a_reader_without_scope_admin_gets_no_private_figures() -> None:
    """The child that makes the report is told to leave them out."""
    backend = FakeBackend()
    (admin, kept), (reader, other) = token_of("admin", name="root"), token_of("read", name="kim")
    backend.access_tokens = [kept, other]
    private = {"redact": {"private": ["wallet_balance"]}}
    async with face(backend, beside={**REPORTS, **private}) as server:
        for secret in (reader, admin):
            assert (await server.get("/api/reports/daily", token=secret)).status == 200
        assert (await server.get("/api/reports/daily")).status == 401
    assert [public for _, _, public in backend.asked_reports] == [True, False]
