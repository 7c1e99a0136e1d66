"""Find, read and check the configuration: file < environment < flags; every fault is told with file, line, key and advice."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tui_monitor.config.models import Check, Notifier, Settings
from tui_monitor.core.exit_codes import CONFIGURATION
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import nearest
from tui_monitor.platform.local_zone import zone_problem

_VARIABLE = re.compile(r"\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{")
_RESERVED = {"TUI_MONITOR_CONFIG", "TUI_MONITOR_STATE"}
ENVIRONMENT_PREFIX = "TUI_MONITOR_"
_ATTEMPTS = 4
_EITHER = {"default_rules": "true, false or a list of names", "chat_id": "a number or a name"}
"""Keys that take values of two kinds."""
_STAND_INS: dict[Any, dict[str, Any]] = {
    "checks": {"name": "?", "type": "tcp", "host": "?", "port": 1},
    "notifiers": {"name": "?", "type": "command", "argv": ["?"]},
    "rules": {"alert": "_", "expr": "vector(0)"},
    "routes": {},
    "inhibit": {"source": ["_"], "target": ["_"]},
    "maintenance": {"name": "?", "active": "daily 00:00-01:00"},
}
"""What an entry with faults is replaced by while the rest of the file is examined."""
_SECRET_KEYS = {"password", "token", "bearer", "secret"}


@frozen
class Fault:
    """One thing that is wrong: where, which key, what to change."""

    key: str
    text: str
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.key}: {self.text}" if self.key else f"{place}{self.text}"


class ConfigurationError(Exception):
    """The configuration cannot be used; ``faults`` lists every reason."""

    exit_code = CONFIGURATION

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@frozen
class Configuration:
    """A loaded configuration: the settings, the file they came from (None: built-in defaults), and warnings for people."""

    settings: Settings
    path: Path | None = None
    warnings: tuple[str, ...] = ()
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict)
    """Where each key stands in the file."""

    def fault(self, loc: tuple[str | int, ...], text: str) -> Fault:
        """A fault that was found after loading, at the nearest key whose line is known; ``text`` names the key itself."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return Fault("", text, self.lines.get(loc), str(self.path or ""))


def load(path: Path | None, environ: Mapping[str, str] = os.environ, *, host: str | None = None) -> Configuration:
    """Read and check the file (None: defaults). Raises ConfigurationError with every fault; an unreadable file is one."""
    text, name = "", str(path or "")
    if path is not None:
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigurationError([Fault("", f"is not UTF-8 (byte {error.start})", None, name)]) from None
        except OSError as error:
            raise ConfigurationError([Fault("", f"cannot be read: {error.strerror}", None, name)]) from None
    faults: list[Fault] = []
    try:
        raw = tomllib.loads(text)
        lines = _Lines(text, name)
        literal_secret = _has_literal_secret(raw)
        raw = _merge(_substitute(raw, (), environ, faults, lines), _from_environment(environ, faults))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        said = re.sub(r" \(at (line .*|end of document)\)", "", str(error))
        line = int(at[1]) if at else text.count("\n") + 1
        raise ConfigurationError([Fault("", f"not valid TOML: {said}", line, name)]) from None
    except RecursionError:
        raise ConfigurationError([Fault("", "brackets within brackets, too deep to read", None, name)]) from None
    if host:
        raw["host"] = host
    settings = _validated(raw, path.parent if path else Path.cwd(), faults, lines)
    if settings is not None:
        faults += [lines.fault(loc, text) for loc, text in _cross_check(settings)]
    if faults:
        raise ConfigurationError(sorted(faults + _of_building(settings, path, lines, faults), key=lambda fault: fault.line or 0))
    assert settings is not None
    warnings: list[str] = [problem] if (problem := zone_problem(environ)) else []
    if path is not None and literal_secret and path.stat().st_mode & 0o004:
        warnings.append(f"{path} holds secrets and every user can read it: chmod o-r {path}, or use ${{NAME}} or a *_file key")
    if settings.notifiers and not (settings.routing or settings.routes):
        warnings.append("there are notifiers, but neither [routing] nor [[routes]]: no alert is sent to anybody")
    return Configuration(settings, path, tuple(warnings), lines.places)


