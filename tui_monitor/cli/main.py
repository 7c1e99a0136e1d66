"""The command line: what may be said, and which module answers. Exit codes: core/exit_codes.py."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from tui_monitor.core import version
from tui_monitor.core.exit_codes import FAILED, INTERRUPTED, OK, OUTPUT, SOFTWARE, USAGE
from tui_monitor.platform.import_trimming import trim_imports


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        advice = ""
        if "invalid choice: '" in message:
            wrong = message.split("invalid choice: '")[1].split("'")[0]
            from tui_monitor.core.sanitize import near

            meant = near(wrong, self._known())
            advice = f"; did you mean {meant}?" if meant else ""
        self.exit(USAGE, f"tui-monitor: {message.split(' (choose from')[0]}{advice}\nsee {self.prog} --help\n")

    def _known(self) -> list[str]:
        """Every word that has a fixed choice here: commands, levels of the log."""
        return [str(name) for action in self._actions for name in action.choices or ()]


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise argparse.ArgumentTypeError(f'"{text}" is not a number of rows')
    return int(text)


def _exit_status(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 256):
        raise argparse.ArgumentTypeError(f'"{text}" is no exit status: 0 to 255')
    return int(text)


VERBS = {
    "check": "check",
    "status": "state",
    "alerts": "state",
    "ack": "actions",
    "unack": "actions",
    "resolve": "actions",
    "silence": "actions",
    "silences": "state",
    "unsilence": "actions",
    "extend": "actions",
    "annotate": "actions",
    "audit": "state",
    "notify": "notify",
    "notifications": "state",
    "query": "query",
    "rules": "rules",
    "explain": "rules",
    "store": "store",
    "config": "config",
    "heartbeat": "heartbeat",
    "logs": "logs",
}
"""Each command and the module of tui_monitor.cli.commands that answers it."""
VERDICTS = ("check", "status")
"""The commands whose exit codes 0 to 3 are verdicts."""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    common = _Parser(add_help=False)
    common.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help="the configuration")
    common.add_argument("--state", metavar="DIR", default=argparse.SUPPRESS, help="the state directory")
    top = _Parser(prog="tui-monitor", parents=[common], description="See at a glance whether this server and all it depends on is well.")
    top.add_argument("--version", action="version", version=f"tui-monitor {version.VERSION}")
    top.add_argument("--headless", action="store_true", help="no screen: poll, judge and notify (for systemd)")
    top.add_argument("--at", metavar="TIME", help="open the dashboard at a past moment: 03:10, yesterday 03:10, RFC 3339 or Unix seconds")
    top.add_argument("--log-level", choices=["debug", "info", "warning", "error"], default="info", help="of --headless")
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", parser_class=_Parser)

    def verb(name: str, text: str) -> _Parser:
        return verbs.add_parser(name, help=text, description=text, parents=[common])

    def json_flag(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--json", action="store_true", help="for scripts")

    sub = verb("check", "run checks once; exit 0 healthy, 1 degraded, 2 unhealthy, 3 unknown")
    sub.add_argument("names", nargs="*", metavar="NAME")
    json_flag(sub)
    sub = verb("status", "what the running monitor knows; exit codes as check")
    json_flag(sub)
    sub = verb("alerts", "the alerts that are pending or firing; --all: history too")
    sub.add_argument("--all", action="store_true")
    json_flag(sub)
    sub = verb("ack", "acknowledge alerts: their reminders stop")
    sub.add_argument("ids", nargs="*", metavar="ID")
    sub.add_argument("--all", action="store_true", help="every firing alert")
    sub.add_argument("--note", default="", metavar="T")
    sub.add_argument("--for", dest="for_", metavar="2h", help="only for so long")
    sub = verb("unack", "take an acknowledgement back")
    sub.add_argument("id", metavar="ID")
    sub = verb("resolve", "resolve by hand, until the condition has been false once")
    sub.add_argument("id", metavar="ID")
    sub.add_argument("--note", default="", metavar="T")
    sub = verb("silence", "tell nothing of what matches, for a while")
    sub.add_argument("matchers", nargs="+", metavar="MATCHER", help='alertname=X, check!="api", host=~"web.*"')
    long = sub.add_mutually_exclusive_group(required=True)
    long.add_argument("--for", dest="for_", metavar="2h", help="for how long")
    long.add_argument("--end", metavar="T", help="until when: RFC 3339, Unix seconds, tomorrow HH:MM or the next HH:MM")
    sub.add_argument("--start", metavar="T", help="from when on; default: now")
    sub.add_argument("--comment", default="", metavar="T")
    sub = verb("silences", "the silences that are or will be active")
    sub.add_argument("--all", action="store_true", help="expired ones too")
    json_flag(sub)
    sub = verb("unsilence", "end a silence now")
    sub.add_argument("id", metavar="ID")
    sub = verb("extend", "let a silence hold longer")
    sub.add_argument("id", metavar="ID")
    long = sub.add_mutually_exclusive_group(required=True)
    long.add_argument("--for", dest="for_", metavar="2h", help="so much longer than it would")
    long.add_argument("--until", metavar="T", help="to this time: RFC 3339, Unix seconds or the next HH:MM")
    sub = verb("annotate", "mark this moment on every chart, for example a deploy")
    sub.add_argument("text", metavar="TEXT")
    sub.add_argument("--at", dest="when", metavar="TIME")
    sub = verb("audit", "who did what")
    sub.add_argument("--limit", type=_count, metavar="N", default=100)
    json_flag(sub)
    sub = verb("notify", "try notifiers, or send a message by hand")
    notify = sub.add_subparsers(dest="action", metavar="test|send", required=True, parser_class=_Parser)
    test = notify.add_parser("test", help="really send a test message; exit 1 and the reason where one fails", parents=[common])
    test.add_argument("names", nargs="*", metavar="NAME")
    test.add_argument("--dry", action="store_true", help="Aligo: accepted but not sent")
    send = notify.add_parser("send", help="send a message of your own through the outbox", parents=[common])
    send.add_argument("--title", required=True, metavar="T")
    send.add_argument("--message", required=True, metavar="M")
    send.add_argument("--severity", default="info", metavar="S", help="info, warning, error or critical")
    send.add_argument(
        "--to",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="notifiers or recipient groups; default: as an alert of the severity",
    )
    sub = verb("notifications", "the outbox: queued, sent, retrying, failed and why")
    sub.add_argument("--limit", type=_count, metavar="N", default=50)
    json_flag(sub)
    sub = verb("query", "evaluate PromQL over the history, or over an OpenMetrics file")
    sub.add_argument("expr", metavar="EXPR", help='"-": read expressions from standard input, a line each')
    sub.add_argument("--from", dest="from_", metavar="FILE", help="an OpenMetrics text file with timestamps instead of the store")
    sub.add_argument("--at", dest="when", metavar="T", help="RFC 3339, Unix seconds, HH:MM or yesterday HH:MM")
    sub.add_argument("--start", metavar="T")
    sub.add_argument("--end", metavar="T")
    sub.add_argument("--since", metavar="D", help="the same as --start so long ago")
    sub.add_argument("--step", metavar="D")
    form = sub.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the shape of Prometheus' HTTP API")
    form.add_argument("--csv", action="store_true")
    sub = verb("rules", "check rules, try them on history, explain them")
    rules = sub.add_subparsers(dest="action", metavar="check|backtest|explain|noise", required=True, parser_class=_Parser)
    act = rules.add_parser(
        "check", help="how many rules were read, which cannot run and why, which metrics nothing makes", parents=[common]
    )
    act.add_argument("--strict", action="store_true", help="exit 1 for a metric that no configured source makes")
    json_flag(act)
    act = rules.add_parser("backtest", help="would it have fired?", parents=[common])
    act.add_argument("alert", nargs="?", metavar="ALERT")
    act.add_argument("--since", default="7d", metavar="7d")
    act.add_argument("--step", metavar="D")
    act.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="KEY=VALUE", help="try for=10m or expr=... beside the present rule"
    )
    json_flag(act)
    act = rules.add_parser("explain", help="why is it (not) firing?", parents=[common])
    act.add_argument("alert", metavar="ALERT")
    json_flag(act)
    act = rules.add_parser("noise", help="the week's noise: most firings, never acknowledged, flapping", parents=[common])
    act.add_argument("--since", default="7d", metavar="7d")
    json_flag(act)
    sub = verb("explain", "the same as rules explain")
    sub.add_argument("alert", metavar="ALERT")
    json_flag(sub)
    sub = verb("store", "look after the history")
    store = sub.add_subparsers(dest="action", metavar="info|verify|compact|export", required=True, parser_class=_Parser)
    act = store.add_parser("info", help="size, rows, spans", parents=[common])
    json_flag(act)
    store.add_parser("verify", help="full integrity check", parents=[common])
    act = store.add_parser("compact", help="give unused space back", parents=[common])
    act.add_argument("--force", action="store_true", help="also while a monitor runs; it waits until this is done")
    act = store.add_parser("export", help="OpenMetrics text", parents=[common])
    act.add_argument("selector", nargs="?", metavar="SELECTOR", help="a PromQL selector; default: all")
    act.add_argument("--since", default="1h", metavar="1h")
    act.add_argument("--out", metavar="FILE", help="default: standard output")
    sub = verb("heartbeat", "tell that a job has run, at its end")
    sub.add_argument("name", metavar="NAME")
    how = sub.add_mutually_exclusive_group()
    how.add_argument("--start", action="store_true", help="the job has begun")
    how.add_argument("--fail", action="store_true", help="the job has failed")
    how.add_argument("--exit", type=_exit_status, metavar="N", help="the job's exit status: 0 is well, any other has failed")
    sub.add_argument("--rid", default="", metavar="ID", help="which run, where several overlap: the same with --start and at the end")
    sub.add_argument("--message", default="", metavar="T", help="what the job has to say, kept as evidence")
    sub = verb("logs", "search the lines that log checks keep")
    sub.add_argument("check", nargs="?", metavar="CHECK", help="default: all")
    sub.add_argument("--level", metavar="L", help="lines of at least this level")
    sub.add_argument("--grep", metavar="TEXT", help="lines with this text, in any case")
    sub.add_argument("--where", action="append", default=[], metavar="FIELD=VALUE", help="lines whose field has this value; repeatable")
    sub.add_argument("--since", metavar="D", help="lines that came in the last 10m, 2h, 1d")
    sub.add_argument("--service", metavar="S", help="lines that this service has sent")
    sub.add_argument("--limit", type=_count, metavar="N", default=100, help="the newest N lines; default 100")
    sub.add_argument("--follow", action="store_true", help="print lines as they come, until interrupted")
    json_flag(sub)
    sub = verb("config", "write, check or show the configuration")
    config = sub.add_subparsers(dest="action", metavar="init|check|show|schema", required=True, parser_class=_Parser)
    act = config.add_parser("init", help="write a commented file with what is found on this machine", parents=[common])
    act.add_argument("--force", action="store_true", help="replace an existing file")
    act.add_argument("--stdout", action="store_true", help="print instead of writing")
    config.add_parser("check", help="is it right?", parents=[common])
    config.add_parser("show", help="the configuration in force, secrets hidden", parents=[common])
    config.add_parser("schema", help="the JSON schema of the file, for editors that complete it", parents=[common])
    return top


def _shield(arguments: Sequence[str]) -> list[str]:
    """A space before what only looks like an option: query -up. No option of query has a single dash but -h."""
    words = list(arguments)
    first = words.index("query") + 1 if "query" in words else len(words)
    for place in range(first, len(words)):
        if words[place].startswith("-") and not words[place].startswith("--") and words[place] not in ("-", "-h"):
            words[place] = f" {words[place]}"
    return words


def _end_with_0(*names: str) -> None:
    """Until the program has handlers of its own these signals end it as they do later: in order, with 0."""
    import signal

    with contextlib.suppress(ValueError):  # not the main thread
        for name in names:
            signal.signal(getattr(signal, name), lambda *_: sys.exit(0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the answer is the exit code."""
    trim_imports("start")
    from tui_monitor.cli.standard_output import OutputFault, standard_streams

    with standard_streams():
        known = parser()
        try:
            given = known.parse_args(_shield(sys.argv[1:] if arguments is None else arguments))
        except SystemExit as end:  # also of --help and --version, which print
            raise SystemExit(_printed(int(end.code or 0))) from None
        except OutputFault as fault:
            return _unwritten(fault, OK)
        if given.verb and (given.headless or given.at):
            known.error(f"{'--headless' if given.headless else '--at'} does not go with the command {given.verb}")
        given.config = getattr(given, "config", None)
        given.state = getattr(given, "state", None)
        given.verdict = OK
        return _answer(given)


