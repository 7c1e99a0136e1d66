"""The configurations of examples/ in the real daemon, against real servers: an outage and its end are told, in two languages."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.process.test_recipes_figures import DISPATCH, SHOP, sections
from tests.support.example_texts import APPLICATION, DATABASE, EXCHANGE, JOBS, LATE, NODE, PAYMENT, SPREAD
from tests.support.examples import EXAMPLES, SECRETS, Run, asked, example, firing, healthy, reported, says
from tests.support.expected_text import Text, mention, told
from tests.support.httpserver import HttpServer
from tests.support.paths import ROOT
from tests.support.peers.anvil import anvil
from tests.support.peers.dockerd import dockerd
from tests.support.peers.fixtures import present
from tests.support.peers.mariadb import mariadb
from tests.support.peers.nginx import nginx
from tests.support.peers.python_app import python_app
from tests.support.processes import told as webhook_told
from tests.support.processes import until
from tests.support.receivers import Reply
from tests.support.servers import PostgresServer, ServerMissing, postgres_server, redis_server
from tui_monitor.config.load import load
from tui_monitor.runtime.wiring import problems_of

WALLET = """
create table users (id int primary key, created_at timestamp);
create table transactions (type text, currency text, amount numeric, created_at timestamp, user_id int);
create table wallets (currency text, balance numeric);
insert into users select n, now() at time zone 'utc' - n * interval '10 hour' from generate_series(0, 9) n;
insert into transactions values ('deposit', 'ETH', 1.5, now() at time zone 'utc', 1), ('withdrawal', 'ETH', 1, now() at time zone 'utc', 2);
insert into wallets values ('ETH', 12.5);
"""
TRADING = """
create table positions (portfolio text, symbol text, quantity numeric, price numeric);
create table orders (status text);
insert into positions values ('main', 'BTC-USD', 2, 64000);
insert into orders values ('open'), ('filled');
"""


async def filled(server: PostgresServer, script: str, database: str) -> None:
    """A database with tables, and the role that may only read them."""
    connection = await asyncpg.connect(server.dsn())
    await connection.execute("create role monitor login password 'm'; grant pg_monitor to monitor")
    await connection.execute(f"create database {database}")
    await connection.close()
    await changed(server, f"{script}; grant select on all tables in schema public to monitor", database)


async def changed(server: PostgresServer, script: str, database: str) -> None:
    """Statements in a database."""
    connection = await asyncpg.connect(server.dsn(database=database))
    await connection.execute(script)
    await connection.close()


async def told_to_all(run: Run, text: str, footer: str) -> None:
    """Slack, mail and SMS have this message."""
    expected = Text(text, footer)
    await told(run.receivers.slack_texts, expected.slack)
    await told(run.receivers.mail_texts, expected.mail)
    await told(run.receivers.sms_texts, expected.sms)


async def hooked(run: Run, alert: str, status: str) -> None:
    """As soon as the webhook has been told of this alert in this status."""
    await until(lambda: webhook_told(run.receivers.hook, alert, status), what=f"{alert} {status}")


def docker_socket(stack: ExitStack) -> str:
    """A Docker engine with the container shop-web-1; where none can be started (no root), a path without one: unknown, never an outage."""
    try:
        engine = stack.enter_context(dockerd())
    except ServerMissing:
        return "/nonexistent/docker.sock"
    engine.run("shop-web-1", "sleep", "600")
    return str(engine.socket)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_accepted(name: str) -> None:
    """Each example loads, and its rules and routes can run, with nothing but its secrets set."""
    assert problems_of(load(ROOT / "examples" / name / "config.toml", SECRETS)) == []


_REQUESTS_FAIL = ("ERROR", "limit 10% · category application · check app")


async def test_wallet(tmp_path: Path) -> None:
    """A node that ends and comes back is two messages in Telegram; requests that fail raise the example's own rule."""
    log = tmp_path / "app.log"
    log.write_text('{"level": "info", "message": "started"}\n')
    with present(anvil) as node, present(python_app) as app, postgres_server() as db, redis_server(requirepass="r") as cache:
        await filled(db, WALLET, "wallet")
        own = {
            "http://127.0.0.1:8000": app.url,
            "http://127.0.0.1:8545": node.url,
            "127.0.0.1:5432": f"127.0.0.1:{db.port}",
            "127.0.0.1:6379": f"127.0.0.1:{cache.port}",
            "/var/log/wallet/app.log": str(log),
        }
        async with example("wallet", tmp_path, own) as runs:
            await asked(f"{app.url}/broken")
            await healthy(runs)
            node.stop()
            for run in runs:
                await told(run.receivers.telegram_texts, Text(NODE[run.language][0], "wallet production · web-1").telegram)
            node.start()
            for run in runs:
                await told(run.receivers.telegram_texts, Text(NODE[run.language][1], "wallet production · web-1").telegram)
            await asked(f"{app.url}/broken", 20)
            for run in runs:
                words = ("오류", "기준 10% · 분류 application · 체크 app") if run.language == "ko" else _REQUESTS_FAIL
                text = await mention(run.receivers.telegram_texts, "requests fail")
                assert text.startswith(f"<b>❌ {words[0]} ") and words[1] in text
                assert sum("node" in text for text in run.receivers.telegram_texts()) == 2


