"""What a source says that there is none of any more resolves, in the real program: orders in a real PostgreSQL, a dropped database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.support.processes import Installation, installation, told, until
from tests.support.receivers import Reply, receiver
from tests.support.servers import PostgresServer

CONFIGURATION = """
host = "web-1"
default_rules = false
[[checks]]
name = "db"
type = "postgres"
dsn = "{dsn}"
interval = "500ms"
[[checks.queries]]
metric = "orders"
sql = "select status, count(*) as value from orders group by status"
interval = "300ms"
[[rules]]
alert = "OrdersWaiting"
expr = 'orders{{status="waiting"}} > 10'
[[notifiers]]
name = "hook"
type = "webhook"
url = "{hook}"
[routing]
info = ["hook"]
"""


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Installation]:
    """A place for a daemon."""
    with installation(tmp_path / "place") as made:
        yield made


async def test_orders_that_are_done_resolve_at_once(where: Installation, own_postgres: PostgresServer) -> None:
    """Twelve orders wait and the alert fires; it holds while the server is silent, and resolves when no order waits any more."""
    connection = await asyncpg.connect(own_postgres.dsn())
    await connection.execute("create table orders (status text); insert into orders select 'waiting' from generate_series(1, 12)")
    async with receiver(Reply(200, "ok")) as hook:
        where.configure(CONFIGURATION.format(dsn=own_postgres.dsn(), hook=hook.url))
        daemon = await where.start()
        await until(lambda: told(hook, "OrdersWaiting", "firing"), what="it fires")
        own_postgres.pause()
        await daemon.said("timed out")
        assert not told(hook, "OrdersWaiting", "resolved")
        own_postgres.resume()
        await connection.execute("update orders set status = 'done'")
        await until(lambda: told(hook, "OrdersWaiting", "resolved"), what="it resolves")
        assert await daemon.terminate() == 0
    await connection.close()
