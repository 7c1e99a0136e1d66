"""Settings from environment variables: TUI_MONITOR_HOST, TUI_MONITOR_SYSTEM__INTERVAL and so on (lists stay in the file)."""

from __future__ import annotations

import os
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from tui_monitor.config.models import GuardSettings, StoreSettings, SystemSettings


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
    """What the environment sets, in the shape of the file. Raises ValidationError, and ValueError where no value is to be read at all."""
    try:
        return _Environment().model_dump(exclude_unset=True)
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
        names = ", ".join(name for name in os.environ if name.upper().startswith(f"TUI_MONITOR_{field.upper()}"))
        raise ValueError(f'{names}: cannot be read; a list is written as ["a", "b"]') from None
