"""The recipes of business figures: the pages' tables, queries and rules as they stand, on the three databases, in the real daemon."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.paths import ROOT
from tests.support.peers.mariadb import MariaDb
from tests.support.processes import eventually, installation
from tests.support.servers import PostgresServer, postgres_server

KINDS = {"PostgreSQL": "postgres", "MySQL and MariaDB": "mysql", "SQLite": "sqlite"}
NOW = datetime.datetime.now(datetime.UTC)


def ago(**span: float) -> str:
    """A time before now, as every database reads it."""
    return (NOW - datetime.timedelta(**span)).strftime("%Y-%m-%d %H:%M:%S")


def rows(table: str, cells: list[tuple[Any, ...]]) -> str:
    """An INSERT."""
    lines = [", ".join("null" if cell is None else repr(cell) for cell in row) for row in cells]
    return f"insert into {table} values {', '.join(f'({line})' for line in lines)};"


SHOP = "\n".join(
    [
        rows("customers", [(1, ago(days=100)), (2, ago(days=100)), (3, ago(hours=2)), (4, ago(days=40))]),
        rows("visits", [(number, {1: 1, 2: 1, 3: 3}.get(number), ago(hours=number)) for number in range(1, 9)]),
        rows(
            "orders",
            [
                (1, 1, "paid", 100, ago(days=45)),
                (2, 1, "paid", 50, ago(minutes=10)),
                (3, 2, "paid", 80, ago(days=40)),
                (4, 3, "paid", 30, ago(hours=3)),
                (5, 4, "paid", 20, ago(days=10)),
                (6, 3, "cancelled", 999, ago(minutes=5)),
            ],
        ),
        rows("order_items", [(2, 3, 65, 1), (6, 3, 900, 1), (1, 3, 800, 1)]),
        rows("products", [(1, 0, 5, 10), (2, 3, 5, 10), (3, 100, 5, 1)]),
    ]
)
SHOP_FIGURES = {
    'shop_orders{period="1h"}': 1,
    'shop_orders{period="1d"}': 2,
    'shop_orders{period="30d"}': 3,
    'shop_revenue{period="1h"}': 50,
    'shop_revenue{period="1d"}': 80,
    'shop_revenue{period="30d"}': 100,
    "shop_average_order_value": 40,
    "shop_conversion_ratio": 0.25,
    "shop_retention_ratio": 0.5,
    'shop_users{kind="new"}': 1,
    'shop_users{kind="active"}': 2,
    'shop_products{stock="out"}': 1,
    'shop_products{stock="low"}': 1,
    "shop_turnover_ratio": 0.5,
}
DISPATCH = "\n".join(
    [
        rows(
            "orders",
            [(number, "waiting", None, ago(hours=3), ago(hours=-9), None) for number in range(1, 12)]
            + [(12, "waiting", None, ago(minutes=5), ago(hours=-9), None)]
            + [(number, "in_transit", number % 2, ago(hours=4), ago(hours=1), None) for number in range(20, 26)]
            + [(number, "completed", 3, ago(hours=6), ago(hours=1), ago(hours=5.5)) for number in range(30, 36)]
            + [(40, "cancelled", None, ago(hours=6), ago(hours=1), None)],
        ),
        rows("vehicles", [(number, int(number < 10)) for number in range(12)]),
    ]
)
DISPATCH_FIGURES = {
    'dispatch_orders{status="waiting"}': 12,
    'dispatch_orders{status="in_transit"}': 6,
    'dispatch_orders{status="completed"}': 6,
    'dispatch_orders{status="cancelled"}': 1,
    "dispatch_waiting_orders": 11,
    "dispatch_late_orders": 6,
    "dispatch_utilisation_ratio": 0.2,
    "dispatch_processing_seconds": 1800,
    "dispatch_completion_ratio": 0.25,
}
RECIPES = {
    "shop": (SHOP, SHOP_FIGURES, {"OutOfStock", "StockLow"}),
    "dispatch": (DISPATCH, DISPATCH_FIGURES, {"OrdersWaiting", "OrdersLate", "FewVehiclesInUse"}),
}


def sections(recipe: str) -> dict[str, str]:
    """The code below each heading of a page; "" is what stands before the first."""
    text = (ROOT / "docs" / "recipes" / f"{recipe}-figures.md").read_text()
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    named = dict(zip(["", *parts[1::2]], parts[::2], strict=True))
    return {name: "".join(re.findall(r"^```\w+\n(.*?)^```", part, re.DOTALL | re.MULTILINE)) for name, part in named.items()}


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


async def filled_targets(recipe: str, script: str, directory: Path, postgres: PostgresServer, mysql: MariaDb) -> dict[str, str]:
    """Make the tables in the three databases, with a role that may only read; the line of a check that names each."""
    connection = await asyncpg.connect(postgres.dsn())
    with contextlib.suppress(asyncpg.DuplicateObjectError):
        await connection.execute("create role monitor login password 'm'; alter role monitor set timezone = 'Asia/Seoul'")
    await connection.execute(f"drop database if exists {recipe}")
    await connection.execute(f"create database {recipe}")
    await connection.close()
    connection = await asyncpg.connect(postgres.dsn(database=recipe))
    await connection.execute(f"{script}; grant select on all tables in schema public to monitor")
    await connection.close()
    mysql.sql(
        f"create or replace database {recipe}; create user if not exists monitor identified by 'm'; grant select on {recipe}.* to monitor;"
        f"use {recipe}; {script.replace(' timestamp', ' datetime')}"
    )
    path = directory / f"{recipe}.db"
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executescript(script)
    return {
        "postgres": f'dsn = "{postgres.dsn("monitor", "m", recipe)}"',
        "mysql": f'dsn = "{mysql.dsn("monitor", "m", recipe)}"',
        "sqlite": f'path = "{path}"',
    }


def configuration(page: dict[str, str], recipe: str, targets: dict[str, str]) -> str:
    """The page's own configuration for all three at once: other addresses and names, and everything sooner."""
    checks = ""
    for heading, kind in KINDS.items():
        block = re.sub(r"^(dsn|path) = .*$", targets[kind], page[heading], flags=re.MULTILINE)
        checks += block.replace(f'name = "{recipe}"', f'name = "{kind}"\ninterval = "300ms"')
    sooner = re.sub(r'^interval = "\d+[mh]"$', 'interval = "300ms"', page["Rules"] + checks, flags=re.MULTILINE)
    return "default_rules = false\n" + re.sub(r'^for = ".*"$', 'for = "1s"', sooner, flags=re.MULTILINE)


