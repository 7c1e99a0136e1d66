"""Reading of tables into records: our own walk finds the places, pydantic validates the values.

No other module imports pydantic.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from tui_monitor.config.faults import Fault, KeyPath
from tui_monitor.config.fields import Text, path_beside
from tui_monitor.config.kinds import Kinds
from tui_monitor.config.section import Section, keys_of
from tui_monitor.core.frozen import frozen
from tui_monitor.core.sanitize import clip, nearest
from tui_monitor.core.secret import Secret
from tui_monitor.platform.import_trimming import trim_imports

trim_imports("pydantic")

from pydantic import Field as Limits  # noqa: E402  after the stand-in is installed
from pydantic import TypeAdapter, ValidationError  # noqa: E402

S = TypeVar("S", bound=Section)
_PASSWORD = re.compile(r"//[^/@\s]*:[^/@\s]+@")
_SHOWN = 200
_UNREAD: Any = object()
"""The mark of a value that could not be read; its fault is in the list."""


@frozen
class Key:
    """One key of a record: its type without Annotated, its markers, and the record of its table, if it is one."""

    name: str
    field: Field[Any]
    hint: Any
    record: type[Section] | None = None
    is_list: bool = False
    kinds: Kinds | None = None

    @property
    def required(self) -> bool:
        """Whether the file must name it."""
        return self.field.default is MISSING and self.field.default_factory is MISSING

    @property
    def default(self) -> Any:
        """The value where the file does not name it."""
        return self.field.default_factory() if self.field.default_factory is not MISSING else self.field.default

    @property
    def facts(self) -> Mapping[str, Any]:
        """The arguments of `section.key`; empty for a plain default."""
        return self.field.metadata

    @property
    def texts(self) -> list[Text]:
        """The conversions of its values."""
        return [part for part in walk_types(self.hint) if isinstance(part, Text)]

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return Secret in walk_types(self.hint)


_keys: dict[type[Section], dict[str, Key]] = {}
_adapters: dict[tuple[type[Section], str], TypeAdapter[Any]] = {}


def read_keys(record: type[Section]) -> dict[str, Key]:
    """The keys of a record by their names in the file."""
    if record not in _keys:
        hints = get_type_hints(record, include_extras=True)
        _keys[record] = {name: _key(name, each, hints[each.name]) for name, each in keys_of(record).items()}
    return _keys[record]


def walk_types(hint: Any) -> Iterator[Any]:
    """A type and all types within it: of Annotated[list[int] | None, X] also list[int], int, None and X."""
    yield hint
    for inner in get_args(hint):
        yield from walk_types(inner)


def has_list(hint: Any) -> bool:
    """Whether the type accepts a list."""
    return any(get_origin(part) is list for part in walk_types(hint))


def _key(name: str, each: Field[Any], hint: Any) -> Key:
    parts = list(walk_types(hint))
    record = next((part for part in parts if isinstance(part, type) and issubclass(part, Section)), None)
    kinds = next((part for part in parts if isinstance(part, Kinds)), None)
    return Key(name, each, hint, record, has_list(hint), kinds)


def _adapter(record: type[Section], key: Key) -> TypeAdapter[Any]:
    place = (record, key.name)
    if place not in _adapters:
        limits = key.facts.get("limits")
        _adapters[place] = TypeAdapter(_limited(key.hint, limits) if limits else key.hint)
    return _adapters[place]


def key_schema(record: type[Section], key: Key) -> dict[str, Any]:
    """The JSON schema of what may be written for a plain key."""
    found = _adapter(record, key).json_schema()
    return {name: part for name, part in found.items() if name != "title"}


def _limited(hint: Any, limits: Mapping[str, Any]) -> Any:
    """The type with its limits, applied inside "or None", to the text before parsing (of a secret: after)."""
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return _limited(inner, limits) | None
    if get_origin(hint) is not Annotated or hint.__origin__ is Secret:
        return Annotated[hint, Limits(**limits)]
    return Annotated[(hint.__origin__, Limits(**limits), *hint.__metadata__)]


class Reader:
    """Reads one file. ``directory``: what its paths are relative to; ``variables``: the keys whose value came from the environment.

    A value that cannot be read gives a fault; its default or its example stands in the record, so that the rest is examined.
    """

    def __init__(self, directory: Path, variables: set[KeyPath] | None = None) -> None:
        self.faults: list[Fault] = []
        self.literal_secret = False
        """Whether the file itself contains a secret."""
        self._directory = directory
        self._variables = variables or set()

    def section(self, record: type[S], raw: object, path: KeyPath = (), examples: Mapping[str, Any] | None = None) -> S | None:
        """The record of a table; None where a required key has neither a value nor an example."""
        if not isinstance(raw, dict):
            self._add(path, "a table is wanted")
            return None
        keys = read_keys(record)
        given = self._with_secret_files(keys, record.prepared(dict(raw)), path)
        for name in given:
            if name not in keys:
                self._add((*path, name), f"unknown key{nearest(name, keys)}")
        values = {key.field.name: self._value(record, key, given, path, examples or {}) for key in keys.values()}
        if any(value is _UNREAD for value in values.values()):
            return None
        made = record(**values)
        for name, text in made.problems(given.keys()):
            self._add((*path, name) if name else path, text)
        return made

    def _value(self, record: type[Section], key: Key, given: Mapping[str, Any], path: KeyPath, examples: Mapping[str, Any]) -> Any:
        """The key's value; where it has a fault or is missing, its default or example."""
        place = (*path, key.name)
        if key.name in given:
            value = self._read(record, key, given[key.name], place)
            if value is not _UNREAD:
                return value
        elif key.required:
            self._add(place, f"is missing: {key.facts.get('doc') or 'it is required'}")
        if not key.required:
            return key.default
        return self._example(record, key, examples)

    def _example(self, record: type[Section], key: Key, examples: Mapping[str, Any]) -> Any:
        example = examples.get(key.name, key.facts.get("example"))
        if example is None and key.name == "name":
            example = "name"
        return _UNREAD if example is None else Reader(self._directory)._read(record, key, example, ())

    def _read(self, record: type[Section], key: Key, raw: Any, path: KeyPath) -> Any:
        if key.record is None:
            return self._leaf(record, key, raw, path)
        if not key.is_list:
            found = self.section(key.record, raw, path)
            return _UNREAD if found is None else found
        if not isinstance(raw, list):
            self._add(path, f"tables are wanted: [[{key.name}]]")
            return _UNREAD
        entries = (self._entry(key, key.record, entry, (*path, index)) for index, entry in enumerate(raw))
        return [entry for entry in entries if entry is not None]

    def _entry(self, key: Key, record: type[Section], raw: Any, path: KeyPath) -> Section | None:
        if key.kinds is None or not isinstance(raw, dict):
            return self.section(record, raw, path)
        kind = raw.get("type")
        if kind is None:
            self._add((*path, "type"), "is missing; it says which kind this is")
        else:
            try:
                return self.section(key.kinds.record_of(str(kind), record), raw, path)
            except ValueError as error:
                self._add((*path, "type"), str(error))
        name = raw.get("name")
        return record(name=name if isinstance(name, str) else "?")  # type: ignore[call-arg]  # its name counts for those that refer to it

    def _with_secret_files(self, keys: Mapping[str, Key], given: dict[str, Any], path: KeyPath) -> dict[str, Any]:
        """The table with each secret `x` read from the file that `x_file` names (relative to the configuration's directory)."""
        for name in [name for name in given if name.endswith("_file") and name not in keys]:
            key = keys.get(name.removesuffix("_file"))
            if key is None or not key.secret or key.is_list:
                continue
            value = given.pop(name)
            if key.name in given:
                self._add((*path, name), f"{key.name} is given too; keep one of them")
                continue
            try:
                given[key.name] = Path(path_beside(self._directory, str(value))).read_text(encoding="utf-8-sig").strip()
                self._variables.add((*path, key.name))
            except OSError as error:
                self._add((*path, name), f"{path_beside(self._directory, str(value))} cannot be read: {error.strerror}")
                given[key.name] = _UNREAD
            except ValueError as error:
                said = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                self._add((*path, name), f"{value} cannot be read: {said}" if isinstance(error, UnicodeDecodeError) else said)
                given[key.name] = _UNREAD
        return given

    # --- values -------------------------------------------------------------------------------------------------------

    def _leaf(self, record: type[Section], key: Key, raw: Any, path: KeyPath) -> Any:
        if raw is _UNREAD:
            return raw
        self._record_secret(key, raw, path)
        try:
            return _adapter(record, key).validate_python(raw, context={"directory": self._directory})
        except ValidationError as error:
            for entry in error.errors(include_url=False):
                self._leaf_fault(key, entry, path)
            return _UNREAD

    def _leaf_fault(self, key: Key, entry: Any, path: KeyPath) -> None:
        """A pydantic error as a fault that says what to change."""
        wanted = key.facts.get("wanted")
        if wanted:
            return self._add(path, f"{wanted} is wanted")
        place = (*path, *(part for part in entry["loc"] if part != "[key]"))
        kind, given = entry["type"], entry.get("input")
        if kind == "literal_error":
            known = re.findall(r"'([^']+)'", str(entry.get("ctx", {}).get("expected", "")))
            return self._add(place, f'"{given}" is not possible{nearest(str(given), known)}; one of {", ".join(known)}')
        said = entry["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        hidden = kind == "value_error" or key.secret or key.facts.get("hide") or isinstance(given, dict | list)
        shown = "" if hidden else f" (given: {clip(repr(given), _SHOWN)})"
        return self._add(place, f"{said[:1].lower()}{said[1:]}{shown}")

    def _record_secret(self, key: Key, raw: Any, path: KeyPath) -> None:
        """Record that the file contains a secret; an address counts only where it has a password."""
        if self.literal_secret or path in self._variables:
            return
        if any(text.address for text in key.texts):
            self.literal_secret = isinstance(raw, str) and _PASSWORD.search(raw) is not None
        elif key.secret:
            texts = raw if isinstance(raw, list) else [raw]
            self.literal_secret = any(isinstance(text, str) and (*path, index) not in self._variables for index, text in enumerate(texts))

    def _add(self, path: KeyPath, text: str) -> None:
        if all(fault.path != path for fault in self.faults):
            self.faults.append(Fault(path, text))
