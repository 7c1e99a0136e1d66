"""Candidates for shell completion, from the command table: commands, options, choices, and ids with the names of what they are."""

from __future__ import annotations

import argparse
import os
import tomllib
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tui_monitor.board.report import KIND_NAMES
from tui_monitor.cli.options import Refused, wall_ms
from tui_monitor.cli.state_access import open_state, read_state
from tui_monitor.core.catalogue.english import ENGLISH
from tui_monitor.core.sanitize import clean
from tui_monitor.core.subjects import subject_of
from tui_monitor.core.values import SEVERITIES
from tui_monitor.platform.paths import find_config
from tui_monitor.storage.repository import State

Word = tuple[str, str]
"""A candidate and what it is."""
FILES = ":files"
"""In place of candidates: a file is wanted, which the shell completes itself."""
_FILE_METAVARS = ("FILE", "DIR")


def candidates(parser: argparse.ArgumentParser, words: Sequence[str], given: Namespace) -> list[Word]:
    """What may stand in place of the last word, which is begun or empty; the words before it are read as argparse would."""
    place = _Place(parser)
    for word in words[:-1]:
        if word != "=":  # bash makes three words of --option=value
            place.read(word)
    begun = "" if words[-1:] == ["="] else words[-1] if words else ""
    return [(word, clean(about)) for word, about in place.wanted(begun, given) if word.startswith(begun)]


class _Place:
    """Where the cursor stands: the parser of the command, the option that wants a value, and the number of positional words."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._parser = parser
        self._path: list[str] = []
        self._option: argparse.Action | None = None
        self._count = 0

    def read(self, word: str) -> None:
        """Take a whole word before the cursor."""
        if word.startswith("-") and word != "-":
            found = self._parser._option_string_actions.get(word)
            self._option = found if found is not None and found.nargs != 0 else None
        elif self._option is not None:
            self._option = self._option if self._option.nargs in ("+", "*") else None
        else:
            self._read_positional(word)

    def _read_positional(self, word: str) -> None:
        action = self._positional()
        if isinstance(action, argparse._SubParsersAction) and word in action.choices:
            self._parser, self._count = action.choices[word], 0
            self._path.append(word)
        else:
            self._count += 1

    def _positional(self) -> argparse.Action | None:
        """The argument that the next positional word belongs to; the last one takes all others where it is repeatable."""
        actions = [action for action in self._parser._actions if not action.option_strings]
        if self._count < len(actions):
            return actions[self._count]
        return actions[-1] if actions and actions[-1].nargs in ("*", "+") else None

    def wanted(self, begun: str, given: Namespace) -> list[Word]:
        """The candidates at the cursor."""
        if self._option is not None:
            return self._values(self._option, given)
        if begun.startswith("-"):
            known = self._parser._option_string_actions.items()
            return [(word, action.help or "") for word, action in known if word.startswith("--") and action.help != argparse.SUPPRESS]
        action = self._positional()
        return self._values(action, given) if action is not None else []

    def _values(self, action: argparse.Action, given: Namespace) -> list[Word]:
        if isinstance(action, argparse._SubParsersAction):
            return [(one.dest, one.help or "") for one in action._choices_actions]
        if action.choices:
            return [(str(choice), "") for choice in action.choices]
        source = NAMES.get(" ".join([*self._path, action.dest])) or NAMES.get(action.dest)
        if source is not None:
            return source(given)
        return [(FILES, "")] if action.metavar in _FILE_METAVARS else []


def _stored(given: Namespace, question: Callable[[State], list[Word]]) -> list[Word]:
    try:
        return read_state(open_state(given).directory, question)
    except Refused:
        return []


def _alerts(given: Namespace) -> list[Word]:
    """The alerts that fire or wait, the gravest first as the board has them."""
    return _stored(
        given,
        lambda state: [
            (alert.id, f"{alert.severity} {alert.name} {subject_of(alert.labels)}".strip())
            for alert in state.alerts.live()
            if alert.state != "resolved"
        ],
    )


def _silences(given: Namespace) -> list[Word]:
    now = wall_ms()
    return _stored(
        given,
        lambda state: [(one.id, " ".join(map(str, one.matchers))) for one in state.dispatch.silences() if one.ends_at > now],
    )


def _tokens(given: Namespace) -> list[Word]:
    return _stored(given, lambda state: [(token.name, " ".join(token.scopes)) for token in state.tokens.all()])


def _added_rules(given: Namespace) -> list[Word]:
    return _stored(given, lambda state: [(rule.name, rule.condition) for rule in state.added_rules.all()])


def _configured(given: Namespace, section: str, name: str, about: str) -> list[Word]:
    """Names in the configuration, read as plain TOML: a completion must not take the time of a whole check of the file."""
    path = find_config(given.config, os.environ)
    entries = _toml(path).get(section, []) if path else []
    return [(str(entry[name]), str(entry.get(about, ""))) for entry in entries if isinstance(entry, dict) and name in entry]


def _toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def _checks(given: Namespace) -> list[Word]:
    return _configured(given, "checks", "name", "type")


def _checks_of(*kinds: str) -> Callable[[Namespace], list[Word]]:
    return lambda given: [word for word in _checks(given) if word[1] in kinds]


def _notifiers(given: Namespace) -> list[Word]:
    return _configured(given, "notifiers", "name", "type")


def _rules(given: Namespace) -> list[Word]:
    own = dict(_configured(given, "rules", "alert", "expr"))
    return list({**dict.fromkeys(ENGLISH.rules, "built-in"), **own}.items())


def _reports(given: Namespace) -> list[Word]:
    own = dict(_configured(given, "reports", "name", "kind"))
    return list({**own, **dict.fromkeys(KIND_NAMES, "")}.items())


NAMES: Mapping[str, Callable[[Namespace], list[Word]]] = {
    "ack ids": _alerts,
    "unack id": _alerts,
    "resolve id": _alerts,
    "extend id": _silences,
    "unsilence id": _silences,
    "check names": _checks,
    "logs check": _checks_of("log"),
    "heartbeat name": _checks_of("heartbeat"),
    "notify test names": _notifiers,
    "token revoke name": _tokens,
    "rules remove name": _added_rules,
    "report name": _reports,
    "rules explain alert": _rules,
    "rules backtest alert": _rules,
    "explain alert": _rules,
    "to": _notifiers,
    "severity": lambda _: [(severity, "") for severity in reversed(SEVERITIES)],
}
"""Which names an argument takes, by "COMMAND [ACTION] ARGUMENT", or by the argument alone where it means the same everywhere."""
