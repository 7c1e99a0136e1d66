"""The JSON kind: numbers, words and lists of an answer as series, and every answer that is not what it should be."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.httpserver import HttpServer
from tests.support.peers.hostile import hostile
from tests.support.settings import made
from tui_monitor.config.faults import ConfigurationError
from tui_monitor.core.values import METRIC_NAME, HealthStatus, Inventory, ProbeResult, label
from tui_monitor.sources.json.probe import JsonProbe
from tui_monitor.sources.json.settings import JsonCheck, JsonValueSettings
from tui_monitor.sources.json.values import JsonReading, ValueReader

HEALTHY, DEGRADED, UNHEALTHY, UNKNOWN = HealthStatus
TICKERS = [
    {"symbol": "BTC", "last": "64000.5", "up": True},
    {"symbol": "ETH", "last": 3100, "up": False},
]


def read(document: object, **keys: Any) -> JsonReading:
    return ValueReader(made(JsonValueSettings, {"metric": "m", **keys})).read(document)


def series(reading: JsonReading) -> dict[str, float]:
    """Values by the labels' values."""
    return {",".join(value for name, value in labels if name != METRIC_NAME): value for labels, value in reading.samples}


@pytest.mark.parametrize(
    ("document", "keys", "value"),
    [
        ({"a": 1}, {"path": "a"}, 1),
        ({"a": {"b": 2.5}}, {"path": "a.b"}, 2.5),
        ({"a": "2.42"}, {"path": "a"}, 2.42),
        ({"a": " -1e3 "}, {"path": "a"}, -1000),
        ({"a": True}, {"path": "a"}, 1),
        ({"a": "down"}, {"path": "a", "map": {"ok": 1, "down": 0}}, 0),
        ({"a": False}, {"path": "a", "map": {"false": 7}}, 7),
        ({"a": None}, {"path": "a", "map": {"null": -1}}, -1),
        ({"a": {"value": 3}}, {"path": "a"}, 3),
        ({"a": {"x": 4}}, {"path": "a", "value": "x"}, 4),
        ([1, 2, 3], {"path": "length(@)"}, 3),
        ({"bid": 99, "ask": 101}, {"path": "max([bid, ask])"}, 101),
    ],
)
def test_a_number_is_a_number(document: object, keys: dict[str, Any], value: float) -> None:
    """As one, as text, as a word that `map` knows; true is 1."""
    found = read(document, **keys)
    assert (series(found), found.fault) == ({"": value}, "")


@pytest.mark.parametrize(
    ("document", "keys", "fault"),
    [
        ({}, {}, "missing or null"),
        ({"a": None}, {}, "missing or null"),
        ({"a": "12 ms"}, {}, '"12 ms" is not a number'),
        ({"a": "NaN"}, {}, '"NaN" is not a number'),
        ({"a": "Infinity"}, {}, '"Infinity" is not a number'),
        (json.loads('{"a": NaN}'), {}, "NaN is no finite number"),
        (json.loads('{"a": 1e400}'), {}, "Infinity is no finite number"),
        ({"a": 10**400}, {}, "1000"),
        ({"a": "1e400"}, {}, '"1e400" is no finite number'),
        ({"a": "odd"}, {"map": {"ok": 1}}, '"odd" is none of ok (map)'),
        ({"a": {"b": 1}}, {}, "missing or null"),
        ({"a": [1]}, {}, "a list of 1; set labels that distinguish its elements"),
        ({"a": [1]}, {"labels": {"x": "x"}}, "a list of plain values without labels"),
        ({"a": "x"}, {"path": "abs(a)"}, "cannot be evaluated on the answer"),
        ({"a": [{"l": "x", "v": None}]}, {"labels": {"l": "l"}, "value": "v"}, "no element has a number: missing or null"),
    ],
)
def test_what_is_no_number_is_a_fault_in_words(document: object, keys: dict[str, Any], fault: str) -> None:
    """Also what JSON does not have and Python's reader takes: NaN, and 1e400."""
    found = read(document, **{"path": "a", **keys})
    assert found.samples == () and fault in found.fault