async def test_dispatch(tmp_path: Path) -> None:
    """A database that is gone is told to Slack, mail and SMS; late orders to Slack and mail; idle vehicles to Slack only."""
    async with HttpServer() as api:
        with postgres_server() as db:
            await filled(db, sections("dispatch")[""] + DISPATCH, "dispatch")
            own = {"http://127.0.0.1:8080": api.url, "127.0.0.1:5432": f"127.0.0.1:{db.port}"}
            async with example("dispatch", tmp_path, own) as runs:
                await healthy(runs)
                for run in runs:
                    await firing(run, {"OrdersWaiting", "OrdersLate", "FewVehiclesInUse"})
                    await told(run.receivers.slack_texts, Text(LATE[run.language][0], "").slack)
                    await told(run.receivers.mail_texts, Text(LATE[run.language][0], "dispatch · web-1").mail)
                await changed(db, "update orders set status = 'completed', completed_at = due_at", "dispatch")
                for run in runs:
                    await told(run.receivers.slack_texts, Text(LATE[run.language][1], "").slack)
                    await told(run.receivers.mail_texts, Text(LATE[run.language][1], "dispatch · web-1").mail)
                db.stop()
                for run in runs:
                    await told_to_all(run, DATABASE[run.language][0], "dispatch · web-1")
                db.start()
                for run in runs:
                    await told_to_all(run, DATABASE[run.language][1], "dispatch · web-1")
                    assert not [text for text in run.receivers.mail_texts() if "vehicles are in use" in text]
                    assert not [text for text in run.receivers.sms_texts() if "orders" in text]


TICKER = {"symbol": "BTCUSDT", "last": "64000.5", "bid": "63999.9", "ask": "64001.1", "volume": "1201.7"}


def tickers(**changes: str) -> str:
    """An exchange's answer."""
    return json.dumps({"tickers": [{**TICKER, **changes}]})


