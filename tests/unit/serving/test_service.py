"""The HTTP interface opens, changes and closes with the configuration, and never ends the monitor."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from tests.support.board_backend import FakeBackend
from tests.support.clocks import ManualClock
from tests.support.http_face import Face, face
from tests.support.processes import until
from tests.support.servers import free_port
from tests.support.settings import made
from tests.support.tls_chains import PEM, Issued, issue
from tui_monitor.config.settings import Settings


def settings(port: int, **http: object) -> Settings:
    """With [http]."""
    return made(Settings, {"http": {"listen": f"127.0.0.1:{port}", **http}})


async def test_an_address_in_use_is_told_and_tried_again() -> None:
    """A taken port is a trouble of the monitor; when it is free, HTTP listens, and the trouble is over."""
    clock = ManualClock()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with face(FakeBackend(), clock, listen=f"127.0.0.1:{port}", socket=False) as server:
            assert "Address already in use" in server.problems[-1] and f"127.0.0.1:{port}" in server.problems[-1]
            await clock.advance(5)
            assert "Address already in use" in server.problems[-1]
            taken.close()
            await clock.advance(5)
            await until(lambda: server.problems[-1] == "")
            server.port = port
            assert (await server.get("/api/live")).status == 200


async def test_a_dead_process_socket_is_replaced_a_living_one_is_not(tmp_path: Path) -> None:
    """After a kill -9 the socket's file is in the way; another process' socket is left alone."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "http.sock"))
    server = Face(FakeBackend(), tmp_path, 0, ManualClock())
    await server.service.configure(made(Settings, {"http": {"listen": ""}}))
    assert (await server.get("/api/live", unix=True)).status == 200
    second = Face(FakeBackend(), tmp_path, 0, ManualClock())
    await second.service.configure(made(Settings, {"http": {"listen": ""}}))
    assert "another process listens" in second.problems[-1]
    await second.service.close()
    assert (await server.get("/api/live", unix=True)).status == 200
    await server.service.close()
    assert not (tmp_path / "http.sock").exists()


async def test_a_reload_changes_what_is_different(tmp_path: Path) -> None:
    """Another address is listened to, the same one is not interrupted, without the section nothing listens."""
    server = Face(FakeBackend(), tmp_path, free_port(), ManualClock())
    await server.service.configure(settings(server.port))
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    await server.service.configure(settings(server.port, allowed_hosts=["other.example"]))
    assert (await server.get("/api/live", host="other.example")).status == 200 and not writer.transport.is_closing()
    writer.close()
    before, server.port = server.port, free_port()
    await server.service.configure(settings(server.port))
    assert (await server.get("/api/live")).status == 200
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", before)
    await server.service.configure(made(Settings, {}))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)
    assert server.problems[-1] == ""


def pair(directory: Path, authority: Issued, serial: str) -> dict[str, str]:
    """A certificate for 127.0.0.1 and its key, as files."""
    from cryptography.hazmat.primitives import serialization

    made_now = issue(serial, authority, days=9)
    (directory / "cert.pem").write_bytes(made_now.pem)
    key = made_now.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(key)
    return {"tls_cert": str(directory / "cert.pem"), "tls_key": str(directory / "key.pem")}


async def served_name(port: int) -> bytes:
    """The certificate that the server shows."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(True)
    writer.close()
    return found


async def test_a_renewed_certificate_is_used_after_a_reload(tmp_path: Path) -> None:
    """TLS serves; a reload reads certificate and key anew; a broken one is told and the old one goes on."""
    authority = issue("authority", days=9)
    server = Face(FakeBackend(), tmp_path, free_port(), ManualClock())
    files = pair(tmp_path, authority, "one")
    await server.service.configure(settings(server.port, **files))
    first = await served_name(server.port)
    pair(tmp_path, authority, "two")
    await server.service.configure(settings(server.port, **files))
    second = await served_name(server.port)
    assert first != second
    (tmp_path / "cert.pem").write_text("no certificate")
    await server.service.configure(settings(server.port, **files))
    assert "tls_cert" in server.problems[-1] and await served_name(server.port) == second
    await server.service.close()


async def test_the_socket_lies_in_the_service_s_runtime_directory(tmp_path: Path) -> None:
    """Where systemd gives a directory for sockets it is used."""
    from tui_monitor.platform.state_directory import open_directory
    from tui_monitor.serving.service import HttpService

    (tmp_path / "run").mkdir()
    service = HttpService(
        FakeBackend(), open_directory(tmp_path / "state"), ManualClock(), lambda _: None, {"RUNTIME_DIRECTORY": str(tmp_path / "run")}
    )
    await service.configure(made(Settings, {"http": {"listen": ""}}))
    assert (tmp_path / "run" / "http.sock").exists()
    await service.close()
