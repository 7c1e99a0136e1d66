"""The small tables in memory: dispatch, commands, audit, panels, processes, tokens."""

from __future__ import annotations

from typing import Any

from tui_monitor.core.access_token import AccessToken
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.audit import Audit
from tui_monitor.core.commands import CommandResult, StoredCommand
from tui_monitor.core.ping import Ping, StoredPing
from tui_monitor.dispatch.silences import Silence
from tui_monitor.dispatch.state import Plan, StoredDispatch
from tui_monitor.storage.records import (
    MOST_ADDED_RULES,
    MOST_COMMANDS,
    MOST_PANELS,
    MOST_TOKENS,
    FinishedCommand,
    LeaderRow,
    Panel,
    ReportOutcome,
    TooManyAddedRules,
    TooManyPanels,
    TooManyTokens,
    ViewerRow,
)
from tui_monitor.storage.repository import (
    KEEP_AUDIT,
    KEEP_AUDIT_MS,
    KEEP_COMMANDS_MS,
    KEEP_PINGS,
    KEEP_PINGS_MS,
    MOST_PINGS,
    VIEWER_PATIENCE_MS,
)


class InMemoryDispatch:
    """`DispatchTable` in memory."""

    _TABLES = ("notified", "tracked", "groups", "rates", "silences", "refires")

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Any], Any] = {}

    def load(self) -> StoredDispatch:
        return StoredDispatch(**{table: self._table(table) for table in self._TABLES})

    def _table(self, name: str) -> dict[Any, Any]:
        return {key: row for (table, key), row in self._rows.items() if table == name}

    def silences(self) -> list[Silence]:
        return sorted(self._table("silences").values(), key=lambda silence: (-silence.starts_at, silence.id))

    def save(self, plan: Plan) -> None:
        for table in self._TABLES:
            for key, row in getattr(plan, table).items():
                if row is None:
                    self._rows.pop((table, key), None)
                else:
                    self._rows[table, key] = row


class InMemoryCommands:
    """`CommandTable` in memory."""

    def __init__(self) -> None:
        self._last = 0
        self._commands: dict[int, StoredCommand] = {}
        self._results: dict[int, CommandResult] = {}
        self._finished_at: dict[int, int] = {}

    def add(self, by: str, verb: str, arguments: str, at_ms: int) -> int:
        self._last += 1
        self._commands[self._last] = StoredCommand(self._last, by, verb, arguments, at_ms)
        return self._last

    def pending(self) -> list[StoredCommand]:
        return [command for ident, command in self._commands.items() if ident not in self._results][:MOST_COMMANDS]

    def finish(self, command: FinishedCommand, at_ms: int) -> bool:
        if command.id not in self._commands or command.id in self._results:
            return False
        self._results[command.id], self._finished_at[command.id] = command.result, at_ms
        return True

    def result(self, ident: int) -> CommandResult | None:
        if ident not in self._commands:
            raise LookupError(f"there is no command {ident}")
        return self._results.get(ident)

    def prune(self, now_ms: int) -> int:
        old = [ident for ident, at in self._finished_at.items() if at < now_ms - KEEP_COMMANDS_MS]
        for ident in old:
            del self._results[ident], self._commands[ident], self._finished_at[ident]
        return len(old)


class InMemoryAudit:
    """`AuditTable` in memory."""

    def __init__(self) -> None:
        self._entries: list[Audit] = []
        self._gone = 0
        """The number of entries that were deleted: the number of the first that is left, less one."""

    def add(self, entry: Audit) -> None:
        self._entries.append(entry)

    def after(self, number: int, limit: int = 100) -> list[tuple[int, Audit]]:
        numbered = enumerate(self._entries, self._gone + 1)
        return [(own, entry) for own, entry in numbered if own > number][:limit]

    def newest(self, limit: int = 100) -> list[Audit]:
        return self._entries[::-1][:limit]

    def prune(self, now_ms: int, *, keep: int = KEEP_AUDIT) -> int:
        before = len(self._entries)
        self._entries = [entry for entry in self._entries[-keep:] if entry.at >= now_ms - KEEP_AUDIT_MS]
        self._gone += before - len(self._entries)
        return before - len(self._entries)


class InMemoryPanels:
    """`PanelTable` in memory."""

    def __init__(self) -> None:
        self._panels: dict[str, Panel] = {}

    def save(self, panel: Panel) -> None:
        if len(self._panels.keys() - {panel.name}) >= MOST_PANELS:
            raise TooManyPanels
        self._panels[panel.name] = panel

    def remove(self, name: str) -> bool:
        return self._panels.pop(name, None) is not None

    def all(self) -> list[Panel]:
        return [self._panels[name] for name in sorted(self._panels)]


