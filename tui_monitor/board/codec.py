"""JSON codec of boards: the row that viewers and `status` read, compatible across versions.

Unknown keys are ignored and missing keys mean "not known", so a viewer of another version shows what both versions know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, TypeVar

from tui_monitor.board.values import (
    AlertView,
    Board,
    CheckView,
    Delivery,
    DiskView,
    InterfaceView,
    LeaderView,
    MemberView,
    MountView,
    ProcessView,
    RequestNames,
    RequestRow,
    RequestTable,
    Resources,
    Window,
)
from tui_monitor.core.kept import Kept
from tui_monitor.core.values import ContainerState, HealthStatus, UnitState

STORED_SPARK = 60
"""How many values of a spark are stored for the next start's first paint."""
T = TypeVar("T")
Convert = Callable[[Any], Any]


def board_to_json(board: Board, *, sparks: bool = False, kept: Kept[str] | None = None) -> bytes:
    """The board as compact JSON. Viewers need no sparks (they read samples); the copy for the next first paint has shortened ones.

    ``kept`` holds the texts of checks from one board to the next: with 1,000 checks most of a board's cost.
    """
    raw, texts = _fields(board), Kept[str]() if kept is None else kept
    raw["sparks"] = {key: [_short(value) for value in values[-STORED_SPARK:]] for key, values in board.sparks.items()} if sparks else {}
    del raw["checks"]
    checks = ",".join(texts.of(check.name, (check,), partial(_text, check)) for check in board.checks)
    return f'{_text(raw)[:-1]},"checks":[{checks}]}}'.encode()


def _text(value: Any) -> str:
    return _ENCODER.encode(value)


def board_from_json(data: bytes) -> Board:
    """Decode JSON of `board_to_json` from this or another version. Raises ValueError."""
    try:
        return board_from_object(json.loads(data))
    except RecursionError as error:
        raise ValueError(f"not a board: {error}") from None


def board_from_object(raw: Mapping[str, Any]) -> Board:
    """Decode a board from JSON values. Raises ValueError."""
    try:
        return _read(Board, raw)
    except (AttributeError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError(f"not a board: {error}") from None


def _fields(value: Any) -> dict[str, Any]:
    """The fields of one level, at a tenth of the cost of dataclasses.asdict, which copies deeply (a storm has 1,000 alerts)."""
    names = _names(value.__class__)
    return dict(value) if names is None else {name: getattr(value, name) for name in names}


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """The fields of a class of values; None for a mapping."""
    return None if issubclass(kind, Mapping) else tuple(kind.__slots__)  # type: ignore[attr-defined]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_fields)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _read(kind: type[T], raw: Mapping[str, Any]) -> T:
    """A view value from its known keys; missing ones get the defaults in `_NOT_KNOWN`."""
    if not isinstance(raw, Mapping):
        raise TypeError(f"{kind.__name__} is not an object")
    converters, empty = _CONVERTERS.get(kind, {}), _NOT_KNOWN[kind]
    return kind(**{name: converters.get(name, _as_is)(raw[name]) if name in raw else getattr(empty, name) for name in empty.__slots__})


def _as_is(value: Any) -> Any:
    return value


def _each(kind: type[T]) -> Callable[[list[Any]], tuple[T, ...]]:
    return lambda entries: tuple(_read(kind, entry) for entry in entries)


def _by_name(convert: Convert) -> Convert:
    return lambda raw: {key: convert(value) for key, value in raw.items()}


def _status(word: str) -> HealthStatus:
    """The health status; a word of a later version becomes "unknown"."""
    try:
        return HealthStatus(word)
    except ValueError:
        return HealthStatus.UNKNOWN


_CONVERTERS: dict[type, dict[str, Convert]] = {
    Board: {
        "status": _status,
        "checks": _each(CheckView),
        "resources": lambda raw: _read(Resources, raw),
        "alerts": _each(AlertView),
        "leader": lambda raw: _read(LeaderView, raw),
        "trouble": tuple,
        "notifiers": tuple,
        "columns": tuple,
        "advice": tuple,
        "limits": _by_name(lambda limits: tuple((value, severity) for value, severity in limits)),
        "sparks": _by_name(tuple),
        "requests": _each(RequestTable),
    },
    CheckView: {
        "status": _status,
        "windows": _by_name(lambda raw: _read(Window, raw)),
        "depends_on": tuple,
        "limits": lambda limits: tuple((value, word) for value, word in limits),
        "units": _each(UnitState),
        "containers": _each(ContainerState),
        "members": _each(MemberView),
    },
    UnitState: {"status": _status},
    ContainerState: {"status": _status},
    MemberView: {"status": _status},
    Resources: {
        "cores": tuple,
        "load": tuple,
        "mounts": _each(MountView),
        "interfaces": _each(InterfaceView),
        "disks": _each(DiskView),
        "processes": _each(ProcessView),
    },
    RequestTable: {
        "total": lambda raw: _read(RequestRow, raw),
        "rows": _each(RequestRow),
        "names": lambda raw: _read(RequestNames, raw),
    },
    AlertView: {"suppressed_by": tuple, "affects": tuple, "escalates_to": tuple, "deliveries": _each(Delivery)},
}
_NOT_KNOWN: dict[type, Any] = {
    Board: Board(0, "", "", HealthStatus.UNKNOWN, (), Resources(), (), LeaderView("viewer")),
    CheckView: CheckView("", "", "", "", HealthStatus.UNKNOWN, "", 0, 0),
    MemberView: MemberView("", HealthStatus.UNKNOWN),
    ContainerState: ContainerState("", HealthStatus.UNKNOWN, "", ""),
    Window: Window(),
    UnitState: UnitState("", HealthStatus.UNKNOWN, "", ""),
    Resources: Resources(),
    MountView: MountView(""),
    InterfaceView: InterfaceView(""),
    DiskView: DiskView(""),
    ProcessView: ProcessView(0, "", "", 0.0, 0, ""),
    RequestNames: RequestNames(),
    RequestRow: RequestRow("", "", 0.0, 0.0),
    RequestTable: RequestTable("", 0.0, "5xx", 0, RequestRow("", "", 0.0, 0.0), ()),
    AlertView: AlertView("", "", "warning", "firing", "", None, "", 0, 0, None, {}, {}),
    Delivery: Delivery("", "", "", 0),
    LeaderView: LeaderView("viewer"),
}
"""What the keys of each value are where a board does not have them."""
