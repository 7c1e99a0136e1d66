"""Each receiver of a mail has its own fate: a real SMTP server that refuses some for a while or for ever, and the outbox in a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.policy import default as modern
from pathlib import Path
from typing import Any

import pytest

from tests.support.outbox_tools import T0, Events, HandClock, StateDb, message, resolved, settle, snapshot
from tests.support.peers.smtp_answers import SmtpAnswers, smtp_answers
from tests.support.processes import Installation, installation, until
from tests.support.settings import made
from tui_monitor.delivery.outbox import Outbox
from tui_monitor.dispatch.message import Message
from tui_monitor.notifiers.email import Email, EmailNotifier
from tui_monitor.storage.records import OutboxRow

A, B = "a@x.test", "b@x.test"
LATER, NEVER, TAKEN = "451 4.7.1 greylisted", "550 5.1.1 no such user", "250 ok"


class Post:
    """The outbox with one mail notifier to A and B."""

    def __init__(self, path: Path, server: SmtpAnswers) -> None:
        self.state, self.clock, self.events, self.server = StateDb(path), HandClock(), Events(), server
        settings = {"name": "hook", "host": "127.0.0.1", "port": server.port, "tls": "none", "from": "m@x.test", "to": [A, B]}
        self.outbox = Outbox(self.state, {"hook": Email(made(EmailNotifier, settings))}, self.clock, self.events, jitter=lambda: 0.5)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Post]:
        """The workers at work."""
        task = asyncio.create_task(self.outbox.run())
        await settle()
        yield self
        await self.outbox.close(1.0)
        await task

    async def put(self, *messages: Message, outcomes: int) -> None:
        """Enqueue, and wait until so many outcomes are known in all."""
        self.state.put(*messages, now=self.clock.wall_ms())
        self.outbox.wake()
        await self.events.until(outcomes)

    async def turn(self, seconds: float, outcomes: int) -> None:
        """Let time pass until so many outcomes are known in all."""
        async with asyncio.timeout(20):
            while len(self.events.all) < outcomes:
                await self.clock.turn(seconds)
                await asyncio.sleep(0.01)

    def mails(self, receiver: str) -> list[str]:
        """The subjects that a receiver has, in order."""
        found = [message_from_bytes(content, policy=modern) for receivers, content in self.server.taken if receiver in receivers]
        return [str(mail["Subject"]) for mail in found]

    def rows(self) -> list[OutboxRow]:
        """The rows of the outbox, oldest first."""
        return list(reversed(self.state.state.outbox.newest()))


def fire(key: str = "k1", **changes: Any) -> Message:
    return message(key, title=f"FIRE {key}", **changes)


def over(key: str = "k2", **changes: Any) -> Message:
    return message(key, kind="resolved", title=f"OVER {key}", alerts=(resolved(),), **changes)


async def test_only_who_was_refused_for_now_is_tried_again(tmp_path: Path) -> None:
    """451 for one of two: the other has its mail once; the first gets it at the next try, alone."""
    with smtp_answers({B: [LATER, TAKEN]}) as server:
        async with Post(tmp_path / "state.db", server).running() as post:
            await post.put(fire(), outcomes=2)
            assert (post.mails(A), post.mails(B)) == (["FIRE k1"], [])
            assert [(row.state, B in row.error) for row in post.rows()] == [("sent", False), ("retrying", True)]
            await post.turn(1, 3)
            assert (post.mails(A), post.mails(B)) == (["FIRE k1"], ["FIRE k1"])
            assert [row.state for row in post.rows()] == ["sent", "sent"]


async def test_who_is_refused_for_ever_is_seen_and_hinders_nobody(tmp_path: Path) -> None:
    """550 for one: final, visible by name, not tried again; the other gets firing and resolve, and the notifier is not called broken."""
    with smtp_answers({B: [NEVER]}) as server:
        async with Post(tmp_path / "state.db", server).running() as post:
            await post.put(fire(), outcomes=2)
            await post.clock.turn(900)
            await post.put(over(created_at=post.clock.wall_ms()), outcomes=4)
            assert post.mails(A) == ["FIRE k1", "OVER k2"]
            failed = [row for row in post.rows() if row.state == "failed"]
            assert len(failed) == 2 and all(row.error.startswith(f"{B}: 550") and row.next_try is None for row in failed)
            assert post.state.state.outbox.failing("hook", post.clock.wall_ms() + 3_600_000) == (0, "")


async def test_a_resolve_does_not_wait_for_a_neighbour(tmp_path: Path) -> None:
    """While one is greylisted the other hears of end and next fault at once; when the first is let in, it hears of each in order, once."""
    with smtp_answers({B: [LATER, LATER, TAKEN]}) as server:
        async with Post(tmp_path / "state.db", server).running() as post:
            await post.put(fire(), outcomes=2)
            await post.put(over(), outcomes=3)
            assert post.mails(A) == ["FIRE k1", "OVER k2"] and post.mails(B) == []
            await post.put(fire("k3", thread="t2", alerts=(snapshot("a2"),)), outcomes=5)
            assert post.mails(A) == ["FIRE k1", "OVER k2", "FIRE k3"]
            await post.turn(1, 7)
            assert post.mails(A) == ["FIRE k1", "OVER k2", "FIRE k3"]
            assert sorted(post.mails(B)) == ["FIRE k3", "OVER k2"], "the firing and its end, both late, are one message"
            assert all(row.state == "sent" for row in post.rows())


async def test_nobody_is_accepted_for_different_reasons(tmp_path: Path) -> None:
    """One for ever, one for now: the first is failed, the second is tried again alone."""
    with smtp_answers({A: [NEVER], B: [LATER, TAKEN]}) as server:
        async with Post(tmp_path / "state.db", server).running() as post:
            await post.put(fire(), outcomes=2)
            await post.turn(1, 3)
            assert (post.mails(A), post.mails(B)) == ([], ["FIRE k1"])
            assert sorted(row.state for row in post.rows()) == ["failed", "sent"]
            assert [receiver for receiver, _ in server.asked] == [A, B, B]


async def test_a_store_that_cannot_be_written_doubles_nothing(tmp_path: Path) -> None:
    """The outcome of a send that was partly taken cannot be recorded: who has the mail is not asked again, who has not still gets it."""
    with smtp_answers({B: [LATER, TAKEN]}) as server:
        async with Post(tmp_path / "state.db", server).running() as post:
            post.state.put(fire(), now=T0)
            taken = post.state.transaction

            async def once(work: Any, *, durable: bool = True) -> Any:
                result = await taken(work, durable=durable)
                post.state.broken = post.state.broken or bool(getattr(result, "entry", None))
                return result

            post.state.transaction = once  # type: ignore[method-assign]  # the file breaks right after the claim
            post.outbox.wake()
            await post.turn(1, 3)
            post.state.transaction = taken  # type: ignore[method-assign]
            post.state.broken = False
            await post.turn(1, 3)
            assert (post.mails(A), post.mails(B)) == (["FIRE k1"], ["FIRE k1"])
            async with asyncio.timeout(20):
                while {row.state for row in post.rows()} != {"sent"}:
                    await post.clock.turn(1)
                    await asyncio.sleep(0.01)


CONFIG = """
host = "web-1"
default_rules = false
[[rules]]
alert = "Always"
expr = "vector(1)"
[[notifiers]]
name = "mail"
type = "email"
host = "127.0.0.1"
port = {port}
tls = "none"
from = "m@x.test"
to = ["{a}", "{b}"]
[[routes]]
notifiers = ["mail"]
"""


@pytest.fixture
def where(tmp_path: Path) -> Any:
    with installation(tmp_path / "place") as made:
        yield made


async def test_kill_9_after_half_of_the_receivers_have_it(where: Installation) -> None:
    """The daemon is killed while one receiver waits for the next try: the new one sends to that one only, once."""
    with smtp_answers({B: [LATER]}) as server:
        where.configure(CONFIG.format(port=server.port, a=A, b=B))
        daemon = await where.start()
        await until(lambda: ("retrying",) in where.rows("SELECT state FROM notifications"))
        await daemon.kill()
        server.answers[B] = [TAKEN]
        await where.start()
        await until(lambda: any(B in receivers for receivers, _ in server.taken), what="the second receiver has it")
        assert [receivers for receivers, _ in server.taken] == [(A,), (B,)]