class InMemoryTokens:
    """`TokenTable` in memory."""

    def __init__(self) -> None:
        self._tokens: dict[str, AccessToken] = {}

    def add(self, token: AccessToken) -> bool:
        if len(self._tokens) >= MOST_TOKENS:
            raise TooManyTokens
        return self._tokens.setdefault(token.name, token) is token

    def remove(self, name: str) -> bool:
        return self._tokens.pop(name, None) is not None

    def all(self) -> list[AccessToken]:
        return [self._tokens[name] for name in sorted(self._tokens)]

    def prune(self, now_ms: int) -> int:
        gone = [name for name, token in self._tokens.items() if token.kind != "token" and not token.valid(now_ms)]
        for name in gone:
            del self._tokens[name]
        return len(gone)


class InMemoryAddedRules:
    """`AddedRuleTable` in memory."""

    def __init__(self) -> None:
        self._rules: dict[str, AddedRule] = {}

    def add(self, rule: AddedRule) -> bool:
        if len(self._rules) >= MOST_ADDED_RULES:
            raise TooManyAddedRules
        return self._rules.setdefault(rule.name, rule) is rule

    def remove(self, name: str) -> bool:
        return self._rules.pop(name, None) is not None

    def all(self) -> list[AddedRule]:
        return [self._rules[name] for name in sorted(self._rules)]


class InMemoryReports:
    """`ReportTable` in memory."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], ReportOutcome] = {}

    def add(self, row: ReportOutcome) -> bool:
        if row[:3] in self._rows:
            return False
        self._rows[row[:3]] = row
        return True

    def of(self, report: str) -> list[ReportOutcome]:
        rows = sorted((row for row in self._rows.values() if row.report == report), key=lambda row: row.period, reverse=True)
        return sorted(rows, key=lambda row: row.period != "")


class InMemoryCursors:
    """`CursorTable` in memory."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, name: str) -> str:
        return self._values.get(name, "")

    def set(self, name: str, value: str) -> None:
        self._values[name] = value


class InMemoryPings:
    """`PingTable` in memory."""

    def __init__(self) -> None:
        self._last = 0
        self._pings: list[StoredPing] = []

    def add(self, ping: Ping) -> int:
        self._last += 1
        self._pings.append(StoredPing(self._last, ping))
        return self._last

    def after(self, ident: int, limit: int = 1000) -> list[StoredPing]:
        return [stored for stored in self._pings if stored.id > ident][:limit]

    def prune(self, now_ms: int) -> int:
        kept: list[StoredPing] = []
        newer: dict[str, int] = {}
        for stored in reversed(self._pings):
            age = newer[stored.ping.name] = newer.get(stored.ping.name, 0) + 1
            if age <= KEEP_PINGS or (age <= MOST_PINGS and stored.ping.at >= now_ms - KEEP_PINGS_MS):
                kept.append(stored)
        gone, self._pings = len(self._pings) - len(kept), kept[::-1]
        return gone


class InMemoryProcesses:
    """`ProcessTable` in memory."""

    def __init__(self) -> None:
        self._leader: LeaderRow | None = None
        self._viewers: dict[int, ViewerRow] = {}

    def leader(self) -> LeaderRow | None:
        return self._leader

    def save_leader(self, row: LeaderRow) -> None:
        self._leader = row

    def clear_leader(self, pid: int) -> None:
        if self._leader is not None and self._leader.pid == pid:
            self._leader = None

    def viewers(self, now_ms: int) -> list[ViewerRow]:
        found = [row for row in self._viewers.values() if row.heartbeat > now_ms - VIEWER_PATIENCE_MS]
        return sorted(found, key=lambda row: (row.since, row.pid))

    def save_viewer(self, row: ViewerRow) -> None:
        self._viewers[row.pid] = row

    def remove_viewer(self, pid: int) -> None:
        self._viewers.pop(pid, None)

    def prune_viewers(self, now_ms: int) -> int:
        first, last = now_ms - VIEWER_PATIENCE_MS, now_ms + 10 * VIEWER_PATIENCE_MS
        kept = {pid: row for pid, row in self._viewers.items() if first < row.heartbeat <= last}
        gone, self._viewers = len(self._viewers) - len(kept), kept
        return gone
