"""Paths of the configuration and the state: flag, environment, XDG, /etc and /var/lib. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/tui-monitor/config.toml")


def find_config(flag: str | None, environ: Mapping[str, str]) -> Path | None:
    """The file to read: flag, $TUI_MONITOR_CONFIG, XDG, /etc; None where there is none. A named file must exist."""
    named = flag or environ.get("TUI_MONITOR_CONFIG")
    if named:
        return Path(named)
    for path in (config_home(environ) / "config.toml", SYSTEM_CONFIG):
        if _exists(path):
            return path
    return None


def config_home(environ: Mapping[str, str]) -> Path:
    """$XDG_CONFIG_HOME/tui-monitor; a relative value is invalid and ignored (XDG base directory specification)."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "tui-monitor"


def find_state(flag: str | None, environ: Mapping[str, str], config: Path | None) -> Path:
    """The state directory: flag, $TUI_MONITOR_STATE, $STATE_DIRECTORY, /var/lib with a configuration from /etc, else XDG."""
    named = flag or environ.get("TUI_MONITOR_STATE") or environ.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named).absolute()
    if config == SYSTEM_CONFIG:
        return Path("/var/lib/tui-monitor")
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") / "tui-monitor"


def _xdg(environ: Mapping[str, str], name: str, fallback: str) -> Path:
    value = Path(environ.get(name, ""))
    return value if value.is_absolute() else Path(environ.get("HOME") or Path.home()) / fallback


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        return True  # the file exists; the later read reports the missing permission
    return True
