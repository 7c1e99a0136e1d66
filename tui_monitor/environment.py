"""Settings from environment variables: TUI_MONITOR_HOST, TUI_MONITOR_SYSTEM__INTERVAL and so on (lists stay in the file)."""

from __future__ import annotations

from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from tui_monitor.settings import GuardSettings, StoreSettings, SystemSettings


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="TUI_MONITOR_", env_nested_delimiter="__", extra="ignore")

    host: str | None = None
    language: str | None = None
    bell: bool | None = None
    dashboard_url: str | None = None
    default_rules: bool | list[str] | None = None
    system: SystemSettings | None = None
    store: StoreSettings | None = None
    guard: GuardSettings | None = None


def read_environment() -> dict[str, Any]:
    """What the environment sets, in the shape of the file."""
    return _Environment().model_dump(exclude_unset=True)
