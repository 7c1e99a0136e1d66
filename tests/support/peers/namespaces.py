"""Network namespaces for tests without root: ping sockets, a second host, a resolver of one's own; all end with their processes."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.peers.base import program, run, wait_until
from tests.support.peers.contained import can_unshare
from tests.support.peers.require import peers_needed
from tests.support.servers import ServerMissing

INSIDE = "TUI_MONITOR_TEST_NAMESPACE"
ROOT = Path(__file__).resolve().parents[3]
# Ping sockets need a group range that holds ours (0 inside); lo is down in a new namespace.
_PREPARE = 'ip link set lo up && echo "0 0" > /proc/sys/net/ipv4/ping_group_range && exec "$@"'


def namespace_argv(*argv: str) -> list[str]:
    """The command line that runs ``argv`` as root of new user, network and mount namespaces, with lo up and ping sockets allowed."""
    program("ip", "install the package `iproute2`")
    if not can_unshare("-U", "-r", "-n", "-m"):
        raise ServerMissing("this machine refuses user namespaces: set the sysctl kernel.unprivileged_userns_clone to 1, or run as root")
    return [program("unshare", "install the package `util-linux`"), "-U", "-r", "-n", "-m", "sh", "-c", _PREPARE, "sh", *argv]


def run_inside(snippet: str, *arguments: str) -> str:
    """The output of a Python snippet run in such a namespace with this interpreter, at the project's root."""
    return run(namespace_argv(sys.executable, "-c", snippet, *arguments), environment=_environment())


def in_namespace(test: Callable[..., Any]) -> Callable[..., Any]:
    """A test that runs in a namespace of its own: outside, the test is only started again there, by its id, in a new pytest.

    Its fixtures are set up on both sides, so they should be cheap. A test that cannot run there is skipped, or fails, as
    ``require_or_skip`` says.
    """
    if os.environ.get(INSIDE):
        return test

    @functools.wraps(test)
    def outside(*_: Any, **__: Any) -> None:
        name = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
        with peers_needed():
            argv = namespace_argv(sys.executable, "-m", "pytest", *_WITHOUT, "--no-header", name)
        done = subprocess.run(
            argv, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stdout[-4000:]

    return outside


_WITHOUT = [word for name in ("cacheprovider", "xdist", "hypothesispytest", "syrupy", "textual-snapshot") for word in ("-p", f"no:{name}")]
"""Plugins that these tests do not need: a start takes 0.7 in place of 1.7 s."""


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {INSIDE: "1", "PYTHONPATH": str(ROOT)}


NEAR, FAR = "198.51.100.1", "198.51.100.2"


class FarHost:
    """A second host: another network namespace at the other end of a virtual cable; ``NEAR`` is ours, ``FAR`` its address."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def run(self, *argv: str) -> str:
        """The output of a command on that host, for example ``run("ip", "route", "add", "prohibit", "203.0.113.0/24")``."""
        return run(["nsenter", "-t", str(self.pid), "-n", *argv])

    def refuse(self, kind: str, network: str) -> None:
        """Make it refuse packets to a network that we route over it; kind is "unreachable", "prohibit" or "blackhole"."""
        self.run("ip", "route", "add", kind, network)

    def answer_pings(self, answer: bool) -> None:
        """Whether it answers echo requests at all."""
        self.run("sh", "-c", f"echo {0 if answer else 1} > /proc/sys/net/ipv4/icmp_echo_ignore_all")


@contextlib.contextmanager
def far_host(*routes: str) -> Iterator[FarHost]:
    """A second host, for use inside a namespace (``in_namespace``); networks in ``routes`` are sent to it."""
    process = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
    try:
        wait_until(lambda: os.readlink(f"/proc/{process.pid}/ns/net") != os.readlink("/proc/self/ns/net"))
        run(["ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(process.pid)])
        run(["ip", "address", "add", f"{NEAR}/24", "dev", "near"])
        run(["ip", "link", "set", "near", "up"])
        host = FarHost(process.pid)
        host.run(
            "sh", "-c", f"ip link set lo up; ip address add {FAR}/24 dev far; ip link set far up; echo 1 > /proc/sys/net/ipv4/ip_forward"
        )
        for network in routes:
            run(["ip", "route", "add", network, "via", FAR])
        yield host
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def use_resolver(directory: Path, text: str) -> None:
    """Replace /etc/resolv.conf for this mount namespace only (inside ``in_namespace``), for example "search corp.test\\n..."."""
    file = directory / "resolv.conf"
    file.write_text(text)
    run(["mount", "--bind", str(file), "/etc/resolv.conf"])