@asynccontextmanager
async def trades() -> AsyncIterator[str]:
    """A feed that answers the subscription, then sends a trade each 100 ms."""

    async def feed(connection: ServerConnection) -> None:
        await connection.recv()
        for number in range(10_000):
            try:
                await connection.send(json.dumps({"type": "trade", "time": round(time.time() * 1000), "seq": number}))
            except ConnectionClosed:
                return
            await asyncio.sleep(0.1)

    async with serve(feed, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"


async def test_trading(tmp_path: Path) -> None:
    """An exchange that is down and its group are one message; a webhook that refuses holds up nobody and hears of it later."""
    async with HttpServer() as others, trades() as stream:
        for path in ("/a", "/b"):
            others.at(path, body=tickers())
        with present(python_app) as app, postgres_server() as db, redis_server(requirepass="r", maxmemory="8mb") as cache:
            await filled(db, TRADING, "trading")
            own = {
                "https://a.exchange.example.com/api/ticker": f"{others.url}/a",
                "https://b.exchange.example.com/api/ticker": f"{others.url}/b",
                "wss://stream.a.exchange.example.com/ws": stream,
                "http://127.0.0.1:8000": app.url,
                "127.0.0.1:5432": f"127.0.0.1:{db.port}",
                "127.0.0.1:6379": f"127.0.0.1:{cache.port}",
                "192.0.2.1:443": f"127.0.0.1:{others.port}",
                **{f"https://{name}.example.com": others.url for name in ("bank", "data", "identity")},
            }
            async with example("trading", tmp_path, own) as runs:
                await healthy(runs)
                for run in runs:
                    await reported(run, "risk", {"Exposure": 128_000.0, "Largest position, share of the exposure": 1.0})
                    await reported(run, "trading-day", {"Value of all portfolios": 128_000.0, "main": 128_000.0})
                    run.receivers.hook.default = Reply(503)
                others.at("/b", status=503)
                for run in runs:
                    await told(run.receivers.slack_texts, Text(EXCHANGE[run.language][0], "").slack)
                    run.receivers.hook.default = Reply(200)
                others.at("/b", body=tickers())
                for run in runs:
                    await told(run.receivers.slack_texts, Text(EXCHANGE[run.language][1], "").slack)
                    await hooked(run, "CheckUnhealthy", "resolved")
                others.at("/a", body=tickers(ask="66000"))
                for run in runs:
                    await told(run.receivers.slack_texts, Text(SPREAD[run.language], "").slack)


async def test_python_application(tmp_path: Path) -> None:
    """A figure passes its threshold; the process ends, the action runs, it comes back: Slack and a webhook hear of it."""
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("access.log", "app.log"):
        (logs / name).write_text("")
    with present(python_app) as app, present(lambda: nginx(f"location / {{ proxy_pass {app.url}; }}")) as web:
        own = {
            'listen = "127.0.0.1:9464"': 'listen = ""',
            "http://127.0.0.1:8000": app.url,
            "http://127.0.0.1:80/": f"{web.url}/",
            "/var/log/nginx/monitor.log": str(logs / "access.log"),
            "/var/log/catalogue/*.log": str(logs / "app.log"),
            'argv = ["/usr/bin/systemctl", "restart", "catalogue"]\nafter = "2m"': f'argv = ["/usr/bin/touch", "{tmp_path}/restarted"]',
            'name = "workers"\ntype = "process"\npattern = "catalogue-worker"': 'name = "workers"\ntype = "process"\npattern = "nginx: "',
        }
        async with example("python-application", tmp_path, own) as runs:
            await healthy(runs, but=("reindex",))
            await asked(f"{app.url}/enqueue")
            for run in runs:
                await told(run.receivers.slack_texts, Text(JOBS[run.language], "").slack)
            await asked(f"{app.url}/work")
            for run in runs:
                await firing(run, set())
            app.stop()
            for run in runs:
                await told(run.receivers.slack_texts, Text(APPLICATION[run.language][0], "").slack)
            for run in runs:
                await says(run, "exit 0 after", "audit")
            assert (tmp_path / "restarted").exists()
            app.start()
            for run in runs:
                await told(run.receivers.slack_texts, Text(APPLICATION[run.language][1], "").slack)
                for alert in ("JobsWaiting", "CheckUnhealthy"):
                    for status in ("firing", "resolved"):
                        await hooked(run, alert, status)


async def test_shop(tmp_path: Path) -> None:
    """A payment provider that is down is told to developers, management and the phone; stock to management only."""
    log = tmp_path / "app.log"
    log.write_text("")
    async with HttpServer() as others:
        others.behave(body='{"status": "ok"}')
        with ExitStack() as stack:
            db, app = stack.enter_context(present(mariadb)), stack.enter_context(present(python_app))
            cache = stack.enter_context(redis_server(requirepass="r"))
            script = (sections("shop")[""] + SHOP).replace(" timestamp", " datetime")
            db.sql(f"create database shop; create user monitor identified by 'm'; grant select on shop.* to monitor; use shop; {script}")
            own = {
                "http://127.0.0.1:8000": app.url,
                "/var/log/shop/*.log": str(log),
                "127.0.0.1:3306": f"127.0.0.1:{db.port}",
                "127.0.0.1:6379": f"127.0.0.1:{cache.port}",
                "/var/run/docker.sock": docker_socket(stack),
                "https://pay.example.com": others.url,
                "https://courier.example.com": f"{others.url}/courier",
            }
            async with example("shop", tmp_path, own) as runs:
                await healthy(runs, but=("containers",))
                others.at("/status", body='{"status": "down"}')
                for run in runs:
                    await told_to_all(run, PAYMENT[run.language][0], "shop · web-1")
                others.at("/status", body='{"status": "ok"}')
                for run in runs:
                    await told_to_all(run, PAYMENT[run.language][1], "shop · web-1")
                    await mention(run.receivers.mail_texts, "products are out of stock")
                    assert not [text for text in run.receivers.slack_texts() if "products" in text]
