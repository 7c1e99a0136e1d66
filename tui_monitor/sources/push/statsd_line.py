"""StatsD and DogStatsD lines: `name:value|type|@rate|#tag:value,...`, events and service checks."""

from __future__ import annotations

from typing import Literal

from tui_monitor.core.frozen import frozen

StatsdKind = Literal["counter", "gauge", "timer", "distribution", "set"]
_KINDS: dict[str, StatsdKind] = {
    "c": "counter", "m": "counter", "g": "gauge", "ms": "timer", "h": "distribution", "d": "distribution", "s": "set"
}  # fmt: skip


class StatsdFault(ValueError):
    """A line that is no StatsD."""


@frozen
class StatsdSuffix:
    """What stands behind the value: kind, how many real events one stands for, tags."""

    kind: StatsdKind
    weight: float = 1.0
    tags: tuple[tuple[str, str], ...] = ()


@frozen
class StatsdEvent:
    """A DogStatsD event (`_e{5,4}:title|text|t:error|#tags`); ``level`` is info, warning, error or success."""

    title: str
    text: str
    level: str
    tags: tuple[tuple[str, str], ...]


@frozen
class StatsdCheck:
    """A DogStatsD service check (`_sc|name|2|#tags|m:message`); 0 OK, 1 warning, 2 critical, 3 unknown."""

    name: str
    status: int
    tags: tuple[tuple[str, str], ...]


def suffix_of(text: str) -> StatsdSuffix:
    """The parsed suffix: "c|@0.1|#a:b". Raises StatsdFault. Parts that are not known (`c:` container, `T` time) are left out."""
    word, *parts = text.split("|")
    kind = _KINDS.get(word)
    if kind is None:
        raise StatsdFault(f'"{word[:10]}" is no type; c, g, ms, h, d or s')
    weight, tags = 1.0, tuple[tuple[str, str], ...]()
    for part in parts:
        if part.startswith("@"):
            weight = _weight(part[1:])
        elif part.startswith("#"):
            tags = tags_of(part[1:])
    return StatsdSuffix(kind, weight, tags)


def _weight(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        raise StatsdFault(f'"@{text[:20]}" is no sample rate') from None
    if not 0 < rate <= 1:
        raise StatsdFault("a sample rate lies above 0, and 1 is its greatest")
    return 1 / rate


def tags_of(text: str) -> tuple[tuple[str, str], ...]:
    """The tags: "a:b,c" is a = "b" and c = "true"."""
    pairs = (tag.partition(":") for tag in text.split(",") if tag)
    return tuple((name, value if colon else "true") for name, colon, value in pairs)


def event_of(line: str) -> StatsdEvent:
    """The event of a line. Raises StatsdFault."""
    head, _, rest = line.partition("}:")
    sizes = head.removeprefix("_e{").split(",")
    try:
        title, text = (int(each) for each in sizes)
    except ValueError:
        raise StatsdFault("an event begins with _e{TITLE_LENGTH,TEXT_LENGTH}:") from None
    data = rest.encode()
    fields = data[title + 1 + text :].decode("utf-8", "replace").split("|")
    level = next((each[2:] for each in fields if each.startswith("t:")), "info")
    tags = next((tags_of(each[1:]) for each in fields if each.startswith("#")), ())
    body = data[title + 1 : title + 1 + text].decode("utf-8", "replace").replace("\\n", "\n")
    return StatsdEvent(data[:title].decode("utf-8", "replace"), body, level, tags)


def check_of(line: str) -> StatsdCheck:
    """The service check of a line. Raises StatsdFault."""
    _, name, status, *fields = [*line.split("|"), "", ""]
    if not name or status not in ("0", "1", "2", "3"):
        raise StatsdFault("a service check is _sc|NAME|0 to 3")
    return StatsdCheck(name, int(status), next((tags_of(each[1:]) for each in fields if each.startswith("#")), ()))
