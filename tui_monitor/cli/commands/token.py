"""`token add|list|revoke`: access tokens of the HTTP interface."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from tui_monitor.board.json_shapes import token_json
from tui_monitor.cli.arguments import add_actions, add_json
from tui_monitor.cli.commands.actions import submit
from tui_monitor.cli.options import Refused, seconds_of, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.cli.state_access import open_state, read_state
from tui_monitor.core.access_token import SCOPES, AccessToken, digest_of, new_secret
from tui_monitor.core.commands import AddToken, RevokeToken
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.humanize import stamp


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `token`."""
    action = add_actions(parser, "add|list|revoke")
    add = action("add", "make a token and print it, this once")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--scope", action="append", default=[], choices=SCOPES, help="what it may do; may be given several times")
    add.add_argument("--expires", metavar="D", help="after this it opens nothing, for example 90d; default: never")
    listed = action("list", "the tokens, without their secrets")
    add_json(listed)
    revoke = action("revoke", "let a token open nothing any more")
    revoke.add_argument("name", metavar="NAME")


def run(given: Namespace) -> int:
    """Exit code: 0 done, 1 refused or no state, 64 usage."""
    return {"add": _add, "list": _list, "revoke": _revoke}[given.action](given)


def _add(given: Namespace) -> int:
    if not given.scope:
        raise Refused(f"--scope is missing: one of {', '.join(SCOPES)}", USAGE)
    secret = new_secret()
    expires = wall_ms() + round(seconds_of(given.expires, "--expires") * 1000) if given.expires else None
    scopes = tuple(scope for scope in SCOPES if scope in given.scope)
    code = submit(open_state(given), AddToken(given.name, scopes, digest_of(secret), expires))
    print(secret)
    return code


def _list(given: Namespace) -> int:
    tokens = read_state(open_state(given).directory, lambda state: state.tokens.all())
    if given.json:
        print_json([token_json(token) for token in tokens])
    elif not tokens:
        print_line("no tokens; make one: tui-monitor token add NAME --scope read")
    else:
        table([_row(token, wall_ms()) for token in tokens], ("NAME", "SCOPES", "KIND", "BY", "MADE", "EXPIRES"))
    return 0


def _row(token: AccessToken, now: int) -> Sequence[Cell]:
    end = stamp(token.expires_at, now, None) if token.expires_at else "never"
    expires: Cell = end if token.valid(now) else (f"expired {end}", "dim")
    return Data(token.name), Data(" ".join(token.scopes)), token.kind, Data(token.by), stamp(token.created_at, now, None), expires


def _revoke(given: Namespace) -> int:
    return submit(open_state(given), RevokeToken(given.name))
