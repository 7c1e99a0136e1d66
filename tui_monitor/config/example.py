"""Write the commented example configuration from the settings' models, the one source of keys, defaults and help."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tui_monitor.config.load import walk_types
from tui_monitor.config.models import (
    Check,
    EscalationStep,
    GuardSettings,
    HeartbeatSettings,
    InhibitSettings,
    MaintenanceSettings,
    Notifier,
    QuerySettings,
    RouteSettings,
    RuleSettings,
    Settings,
    StoreSettings,
    SystemSettings,
)
from tui_monitor.core.units import format_duration, parse_duration, parse_ratio, parse_size
from tui_monitor.platform.service_discovery import Found

_HEAD = """\
# tui-monitor's configuration. Every line that begins with "#" shows a default or an example.
# Durations: 10s, 1h30m. Sizes: 512MiB. Ratios: 90% or 0.9. Any string may hold ${NAME} from the environment ($${ is a literal ${);
# every secret x may stand in a file that x_file names. Check with: tui-monitor config check
"""
EXAMPLES: dict[str, Any] = {
    "host": "web-1",
    "rule_files": ["rules/*.yml"],
    "dashboard_url": "ssh://admin@web-1",
    "mounts": ["/"],
    "reference": ["192.0.2.1:443"],
    "dns": ["example.com"],
    "name": "name",
    "degraded_above": 0.5,
    "unhealthy_above": 2.0,
    "headers": {"Accept": "application/json"},
    "body": "{}",
    "expect_status": [200],
    "expect_body": "ok",
    "expect_regex": "ok|ready",
    "expect_json": {"status": "ok"},
    "expect_headers": {"content-type": "json"},
    "ca_file": "/etc/ssl/my-ca.pem",
    "cert_file": "/etc/ssl/client.pem",
    "key_file": "/etc/ssl/client.key",
    "username": "monitor",
    "password": "${PASSWORD}",
    "bearer": "${TOKEN}",
    "token": "${TOKEN}",
    "secret": "${WEBHOOK_SECRET}",
    "key": "${ALIGO_KEY}",
    "depends_on": ["db"],
    "log_file": "/var/log/api/error.log",
    "host_": "127.0.0.1",
    "port": 8080,
    "send": "PING\r\n",
    "expect": "+PONG",
    "metric": "orders",
    "sql": "select status, count(*) as value from orders group by status",
    "alert": "ManyOrdersWaiting",
    "expr": 'orders{status="waiting"} > 10',
    "labels": {"team": "shop"},
    "annotations": {"note": "{{ $labels.status }}"},
    "severity": "warning",
    "summary": "{{ $value }} orders wait",
    "description": "See whether the workers run: systemctl status shop-worker",
    "runbook_url": "https://wiki.example.com/orders",
    "category": "business",
    "resolve_when": 'orders{status="waiting"} < 5',
    "cooldown": 600.0,
    "flap_limit": 5,
    "rate_limit": "3/1h",
    "chat_id": "-100123",
    "thread_id": 7,
    "allowed_users": [12345],
    "from": "monitor@example.com",
    "to": ["ops@example.com"],
    "ehlo": "web-1.example.com",
    "user_id": "account",
    "sender": "021234567",
    "receivers": ["01012345678"],
    "topic": "my-alerts",
    "argv": ["/usr/local/bin/on-alert"],
    "urls": ["${APPRISE_URL}"],
    "severities": ["critical"],
    "match": ['category="business"'],
    "notifiers": ["ops-chat"],
    "source": ['alertname="HostDown"'],
    "target": ['severity="warning"'],
    "equal": ["host"],
    "active": "Mon-Fri 09:00-18:00 Asia/Seoul",
    "cron": "0 3 * * sun",
    "after": 900.0,
}
_URLS = {
    "http": "https://api.example.com/health",
    "redis": "redis://127.0.0.1:6379/0",
    "webhook": "https://example.com/hook",
    "slack": "${SLACK_WEBHOOK}",
    "alertmanager": "http://127.0.0.1:9093",
    "postgres": "postgresql://monitor@127.0.0.1:5432/postgres",
    "heartbeat": "https://hc.example.com/ping/uuid",
    "email": "mail.example.com",
    "tcp": "127.0.0.1",
}
_NAMES = {"http": "api", "tcp": "port", "postgres": "db", "redis": "cache", "telegram": "ops-chat", "email": "ops-mail", "aligo": "ops-sms"}


def example_text(found: Sequence[Found] | None = None) -> str:
    """The whole file: every key commented out with its default; services that were found stand ready to use."""
    parts = [_HEAD, *_scalars(Settings, {}), ""]
    sections: dict[str, type[BaseModel]] = {"system": SystemSettings, "store": StoreSettings, "guard": GuardSettings}
    for name, model in sections.items():
        parts += [f"# {(model.__doc__ or '').strip()}", f"[{name}]", *_scalars(model, {}), ""]
    parts += ["# --- checks: what is tested -----------------------------------------------------------------"]
    parts += _found_checks(found or ())
    for model in _members(Check):
        parts += _block("checks", model)
        if model.model_fields["type"].default == "postgres":
            parts += _block("checks.queries", QuerySettings)
    parts += ["# --- rules: when it is an alert (PromQL); the built-in ones are always there -------------------"]
    parts += _block("rules", RuleSettings)
    parts += ["# --- notifiers: who hears of it -----------------------------------------------------------------"]
    for model in _members(Notifier):
        parts += _block("notifiers", model)
    parts += ["# --- routing: the simple form, by severity ------------------------------------------------------"]
    parts += ["# [routing]", '# warning = ["ops-chat"]', '# critical = ["ops-chat", "ops-mail"]', ""]
    parts += ["# A name for several notifiers.", "# [recipients]", '# on-call = ["ops-chat", "ops-mail"]', ""]
    parts += _block("routes", RouteSettings) + _block("routes.escalate", EscalationStep)
    parts += _block("inhibit", InhibitSettings) + _block("maintenance", MaintenanceSettings)
    parts += _block("heartbeat", HeartbeatSettings, table="[heartbeat]")
    return "\n".join(parts).rstrip() + "\n"


def _members(union: Any) -> Iterable[type[BaseModel]]:
    return get_args(get_args(union)[0])


def _block(name: str, model: type[BaseModel], table: str = "") -> list[str]:
    kind = model.model_fields["type"].default if "type" in model.model_fields else name
    given = {"type": kind} if "type" in model.model_fields else {}
    given |= {"name": _NAMES.get(kind, f"my-{kind}"), "url": _URLS.get(kind), "dsn": _URLS.get(kind), "host": _URLS.get(kind)}
    lines = [f"# {(model.__doc__ or '').strip().splitlines()[0]}", f"# {table or f'[[{name}]]'}"]
    if "type" in model.model_fields:
        lines += [f'# name = "{given["name"]}"', f'# type = "{kind}"']
    return [*lines, *_scalars(model, given), ""]


def _scalars(model: type[BaseModel], given: dict[str, Any]) -> list[str]:
    lines = []
    for name, info in model.model_fields.items():
        key = info.alias or name
        if key in ("name", "type") and "type" in model.model_fields:
            continue
        if _is_table(info) or (model is Settings and name in ("recipients", "routing")):
            continue
        value = given.get(key) or _default(info)
        if value in (None, [], {}):
            value = EXAMPLES.get(key, "name")
        lines.append(f"# {f'{key} = {toml_value(value, info)}':<40} # {info.description}")
    return lines


def _is_table(info: FieldInfo) -> bool:
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in walk_types(info.annotation))


def _annotations(info: FieldInfo | None) -> Iterable[Any]:
    for kind in walk_types(info.annotation if info else None):
        yield from getattr(kind, "__metadata__", ())


def _default(info: FieldInfo) -> Any:
    return None if info.is_required() else info.get_default(call_default_factory=True)


def toml_value(value: Any, info: FieldInfo | None = None) -> str:
    """A value as TOML, durations and ratios in people's spelling where the field says that it is one."""
    hints = [*(info.metadata if info else ()), *_annotations(info)]
    readers = {getattr(hint, "func", None) for hint in hints}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        if parse_duration in readers:
            return f'"{format_duration(value)}"'
        if parse_ratio in readers:
            return f'"{value:.0%}"'
        if parse_size in readers and value and value % 2**20 == 0:
            return f'"{value // 2**20}MiB"'
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml_value(item)}" for key, item in value.items()) + " }"
    return json.dumps(str(value), ensure_ascii=False)


def _found_checks(found: Sequence[Found]) -> list[str]:
    lines = []
    for service in found:
        host = f"[{service.host}]" if ":" in service.host else service.host
        lines += ["# Found listening on this machine" + (f" ({service.note})." if service.note else "."), "[[checks]]"]
        lines += [f'name = "{service.kind}-{service.port}"', f'type = "{service.kind}"']
        if service.kind == "http":
            lines += [f'url = "http://{host}:{service.port}/"']
        elif service.kind == "postgres":
            lines += [f'dsn = "postgresql://monitor@{host}:{service.port}/postgres"  # a user with LOGIN and pg_monitor']
        else:
            lines += [f'url = "redis://{host}:{service.port}/0"']
        lines += [""]
    return lines
