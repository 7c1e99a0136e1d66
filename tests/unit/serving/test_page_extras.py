"""Feed, badges and the public status page."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from tests.support import sample_boards as boards
from tests.support.board_backend import FakeBackend
from tests.support.http_face import face, token_of
from tests.support.settings import made
from tui_monitor.config.names import name_faults
from tui_monitor.config.settings import Settings

ATOM = "{http://www.w3.org/2005/Atom}"
PUBLIC = {"show": ["shop", "business"], "title": "Example Shop"}


async def test_the_feed_is_atom_with_the_newest_change_first() -> None:
    """Required elements, unique lasting ids, links without a host, no alerts of severity info."""
    async with face(open=["read"]) as server:
        answer = await server.get("/feed.xml")
        again = await server.get("/feed.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml") and answer.body == again.body
    root = ET.fromstring(answer.body)
    entries = root.findall(f"{ATOM}entry")
    stamps = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert entries and stamps == sorted(stamps, reverse=True) and root.findtext(f"{ATOM}updated") == stamps[0]
    idents = [entry.findtext(f"{ATOM}id") or "" for entry in entries]
    assert len(set(idents)) == len(idents) and all(ident.startswith("urn:uuid:") for ident in idents)
    assert all((link.get("href") or "").startswith("/") for link in root.iter(f"{ATOM}link"))
    assert not [entry for entry in entries if "OrdersLate" in (entry.findtext(f"{ATOM}title") or "")]


async def test_the_feed_of_a_quiet_board_is_valid_too() -> None:
    """Without an entry it is of the board's time."""
    backend = FakeBackend("quiet")
    async with face(backend, open=["read"]) as server:
        assert ET.fromstring((await server.get("/feed.xml")).body).findtext(f"{ATOM}updated") == "2026-09-21T14:13:20Z"


@pytest.mark.parametrize(
    ("name", "language", "said"), [("shop", "en", "shop: down"), ("api", "ko", "api: 정상"), ("partner", "", "partner: unknown")]
)
async def test_a_badge_names_the_check_and_its_state(name: str, language: str, said: str) -> None:
    """As a drawing with a text for screen readers, never told by colour alone; a cache asks again each time."""
    async with face(open=["read"]) as server:
        answer = await server.get(f"/badge/{name}.svg", accept_language=language)
    assert answer.headers["content-type"].startswith("image/svg+xml") and answer.headers["cache-control"] == "no-cache"
    assert ET.fromstring(answer.body).get("aria-label") == said


async def test_the_public_page_shows_names_and_states_only() -> None:
    """No reason, target, latency, host, version, alert or other check is in it, whatever the board holds."""
    backend = FakeBackend()
    async with face(backend, open=["status_page"], status_page=PUBLIC) as server:
        answer = await server.get("/status", accept="text/html")
    assert answer.status == 200 and "Some systems are down" in answer.text and "Example Shop" in answer.text
    for name in ("shop", "orders", "backup", "business"):
        assert name in answer.text
    shown = boards.busy()
    secret = {check.target for check in shown.checks} | {check.reason for check in shown.checks if check.reason}
    secret |= {check.name for check in shown.checks if check.name not in ("shop", "orders", "backup")} - {"api", "db"}
    secret |= {"web-1", "0.1.0", "99.", "95.3", " ms", "kim", "CheckUnhealthy", "/checks/", "/alerts/", "session"}
    assert not [text for text in secret if text in answer.text.partition("<body>")[2].partition("<script>")[0]]


async def test_the_public_page_is_for_everybody_only_where_it_is_opened() -> None:
    """Without `open = ["status_page"]` it needs the scope read; without its section it is not there; the rest stays closed."""
    secret, token = token_of("read")
    backend = FakeBackend()
    backend.access_tokens = [token]
    async with face(backend, status_page=PUBLIC) as server:
        assert (await server.get("/status")).status == 401 and (await server.get("/status", token=secret)).status == 200
    async with face(backend, open=["status_page"], status_page=PUBLIC) as server:
        assert (await server.get("/status")).status == 200
        assert (await server.get("/badge/shop.svg")).status == 200 and (await server.get("/badge/api.svg")).status == 404
        assert (await server.get("/badge/api.svg", token=secret)).status == 200
        for path in ("/", "/history", "/feed.xml", "/live?page=overview", "/api/events", "/checks/shop"):
            assert (await server.get(path)).status == 401, path
    async with face(backend, open=["status_page"]) as server:
        assert (await server.get("/status")).status == 404


async def test_states_of_a_dead_monitor_are_not_told_as_present() -> None:
    """Nobody leads: the public page says that it does not know."""
    backend = FakeBackend("broken")
    async with face(backend, open=["status_page"], status_page=PUBLIC) as server:
        text = (await server.get("/status")).text
    assert "not known right now" in text and "down</span>" not in text


def test_the_public_page_lists_what_there_is() -> None:
    """A name that is neither a check nor a category is a fault with advice."""
    given = {"checks": [{"name": "shop", "type": "http", "url": "http://127.0.0.1/", "category": "sales"}]}
    fine = made(Settings, {**given, "http": {"status_page": {"show": ["shop", "sales"]}}})
    wrong = made(Settings, {**given, "http": {"status_page": {"show": ["shpo"]}}})
    assert list(name_faults(fine)) == []
    (fault,) = name_faults(wrong)
    assert "shpo" in str(fault) and 'did you mean "shop"' in str(fault)


def test_the_example_has_all_states() -> None:
    """What these tests look at is in the example board."""
    assert {str(check.status) for check in replace(boards.busy()).checks} == {"healthy", "degraded", "unhealthy", "unknown"}
