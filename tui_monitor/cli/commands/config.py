"""`config init | check | show`."""

from __future__ import annotations

import asyncio
import os
import tomllib
from argparse import Namespace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from tui_monitor.checks.target import without_credentials
from tui_monitor.cli.options import Refused, complain, configuration
from tui_monitor.config.example import example_text, toml_value
from tui_monitor.core.exit_codes import CONFIGURATION
from tui_monitor.platform.paths import SYSTEM_CONFIG, config_home
from tui_monitor.platform.service_discovery import discover, listening_ports

HIDDEN = "***"


def run(given: Namespace) -> int:
    """Exit 0, or 78 with every fault of the configuration."""
    return {"init": _init, "check": _check, "show": _show}[given.action](given)


def _init(given: Namespace) -> int:
    text = example_text(asyncio.run(discover(listening_ports())))
    tomllib.loads(text)
    if given.stdout:
        print(text, end="")
        return 0
    named = given.config or os.environ.get("TUI_MONITOR_CONFIG")
    for_all = os.geteuid() == 0 and "XDG_CONFIG_HOME" not in os.environ
    path = Path(named) if named else SYSTEM_CONFIG if for_all else config_home(os.environ) / "config.toml"
    if path.exists() and not given.force:
        raise Refused(f"{path} exists; --force replaces it, --config names another, --stdout only prints", 1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None
    found = text.count("\n[[checks]]")
    print(f"wrote {path} with {found} check{'' if found == 1 else 's'} found on this machine; edit it, then: tui-monitor config check")
    return 0


def _check(given: Namespace) -> int:
    loaded = configuration(given)
    from tui_monitor.runtime.wiring import problems_of

    problems = problems_of(loaded)
    if problems:
        raise Refused("\n".join(problems), CONFIGURATION)
    for warning in loaded.warnings:
        complain(f"warning: {warning}")
    settings = loaded.settings
    where = loaded.path or "the built-in defaults"
    print(f"{where}: fine ({len(settings.checks)} checks, {len(settings.rules)} rules of its own, {len(settings.notifiers)} notifiers)")
    return 0


def _show(given: Namespace) -> int:
    loaded = configuration(given)
    print(f"# {loaded.path or 'built-in defaults'} (secrets hidden)")
    print("\n".join(_table(loaded.settings, "")))
    return 0


def _table(model: BaseModel, path: str) -> list[str]:
    """The model as TOML: plain keys first, then tables, then arrays of tables."""
    plain, nested = [], []
    for name, info in type(model).model_fields.items():
        key, value = info.alias or name, getattr(model, name)
        inner = f"{path}.{key}" if path else key
        if isinstance(value, BaseModel):
            nested += ["", f"[{inner}]", *_table(value, inner)]
        elif isinstance(value, list) and value and isinstance(value[0], BaseModel):
            for entry in value:
                nested += ["", f"[[{inner}]]", *_table(entry, inner)]
        elif value not in (None, [], {}):
            plain.append(f"{key} = {toml_value(_hide(key, value), info)}")
    return plain + nested


def _hide(key: str, value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, list):
        return [_hide(key, item) for item in value]
    if key == "headers":
        return dict.fromkeys(value, HIDDEN)
    if key in ("url", "api_url"):
        return without_credentials(value)
    return value
