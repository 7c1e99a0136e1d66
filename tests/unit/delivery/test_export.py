"""The export: ECS documents, positions over every kind of row, and targets that are busy, refuse, or are a file."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.bulk_index import BulkIndex
from tests.support.outbox_tools import T0, HandClock, MemoryState, StateDb, StateTools, message
from tests.support.paths import ROOT
from tests.support.processes import until
from tests.support.receivers import Reply, receiver
from tests.support.settings import made
from tui_monitor.alerts.alert import Alert, Transition
from tui_monitor.config.export import ExportSettings
from tui_monitor.core.audit import Audit
from tui_monitor.core.troubles import Troubles
from tui_monitor.delivery.export.ecs import (
    Exported,
    ExportOrigin,
    LineToExport,
    act_document,
    alert_document,
    delivery_document,
    line_document,
)
from tui_monitor.delivery.export.exporter import Exporter
from tui_monitor.delivery.export.position import ExportPosition, position_from
from tui_monitor.delivery.export.targets import FileTarget, targets_of
from tui_monitor.delivery.export.template import FIELDS, index_template
from tui_monitor.delivery.steady import FIRST_PAUSE
from tui_monitor.storage.records import AlertEventRow, OutboxRow, SendResult, UnitOfWork

ORIGIN = ExportOrigin("web-1", "shop", "production")
LABELS = {"alertname": "HighCPU", "severity": "critical", "host": "web-1", "category": "system", "team.name": "pay"}
TEXTS = {"summary": "CPU at 99%", "description": "see top", "runbook_url": "https://wiki.example.com/cpu"}
ALERT = Alert("abc123", "f", "HighCPU", "resolved", "critical", LABELS, TEXTS, 0.99, T0 - 1000, T0, T0 + 60_000)
EVENT = AlertEventRow("abc123", T0 + 60_000, "resolved", "critical", "warning", 0.99, "kim (ssh 203.0.113.7)", "mended")
ROW = OutboxRow("m1", "ops", "firing", "failed", 3, None, T0 + 9, T0, None, "p", "HTTP 500", False, None, "", ("abc123",))
LINE = LineToExport(T0, "api", "", "error", "it broke", "1/0", "/var/log/api.log", "app", "0af7651916cd43dd", {"user.id": 7, "tags": ["x"]})
EVERY = (
    alert_document(1, EVENT, ALERT, ORIGIN), act_document(1, Audit(T0, "kim", "silence", "abc", "deploy"), ORIGIN),
    delivery_document(1, ROW, T0 + 9, ORIGIN), line_document(LINE, ORIGIN),
)  # fmt: skip


def fields(document: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each field with its dotted name; labels are one field."""
    for name, value in document.items():
        if isinstance(value, Mapping) and prefix + name != "labels":
            yield from fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


# --- documents ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exported", EVERY)
def test_every_field_is_one_of_the_schema_and_has_its_type(exported: Exported) -> None:
    """The template names each field with the type that ECS documents; what the schema has no field for is a label."""
    for name, value in fields(exported.document):
        kind = FIELDS[name]
        assert isinstance(value, int if kind == "long" else dict if kind == "flattened" else str | list), name
        assert value not in ("", [], {}), name
    assert all(isinstance(value, str) and "." not in name for name, value in exported.document["labels"].items())


def test_the_fields_are_used() -> None:
    """The template has no field that no document has."""
    assert {name for exported in EVERY for name, _ in fields(exported.document)} == set(FIELDS)


def test_the_template_is_the_one_in_deploy() -> None:
    """`make docs` writes it."""
    assert (ROOT / "deploy" / "elastic" / "index-template.json").read_text() == index_template()
    template = json.loads(index_template())
    assert template["template"]["mappings"]["properties"]["event"]["properties"]["start"] == {"type": "date"}


def test_an_alert_as_a_document() -> None:
    """What fired, when, until when, how grave, and who acted from where."""
    document = EVERY[0].document
    assert document["@timestamp"] == "2026-09-21T14:14:20.000Z"
    assert document["message"] == "HighCPU resolved (critical): mended"
    event = document["event"]
    assert (event["kind"], event["action"], event["type"], event["severity"]) == ("alert", "resolved", ["end"], 4)
    assert (event["start"], event["duration"]) == ("2026-09-21T14:13:20.000Z", 60_000_000_000)
    assert (document["user"], document["source"]) == ({"name": "kim"}, {"address": "203.0.113.7", "ip": "203.0.113.7"})
    assert document["labels"]["team_name"] == "pay" and document["labels"]["value"] == "0.99"
    assert document["rule"]["reference"] == "https://wiki.example.com/cpu"
    assert document["service"] == {"name": "shop", "environment": "production"}
    gone = alert_document(1, EVENT, None, ORIGIN).document
    assert gone["rule"] == {"name": "abc123"} and "start" not in gone["event"]


