"""The stored form of commands: a verb and arguments as JSON, the same in every version, so that old rows still apply."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from tui_monitor.core.commands import (
    Acknowledge,
    AddRule,
    AddSilence,
    AddToken,
    Annotate,
    Command,
    DropPanel,
    EndSilence,
    ExtendSilence,
    Reload,
    RemoveRule,
    ReportRefusal,
    ReportSignal,
    Resolve,
    RevokeToken,
    SavePanel,
    SendMessage,
    SendTest,
    Unacknowledge,
    YieldLeadership,
)

_COMMANDS: Mapping[str, type[Command]] = {
    "ack": Acknowledge,
    "unack": Unacknowledge,
    "resolve": Resolve,
    "silence": AddSilence,
    "extend": ExtendSilence,
    "unsilence": EndSilence,
    "send": SendMessage,
    "test": SendTest,
    "annotate": Annotate,
    "panel": SavePanel,
    "unpanel": DropPanel,
    "token": AddToken,
    "untoken": RevokeToken,
    "refused": ReportRefusal,
    "rule": AddRule,
    "unrule": RemoveRule,
    "kill": ReportSignal,
    "reload": Reload,
    "yield": YieldLeadership,
}
VERBS: Mapping[type[Command], str] = {kind: verb for verb, kind in _COMMANDS.items()}
"""The verb of each command in the commands table and the audit log."""
_KEYS = {"seconds": "for", "all_firing": "all"}
"""Stored names that differ from the fields'."""


class MalformedCommand(ValueError):
    """A stored command that this version cannot read; the text is for people."""


def encode(command: Command) -> tuple[str, str]:
    """The verb and the arguments as JSON; fields with their default are left out."""
    arguments = {
        _KEYS.get(each.name, each.name): getattr(command, each.name)
        for each in fields(command)
        if each.default is MISSING or getattr(command, each.name) != each.default
    }
    return VERBS[type(command)], json.dumps(arguments, ensure_ascii=False)


def decode(verb: str, arguments: str) -> Command:
    """The command that `encode` wrote, in this version or an older one; unknown keys are ignored. Raises MalformedCommand."""
    kind = _COMMANDS.get(verb)
    if kind is None:
        raise MalformedCommand(f'there is no command "{verb}" in this version')
    try:
        raw = json.loads(arguments)
    except (ValueError, RecursionError):
        raise MalformedCommand(f"{verb}: its arguments are not JSON") from None
    if not isinstance(raw, dict):
        raise MalformedCommand(f"{verb}: its arguments are not an object")
    if "ids" not in raw and "id" in raw:
        raw["ids"] = [raw["id"]]  # older versions stored a single alert under this key
    given: dict[str, Any] = {}
    for each in fields(kind):
        key = _KEYS.get(each.name, each.name)
        if key in raw and (raw[key] is not None or each.default is MISSING):
            given[each.name] = _read(verb, key, str(each.type), raw[key])
        elif each.default is MISSING:
            raise MalformedCommand(f'{verb}: the argument "{key}" is missing')
    return kind(**given)


def _read(verb: str, key: str, kind: str, value: object) -> object:
    wanted, convert = _READERS[kind.removesuffix(" | None")]
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError):
        raise MalformedCommand(f'{verb}: the argument "{key}" must be {wanted}') from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(_text(item) for item in value)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise TypeError
    return float(value)


_READERS: Mapping[str, tuple[str, Callable[[object], object]]] = {
    "str": ("a text", _text),
    "tuple[str, ...]": ("a list of texts", _texts),
    "float": ("a number", _number),
    "int": ("a whole number", lambda value: int(_number(value))),
    "bool": ("true or false", bool),
}
