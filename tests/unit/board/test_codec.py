"""A board survives being written and read, also between versions of which one knows more than the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

import pytest

from tests.support import sample_boards as boards
from tui_monitor.board.codec import BoardReader, board_from_json, board_to_json
from tui_monitor.board.values import Board, MemberView
from tui_monitor.core.values import ContainerState, HealthStatus, UnitState

UNITS = (
    UnitState("app@1.service", HealthStatus.UNHEALTHY, "activating", "auto-restart", boards.AT, 7, 12 << 20, 0.02),
    UnitState("nginx.service", HealthStatus.HEALTHY, "active", "running"),
)
CONTAINERS = (
    ContainerState("web-1", HealthStatus.UNHEALTHY, "shop/web:41", "restarting", "restarting again and again", since=boards.AT, restarts=7),
    ContainerState("db", HealthStatus.HEALTHY, "postgres:17", "running", "", "healthy", boards.AT, 0, 212 << 20, 1 << 30, 0.31),
)
MEMBERS = (MemberView("db-2", HealthStatus.DEGRADED), MemberView("db-1", HealthStatus.HEALTHY))


def full() -> Board:
    """A board with something at every level."""
    board = boards.busy()
    full = replace(board.checks[0], units=UNITS, containers=CONTAINERS, members=MEMBERS, limits=((0.5, "degraded"),))
    return replace(board, checks=(full, *board.checks[1:]))


def whole() -> dict[str, Any]:
    """The same as JSON."""
    raw: dict[str, Any] = json.loads(board_to_json(full(), sparks=True))
    return raw


Path = tuple[str | int, ...]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where the JSON objects of a board are; of a list the entry that has most."""
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list) and value:
        fullest = max(range(len(value)), key=lambda place: len(str(value[place])))
        yield from paths(value[fullest], (*path, fullest))


def at(raw: Any, path: Path) -> Any:
    """The object at the path."""
    return reduce(lambda value, step: value[step], path, raw)


def read(raw: dict[str, Any]) -> Any:
    """What this version reads of it, as JSON again."""
    return json.loads(board_to_json(board_from_json(json.dumps(raw).encode()), sparks=True))


MAPPINGS = ("windows", "phases", "facts", "figures", "modes", "pressure", "labels", "annotations", "limits", "sparks")
"""Keys whose objects have names of targets as keys, not fields."""
PATHS = [path for path in paths(whole()) if not path or path[-1] not in MAPPINGS]
KEYS = [(path, key) for path in PATHS for key in at(whole(), path)]


def name(found: Path | str) -> str:
    """For the list of tests."""
    return found if isinstance(found, str) else ".".join(map(str, found)) or "board"


def test_the_example_has_every_kind_of_object() -> None:
    """Else the tests below would look at less than they promise."""
    named = {[step for step in path if isinstance(step, str)][-1] for path in PATHS if path}
    assert named >= {"checks", "5m", "resources", "mounts", "interfaces", "disks", "processes", "alerts", "deliveries", "leader", "units"}
    assert named >= {"containers", "members"}


def test_a_board_comes_back_as_it_was() -> None:
    """With sparks, shortened to what a first paint needs."""
    board = full()
    found = board_from_json(board_to_json(board))
    assert (found.checks, found.alerts, found.resources, found.leader) == (board.checks, board.alerts, board.resources, board.leader)
    assert read(whole()) == whole()


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_a_key_that_this_version_does_not_know_is_ignored(path: Path) -> None:
    """A board of a later version, or an old one with a field that is gone."""
    raw = whole()
    at(raw, path)["later"] = {"any": ["thing"]}
    assert read(raw) == whole()


@pytest.mark.parametrize(("path", "key"), KEYS, ids=name)
def test_a_missing_key_means_not_known(path: Path, key: str) -> None:
    """A board of an earlier version: the key has some value, everything else is as it was."""
    raw = whole()
    del at(raw, path)[key]
    found = read(raw)
    at(found, path).pop(key)
    assert found == raw


def test_a_status_that_this_version_does_not_know_is_unknown() -> None:
    """A later version may have more of them."""
    raw = whole()
    raw["status"] = raw["checks"][0]["status"] = "maintenance"
    found = board_from_json(json.dumps(raw).encode())
    assert (found.status, found.checks[0].status) == (HealthStatus.UNKNOWN, HealthStatus.UNKNOWN)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"7", b'{"checks": 7}', b'{"alerts": [null]}', b"\xff", b'{"resources": []}'])
def test_anything_else_is_a_value_error(data: bytes) -> None:
    """The callers show the board as not known then."""
    with pytest.raises(ValueError):
        board_from_json(data)


def test_an_entry_that_is_as_in_the_board_before_is_the_same_object() -> None:
    """So that a viewer decodes and draws only what has changed."""
    reader, board = BoardReader(), full()
    first = reader.read(board_to_json(board))
    assert first == board_from_json(board_to_json(board))
    changed = replace(board.checks[0], reason="another")
    then = reader.read(board_to_json(replace(board, checks=(changed, *board.checks[1:]))))
    assert then.checks[0] == changed
    assert all(one is other for one, other in zip(then.checks[1:], first.checks[1:], strict=True))
    assert then.alerts[0] is first.alerts[0]


@pytest.mark.parametrize("data", [json.dumps(whole()).encode(), board_to_json(replace(full(), checks=(), alerts=()))])
def test_a_reader_reads_a_board_of_any_form(data: bytes) -> None:
    """One of a version that writes no lines, and one without entries."""
    assert BoardReader().read(data) == board_from_json(data)


@pytest.mark.parametrize("entry", [b"7", b"{", b'{"id": "a"},\n[]'])
def test_a_wrong_entry_is_a_value_error(entry: bytes) -> None:
    """As a wrong board is."""
    data = board_to_json(replace(full(), alerts=()))
    with pytest.raises(ValueError):
        BoardReader().read(data.replace(b'"alerts":[\n', b'"alerts":[\n' + entry))