def test_ids_stay_and_differ() -> None:
    """The same row is the same document on every try and in every process; other rows and hosts are others."""
    assert len({exported.id for exported in EVERY}) == 4
    assert alert_document(1, EVENT, None, ORIGIN).id == EVERY[0].id
    assert alert_document(1, EVENT, ALERT, replace(ORIGIN, host="web-2")).id != EVERY[0].id
    assert EVERY[0].document["event"]["id"] == EVERY[0].id


def test_hostile_texts_are_bounded() -> None:
    """No field is longer than Elasticsearch takes, and there are no more labels than 50."""
    line = replace(LINE, message="x" * 100_000, fields={f"f{number}": "y" * 5000 for number in range(1000)})
    document = line_document(line, ORIGIN).document
    assert len(document["message"]) <= 8_000 and len(document["labels"]) == 50
    assert len(document["labels"]["f1"]) <= 1_000


# --- positions ----------------------------------------------------------------------------------------------------------


class Lines:
    """Kept lines in memory; the block's number is the number of lines."""

    def __init__(self) -> None:
        self.lines: list[LineToExport] = []

    def after(self, block: int) -> tuple[Sequence[LineToExport], int]:
        return self.lines[block:], len(self.lines)


@pytest.fixture(params=["sqlite", "memory"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty state."""
    return StateDb(tmp_path / "state.db") if request.param == "sqlite" else MemoryState()


def exporter_of(settings: ExportSettings, state: Any, lines: Lines, clock: HandClock, troubles: Troubles | None = None) -> Exporter:
    """An exporter to these targets."""
    return Exporter(targets_of(settings, clock), ORIGIN, state, lines, clock, troubles or Troubles())


def happened(state: StateTools, *steps: tuple[str, str]) -> None:
    """Steps (alert's id, change)."""
    transitions = [Transition(T0, change, replace(ALERT, id=ident), note="n") for ident, change in steps]  # type: ignore[arg-type]
    state.now(lambda tables: tables.alerts.save(transitions))


async def test_everything_that_happens_is_exported_once(state: Any) -> None:
    """A new target gets what is stored; pending alerts are left out, outcomes of messages come when they are known."""
    index, lines, clock = BulkIndex(), Lines(), HandClock()
    async with receiver(index) as server:
        exporter = exporter_of(made(ExportSettings, {"ecs_url": f"{server.url}/logs-tuimonitor-default/_bulk"}), state, lines, clock)
        (target,) = exporter._targets
        happened(state, ("old", "firing"))
        await exporter.step(target)
        assert len(index.documents) == 1
        happened(state, ("a", "pending"), ("b", "pending"))
        await exporter.step(target)
        happened(state, ("b", "dropped"), ("a", "firing"), ("a", "acknowledged"))
        state.now(lambda tables: tables.audit.add(Audit(T0, "kim", "ack", "a", "mine")))
        first, second = state.put(message("k1"), message("k2"))
        lines.lines.append(LINE)
        await exporter.step(target)
        assert [one["event"]["action"] for one in index.of("alerts")] == ["firing", "firing", "acknowledged"]
        assert [one["event"]["reason"] for one in index.of("acts")] == ["mine"]
        assert [one["message"] for one in index.of("logs")] == ["it broke"]
        assert not index.of("deliveries")
        state.now(lambda tables: tables.outbox.record(second, SendResult("sent"), T0 + 5))
        await exporter.step(target)
        state.now(lambda tables: tables.outbox.record(first, SendResult("failed", error="HTTP 500"), T0 + 9))
        await exporter.step(target)
        await exporter.step(target)
        assert [(one["event"]["outcome"], one["labels"]["notification_id"]) for one in index.of("deliveries")] == [
            ("success", second), ("failure", first),
        ]  # fmt: skip
        again = exporter_of(made(ExportSettings, {"ecs_url": f"{server.url}/_bulk"}), state, lines, clock)
        await again.step(again._targets[0])
        assert index.doubles == 0 and len(index.documents) == 7
        for each in (target, again._targets[0]):
            await each.close()


async def test_a_busy_index_gets_the_rest_again_and_a_refusal_costs_its_document() -> None:
    """429 of some documents sends these again, 400 of one leaves it out and says so, 409 means that it is there."""
    index, lines, clock, state = BulkIndex(), Lines(), HandClock(), MemoryState()
    busy = [429, 201]
    index.outcome = lambda document: 400 if document["message"] == "bad" else busy.pop(0) if document["message"] == "busy" else 201
    async with receiver(index) as server:
        exporter = exporter_of(made(ExportSettings, {"ecs_url": f"{server.url}/_bulk?pipeline=p"}), state, lines, clock)
        (target,) = exporter._targets
        lines.lines += [replace(LINE, message=text, place=text) for text in ("good", "busy", "bad")]
        with logged() as texts:
            await finished(exporter.step(target), clock)
        assert sorted(one["message"] for one in index.documents.values()) == ["busy", "good"]
        assert exporter.refused == 1 and index.doubles == 0
        assert "export: 1 documents were refused, for example: HTTP 400: some_exception: so it is" in texts
        assert server.requests[0].path.startswith("/_bulk?pipeline=p&filter_path=")
        await target.close()


@contextmanager
def logged() -> Iterator[list[str]]:
    """The texts of the package's log."""
    texts: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("tui_monitor").addHandler(handler)
    try:
        yield texts
    finally:
        logging.getLogger("tui_monitor").removeHandler(handler)


async def finished(work: Any, clock: HandClock) -> None:
    """Turn the clock until the work is done."""
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.sleep(0.01)
        await clock.turn(FIRST_PAUSE)
    await task


async def test_logstash_gets_arrays_and_a_trouble_comes_after_ten_minutes() -> None:
    """503 is tried again with backoff and Retry-After; after 10 minutes MonitorTrouble says why, and it ends with the first success."""
    lines, clock, state, troubles = Lines(), HandClock(), MemoryState(), Troubles()
    async with receiver(Reply(503, "busy", {"retry-after": "120"})) as server:
        exporter = exporter_of(made(ExportSettings, {"logstash": server.url, "bearer": "token"}), state, lines, clock, troubles)
        (target,) = exporter._targets
        lines.lines.append(LINE)
        task = finished(exporter.step(target), clock)

        async def mend() -> None:
            await until(lambda: bool(troubles.texts))
            assert troubles.texts == ("export (logstash): nothing was taken for 10 minutes: HTTP 503: busy",)
            assert len(server.requests) <= 7
            server.default = Reply(200, "ok")

        await asyncio.gather(task, mend())
        assert not troubles.texts
        assert server.requests[-1].json()[0]["message"] == "it broke"
        assert server.requests[-1].headers["authorization"] == "Bearer token"
        await target.close()


async def test_something_else_than_an_index_is_told() -> None:
    """A login page with status 200 takes nothing."""
    async with receiver(Reply(200, "<html>")) as server:
        (target,) = targets_of(made(ExportSettings, {"ecs_url": server.url}), HandClock())
        assert "see ecs_url of [export]" in (await target.send(EVERY)).reason
        server.default = Reply(401, "who are you")
        assert (await target.send(EVERY)).reason == "HTTP 401: who are you"
        server.default = Reply(413)
        assert (await target.send(EVERY)).refused
        await target.close()


def written(directory: Path) -> list[Path]:
    """The files, each with whole documents and not too large."""
    files = sorted(directory.iterdir())
    for file in files:
        assert file.stat().st_size <= 4096
        assert all(json.loads(line)["event"]["id"] for line in file.read_text().splitlines())
    return files


async def test_the_file_is_renamed_before_it_gets_too_large(tmp_path: Path) -> None:
    """Whole lines only, three older files; a directory that is missing is a reason to try again."""
    path = tmp_path / "ecs.json"
    target = FileTarget(path, 4096)
    for _ in range(12):
        assert not (await target.send(EVERY)).reason
    assert [file.name for file in written(tmp_path)] == ["ecs.json", "ecs.json.1", "ecs.json.2", "ecs.json.3"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert "cannot be written: No such file" in (await FileTarget(tmp_path / "no" / "x", 4096).send(EVERY)).reason


def test_a_position_survives_and_garbage_is_the_beginning() -> None:
    """Text of another version begins anew."""
    position = ExportPosition(1, 2, 3, 4, (5, 6))
    assert position_from(position.to_text()) == position
    assert [position_from(text) for text in ("", "[]", "{}", "x", '{"event":"a"}')] == [ExportPosition()] * 5


async def test_an_alert_that_was_deleted_is_still_exported() -> None:
    """Its events are gone with it only where it was pending."""
    state = MemoryState()
    await state.commit(UnitOfWork(T0, [Transition(T0, "firing", ALERT)]))
    assert [one.alert for one in state.state.alerts.events_after(0)] == [ALERT]