def _answer(given: argparse.Namespace) -> int:
    """Run what was asked for; every way in which it can end is an exit code."""
    from tui_monitor.cli.options import Refused, complain
    from tui_monitor.cli.standard_output import OutputFault

    failed = SOFTWARE if given.verb in VERDICTS else FAILED
    try:
        return _printed(_run(given))
    except Refused as refused:
        complain(str(refused))
        return failed if refused.code == FAILED else refused.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, OutputFault) as fault:
        return _unwritten(fault, given.verdict)
    except Exception:  # noqa: BLE001  the boundary: a fault of ours must not read as a verdict (1 is "degraded")
        import traceback

        traceback.print_exc()
        return failed


def _printed(code: int) -> int:
    """The code, once all that was printed is written."""
    from tui_monitor.cli.standard_output import OutputFault

    try:
        sys.stdout.flush()
    except (BrokenPipeError, OutputFault) as fault:
        return _unwritten(fault, code)
    return code


def _unwritten(fault: Exception, code: int) -> int:
    """A closed pipe is silent and changes nothing: whoever read has read enough. A full disk is told."""
    from tui_monitor.cli.options import complain
    from tui_monitor.cli.standard_output import abandon_output

    abandon_output()
    if isinstance(fault, BrokenPipeError):
        return code
    complain(str(fault))
    return OUTPUT


def _run(given: argparse.Namespace) -> int:
    if given.verb:
        module = importlib.import_module(f"tui_monitor.cli.commands.{VERBS[given.verb]}")
        return int(module.run(given))
    if given.headless:
        _end_with_0("SIGTERM")
        from tui_monitor.daemon.headless import run_headless

        return run_headless(given)
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        print("tui-monitor: this is no terminal; use --headless to run as a service, or tui-monitor status", file=sys.stderr)
        return USAGE
    _end_with_0("SIGTERM", "SIGHUP")
    from tui_monitor.cli.commands.dashboard import run_dashboard

    return run_dashboard(given)


if __name__ == "__main__":
    sys.exit(main())
