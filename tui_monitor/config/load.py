"""Loading of the configuration: file, then environment, which takes precedence; nothing is built.

Every fault has its file, line, key and advice.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui_monitor.config.entries import CheckSettings
from tui_monitor.config.environment import Environment
from tui_monitor.config.faults import Configuration, ConfigurationError, Fault
from tui_monitor.config.names import name_faults
from tui_monitor.config.reader import Reader
from tui_monitor.config.settings import CHECKS, Settings
from tui_monitor.config.toml_lines import key_lines
from tui_monitor.config.variables import Variables, merged
from tui_monitor.platform.local_zone import zone_problem


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Configuration:
    """Read and check the file (None: defaults). Raises ConfigurationError with every fault; an unreadable file is one."""
    text = _text(path) if path is not None else ""
    try:
        return _read(text, path, environ)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        said = re.sub(r" \(at (line .*|end of document)\)", "", str(error))
        raise _unusable(path, f"not valid TOML: {said}", int(at[1]) if at else text.count("\n") + 1) from None
    except ValueError:  # also an integer of more than 4,300 digits, which Python refuses
        raise _unusable(path, "not valid TOML: a number is too long") from None
    except RecursionError:
        raise _unusable(path, "brackets within brackets, too deep to read") from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unusable(path, f"is not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise _unusable(path, f"cannot be read: {error.strerror}") from None


def _unusable(path: Path | None, text: str, line: int | None = None) -> ConfigurationError:
    return ConfigurationError([Fault(text=text, line=line, file=str(path or ""))])


def _read(text: str, path: Path | None, environ: Mapping[str, str]) -> Configuration:
    variables, environment = Variables(environ), Environment(environ)
    raw = merged(variables.replaced(tomllib.loads(text)), environment.values)
    reader = Reader(path.parent if path else Path.cwd(), variables.used | environment.names.keys())
    settings = reader.section(Settings, raw)
    assert settings is not None  # no key of the whole file is required
    if settings.hosts:
        settings = replace(settings, checks=[*settings.checks, *_host_checks(settings)])
    loaded = Configuration(settings, path, (), key_lines(text))
    examinable = not _has_unread_section(reader.faults, raw)
    unset = {fault.path for fault in variables.faults}
    found = [*reader.faults, *(name_faults(settings) if examinable else ())]
    faults = [*variables.faults, *(fault for fault in found if fault.path not in unset)]
    placed = [environment.placed(fault) or loaded.placed(fault) for fault in faults]
    if placed or environment.faults:
        raise ConfigurationError([*environment.faults, *placed], loaded if examinable else None)
    own = [problem] if (problem := zone_problem(environ)) else []
    return replace(loaded, warnings=(*own, *_warnings(loaded, reader.literal_secret)))


def _host_checks(settings: Settings) -> list[CheckSettings]:
    """The check of each host of [[hosts]]."""
    record: Any = CHECKS.record_of("host", CheckSettings)
    return [record(name=each.name, type="host", ssh=each.ssh, interval=each.interval, labels=each.labels) for each in settings.hosts]


def _has_unread_section(faults: list[Fault], raw: Mapping[str, Any]) -> bool:
    """Whether a whole section could not be read; checks of names would then report faults that are only its consequence."""
    return any(len(fault.path) == 1 and isinstance(raw.get(str(fault.path[0])), list | dict) for fault in faults)


def _warnings(loaded: Configuration, literal_secret: bool) -> tuple[str, ...]:
    warnings, path, settings = [], loaded.path, loaded.settings
    if path is not None and literal_secret and path.stat().st_mode & 0o004:
        warnings.append(f"{path} holds secrets and every user can read it: chmod o-r {path}, or use ${{NAME}} or a *_file key")
    if settings.notifiers and not (settings.routing or settings.routes):
        warnings.append("there are notifiers, but neither [routing] nor [[routes]]: no alert is sent to anybody")
    return tuple(warnings)