def test_a_list_is_a_series_for_each_element() -> None:
    """By labels out of each element; one that is null costs itself only, and what is left out is said."""
    keys: dict[str, Any] = {"path": "@", "value": "last", "labels": {"symbol": "symbol", "up": "up"}}
    assert series(read(TICKERS, **keys)) == {"BTC,true": 64000.5, "ETH,false": 3100}
    some = read([*TICKERS, {"symbol": "XRP", "last": None}, {"symbol": ["x"], "last": 1}], **keys)
    assert len(some.samples) == 2 and some.fault == ""
    assert some.notes == ("2 of 4 elements left out, the first because: missing or null",)
    assert read([], **keys).fault == "" and read([], **keys).samples == ()
    assert series(read({"name": "X", "last": 5}, path="last", labels={"name": "name"})) == {"X": 5}


def test_too_many_and_doubled_elements_are_cut_and_said() -> None:
    """The first of the same labels counts."""
    rows = [{"id": number, "v": 1} for number in range(5)]
    cut = read(rows, path="@", value="v", labels={"id": "id"}, max_series=3)
    assert len(cut.samples) == 3 and cut.notes == ("5 elements, only the first 3 are read (max_series)",)
    doubled = read([{"id": "a", "v": 1}, {"id": "a", "v": 2}], path="@", value="v", labels={"id": "id"})
    assert series(doubled) == {"a": 1} and doubled.notes == ("1 elements with the labels of one before: the first counts",)


def test_labels_are_clean_and_short() -> None:
    """What an answer holds is shown on terminals."""
    found = read([{"id": "a\x1b[31m\ud800" + "x" * 500, "v": 1}], path="@", value="v", labels={"id": "id"})
    text = label(found.samples[0].labels, "id")
    assert len(text) <= 200 and "\x1b" not in text and text.encode()


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with HttpServer() as running:
        yield running


async def probe(url: str, *values: dict[str, Any], **keys: Any) -> ProbeResult:
    """One probe."""
    made_of = values or ({"metric": "last", "path": "last"},)
    prober = JsonProbe(made(JsonCheck, {"name": "ticker", "url": url, "values": list(made_of), **keys}))
    try:
        return await prober.probe()
    finally:
        await prober.close()


def found(result: ProbeResult) -> dict[str, float]:
    """The values that are no HTTP probe's."""
    named = {label(labels, METRIC_NAME): value for labels, value in result.samples}
    return {name: value for name, value in named.items() if not name.startswith("probe_")}


async def test_one_missing_number_costs_the_others_nothing(server: HttpServer) -> None:
    """Unhealthy where it is required, else only a fact; all phases and the duration are there."""
    server.behave(body='{"last": "64000.5", "bid": null}')
    values: list[dict[str, Any]] = [{"metric": "last", "path": "last"}, {"metric": "bid", "path": "bid", "required": False}]
    result = await probe(server.url, *values)
    assert (result.status, result.reason, found(result)) == (HEALTHY, "", {"last": 64000.5})
    assert result.facts["bid"] == "missing or null" and result.phases
    values[1]["required"] = True
    result = await probe(server.url, *values)
    assert (result.status, result.reason, found(result)) == (UNHEALTHY, "bid: missing or null", {"last": 64000.5})
    assert '"bid": null' in result.facts["excerpt"]
    assert server.requests[-1].headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"body": "<!DOCTYPE html><html><title>Sign in</title>"}, "answer is a web page, not JSON: does it require a login?"),
        ({"body": "oops"}, "answer is not JSON"),
        ({"body": ""}, "answer is empty, not JSON"),
        ({"body": "[" * 50_000}, "answer is JSON nested too deeply"),
        ({"body": '{"last": 1' + "1" * 5000 + "}"}, "answer is not JSON"),
        ({"body": '{"error": {"code": 7}, "last": 1}'}, 'the answer says error: {"code": 7}'),
        ({"body": '{"errors": ["no such pair"], "last": 1}'}, 'the answer says errors: ["no such pair"]'),
        ({"body": '{"last": 1}', "status": 503}, "503 Service Unavailable"),
    ],
)
async def test_an_answer_that_is_not_the_api_s_is_unhealthy(server: HttpServer, answer: dict[str, Any], reason: str) -> None:
    """With status 200, too; the excerpt shows what it is, and no number is taken."""
    server.behave(**answer)
    result = await probe(server.url)
    assert (result.status, result.reason, found(result)) == (UNHEALTHY, reason, {})
    assert result.facts.get("excerpt", "")[:20] == answer["body"][:20]


