"""What loads when, in the source tree and in the running program. Which room may import which: .importlinter (`make lint`)."""

from __future__ import annotations

import ast
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.processes import environment, installation, until
from tests.support.receivers import receiver
from tests.support.terminal import terminal

SOURCE = ROOT / "tui_monitor"
SCREEN = {"textual", "rich"}
DRIVERS = {
    "asyncpg",
    "redis",
    "httpx",
    "aiosmtplib",
    "yaml",
    "jinja2",
    "apprise",
    "jmespath",
    "cronsim",
    "re2",
    "dns",
    "starlette",
    "uvicorn",
    "h2",
    "websockets",
    "jeepney",
    "aiomysql",
    "pymysql",
    "opentelemetry",
}
MODELS = {"pydantic", "pydantic_core", "pydantic_settings"}
CORE = "core."


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the program by its name below tui_monitor."""
    return {".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text()) for path in sorted(SOURCE.rglob("*.py"))}


def imported(tree: ast.AST, *, at_top: bool = False) -> set[str]:
    """What a module imports, as dotted names; ``at_top``: only what loads with the module itself, and not for type checkers alone."""
    found: set[str] = set()
    for node in _top(tree) if at_top else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _top(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _top(node)


def roots(names: set[str]) -> set[str]:
    """The top-level packages of dotted names."""
    return {name.partition(".")[0] for name in names}


def test_the_core_needs_the_standard_library_only() -> None:
    """The core imports nothing that has to be installed."""
    for name in (name for name in modules() if name.startswith(CORE)):
        outside = roots(imported(modules()[name])) - set(sys.stdlib_module_names) - {"tui_monitor"}
        assert not outside, f"{name} imports {outside}"


def test_drivers_load_only_inside_the_branch_that_needs_them() -> None:
    """A module of the core imports no driver at its top; a driver's own module is named only where it is built (rule 2)."""
    for name in (
        "cli.main", "runtime.runtime", "runtime.leader", "checks.collector", "daemon.headless", "runtime.alert_engine", "runtime.wiring",
        "sources.kinds", "notifiers.kinds",
    ):  # fmt: skip
        assert not roots(imported(modules()[name], at_top=True)) & DRIVERS, name


def test_sql_is_written_in_the_storage_room_only() -> None:
    """No text of an SQL statement elsewhere, except in what asks the databases that are monitored (sqlite3: .importlinter)."""
    sql = re.compile(
        r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK)\b(?=.*\b(FROM|INTO|SET|TABLE|IMMEDIATE|=))", re.DOTALL
    )
    for name, tree in modules().items():
        if not name.startswith(("storage.", "sources.postgres.", "sources.mysql.", "sources.sqlite.")):
            texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
            assert not [text for text in texts if sql.match(text)], name


def test_package_files_are_empty() -> None:
    """Importing a room imports nothing else."""
    assert [str(path) for path in SOURCE.rglob("__init__.py") if path.read_text().strip()] == []


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded after the code, without stand-ins."""
    show = """
import sys, json
found = [name for name, module in sys.modules.items() if type(module).__name__ != "_StandIn"]
print(json.dumps(sorted({name.partition(".")[0] for name in found})))"""
    out = subprocess.run(
        [sys.executable, "-c", code + show], cwd=ROOT, capture_output=True, text=True, check=True, env=environment(), timeout=20
    )
    return set(json.loads(out.stdout.splitlines()[-1]))


def test_the_command_line_alone_loads_almost_nothing() -> None:
    """`tui-monitor --help` waits for no model, driver or screen."""
    assert not loaded_by("import tui_monitor.cli.main as c\nc.parser(())") & (SCREEN | DRIVERS | {"pydantic", "promql_parser", "psutil"})


SPY = """
import sys, json, os, signal
def show(*_):
    with open(os.environ["SPY"] + ".part", "w") as out:
        json.dump(sorted({name.partition(".")[0] for name in sys.modules}), out)
    os.replace(os.environ["SPY"] + ".part", os.environ["SPY"])
signal.signal(signal.SIGUSR1, show)
"""
CLICK = (
    SPY
    + """
