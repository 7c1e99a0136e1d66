"""Reads the engine's list of containers, entry by entry, and chooses those that a check is about."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Sequence
from fnmatch import translate
from typing import Any

from tui_monitor.core.frozen import frozen
from tui_monitor.sources.net.excerpt import clean

MOST = 2_000
"""Containers of one check; the rest is left out and told."""
STATES = ("created", "running", "paused", "restarting", "removing", "exited", "dead")
"""Docker's words (api/types/container); Podman's others are said in these."""
_PODMAN = {"configured": "created", "initialized": "created", "stopping": "running", "stopped": "exited"}
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]{0,1000}")
"""An answer that is nothing but white space is no step of any length."""
_ID = re.compile(r"[0-9a-f]{12,64}")
_BEGINNING = re.compile(r"[0-9a-f]{4,64}")
_HEALTH = re.compile(r"\((?:health: )?(healthy|unhealthy|starting)\)")
_CODE = re.compile(r"\((\d{1,3})\)")
_AGE = re.compile(r"(\d+|Less than a|About an?) (second|minute|hour|day|week|month|year)")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}
_ROUNDED = 1800
"""Seconds by which an age in hours or more may be rounded up (source: docker/go-units HumanDuration)."""


@frozen
class Listed:
    """One entry of the list. ``health`` is "" where the text says none; ``text`` is the engine's own ("Up 3 seconds (healthy)")."""

    id: str
    name: str
    image: str
    state: str
    health: str
    text: str

    @property
    def exit_code(self) -> int | None:
        """The exit code in the text, None where there is none."""
        found = _CODE.search(self.text)
        return int(found[1]) if found else None

    @property
    def at_least(self) -> float:
        """Seconds that the state has lasted at least; 0 where the text does not say it."""
        found = _AGE.search(self.text)
        if found is None:
            return 0.0
        number = int(found[1][:9]) if found[1][0].isdigit() else 0 if found[1] == "Less than a" else 1
        unit = _SECONDS[found[2]]
        return max(0.0, number * unit - (_ROUNDED if unit >= 3600 else 0))


class NoList(ValueError):
    """The answer is no list of containers; the text is the reason."""


def reading(body: bytes) -> Generator[None, None, tuple[list[Listed], int]]:
    """The containers of a list (JSON), one step each, and how many entries were left out. Raises NoList.

    An entry that cannot be used (no name, an id that is none, the name of another) costs itself only.
    """
    text, place = body.decode("utf-8", "replace"), 0
    found: dict[str, Listed] = {}
    left_out = 0
    place = _after(text, 0, "[")
    while text[place : place + 1] != "]":
        entry, place = _entry(text, place)
        listed = listed_of(entry)
        if listed is None or listed.name in found or len(found) == MOST:
            left_out += 1
        else:
            found[listed.name] = listed
        if text[place : place + 1] == ",":
            place = _after(text, place, ",")
        elif text[place : place + 1] != "]":
            raise NoList("the list of containers is broken JSON")
        yield
    return list(found.values()), left_out


def _after(text: str, place: int, wanted: str) -> int:
    """The place of what follows a mark and its white space."""
    start = _end_of_space(text, place)
    if text[start : start + 1] != wanted:
        raise NoList("the answer is no list of containers: is this the socket of Docker or Podman?")
    return _end_of_space(text, start + 1)


def _end_of_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _entry(text: str, place: int) -> tuple[Any, int]:
    try:
        entry, end = _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        raise NoList("the list of containers is broken JSON") from None
    return entry, _end_of_space(text, end)


def listed_of(entry: Any) -> Listed | None:
    """One entry; None where it cannot be used."""
    if not isinstance(entry, dict):
        return None
    ident, names, state = entry.get("Id"), entry.get("Names"), entry.get("State")
    if not (isinstance(ident, str) and _ID.fullmatch(ident) and isinstance(names, list) and isinstance(state, str)):
        return None
    own = [name for name in names if isinstance(name, str)]
    name = short(next((name for name in own if name.count("/") < 2), own[0] if own else "").removeprefix("/"), 128)
    if not name:
        return None
    state = short(state, 20).lower()
    status = short(entry.get("Status"), 100)
    health = _HEALTH.search(status)
    return Listed(ident, name, short(entry.get("Image"), 200), _PODMAN.get(state, state), health[1] if health else "", status)


def short(value: object, limit: int) -> str:
    """A text from outside in one clean line; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    return value if len(value) <= limit and value.isascii() and value.isprintable() else clean(value, limit)


class Selection:
    """The containers that a check names, by names, patterns and beginnings of ids. Without any, all."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.all = not patterns
        self._words = [word for word in patterns if not any(mark in word for mark in "*?[")]
        self._patterns = [(word, re.compile(translate(word))) for word in patterns if word not in self._words]

    def choose(self, listed: Sequence[Listed]) -> tuple[list[Listed], list[str]]:
        """Those chosen, in the list's order, and what is wrong: a word that names nothing, or two."""
        if self.all:
            return list(listed), []
        names = {one.name: one for one in listed}
        chosen: set[str] = set()
        faults: list[str] = []
        for word in self._words:
            found = [word] if word in names else _by_id(word, listed)
            if len(found) == 1:
                chosen.update(found)
            else:
                faults.append(_not_one(word, len(found)))
        for word, pattern in self._patterns:
            matching = {name for name in names if pattern.match(name)}
            chosen |= matching
            if not matching:
                faults.append(f"no container's name matches {word}")
        return [one for one in listed if one.name in chosen], faults


def _by_id(word: str, listed: Iterable[Listed]) -> list[str]:
    return [one.name for one in listed if one.id.startswith(word)] if _BEGINNING.fullmatch(word) else []


def _not_one(word: str, count: int) -> str:
    if count:
        return f"{count} containers have ids that begin with {word}: write more of it, or the name"
    return f"there is no container {word}"
