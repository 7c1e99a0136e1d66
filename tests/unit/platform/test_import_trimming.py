"""Libraries load less than they would by themselves, and still work."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from tui_monitor.platform.import_trimming import _terminal_size

LEAN = (
    "import sys\nfrom tui_monitor.platform.import_trimming import *\n"
    "lean_libraries()\nlean_models()\nlean_screen()\nlean_templates()\nlean_redis()\n"
)


def run(code: str) -> str:
    """What a fresh process prints."""
    return subprocess.run([sys.executable, "-c", LEAN + code], capture_output=True, text=True, check=True, timeout=60).stdout.strip()


def test_a_configuration_is_read_without_what_looks_for_plugins() -> None:
    """Pydantic loads none of the modules that it needs only to look for plugins."""
    code = (
        "from tui_monitor.config.load import load\nload(None, {})\n"
        "print([name for name in ('importlib.metadata', 'zipfile', 'email', 'csv') if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_an_app_and_a_template_load_nothing_that_nobody_uses() -> None:
    """Textual and Jinja run on stand-ins: no tree widget, no pickle in Python, no compression."""
    code = (
        "from textual.app import App\nfrom tui_monitor.cli.main import parser\nfrom tui_monitor.alerts.rules.templates import render\n"
        "parser(()).parse_args([])\nprint(App().size, render('{{ $value | humanize }} {{ $labels.x }}', {'x': 'ü'}, 1.5))\n"
        "unused = ('textual.widgets._tree', 'textual.widgets._select', 'bz2', 'lzma', 'tempfile', 'platformdirs.unix')\n"
        "print([name for name in unused if name in sys.modules])"
    )
    assert run(code) == "Size(width=80, height=24) 1.5 ü\n[]"


def test_a_redis_connection_loads_no_clusters_and_commands() -> None:
    """What a check of Redis uses of its driver works without the modules for every command, clusters and sentinels."""
    code = (
        "from redis.asyncio.connection import ConnectionPool\nprint(ConnectionPool.from_url('rediss://u:p@[::1]:1/2').connection_kwargs['db'])\n"
        "from redis import exceptions\nprint(exceptions.RedisError.__module__)\n"
        "print([name for name in ('redis.commands', 'redis.client', 'redis.cluster', 'redis.asyncio.client') if name in sys.modules])"
    )
    assert run(code).splitlines() == ["2", "redis.exceptions", "[]"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP as it", "pydantic"),
        ("import pickle\nit = pickle.loads(pickle.dumps([1])), issubclass(pickle.PicklingError, Exception)", "([1], True)"),
        ("from pickle import _Pickler\nit = _Pickler.__module__", "pickle"),
        ("import shutil\nit = bool(shutil.which('sh'))", "True"),
        ("from difflib import get_close_matches\nit = get_close_matches('helo', ['hello']), get_close_matches('x', [])", "(['hello'], [])"),
        ("from textual.types import DirEntry\nit = DirEntry.__module__", "textual.widgets._directory_tree"),
        ("from platformdirs import user_downloads_path as it\nit = it().name, it().name", "('Downloads', 'Downloads')"),
        ("import platformdirs\nit = platformdirs.__version__ > ''", "True"),
        ("import jinja2\nit = type(jinja2.FileSystemBytecodeCache()).__module__", "jinja2.bccache"),
        ("import zoneinfo\nit = str(zoneinfo.ZoneInfo('Asia/Seoul')), 'sysconfig' in sys.modules", "('Asia/Seoul', True)"),
        ("import sysconfig\nit = sysconfig.get_config_var('EXT_SUFFIX')[:3], 'purelib' in sysconfig.get_paths()", "('.cp', True)"),
        ("from redis.asyncio import Redis\nit = Redis.__module__", "redis.asyncio.client"),
        ("import redis\nit = redis.__version__ > '', redis.Redis.__module__", "(True, 'redis.client')"),
        ("import redis.asyncio\nit = redis.asyncio.Redis.__module__, hasattr(redis, 'nothing')", "('redis.asyncio.client', False)"),
        ("import mimetypes\nit = mimetypes.guess_type('a.svg')[0]", "image/svg+xml"),
    ],
)
def test_a_stand_in_gives_way_to_the_real_module(code: str, said: str) -> None:
    """Whoever wants anything else of the replaced module gets the real one's, and a function of it works each time."""
    assert run(f"{code}\nprint(it)") == said


@pytest.mark.parametrize("environment", [{}, {"COLUMNS": "132"}, {"COLUMNS": "0", "LINES": "7"}, {"COLUMNS": "wide", "LINES": "50"}])
def test_the_size_of_the_terminal_is_what_shutil_says(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment first, then the terminal, then the fallback."""
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    for fallback in ((80, 24), (100, 40)):
        assert _terminal_size(fallback) == shutil.get_terminal_size(fallback)
        assert isinstance(_terminal_size(fallback), os.terminal_size)
