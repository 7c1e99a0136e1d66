"""Programs of Debian packages that tests run rather than serve with: libfaketime, logrotate, the monitoring plugins."""

from __future__ import annotations

import glob
from pathlib import Path

from tests.support.peers.base import program, run
from tests.support.servers import ServerMissing


def faketime_environment(offset: str, timestamp_file: Path | None = None) -> dict[str, str]:
    """Variables that shift a child's clock, for example by "+90s"; with a file, the shift is read from it at every call."""
    found = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise ServerMissing("no libfaketime for the tests: install the package `libfaketime`")
    environment = {"LD_PRELOAD": found[0], "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    if timestamp_file is None:
        return environment | {"FAKETIME": offset}
    timestamp_file.write_text(offset)
    return environment | {"FAKETIME_TIMESTAMP_FILE": str(timestamp_file), "FAKETIME_NO_CACHE": "1"}


def nagios_plugin(name: str) -> str:
    """The path of a monitoring plugin, for example "check_dummy"."""
    path = Path("/usr/lib/nagios/plugins", name)
    if not path.exists():
        raise ServerMissing(f"no {name} for the tests: install the package `monitoring-plugins-basic`")
    return str(path)


def logrotate(directory: Path, stanza: str) -> None:
    """Rotate now by one stanza, for example "/tmp/x/app.log { rotate 3\\ncopytruncate }"; the state stays in ``directory``."""
    config = directory / "logrotate.conf"
    config.write_text(stanza)
    config.chmod(0o600)
    argv = [program("logrotate", "install the package `logrotate`"), "-f", "-s", str(directory / "logrotate.state"), str(config)]
    run(argv)