import types, importlib.machinery
class Click(types.ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *given, **more: (lambda work: work)
click = Click("click"); click.__spec__ = importlib.machinery.ModuleSpec("click", None)
sys.modules["click"] = click
"""
)
BARE = 'default_rules = ["ClockSkew"]\n'  # a rule that no load of the machine makes pending
FULL = """
default_rules = ["CheckUnhealthy"]
[[checks]]
name = "api"
type = "http"
url = "{target}/"
interval = "200ms"
failures = 1
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[routing]
info = ["hook"]
"""


async def spied(place: Path, config: str, prelude: str, used: object = None) -> set[str]:
    """The top-level modules of a running daemon, after ``used()`` has become true and its configuration was read again."""
    with installation(place) as where:
        where.configure(config)
        report = place / "modules.json"
        daemon = await where.start(prelude=prelude, environ={"SPY": str(report)})
        if callable(used):
            await until(used)
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.said("reloaded")
        daemon.process.send_signal(signal.SIGUSR1)
        await until(report.exists)
        assert await daemon.terminate() == 0
        return set(json.loads(report.read_text()))


async def test_headless_without_need_loads_no_driver(tmp_path: Path) -> None:
    """No check and no notifier: no PostgreSQL, Redis, HTTP, YAML or template library, and nothing of the screen."""
    found = await spied(tmp_path / "bare", BARE, SPY)
    assert not found & (SCREEN | MODELS | (DRIVERS - {"cronsim"}))


@pytest.mark.parametrize("prelude", [SPY, CLICK], ids=["plain", "with click"])
async def test_headless_never_loads_the_screen(tmp_path: Path, prelude: str) -> None:
    """An HTTP check and a webhook that has really sent: still no textual or rich, not even where click is installed."""
    async with HttpServer() as target, receiver() as hook:
        target.behave(status=500)
        found = await spied(
            tmp_path / "full",
            FULL.format(target=target.url, hook=hook.url),
            prelude,
            lambda: len(hook.requests) and len(target.requests) > 1,
        )
    assert not found & (SCREEN | MODELS)
    assert not found & {"asyncpg", "redis", "aiosmtplib", "apprise"}


def test_a_runtime_alone_needs_no_screen() -> None:
    """Importing all of the leader's modules loads neither the screen nor a driver."""
    assert not loaded_by("import tui_monitor.runtime.runtime, tui_monitor.runtime.leader, tui_monitor.daemon.headless") & (
        SCREEN | MODELS | {"asyncpg", "redis", "aiosmtplib", "apprise"}
    )


FIRST_PAINT = """
import json, sys
from tui_monitor.cli.main import main
from tui_monitor.platform.import_trimming import trim_imports
trim_imports("textual")
from tui_monitor.tui.app import MonitorApp
def show(app):
    with open(sys.argv[1], "w") as out:
        json.dump([name for name, module in sys.modules.items() if type(module).__name__ != "_StandIn"], out)
    app.exit(0)
MonitorApp._start_backend = show
sys.exit(main(["--state", sys.argv[2]]))
"""


def test_the_first_paint_loads_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    """No other screen, prompt or palette, no other language, no TLS, no configuration, rule or source before the picture stands."""
    report = tmp_path / "modules.json"
    with terminal([sys.executable, "-c", FIRST_PAINT, str(report), str(tmp_path / "state")], (120, 40)) as seen:
        seen.until(seen.ended)
        assert seen.status == 0
    found = set(json.loads(report.read_text()))
    screens = {name.rpartition(".")[2] for name in found if name.startswith("tui_monitor.tui.screens.")}
    assert screens == {"base", "context", "main"}
    assert not [name for name in found if name.startswith("tui_monitor.") and name.endswith(("korean", "english", "_form"))]
    assert not {name.split(".")[1] for name in found if name.startswith("tui_monitor.")} & {
        "alerts", "analysis", "checks", "config", "delivery", "dispatch", "notifiers", "reports", "sources",
    }  # fmt: skip
    assert not found & {"textual.command", "textual.widgets._input", "textual.widgets._button", "textual.widgets._option_list"}
    assert not found & {"ssl", "_ssl", "hashlib", "platform", "promql_parser", "psutil", "plotext", *DRIVERS, *MODELS}


def test_a_status_needs_no_event_loop() -> None:
    """`status` reads a board and prints it: no asyncio, TLS, hashing, model or driver."""
    code = "import tui_monitor.cli.main as c\nc.parser(['status'])\nimport tui_monitor.cli.commands.status, tui_monitor.cli.one_line"
    assert not loaded_by(code) & {"asyncio", "_ssl", "_hashlib", "ast", "logging", *SCREEN, *DRIVERS, *MODELS}


def test_the_regular_expressions_load_with_the_first_one_that_needs_them() -> None:
    """Alternatives of plain words, which most matchers are, do not: 2.7 MiB."""
    ask = "from tui_monitor.dispatch.matchers import parse_matcher\nparse_matcher('severity=~\"{}\"').matches('error')"
    assert "re2" not in loaded_by(ask.format("error|critical"))
    assert "re2" in loaded_by(ask.format("err.*"))
