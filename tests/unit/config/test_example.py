"""The example configuration: written from the models, complete, and right in every commented line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tests.support.paths import ROOT
from tui_monitor.config.example import example_text
from tui_monitor.config.load import load
from tui_monitor.notifiers import kinds as notifiers
from tui_monitor.platform.container_sockets import FoundSocket
from tui_monitor.platform.service_discovery import DiscoveredService
from tui_monitor.sources import kinds as checks


def uncommented(text: str) -> str:
    return "\n".join(line[2:] if re.match(r"# (\[|[\w-]+ = )", line) else line for line in text.splitlines())


def test_the_shipped_example_is_what_the_models_say() -> None:
    """config.example.toml never differs from the settings: write it anew with `tui-monitor config init --stdout`."""
    assert (ROOT / "config.example.toml").read_text() == example_text()


def test_the_example_loads_as_it_is_and_with_every_line_uncommented(tmp_path: Path) -> None:
    """Every example line is a valid setting."""
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example_text()), "http://127.0.0.1/x") | {"NAME": "x", "TOKEN": "1:x"}
    path = tmp_path / "config.toml"
    path.write_text(example_text())
    load(path, environ)
    text = uncommented(example_text()).replace('cron = "0 3', '# cron = "0 3')
    tomllib.loads(text)
    path.write_text(text)
    loaded = load(path, environ).settings
    assert {check.type for check in loaded.checks} == set(checks.KINDS)
    assert {notifier.type for notifier in loaded.notifiers} == set(notifiers.KINDS)


def test_found_services_stand_ready_to_use(tmp_path: Path) -> None:
    """What was found listening becomes a check that loads."""
    path = tmp_path / "config.toml"
    path.write_text(
        example_text(
            [
                DiscoveredService("http", "127.0.0.1", 8080, "200 OK"),
                DiscoveredService("prometheus", "127.0.0.1", 8080),
                DiscoveredService("postgres", "127.0.0.1", 5432),
                DiscoveredService("redis", "::1", 6379),
                DiscoveredService("ssh", "::1", 22),
            ],
            units=["nginx.service", "back\\x2dup.service"],
            engines=[FoundSocket("/run/docker.sock", True), FoundSocket("/run/podman/podman.sock", False)],
        )
    )
    checks = load(path, {}).settings.checks
    assert [check.name for check in checks] == [
        "http-8080",
        "prometheus-8080",
        "postgres-5432",
        "redis-6379",
        "ssh-22",
        "containers",
        "containers-2",
        "services",
    ]
    assert getattr(checks[-1], "units", None) == ["nginx.service", "back\\x2dup.service"]
