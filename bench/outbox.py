"""Messages per second through the outbox to a loopback webhook, as one JSON line: claim, send and record, each committed with FULL."""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from tui_monitor.core.clock import SystemClock
from tui_monitor.core.secret import Secret
from tui_monitor.delivery.outbox import Outbox, OutboxEvent
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.notifiers.webhook import Webhook, WebhookNotifier
from tui_monitor.storage.repository import State, StateRepository
from tui_monitor.storage.sqlite import connect, migrate
from tui_monitor.storage.state.tables import MIGRATIONS, SqliteState


async def serve(pipe: Connection) -> None:
    """A receiver that answers 200 to every request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                await reader.readexactly(length)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def receive(pipe: Connection) -> None:
    """The receiver's process."""
    asyncio.run(serve(pipe))


def message(number: int) -> Message:
    labels = {"alertname": "CheckUnhealthy", "severity": "critical", "host": "web-1", "check": f"api-{number}"}
    annotations = {"summary": f"api-{number} answers 500", "description": "look at its log"}
    alert = AlertSnapshot(f"{number:08x}", f"{number:016x}", "firing", "critical", labels, annotations, 2.0, time.time_ns() // 1_000_000)
    return Message(
        f"key-{number}", "hook", "firing", alert.starts_at, "CRITICAL api answers 500", "Since 14:13", alerts=(alert,), thread=f"t{number}"
    )


class InLoop:
    """A state.db that is used in the event loop, so that the cost of the store's thread is not measured."""

    def __init__(self, path: Path) -> None:
        self.db = connect(path, synchronous="FULL")
        migrate(self.db, MIGRATIONS)
        self.state = SqliteState(self.db)

    async def transaction(self, work: Callable[[State], Any]) -> Any:
        self.db.execute("BEGIN IMMEDIATE")
        result = work(self.state)
        self.db.execute("COMMIT")
        return result

    read = transaction


async def measure(port: int, count: int, directory: str) -> dict[str, object]:
    store = InLoop(Path(directory) / "state.db")
    done, sent = asyncio.Event(), 0

    def on_event(event: OutboxEvent) -> None:
        nonlocal sent
        sent += event.state == "sent"
        if sent == count:
            done.set()

    clock = SystemClock()
    notifier = Webhook(WebhookNotifier(name="hook", url=Secret(f"http://127.0.0.1:{port}/"), rate_limit=f"{count * 2}/1m"), clock)
    outbox = Outbox(cast(StateRepository, store), {"hook": notifier}, clock, on_event)
    task = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    await store.transaction(lambda state: [state.outbox.enqueue(message(number), clock.wall_ms()) for number in range(count)])
    enqueued = time.perf_counter()
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    outbox.wake()
    await done.wait()
    ended = time.perf_counter()
    after = resource.getrusage(resource.RUSAGE_SELF)
    await outbox.close(5)
    await task
    used = after.ru_utime + after.ru_stime - cpu.ru_utime - cpu.ru_stime
    return {
        "bench": "outbox",
        "messages": count,
        "messages_per_second": round(count / (ended - enqueued), 1),
        "enqueue_ms_per_message": round((enqueued - began) / count * 1000, 3),
        "cpu_ms_per_message": round(used / count * 1000, 3),
        "max_rss_mib": round(after.ru_maxrss / 1024, 1),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    count = parser.parse_args().messages
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    try:
        with tempfile.TemporaryDirectory() as directory:
            print(json.dumps(asyncio.run(measure(ours.recv(), count, directory))))
    finally:
        process.terminate()


if __name__ == "__main__":
    main()
