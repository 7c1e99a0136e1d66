"""The commented example configuration, generated from the records of the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_monitor.config.engine import EngineSettings
from tui_monitor.config.entries import FeedSettings
from tui_monitor.config.export import ExportSettings
from tui_monitor.config.hosts import HostSettings
from tui_monitor.config.kinds import Kinds, resolve
from tui_monitor.config.operation import ActionSettings, LogSettings, RedactSettings
from tui_monitor.config.push import PushSettings
from tui_monitor.config.reader import Key, read_keys
from tui_monitor.config.remote_write import RemoteWriteSettings
from tui_monitor.config.reports import ReportSettings
from tui_monitor.config.screens import ScreenSettings
from tui_monitor.config.section import Section, title_of
from tui_monitor.config.serving import HttpSettings
from tui_monitor.config.settings import (
    CHECKS,
    NOTIFIERS,
    DashboardSettings,
    GuardSettings,
    HeartbeatSettings,
    InhibitSettings,
    MaintenanceSettings,
    RequestSettings,
    ResponseSettings,
    RouteSettings,
    RuleSettings,
    Settings,
    StoreSettings,
    SystemSettings,
)
from tui_monitor.config.spelling import toml_of, toml_value
from tui_monitor.platform.container_sockets import FoundSocket
from tui_monitor.platform.service_discovery import DiscoveredService

_HEAD = """\
# tui-monitor's configuration. Every line that begins with "#" shows a default or an example.
# Durations: 10s, 1h30m. Sizes: 512MiB. Ratios: 90% or 0.9. Any string may hold ${NAME} from the environment ($${ is a literal ${);
# every secret x may stand in a file that x_file names. Check with: tui-monitor config check
"""
_ALIASES = ("layer", "record")
"""Aliases of other keys and keys in place of others; an example with both would be a fault."""
_OF_MEASUREMENTS = ("failures", "successes", "degraded_above", "unhealthy_above")
"""Keys that are fixed or not allowed for a check whose verdict is a state."""
_OF_THEIR_OWN = ("recipients", "routing")


def example_text(
    found: Sequence[DiscoveredService] = (), logs: Sequence[str] = (), units: Sequence[str] = (), engines: Sequence[FoundSocket] = ()
) -> str:
    """The whole file: every key commented out with its default; what was discovered is ready to use."""
    parts = [_HEAD, *_lines(Settings, {}), ""]
    sections: dict[str, type[Section]] = {
        "system": SystemSettings,
        "store": StoreSettings,
        "guard": GuardSettings,
        "requests": RequestSettings,
        "redact": RedactSettings,
        "log": LogSettings,
    }
    for name, record in sections.items():
        parts += [f"# {title_of(record)}", f"[{name}]", *_lines(record, {}), ""]
    parts += [
        _heading("checks: what is tested"),
        *_found_checks(found),
        *_found_engines(engines),
        *_found_units(units),
        *_found_logs(logs),
        *_kinds("checks", CHECKS),
    ]
    parts += [_heading("rules: when it is an alert (PromQL); the built-in ones are always there"), *_block("rules", RuleSettings)]
    parts += ["# A series that keeps the answer of an expression.", "# [[rules]]", '# record = "orders_per_minute"']
    parts += ['# expr = "sum(rate(orders_total[5m])) * 60"', ""]
    parts += [_heading("notifiers: who hears of it"), *_kinds("notifiers", NOTIFIERS)]
    parts += [_heading("routing: the simple form, by severity")]
    parts += ["# [routing]", '# warning = ["ops-chat"]', '# critical = ["ops-chat", "ops-mail"]', ""]
    parts += ["# A name for several notifiers.", "# [recipients]", '# on-call = ["ops-chat", "ops-mail"]', ""]
    parts += _block("routes", RouteSettings) + _block("response", ResponseSettings, table="[response]")
    parts += _block("inhibit", InhibitSettings) + _block("maintenance", MaintenanceSettings)
    parts += _block("actions", ActionSettings)
    parts += [_heading("reports: what happened, each day or week, with your own figures"), *_block("reports", ReportSettings)]
    parts += _block("heartbeat", HeartbeatSettings, table="[heartbeat]") + _block("hosts", HostSettings)
    parts += _block("remote_write", RemoteWriteSettings, table="[remote_write]")
    parts += _block("engine", EngineSettings, table="[engine]") + _block("export", ExportSettings, table="[export]")
    parts += [_heading("http and push: interfaces for browsers, tools and applications")]
    parts += _block("http", HttpSettings, table="[http]") + _block("push", PushSettings, table="[push]")
    parts += _block("dashboard", DashboardSettings, table="[dashboard]") + _block("screens", ScreenSettings)
    return "\n".join(parts).rstrip() + "\n"


def _heading(text: str) -> str:
    return f"# --- {text} ".ljust(96, "-")


def _kinds(section: str, kinds: Kinds) -> list[str]:
    lines: list[str] = []
    for kind in kinds.known().values():
        lines += _block(section, resolve(kind.settings), {"type": kind.name, **kind.example})
    return lines


def _block(name: str, record: type[Section], examples: Mapping[str, Any] | None = None, table: str = "") -> list[str]:
    """One commented entry, then one of each array of tables in it."""
    lines = [f"# {title_of(record)}", f"# {table or f'[[{name}]]'}", *_lines(record, examples or {}), ""]
    for key in read_keys(record).values():
        if key.record not in (None, record):
            lines += _block(f"{name}.{key.name}", key.record, table=f"[{name}.{key.name}]" if table else "")
    return lines


def _lines(record: type[Section], examples: Mapping[str, Any]) -> list[str]:
    keys = [key for key in read_keys(record).values() if key.record is None and key.name not in _ALIASES]
    if issubclass(record, FeedSettings):
        keys = [key for key in keys if key.name not in _OF_MEASUREMENTS]
    if "type" in examples:  # name and type first, without a comment
        first = [f'# {name} = "{examples[name]}"' for name in ("name", "type")]
        return [*first, *(_line(key, examples) for key in keys if key.name not in ("name", "type"))]
    return [_line(key, examples) for key in keys if record is not Settings or key.name not in _OF_THEIR_OWN]


def _line(key: Key, examples: Mapping[str, Any]) -> str:
    return f"# {f'{key.name} = {_default_or_example(key, examples)}':<40} # {key.facts.get('doc', '')}"


def _default_or_example(key: Key, examples: Mapping[str, Any]) -> str:
    """The default as TOML, or an example where the default is empty."""
    if key.name in examples:
        return toml_value(examples[key.name])
    value = None if key.required else key.default
    if value not in (None, [], {}, ""):
        return toml_of(key, value)
    example = key.facts.get("example")
    return toml_of(key, value if example is None else example) if example is not None or value is not None else '"name"'


def _found_checks(found: Sequence[DiscoveredService]) -> list[str]:
    lines = []
    for service in found:
        entry = ["[[checks]]", f"name = {toml_value(service.name or f'{service.kind}-{service.port}')}", *_found_keys(service)]
        note = f" ({service.note})" if service.note else ""
        if service.well:
            lines += [f"# Found listening on this machine{note}.", *entry, ""]
        else:
            lines += [
                f"# Found listening on this machine, but it would not be healthy as it stands{note}.",
                *(f"# {line}" for line in entry),
                "",
            ]
    return lines


def _found_keys(service: DiscoveredService) -> list[str]:
    """The keys of the check of a discovered service, beside its name."""
    host = f"[{service.host}]" if ":" in service.host else service.host
    place = f"{host}:{service.port}"
    kind = f'type = "{"http" if service.kind == "nginx" else service.kind}"'
    if service.kind in ("ssh", "smtp", "imap"):
        return [kind, f'host = "{service.host}"', f"port = {service.port}"]
    keys = {
        "http": [f'url = "http://{place}/"'],
        "nginx": [f'url = "http://{place}{service.path}"', 'expect_body = "Active connections"'],
        "prometheus": [f'url = "http://{place}/metrics"'],
        "postgres": [f'dsn = "postgresql://monitor@{place}/postgres"  # a user with LOGIN and pg_monitor'],
        "mysql": [f'dsn = "mysql://monitor@{place}/mysql"  # a user without any privilege will do'],
        "redis": [f'url = "redis://{place}/0"'],
    }
    return [kind, *keys[service.kind]]


def _found_engines(engines: Sequence[FoundSocket]) -> list[str]:
    lines = []
    for place, engine in enumerate(engines):
        right = "" if engine.may_open else "; add the monitor's user to the group that owns it: usermod -aG docker USER"
        lines += [f"# Found on this machine: a container engine{right}.", "[[checks]]"]
        lines += [f'name = "containers{f"-{place + 1}" if place else ""}"', 'type = "docker"', f"socket = {toml_value(engine.path)}", ""]
    return lines


def _found_logs(logs: Sequence[str]) -> list[str]:
    lines = []
    for path in logs:
        name = path.removeprefix("/var/log/").removesuffix(".log").replace("/", "-")
        lines += ["# Found on this machine: requests by route, status and time.", "[[checks]]"]
        lines += [f"name = {toml_value(name)}", 'type = "log"', f"path = {toml_value(path)}", ""]
    return lines


def _found_units(units: Sequence[str]) -> list[str]:
    if not units:
        return []
    lines = ["# Found on this machine: services that start with it, and any that has failed.", "[[checks]]"]
    return [*lines, 'name = "services"', 'type = "systemd"', f"units = {toml_value(list(units))}", ""]
