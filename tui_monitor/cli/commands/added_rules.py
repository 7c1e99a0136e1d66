"""`rules add | list | remove`: alerting rules by command, kept in the state directory beside those of the configuration."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_monitor.board.json_shapes import added_rule_json
from tui_monitor.cli.arguments import add_json
from tui_monitor.cli.commands.actions import submit
from tui_monitor.cli.options import Refused, configuration, print_error, seconds_of, wall_ms
from tui_monitor.cli.output import Cell, Data, print_json, print_line, table
from tui_monitor.cli.state_access import existing_state, open_state, open_state_for_people, read_state
from tui_monitor.core.added_rule import AddedRule
from tui_monitor.core.command_codec import MalformedCommand, decode
from tui_monitor.core.commands import AddRule, RemoveRule
from tui_monitor.core.exit_codes import USAGE
from tui_monitor.core.humanize import stamp
from tui_monitor.core.units import format_duration
from tui_monitor.storage.repository import State

if TYPE_CHECKING:
    from tui_monitor.runtime.added_rules import Extended


def add_added_rule_arguments(action: Callable[[str, str], ArgumentParser]) -> None:
    """Arguments of the three actions."""
    act = action("add", "add an alerting rule: kept in the state directory, used at once")
    act.add_argument("name", metavar="NAME")
    act.add_argument(
        "--when", required=True, metavar="EXPR",
        help="cpu_usage > 90 (also memory_usage, disk_usage, error_rate in percent, response_time in ms), or PromQL",
    )  # fmt: skip
    act.add_argument("--for", dest="for_", metavar="D", help="how long it must hold before it fires; default: at once")
    act.add_argument("--severity", default="warning", metavar="S", help="info, warning (default), error or critical")
    act.add_argument(
        "--to", nargs="+", action="extend", default=[], metavar="N", help="notifiers or recipient groups, in place of all routes"
    )
    act.add_argument("--cooldown", metavar="D", help="after a resolve, fire again no sooner than this")
    add_json(action("list", "the rules that were added by command"))
    action("remove", "remove a rule that was added by command; its alerts resolve").add_argument("name", metavar="NAME")


def extended_configuration(given: Namespace) -> Extended:
    """The configuration with the added rules, where there is a state that this user may read. Raises Refused (78)."""
    from tui_monitor.runtime.added_rules import extended

    loaded = configuration(given)
    try:
        rules = read_state(existing_state(given), lambda state: state.added_rules.all())
    except Refused:  # no monitor has run here yet, or another user's
        rules = []
    return extended(loaded, rules)


def add_rule(given: Namespace) -> int:
    """Exit code: 0 added or stored for the next leader, 1 refused, 64 usage."""
    from tui_monitor.promql.engine import compile_expr
    from tui_monitor.promql.errors import PromqlError
    from tui_monitor.runtime.added_rules import RuleRefused, made_rule, rule_text

    held = seconds_of(given.for_, "--for") if given.for_ else 0.0
    pause = seconds_of(given.cooldown, "--cooldown") if given.cooldown else 0.0
    command = AddRule(given.name, given.when, held, given.severity, tuple(given.to), pause)
    try:
        rule = made_rule(command, "", 0)
        compile_expr(rule.expr)
    except (RuleRefused, PromqlError) as error:
        raise Refused(str(error), USAGE) from None
    access = open_state(given)
    if not access.alive:
        print(rule_text(rule))
    code = submit(access, command)
    for warning in _unmade(given, rule) if code == 0 else ():
        print_error(f"warning: {warning}")
    return code


def _unmade(given: Namespace, rule: AddedRule) -> Sequence[str]:
    """Metrics of an added rule that nothing makes; nothing is said where the configuration is not this user's to read."""
    from tui_monitor.cli.metric_warnings import added_warnings
    from tui_monitor.runtime.wiring import rules_of

    try:
        loaded = configuration(given)
    except Refused:
        return ()
    return added_warnings(loaded.settings, rule.name, rule.expr, rules_of(loaded)[2])


def remove_rule(given: Namespace) -> int:
    """Exit code: 0 removed or stored for the next leader, 1 refused."""
    return submit(open_state(given), RemoveRule(given.name))


def list_rules(given: Namespace) -> int:
    """Exit code: 0, 1 without a readable state."""
    rules, waiting = read_state(open_state_for_people(given).directory, _stored)
    if given.json:
        print_json([added_rule_json(rule, rule in waiting) for rule in (*rules, *waiting)])
    elif not rules and not waiting:
        print_line('no rules were added; add one: tui-monitor rules add NAME --when "cpu_usage > 90" --for 5m')
    else:
        head = ("NAME", "SEVERITY", "FOR", "CONDITION", "TO", "BY", "ADDED", "")
        table([*(_row(rule, "") for rule in rules), *(_row(rule, "waits for the monitor") for rule in waiting)], head)
    return 0


def _stored(state: State) -> tuple[list[AddedRule], list[AddedRule]]:
    """The rules that a leader has taken, and those that wait for one."""
    from tui_monitor.runtime.added_rules import RuleRefused, made_rule

    waiting = []
    for row in state.commands.pending():
        try:
            command = decode(row.verb, row.arguments)
            if isinstance(command, AddRule):
                waiting.append(made_rule(command, row.by, row.at))
        except (MalformedCommand, RuleRefused):
            continue  # the leader answers these
    return state.added_rules.all(), waiting


def _row(rule: AddedRule, remark: str) -> Sequence[Cell]:
    held = format_duration(rule.for_s) if rule.for_s else ""
    to = ", ".join(rule.to)
    return (
        Data(rule.name),
        (rule.severity, rule.severity),
        held,
        Data(rule.expr),
        Data(to),
        Data(rule.by),
        stamp(rule.at, wall_ms(), None),
        (remark, "dim"),
    )