def _from_environment(environ: Mapping[str, str], faults: list[Fault]) -> dict[str, Any]:
    if not any(name.startswith(ENVIRONMENT_PREFIX) and name not in _RESERVED for name in environ):
        return {}
    from tui_monitor.config.environment import read_environment  # pydantic-settings: 80 ms, only where a variable is set

    try:
        return read_environment()
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            name = ENVIRONMENT_PREFIX + "__".join(str(part) for part in entry["loc"]).upper()
            faults.append(Fault(name, _fault(entry, _Lines("", "")).text))
    except ValueError as error:
        faults.append(Fault("", str(error)))
    return {}


def _validated(raw: dict[str, Any], directory: Path, faults: list[Fault], lines: _Lines) -> Settings | None:
    """The settings; where they have faults, these are told and what is left without them is given back, to be examined further."""
    keys = {fault.key for fault in faults}
    for attempt in range(_ATTEMPTS):
        try:
            return Settings.model_validate(raw, context={"directory": directory})
        except ValidationError as error:
            entries = error.errors(include_url=False)
            for fault in (_fault(entry, lines) for entry in entries):
                if attempt == 0 and fault.key not in keys:  # a later one comes of the cutting
                    faults.append(fault)
                    keys.add(fault.key)
            if not all(_cut(raw, _place(entry)[0]) for entry in entries):
                return None
    return None


def _cut(raw: dict[str, Any], loc: tuple[str | int, ...]) -> bool:
    """Take the value at fault away; an entry that lacks something it needs keeps only its name, for others may refer to it.

    False where that would take a whole section, of which other faults would follow.
    """
    if len(loc) == 1 and isinstance(raw.get(str(loc[0])), list | dict):
        return False
    for depth in range(len(loc) - 1, -1, -1):
        *path, key = loc[: depth + 1]
        holder: Any = raw
        try:
            for part in path:
                holder = holder[part]
        except (KeyError, IndexError, TypeError):
            return True  # gone with another fault
        if depth == 1 and path[0] in _STAND_INS:
            name = holder[key].get("name") if isinstance(holder[key], dict) else None
            named = {"name": name if isinstance(name, str) and name else f"?{key}"} if "name" in _STAND_INS[path[0]] else {}
            holder[key] = {**_STAND_INS[path[0]], **named}
            return True
        if isinstance(holder, dict) and key in holder:
            del holder[key]
            return True
    return False


def _of_building(settings: Settings | None, path: Path | None, lines: _Lines, faults: list[Fault]) -> list[Fault]:
    """What else only building the parts shows: told together with the faults that there are, one for each place."""
    if settings is None:
        return []
    from tui_monitor.runtime.wiring import faults_of  # rules, routing, probes: only where there is something to tell

    told = {fault.line for fault in faults}
    return [fault for fault in faults_of(Configuration(settings, path, (), lines.places)) if fault.line is None or fault.line not in told]


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def _substitute(value: Any, loc: tuple[str | int, ...], environ: Mapping[str, str], faults: list[Fault], lines: _Lines) -> Any:
    if isinstance(value, dict):
        return {key: _substitute(item, (*loc, key), environ, faults, lines) for key, item in value.items()}
    if isinstance(value, list):
        return [_substitute(item, (*loc, index), environ, faults, lines) for index, item in enumerate(value)]
    if not isinstance(value, str) or "${" not in value:
        return value

    def replace(match: re.Match[str]) -> str:
        if match[1] is None:
            if match[0] == "${":
                faults.append(lines.fault(loc, 'after "${" a name and "}" are wanted; a literal ${ is written $${'))
            return "${"
        if match[1] not in environ:
            faults.append(lines.fault(loc, f"the environment variable {match[1]} is not set"))
        return environ.get(match[1], "unset")

    return _VARIABLE.sub(replace, value)


