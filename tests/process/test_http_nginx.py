"""The page behind nginx, with the server block and the [http] section of docs/serving.md: only names, ports and files are the test's."""

from __future__ import annotations

import asyncio
import re
import ssl
from pathlib import Path

from tests.support.http_face import Answer
from tests.support.paths import ROOT
from tests.support.peers.fixtures import present
from tests.support.peers.nginx import nginx
from tests.support.processes import installation, until
from tests.support.recipes import replaced
from tests.support.servers import free_port
from tests.support.tls_chains import issue

NAME = "monitor.example.com"
BROWSER = "127.0.0.9"


def _blocks() -> tuple[str, str]:
    """The server block and the section of the page's part "nginx in front"."""
    part = (ROOT / "docs/serving.md").read_text().partition("## nginx in front")[2]
    found = re.findall(r"^```(\w+)\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    return found[0][1], found[1][1]


async def _asked(port: int, trust: ssl.SSLContext, request: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=NAME, local_addr=(BROWSER, 0))
    writer.write(request.replace("\n", "\r\n").encode() + b"\r\n\r\n")
    return reader, writer


async def _answer(port: int, trust: ssl.SSLContext, request: str) -> Answer:
    reader, writer = await _asked(port, trust, request + "\nConnection: close")
    answer = Answer(await reader.read())
    writer.close()
    return answer


async def test_the_page_behind_nginx(tmp_path: Path) -> None:
    """Over TLS of nginx: the page, events as they come, a refusal with the browser's own address in the audit."""
    server, section = _blocks()
    root = issue("root", days=30, ca=True)
    leaf = issue(NAME, root, days=30)
    (tmp_path / "monitor.pem").write_bytes(leaf.pem)
    (tmp_path / "monitor.key").write_bytes(leaf.private)
    inner, outer = free_port(), free_port()
    own = {
        "listen 443": f"listen 127.0.0.1:{outer}",
        "/etc/ssl/monitor.pem": str(tmp_path / "monitor.pem"),
        "/etc/ssl/private/monitor.key": str(tmp_path / "monitor.key"),
        "127.0.0.1:9464": f"127.0.0.1:{inner}",
    }
    block = replaced(server, own)
    with installation(tmp_path / "home") as where, present(lambda: nginx("return 444;", block)):
        where.configure("default_rules = false\n" + section.replace("9464", str(inner)))
        daemon = await where.start()
        token = where.run("token", "add", "phone", "--scope", "act").stdout.split()[-1]
        trust = ssl.create_default_context(cadata=root.pem.decode())
        page = await _answer(outer, trust, f"GET / HTTP/1.1\nHost: {NAME}\nAuthorization: Bearer {token}")
        assert page.status == 200 and "<html" in page.text
        assert (await _answer(outer, trust, f"GET /api/live HTTP/1.1\nHost: {NAME}")).status == 200
        reader, writer = await _asked(outer, trust, f"GET /api/events HTTP/1.1\nHost: {NAME}\nAuthorization: Bearer {token}")
        async with asyncio.timeout(30):
            assert b"data:" in await reader.readuntil(b"\n\n") + await reader.readuntil(b"\n\n")
        writer.close()
        refused = await _answer(outer, trust, f"GET /api/audit HTTP/1.1\nHost: {NAME}\nAuthorization: Bearer {token}")
        assert refused.status == 403
        await until(lambda: BROWSER in where.run("audit").stdout)
        assert await daemon.terminate() == 0
