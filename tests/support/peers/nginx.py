"""nginx (Debian package nginx-light) with the test's own configuration text."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from tests.support.peers.base import Peer, program, running
from tests.support.servers import free_port

_CONFIG = """\
daemon off;
master_process on;
worker_processes 1;
{user}
pid {directory}/nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    access_log off;
    {http}
    server {{
        listen 127.0.0.1:{port};
        {server}
    }}
}}
"""


class Nginx(Peer):
    """nginx on one port; ``server`` stands in its server block, ``http`` above it; "{directory}" in both is its scratch directory."""

    def __init__(self, directory: Path, server: str, http: str = "") -> None:
        port = free_port()
        text = _CONFIG.format(
            directory=directory, port=port, user="user root;" if os.geteuid() == 0 else "",
            http=http.replace("{directory}", str(directory)), server=server.replace("{directory}", str(directory)),
        )  # fmt: skip
        (directory / "nginx.conf").write_text(text, encoding="utf-8")
        binary = program("nginx", "install the package `nginx-light`")
        super().__init__([binary, "-e", "stderr", "-c", str(directory / "nginx.conf")], directory, port)


def nginx(server: str, http: str = "") -> contextlib.AbstractContextManager[Nginx]:
    """A running nginx with this server block; `stub_status;` in a location gives its status page."""
    return running(lambda directory: Nginx(directory, server, http))