def _has_literal_secret(value: Any, key: str = "") -> bool:
    if isinstance(value, dict):
        return any(_has_literal_secret(item, name) for name, item in value.items())
    if isinstance(value, list):
        return any(_has_literal_secret(item, key) for item in value)
    if not isinstance(value, str) or "${" in value:
        return False
    return key in _SECRET_KEYS or key == "key" or (key in ("dsn", "url") and re.search(r"//[^/@\s]*:[^/@\s]+@", value) is not None)


# --- faults ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Lines:
    """Finds the line of a key in a TOML text (good enough for advice: tables, arrays of tables, plain keys)."""

    text: str
    name: str
    places: dict[tuple[str | int, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        table: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        inside = ""  # of a text over several lines, the quotes that end it
        for number, line in enumerate(self.text.splitlines(), start=1):
            line = line.strip()
            if inside:
                inside = "" if inside in line else inside
                continue
            opened = re.search(r"""=\s*(\"{3}|'{3})""", line)
            if opened and line.count(opened[1]) == 1:
                inside = opened[1]
            if match := re.match(r"\[\[\s*([^\]]+?)\s*\]\]", line):
                path = self._absolute(match[1], counts)
                counts[path] = counts.get(path, -1) + 1
                table = (*path, counts[path])
                self.places.setdefault(table, number)
            elif match := re.match(r"\[\s*([^\]]+?)\s*\]", line):
                table = self._absolute(match[1], counts)
                self.places.setdefault(table, number)
            elif match := re.match(r"(\"[^\"]*\"|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\s*=", line):
                self.places.setdefault((*table, *(part.strip('"') for part in match[1].split("."))), number)

    @staticmethod
    def _absolute(header: str, counts: Mapping[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
        path: tuple[str | int, ...] = ()
        parts = header.split(".")
        for index, part in enumerate(parts):
            path = (*path, part.strip().strip('"'))
            if path in counts and index < len(parts) - 1:
                path = (*path, counts[path])
        return path

    def line(self, loc: tuple[str | int, ...]) -> int | None:
        while loc:
            if found := [number for place, number in self.places.items() if place[: len(loc)] == loc]:
                return self.places.get(loc, found[0])
            loc = loc[:-1]
        return None

    def fault(self, loc: tuple[str | int, ...], text: str) -> Fault:
        return Fault(_key_text(loc), text, self.line(loc), self.name)


def _key_text(loc: tuple[str | int, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _models_of(union: Any) -> dict[str, type[BaseModel]]:
    return {model.model_fields["type"].default: model for model in get_args(get_args(union)[0])}


_TAGGED = {"checks": _models_of(Check), "notifiers": _models_of(Notifier)}


def _fault(entry: Any, lines: _Lines) -> Fault:
    """A pydantic error as a fault: without the union's tag in its path, in words that say what to change."""
    loc, model = _place(entry)
    kind, given, context = entry["type"], entry.get("input"), entry.get("ctx", {})
    key = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        return lines.fault(loc, f"unknown key{nearest(key, _names(model))}")
    if kind == "union_tag_invalid":
        wrong, known = str(context["tag"]), re.findall(r"'([^']+)'", context["expected_tags"])
        return lines.fault((*loc, "type"), f'unknown type "{wrong}"{nearest(wrong, known)}; known: {", ".join(known)}')
    if kind == "union_tag_not_found":
        return lines.fault((*loc, "type"), "is missing; it says which kind this is")
    if kind == "missing":
        return lines.fault(loc, f"is missing: {_description(model, key)}")
    if kind == "literal_error":
        known = re.findall(r"'([^']+)'", str(context.get("expected", "")))
        return lines.fault(loc, f'"{given}" is not possible{nearest(str(given), known)}; one of {", ".join(known)}')
    if key in _EITHER and kind != "value_error":
        return lines.fault(loc, f"{_EITHER[key]} is wanted")
    secret = key in _SECRET_KEYS or key in ("dsn", "key")
    said = entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ").removeprefix(f"{key}: ")
    shown = "" if kind == "value_error" or secret or isinstance(given, dict | list) else f" (given: {given!r})"
    return lines.fault(loc, f"{said[:1].lower()}{said[1:]}{shown}")


def _place(entry: Any) -> tuple[tuple[str | int, ...], type[BaseModel] | None]:
    """The path of a fault as people write it, and the model that holds its last key."""
    loc, model = _resolve(tuple(part for part in entry["loc"] if part != "[key]"))
    either = next((index for index, part in enumerate(loc) if part in _EITHER), len(loc))
    if named := re.match(r"Value error, (\w+_file): ", entry["msg"]):
        return (*loc, named[1]), model
    return loc[: either + 1], model


def _resolve(loc: tuple[str | int, ...]) -> tuple[tuple[str | int, ...], type[BaseModel] | None]:
    """The path without union tags, and the model that holds the last key."""
    path: list[str | int] = []
    model: type[BaseModel] | None = Settings
    parts = iter(loc)
    for part in parts:
        path.append(part)
        if len(path) == 2 and path[0] in _TAGGED and isinstance(part, int):
            tag = next(parts, None)
            model = _TAGGED[str(path[0])].get(str(tag))
        elif isinstance(part, str) and len(path) < len(loc):
            model = _child(model, part) or model
    return tuple(path), model


def _child(model: type[BaseModel] | None, key: str) -> type[BaseModel] | None:
    for name, info in (model.model_fields if model else {}).items():
        if key in (name, info.alias):
            return next((kind for kind in walk_types(info.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    return None


def walk_types(annotation: Any) -> Iterator[Any]:
    """A key's type and all that it is made of: of list[int] | None also list, int and None."""
    yield annotation
    for inner in get_args(annotation):
        yield from walk_types(inner)


def _names(model: type[BaseModel] | None) -> list[str]:
    return [info.alias or name for name, info in (model.model_fields if model else {}).items()]


def _description(model: type[BaseModel] | None, key: str) -> str:
    for name, info in (model.model_fields if model else {}).items():
        if key in (name, info.alias):
            return info.description or "it is required"
    return "it is required"


def _cross_check(settings: Settings) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What only the whole file can tell: names that stand twice or point nowhere."""
    for section, entries in (("checks", settings.checks), ("notifiers", settings.notifiers)):
        names_of = [entry.name for entry in entries]
        for index, name in enumerate(names_of):
            if name in names_of[:index]:
                yield (section, index, "name"), f'the name "{name}" is used twice'
    checks = [check.name for check in settings.checks]
    for index, check in enumerate(settings.checks):
        if {"degraded_above", "unhealthy_above"} <= check.model_fields_set and (check.degraded_above or 0) > (check.unhealthy_above or 0):
            yield ("checks", index, "unhealthy_above"), "is below degraded_above; the graver limit is the higher one"
        for parent in check.depends_on:
            if parent not in checks:
                yield ("checks", index, "depends_on"), f'there is no check "{parent}"{nearest(parent, checks)}'
    known = [notifier.name for notifier in settings.notifiers] + list(settings.recipients)
    places: list[tuple[tuple[str | int, ...], list[str]]] = [(("routing", level), names) for level, names in settings.routing.items()]
    places += [(("recipients", group), names) for group, names in settings.recipients.items()]
    for index, route in enumerate(settings.routes):
        places.append((("routes", index, "notifiers"), route.notifiers))
    for loc, names in places:
        for name in names:
            if name not in known:
                yield loc, f'there is no notifier "{name}"{nearest(name, known)}'