def of_check(series: str, check: str) -> str:
    """The series of one check: `a{b="c"}` becomes `a{check="x",b="c"}`."""
    name, _, labels = series.rstrip("}").partition("{")
    return f'{name}{{check="{check}",{labels}}}'


@pytest.mark.parametrize("recipe", RECIPES)
async def test_the_figures_of_a_recipe(recipe: str, tmp_path: Path, postgres: PostgresServer, mariadb_peer: MariaDb) -> None:
    """Each figure has its value from each database, and the rules whose limit is passed fire for each, and no others."""
    script, figures, alerts = RECIPES[recipe]
    page = sections(recipe)
    targets = await filled_targets(recipe, page[""] + script, tmp_path, postgres, mariadb_peer)
    wanted = {
        re.sub(r"(\{|$)", rf'{{check="{kind}",', name, count=1).rstrip("}") + "}": v
        for kind in KINDS.values()
        for name, v in figures.items()
    }
    with installation(tmp_path / "monitor") as where:
        where.configure(configuration(page, recipe, targets))
        daemon = await where.start()

        def values() -> dict[str, float]:
            done = where.run("query", "-", "--json", stdin="\n".join(wanted) + "\n")
            assert done.returncode == 0, done.stderr
            found: dict[str, float] = {}
            for expr, line in zip(wanted, done.stdout.splitlines(), strict=True):
                result = json.loads(line)["data"]["result"]
                found |= {expr: round(float(result[0]["value"][1]), 6)} if result else {}
            return found

        def firing() -> set[tuple[str, str]]:
            told = json.loads(where.run("alerts", "--json").stdout)
            return {(alert["labels"]["alertname"], alert["labels"]["check"]) for alert in told if alert["state"] == "firing"}

        expected = {(alert, kind) for alert in alerts for kind in KINDS.values()}
        await eventually(lambda: asyncio.to_thread(values), lambda found: found == wanted)
        await eventually(lambda: asyncio.to_thread(firing), lambda found: found == expected)
        assert await daemon.terminate() == 0
