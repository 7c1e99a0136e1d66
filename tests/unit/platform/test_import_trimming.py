"""Libraries load less than they would by themselves, and still work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TRIMMED = (
    "import sys\nfrom tui_monitor.platform.import_trimming import trim_imports\n"
    "for library in ('start', 'pydantic', 'textual', 'jinja2', 'redis', 'uvicorn'):\n    trim_imports(library)\n"
)


def run(code: str, **environment: str) -> str:
    """What a fresh process prints."""
    command, known = [sys.executable, "-c", TRIMMED + code], {**os.environ, **environment}
    return subprocess.run(command, env=known, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_configuration_is_read_without_what_looks_for_plugins() -> None:
    """Pydantic loads none of the modules that it needs only to look for plugins."""
    code = (
        "from tui_monitor.config.load import load\nload(None, {})\n"
        "print([name for name in ('importlib.metadata', 'zipfile', 'email', 'csv') if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_an_app_and_a_template_load_nothing_that_nobody_uses() -> None:
    """Textual and Jinja run on stand-ins: no tree widget, no pickle in Python, no temporary files."""
    code = (
        "from textual.app import App\nfrom tui_monitor.cli.main import parser\nfrom tui_monitor.alerts.rules.templates import render\n"
        "parser(()).parse_args([])\nprint(App().size.width, render('{{ $value | humanize }} {{ $labels.x }}', {'x': 'ü'}, 1.5))\n"
        "unused = ('textual.widgets._tree', 'textual.widgets._select', 'tempfile', 'platformdirs.unix')\n"
        "print([name for name in unused if name in sys.modules])"
    )
    assert run(code) == "80 1.5 ü\n[]"


def test_an_event_loop_loads_no_tls_and_speaks_it() -> None:
    """A process without a connection has no OpenSSL; threads that need it at once, and a connection with TLS, find the real module."""
    code = """
import asyncio, threading
loop, seen = asyncio.new_event_loop(), []
print('_ssl' in sys.modules)
def use():
    import ssl
    seen.append(ssl.SSLContext.__module__)
async def fail():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), '127.0.0.1', 0)
    import ssl
    try:
        await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=ssl.create_default_context())
    except (ssl.SSLError, ConnectionError) as fault:
        return isinstance(fault, OSError)
threads = [threading.Thread(target=use) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
print(seen.count('ssl'), loop.run_until_complete(fail()))
"""
    assert run(code).splitlines() == ["False", "8 True"]


def test_a_redis_connection_loads_no_clusters_and_commands() -> None:
    """What a check of Redis uses of its driver works without the modules for every command, clusters and sentinels."""
    code = (
        "from redis.asyncio.connection import ConnectionPool\nprint(ConnectionPool.from_url('rediss://u:p@[::1]:1/2').connection_kwargs['db'])\n"
        "from redis import exceptions\nprint(exceptions.RedisError.__module__)\n"
        "print([name for name in ('redis.commands', 'redis.client', 'redis.cluster', 'redis.asyncio.client') if name in sys.modules])"
    )
    assert run(code).splitlines() == ["2", "redis.exceptions", "[]"]


def test_a_listener_loads_no_command_line_and_no_processes_of_uvicorn() -> None:
    """The connections of uvicorn work without its command line, its reloader and the processes of its workers."""
    code = (
        "from tui_monitor.serving.listener import Listener\nListener(None)\n"
        "print([name for name in ('uvicorn.main', 'click.core', 'multiprocessing', 'uvicorn.supervisors') if name in sys.modules])"
    )
    assert run(code) == "[]"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP as it", "pydantic"),
        ("import pickle\nit = pickle.loads(pickle.dumps([1])), issubclass(pickle.PicklingError, Exception)", "([1], True)"),
        ("from pickle import _Pickler\nit = _Pickler.__module__", "pickle"),
        ("from difflib import get_close_matches\nit = get_close_matches('helo', ['hello']), get_close_matches('x', [])", "(['hello'], [])"),
        ("from textual.types import DirEntry\nit = DirEntry.__module__", "textual.widgets._directory_tree"),
        ("from platformdirs import user_downloads_path as it\nit = it().name, it().name", "('Downloads', 'Downloads')"),
        ("import platformdirs\nit = platformdirs.__version__ > ''", "True"),
        ("import jinja2\nit = type(jinja2.FileSystemBytecodeCache()).__module__", "jinja2.bccache"),
        ("import zoneinfo\nit = str(zoneinfo.ZoneInfo('Asia/Seoul')), 'sysconfig' in sys.modules", "('Asia/Seoul', True)"),
        ("import sysconfig\nit = sysconfig.get_config_var('EXT_SUFFIX')[:3], 'purelib' in sysconfig.get_paths()", "('.cp', True)"),
        ("import platform, uuid\nit = platform.system(), platform.machine() > '', uuid._LINUX", "('Linux', True, True)"),
        ("import asyncio, ssl\nit = ssl.create_default_context().check_hostname, ssl.SSLError.__mro__[1].__name__", "(True, 'OSError')"),
        ("import asyncio, asyncio.sslproto as it\nit = issubclass(it.SSLProtocol, asyncio.BufferedProtocol)", "True"),
        (
            "import textual.app, textual.command as it\nit = it.CommandPalette.is_open.__module__, issubclass(it.Provider, object)",
            "('textual.command', True)",
        ),
        ("import hashlib, secrets\nit = hashlib.sha256(b'').hexdigest()[:4], len(secrets.token_hex(4))", "('e3b0', 8)"),
        ("import inspect\nfrom inspect import isclass\nit = isclass(str), inspect.signature(len).parameters['obj'].name", "(True, 'obj')"),
        ("from redis.asyncio import Redis\nit = Redis.__module__", "redis.asyncio.client"),
        ("import uvicorn\nit = uvicorn.__version__ > '', uvicorn.Server.__module__", "(True, 'uvicorn.server')"),
        ("import click\nit = click.style('a', fg='red')[-5:-4]", "a"),
        ("import redis\nit = redis.__version__ > '', redis.Redis.__module__", "(True, 'redis.client')"),
        ("import redis.asyncio\nit = redis.asyncio.Redis.__module__, hasattr(redis, 'nothing')", "('redis.asyncio.client', False)"),
    ],
)
def test_a_stand_in_gives_way_to_the_real_module(code: str, said: str) -> None:
    """Whoever wants anything else of the replaced module gets the real one's, and a function of it works each time."""
    assert run(f"{code}\nprint(it)") == said


def test_a_switch_leaves_every_module_as_it_is() -> None:
    """For who looks for a fault: with TUI_MONITOR_FULL_IMPORTS nothing is replaced."""
    code = "print([name for name in ('sysconfig', 'textual.types', 'platformdirs', 'pickle', 'redis') if name in sys.modules])"
    assert run(code, TUI_MONITOR_FULL_IMPORTS="1") == "[]" != run(code)
