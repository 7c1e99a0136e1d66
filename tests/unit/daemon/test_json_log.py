"""The log: one JSON object a line, without secrets, whatever is logged."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from tui_monitor.daemon.json_log import hide_secrets, name_origin, start_logging


class Log:
    """A started log and what it wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = start_logging(self.stream)
        self.logger = logging.getLogger("tui_monitor.test")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """All lines so far."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    """Logging as the daemon has it; pytest's own handlers come back afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("tui_monitor")
    before = root.handlers[:], root.level, ours.level
    yield Log()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def test_a_line_has_time_level_logger_message_and_data(log: Log) -> None:
    """What is given as data stands beside the message."""
    log.logger.warning("check %s failed", "api", extra={"data": {"check": "api", "took": 1.5}})
    line = log.lines[0]
    assert line.pop("time").endswith("Z")
    assert line == {"level": "warning", "logger": "tui_monitor.test", "message": "check api failed", "check": "api", "took": 1.5}


def test_every_line_names_the_service_and_its_environment(log: Log) -> None:
    """Where they are configured; data of a record cannot replace them."""
    name_origin(log.handler, "wallet", "")
    log.logger.warning("x", extra={"data": {"service": "other"}})
    assert log.lines[0]["service"] == "wallet" and "environment" not in log.lines[0]


def test_hostile_text_stays_in_its_line(log: Log) -> None:
    """Newlines, escape sequences, quotes and lone surrogates make neither a second line nor an error."""
    log.logger.info("name: %s", 'a\nb"c\x1b[31m\u2028\udcff')
    assert len(log.stream.getvalue().splitlines()) == 1
    assert "\x1b" not in log.stream.getvalue()
    log.stream.getvalue().encode()


def test_data_cannot_overwrite_the_line(log: Log) -> None:
    """Data called "message" or "level" does not hide what happened."""
    log.logger.error("real", extra={"data": {"message": "fake", "level": "info", "time": 0}})
    assert (log.lines[0]["message"], log.lines[0]["level"]) == ("real", "error")


def test_secrets_are_hidden_everywhere_in_a_line(log: Log) -> None:
    """In the message, its arguments, the data and an exception's text; the longest secret first."""
    hide_secrets(log.handler, ["token-123", "token-123-long", "x"])
    log.logger.info("POST https://api/bot%s/send", "token-123-long")
    log.logger.info("data", extra={"data": {"error": "refused: token-123", "more": ["token-123"]}})
    try:
        raise ValueError("token-123 is wrong")
    except ValueError:
        log.logger.exception("broke")
    text = log.stream.getvalue()
    assert "token-123" not in text and text.count("***") >= 4
    assert "-long" not in text
    assert "ValueError" in log.lines[2]["exception"]


def test_a_secret_that_json_escapes_is_hidden_too(log: Log) -> None:
    """A password with a quote, a backslash and a letter beyond ASCII."""
    hide_secrets(log.handler, ['pass"wo\\rd-é'])
    log.logger.info("it is %s", 'pass"wo\\rd-é', extra={"data": {"dsn": 'x:pass"wo\\rd-é@host'}})
    assert "wo" not in log.lines[0]["message"] and "wo" not in log.lines[0]["dsn"]


def test_levels(log: Log) -> None:
    """Our information is logged, other libraries' is not, their warnings are."""
    log.logger.debug("no")
    log.logger.info("ours")
    logging.getLogger("httpx").info("no: it names URLs")
    logging.getLogger("asyncio").warning("theirs")
    assert [line["message"] for line in log.lines] == ["ours", "theirs"]