async def test_an_empty_error_member_or_one_that_is_asked_for_is_no_error(server: HttpServer) -> None:
    """Some APIs always have the member; some have a number in it."""
    server.behave(body='{"error": [], "last": 1}')
    assert (await probe(server.url)).status is HEALTHY
    server.behave(body='{"error": {"rate": 0.5}}')
    assert found(await probe(server.url, {"metric": "error_ratio", "path": "error.rate"})) == {"error_ratio": 0.5}


async def test_elements_that_are_gone_end_and_large_answers_are_refused(server: HttpServer) -> None:
    """An answer that was read whole says which series there are; one that is cut is not read."""
    value = {"metric": "price", "path": "@", "value": "last", "labels": {"symbol": "symbol"}}
    server.behave(body=json.dumps(TICKERS))
    whole = await probe(server.url, value)
    assert Inventory(("price",), "symbol", frozenset({"BTC", "ETH"})) in whole.inventories
    server.behave(body=json.dumps([*TICKERS, {"symbol": "XRP"}]))
    assert not [entry for entry in (await probe(server.url, value)).inventories if entry.metrics == ("price",)]
    server.behave(body=json.dumps([{"symbol": f"S{number}", "last": number} for number in range(20_000)]))
    assert "JSON not read; raise it" in (await probe(server.url, value, max_body=100_000)).reason
    many = await probe(server.url, {**value, "max_series": 5000})
    assert len([1 for labels, _ in many.samples if label(labels, METRIC_NAME) == "price"]) == 5000


async def test_secrets_that_an_answer_echoes_are_hidden(server: HttpServer) -> None:
    """In reason and facts."""
    server.behave(body='{"last": "hush-hush", "bid": "hush-hush"}')
    values: list[dict[str, Any]] = [{"metric": "last", "path": "last"}, {"metric": "bid", "path": "bid", "required": False}]
    result = await probe(server.url, *values, bearer="hush-hush")
    assert "hush-hush" not in result.reason + "".join(result.facts.values())


@pytest.mark.parametrize("behaviour", ["garbage", "bomb", "cut body", "reset"])
async def test_hostile_targets_are_unhealthy(behaviour: str) -> None:
    """No number, a reason, and nothing raised."""
    async with hostile(behaviour) as target:
        result = await probe(f"http://127.0.0.1:{target.port}/")
    assert result.status is UNHEALTHY and result.reason and found(result) == {}


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"values": []}, "at least one"),
        ({"values": [{"metric": "a b", "path": "x"}]}, "metric"),
        ({"values": [{"metric": "m", "path": "x", "labels": {"check": "x"}}]}, "a label that the monitor sets"),
        ({"values": [{"metric": "m", "path": "x", "labels": {"a-b": "x"}}]}, "not a label name"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, Any], text: str) -> None:
    """By the reader."""
    with pytest.raises(ConfigurationError, match=text):
        made(JsonCheck, {"name": "x", "url": "http://x/", **keys})


def test_a_path_that_cannot_be_understood_names_its_metric() -> None:
    """When the probe is made, so that `config check` tells it."""
    check = made(JsonCheck, {"name": "x", "url": "http://x/", "values": [{"metric": "m", "path": "a["}]})
    with pytest.raises(ValueError, match=r'values: m: path = "a\["'):
        JsonProbe(check)
