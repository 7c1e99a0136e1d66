"""`web`: print a link that signs a browser in."""

from __future__ import annotations

import os
import secrets
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tui_monitor.board import json_shapes as shapes
from tui_monitor.cli.commands.actions import submit
from tui_monitor.cli.options import Refused, configuration, print_error, wall_ms
from tui_monitor.cli.output import print_json
from tui_monitor.cli.state_access import open_state
from tui_monitor.config.serving import HttpSettings, host_and_port_of
from tui_monitor.core.access_token import LINK_MS, digest_of, new_secret
from tui_monitor.core.commands import AddToken
from tui_monitor.core.exit_codes import CONFIGURATION
from tui_monitor.platform.acting_user import acting_user

SCOPES = ("read", "act", "admin")
FORWARDED = 8080
RUNTIME_SOCKET = Path("/run/tui-monitor/http.sock")


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `web`."""
    parser.add_argument("--scope", choices=SCOPES, default="act", help="what the browser may do; default act: look, acknowledge, silence")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(given: Namespace) -> int:
    """Exit code: 0 printed, 1 refused, no state or no monitor runs, 78 without [http]."""
    settings = configuration(given).settings
    if settings.http is None:
        raise Refused("nothing listens: add an [http] section to the configuration and reload", CONFIGURATION)
    access = open_state(given)
    if not access.alive:
        raise Refused("no monitor runs here, so that nothing would answer; start it first")
    if not settings.http.listen:
        return _by_socket(given, access.directory.path)
    secret = new_secret()
    command = AddToken(f"link {secrets.token_hex(3)}", (given.scope,), digest_of(secret), wall_ms() + LINK_MS, "link")
    submit(access, command, quiet=True)
    _print(given, f"{address_of(settings.http)}/login/{secret}")
    return 0


def _by_socket(given: Namespace, state: Path) -> int:
    """Over the socket the user at the other end of ssh is known: no link is needed."""
    socket = RUNTIME_SOCKET if RUNTIME_SOCKET.exists() else state / "http.sock"
    url = f"http://localhost:{FORWARDED}/"
    print_json(shapes.socket_link_json(url, str(socket))) if given.json else print(url)
    print_error(
        f"first, on your own machine: ssh -N -L {FORWARDED}:{socket} {os.uname().nodename}; your user and groups decide what you may do"
    )
    return 0


def address_of(http: HttpSettings) -> str:
    """The address in a browser on this machine, or of the named host."""
    host, port = host_and_port_of(http.listen)
    host = {"0.0.0.0": "localhost", "::": "localhost"}.get(host, host)
    name = f"[{host}]" if ":" in host else host
    return f"http{'s' if http.tls_cert else ''}://{name}:{port}"


def _print(given: Namespace, url: str) -> None:
    if given.json:
        print_json(shapes.link_json(url, given.scope, acting_user()))
        return
    print(url)
    print_error("the link works once, within 5 minutes; the browser then stays signed in for 12 hours")
    here = url.split("/")[2]
    if here.startswith(("localhost", "127.", "[::1]")):
        print_error(f"from another machine first: ssh -N -L {here.rpartition(':')[2]}:{here} {os.uname().nodename}")
