"""Whose fault an error is, and that each kind of check is built."""

from __future__ import annotations

import errno
import socket
import ssl
import subprocess
import sys

import pytest

from tests.support.settings import made
from tui_monitor.sources.http.probe import HttpProbe
from tui_monitor.sources.http.settings import HttpCheck
from tui_monitor.sources.kinds import build_probe
from tui_monitor.sources.net.error_attribution import own_trouble, target_trouble
from tui_monitor.sources.net.excerpt import clean, mask
from tui_monitor.sources.tcp.probe import TcpProbe
from tui_monitor.sources.tcp.settings import TcpCheck


@pytest.mark.parametrize(
    "error",
    [
        *(
            OSError(getattr(errno, name), "")
            for name in ("EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EPERM")
        ),
        MemoryError(),
        socket.gaierror(socket.EAI_AGAIN, ""),
        socket.gaierror(socket.EAI_FAIL, ""),
    ],
)
def test_own_trouble(error: BaseException) -> None:
    """What this machine lacks is its own trouble, in words."""
    assert own_trouble(error)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), "connection refused"),
        (ConnectionResetError(errno.ECONNRESET, ""), "connection reset"),
        (OSError(errno.EHOSTUNREACH, ""), "host unreachable"),
        (TimeoutError(), "connection timed out"),
        (TimeoutError(errno.ETIMEDOUT, ""), "connection timed out"),
        (socket.gaierror(socket.EAI_NONAME, ""), "no such host"),
        (ssl.SSLError(errno.EPERM, ""), None),
        (OSError(errno.EINVAL, ""), "invalid argument"),
        (OSError("nothing known"), "connection failed"),
    ],
)
def test_the_targets_trouble(error: OSError, reason: str | None) -> None:
    """What the other side does or fails to do is not ours; errors of OpenSSL are no errno."""
    assert own_trouble(error) is None
    assert reason is None or target_trouble(error) == reason


def test_the_registry_builds_each_kind() -> None:
    """Settings of a kind give its probe."""
    assert isinstance(build_probe(made(HttpCheck, name="a", type="http", url="http://a.example")), HttpProbe)
    assert isinstance(build_probe(made(TcpCheck, name="a", type="tcp", host="a.example", port=1)), TcpProbe)


def test_nothing_loads_before_it_is_needed() -> None:
    """Importing the registry loads no driver, and building an HTTP probe loads no httpx."""
    program = (
        "import sys; from tui_monitor.sources.kinds import build_probe; from tui_monitor.sources.http.settings import HttpCheck\n"
        "assert not {'pydantic', 'h11', 'httpx', 'httpcore', 'asyncpg', 'redis'} & set(sys.modules)\n"
        "build_probe(HttpCheck(name='a', type='http', url='https://a.example'))\n"
        "assert 'h11' in sys.modules\n"
        "assert not {'pydantic', 'httpx', 'httpcore', 'asyncpg', 'redis', 'jmespath', 'textual', 'rich'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_external_text_is_made_harmless() -> None:
    """One line, bounded, without controls or bidi marks; secrets masked."""
    assert clean("a\r\n\tb\x1b[2J\x9b\u202ec\x7f", 80) == "a bc"
    assert clean("a\u200bb", 80) == "a�b"
    assert clean("서버" * 100, 10) == "서버" * 4 + "서…"
    assert mask("key=abcd!", ["abcd"]) == "key=***!"
