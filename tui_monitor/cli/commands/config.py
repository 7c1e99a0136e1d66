"""`config init | check | show | schema`: write, validate and print the configuration."""

from __future__ import annotations

import asyncio
import json
import tomllib
from argparse import ArgumentParser, Namespace
from typing import Any

from tui_monitor.cli.arguments import add_actions
from tui_monitor.cli.first_run import MachineSearch, first_path, write_first
from tui_monitor.cli.options import Refused, configuration, print_error
from tui_monitor.cli.output import print_line
from tui_monitor.config.reader import Key, read_keys
from tui_monitor.config.section import Section
from tui_monitor.config.spelling import toml_of
from tui_monitor.core.exit_codes import CONFIGURATION
from tui_monitor.sources.target import without_credentials

HIDDEN = "***"


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `config`."""
    config = add_actions(parser, "init|check|show|schema")
    act = config("init", "write a commented file with the services found on this machine")
    act.add_argument("--force", action="store_true", help="replace an existing file")
    act.add_argument("--stdout", action="store_true", help="print instead of writing")
    config("check", "validate the configuration")
    config("show", "the configuration in force, secrets hidden")
    config("schema", "the JSON schema of the file, for editors that complete it")


def run(given: Namespace) -> int:
    """Exit code: 0, or 78 with every fault of the configuration printed."""
    return {"init": _init, "check": _check, "show": _show, "schema": _schema}[given.action](given)


def _init(given: Namespace) -> int:
    path = first_path(given)
    search = MachineSearch(path)
    asyncio.run(search.find())
    text = search.text()
    tomllib.loads(text)
    if given.stdout:
        print(text, end="")
        return 0
    try:
        write_first(path, text, replace_it=given.force)
    except FileExistsError:
        raise Refused(f"{path} exists; --force replaces it, --config names another, --stdout only prints", 1) from None
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}") from None
    found = text.count("\n[[checks]]")
    print_line(f"wrote {path} with {found} check{'' if found == 1 else 's'} found on this machine; edit it, then: tui-monitor config check")
    return 0


def _check(given: Namespace) -> int:
    loaded = configuration(given)
    from tui_monitor.cli.metric_warnings import rule_warnings, shown_warnings
    from tui_monitor.runtime.wiring import problems_of, rules_of

    problems = problems_of(loaded)
    if problems:
        raise Refused("\n".join(problems), CONFIGURATION)
    settings = loaded.settings
    rules, _, recording = rules_of(loaded)
    warnings = (*loaded.warnings, *rule_warnings(settings, rules, recording), *shown_warnings(settings, recording))
    for warning in warnings:
        print_error(f"warning: {warning}")
    where = loaded.path or "the built-in defaults"
    counts = f"checks: {len(settings.checks)}, own rules: {len(settings.rules)}, notifiers: {len(settings.notifiers)}"
    print_line(f"{where}: fine ({counts})")
    return 0


def _show(given: Namespace) -> int:
    loaded = configuration(given)
    print(f"# {loaded.path or 'built-in defaults'} (secrets hidden)")
    print("\n".join(_table(loaded.settings, "")))
    return 0


def _schema(_: Namespace) -> int:
    """Print the file's JSON schema, which editors complete it with."""
    from tui_monitor.config.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _table(section: Section, path: str) -> list[str]:
    """One section as TOML: plain keys first, then tables, then arrays of tables."""
    plain, nested = [], []
    for key in read_keys(type(section)).values():
        value = getattr(section, key.field.name)
        inner = f"{path}.{key.name}" if path else key.name
        if isinstance(value, Section):
            nested += ["", f"[{inner}]", *_table(value, inner)]
        elif key.record is not None:
            for entry in value or ():
                nested += ["", f"[[{inner}]]", *_table(entry, inner)]
        elif value not in (None, [], {}, ""):
            plain.append(f"{key.name} = {toml_of(key, _hidden(key, value))}")
    return plain + nested


def _hidden(key: Key, value: Any) -> Any:
    """The value with its secrets replaced."""
    if key.secret:
        return [HIDDEN for _ in value] if isinstance(value, list) else HIDDEN
    if key.facts.get("hide"):
        return dict.fromkeys(value, HIDDEN)
    return without_credentials(value) if any(text.address for text in key.texts) else value
