"""The page of an incident says at once what is wrong, since when, who knows, why, and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

import pytest

from tests.support import sample_boards as boards
from tests.support.board_backend import EVIDENCE
from tests.support.sample_history import sample_strip
from tui_monitor.board.strip import slot_bounds
from tui_monitor.board.values import AlertDetail, AlertEvent, AlertView, Board, Chart, ChartLine, Delivery
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.remedies import REMEDIES, Remedy
from tui_monitor.widgets.cell_line import RenderStyle, text_of
from tui_monitor.widgets.glyphs import ASCII, NARROW, UNICODE, Glyphs
from tui_monitor.widgets.incident_page import incident_lines
from tui_monitor.widgets.incident_people import knowing_lines
from tui_monitor.widgets.incident_view import IncidentView, LoggedLine
from tui_monitor.widgets.palettes import palette_of
from tui_monitor.widgets.remedy_commands import commands_of
from tui_monitor.widgets.styles import TextStyles

LOOK = RenderStyle(UNICODE, UTC)
TIMES = tuple(range(boards.AT - boards.HOUR, boards.AT + 1, boards.MINUTE))
CHART = Chart((ChartLine("db", TIMES, tuple(0.004 for _ in TIMES)),), "seconds", ((1.0, "unhealthy"),))


def view(alert: AlertView | None = None, board: Board | None = None, **more: Any) -> IncidentView:
    board = board or boards.storm()
    alert = alert or board.alerts[0]
    name = alert.labels.get("check", "")
    check = next((one for one in board.checks if one.name == name), None)
    detail = AlertDetail(alert, "check_health >= 1", (AlertEvent(alert.starts_at, "firing"),), evidence=EVIDENCE, series="x")
    day = sample_strip(board, name, slot_bounds(boards.AT, 900_000, 96))
    return IncidentView(detail, board, check, CHART, TIMES[0], boards.AT, "1h", day=day, **more)


def page(shown: IncidentView, width: int = 120, height: int = 40) -> str:
    return text_of(incident_lines(shown, width, height, LOOK))


def test_the_page_tells_all_of_an_outage_without_scrolling() -> None:
    """On 120x40: verdict, target, begin, failures, notifiers, affected, advice with its commands, runbook, log, what else."""
    top = "\n".join(page(view()).split("\n")[:40])
    for part in (
        "✗ db down 3m 12s", "127.0.0.1:5432/app", "since 14:10:08", "19 failures in a row", "nobody acked it", "unhealthy > 1.00s",
        "ops-chat", "refused", "3 muted by this", "billing", "checkout", "connect", "timed out after 5s", "systemctl status postgresql",
        "https://wiki.example.com/db", "payment: upstream timed out", "busiest then: postgres 31%", "first time", "History",
    ):  # fmt: skip
        assert part in top, part
    assert top.index("ss -ltn 'sport = :5432'   ") < top.index("No connection is made")  # what to type stands before the prose


def test_a_phone_sees_verdict_reason_and_who_was_told() -> None:
    """Within the twelve lines of 40x12, nothing wider than the screen."""
    rows = page(view(), 40, 12).split("\n")
    assert {f.cells(row) for row in rows} == {40}
    top = "\n".join(rows[:10])
    assert all(part in top for part in ("db down 3m 12s", "timed out after 5s", "ops-chat", "ops-mail", "24h", "what to do"))


@pytest.mark.parametrize("glyphs", [UNICODE, NARROW, ASCII], ids=["unicode", "narrow", "ascii"])
@pytest.mark.parametrize("kind", ["storm", "busy", "hostile", "korean"])
@pytest.mark.parametrize(("width", "height"), [(10, 4), (40, 12), (80, 24), (99, 30), (100, 30), (200, 50)])
def test_no_incident_breaks_its_page(kind: str, width: int, height: int, glyphs: Glyphs) -> None:
    """Every alert, of hostile and wide texts too, at every size: each line has the width."""
    board: Board = getattr(boards, kind)()
    for alert in board.alerts:
        lines = incident_lines(view(alert, board, place="1 of 2", copied=0), width, height, RenderStyle(glyphs, UTC))
        assert {f.cells(row) for row in text_of(lines).split("\n")} <= {width, 0}


def test_who_knows_follows_retries_escalation_and_acknowledgement() -> None:
    """When a message is tried again, who hears of it next unless somebody acknowledges, and then who has."""
    alert = replace(
        boards.storm().alerts[0],
        deliveries=(Delivery("ops-mail", "firing", "retrying", boards.AT, "refused", 2, boards.AT + 40_000),),
        escalates_at=boards.AT + 600_000,
        escalates_to=("on-call",),
    )
    text = page(view(alert))
    assert "refused, try 3 in 40s" in text and "on-call" in text and "escalates 14:23 if not acked" in text
    taken = page(view(replace(alert, acknowledged_by="anna", acknowledged_at=boards.AT, acknowledged_note="rollback")))
    assert "acked by anna: rollback" in taken and "anna acknowledged it" in taken and "escalates" not in taken


def test_an_error_of_a_notifier_is_wrapped_and_a_fact_of_the_head_left_out_before_it_is_cut() -> None:
    """When it is tried again is read to its end; a head in little room has no half words."""
    error = "cannot connect to 127.0.0.1:28999: connection refused"
    late = Delivery("ops-mail", "firing", "retrying", boards.AT, error, 4, boards.AT + 40_000)
    told = knowing_lines(view(replace(boards.storm().alerts[0], deliveries=(late,))), 44, LOOK)
    assert f"{error}, try 5 in 40s" in " ".join(text_of(told).split())
    check = replace(boards.storm().checks[0], target="https://postgres.internal.example.com:5432/application_database?sslmode=x")
    board = replace(boards.storm(), checks=(check, *boards.storm().checks[1:]))
    head = page(view(board=board)).split("\n")[0]
    assert "since 14:10:08" in head and "19 failures in a row" in head and "postgres.internal" not in head and "⋯" not in head
    assert "since 14:10  " in page(view(place="1 of 2"), 40, 12).split("\n")[1] + "  "


def test_a_muted_alert_says_what_mutes_it_and_an_ended_one_how_long_it_was() -> None:
    """Neither is told as an open one."""
    muted = page(view(boards.storm().alerts[2]), 200, 50)
    assert "nobody was told: muted by db (it depends on it)" in muted and "nobody acked it" not in muted
    ended = replace(boards.storm().alerts[0], state="resolved", ends_at=boards.AT - 72_000)
    assert "✓ db was down 2m" in page(view(ended))


def test_the_last_time_names_who_took_it() -> None:
    """Duration, person and note; how often it comes back."""
    last = replace(
        boards.storm().alerts[0], id="old", starts_at=boards.AT - boards.DAY, ends_at=boards.AT - boards.DAY + 240_000,
        acknowledged_by="anna", acknowledged_note="restarted",
    )  # fmt: skip
    text = page(view(last_time=last, times=3), 200, 50)
    assert "last time: Sep 20 14:13, 4m, anna: “restarted”" in text and "3 times within 30 days" in text


def test_figures_are_compared_with_an_hour_before() -> None:
    """What changed most comes first; the log of the time stands beside it, in its level."""
    now, then = ({"postgres_connections": value, "postgres_locks": 1.0} for value in (99.0, 12.0))
    board, earlier = (
        replace(whole, checks=tuple(replace(one, figures=figures) if one.name == "db" else one for one in whole.checks))
        for whole, figures in ((boards.storm(), now), (boards.storm(), then))
    )
    shown = view(
        board=board, before=earlier,
        log=(LoggedLine(boards.AT - 1000, "FATAL: too many clients", "error"),),
    )  # fmt: skip
    text = page(shown)
    assert "connections 99  (1h before: 12)" in text and text.index("connections 99") < text.index("locks 1")
    assert "14:13:19 FATAL: too many clients" in text


def test_a_long_log_leaves_room_for_the_chart() -> None:
    """Its newest lines are shown, as many as fit beside the reason."""
    shown = view(log=tuple(LoggedLine(boards.AT, f"line {n}") for n in range(50)))
    rows = page(shown).split("\n")
    assert next(n for n, row in enumerate(rows) if "why, and what to do" in row) >= 14 and "line 0" in page(shown)


def test_phases_are_a_waterfall() -> None:
    """Each bar begins where the one before ends, and the one that took most is marked."""
    board = boards.storm()
    check = replace(board.checks[0], phases={"connect": 1.0, "processing": 3.0})
    lines = incident_lines(view(board=replace(board, checks=(check, *board.checks[1:]))), 120, 40, LOOK)
    bars = [next(row for row in lines if f" {name} " in text_of([row])) for name in ("connect", "processing")]
    starts = [text_of([row]).index("■") for row in bars]
    assert starts[0] < starts[1] and any(style == "slot-slow" for _, style in bars[1]) and not any(s == "slot-slow" for _, s in bars[0])


@pytest.mark.parametrize(
    ("advice", "commands"),
    [
        ("Nothing listens: systemctl status redis; ss -ltnp 'sport = :6379'", ["systemctl status redis", "ss -ltnp 'sport = :6379'"]),
        ("then firewall and route (ping db.example.com).", ["ping db.example.com"]),
        ("openssl s_client -connect a:443 </dev/null shows the certificate.", ["openssl s_client -connect a:443 </dev/null"]),
        ("redis-cli INFO memory 와 --bigkeys 로 큰 키를 찾으십시오.", ["redis-cli INFO memory"]),
        ("sudo systemctl restart api", ["sudo systemctl restart api"]),
        ("Look at the service's log, then restart it.", []),
        ("", []),
    ],
)  # fmt: skip
def test_commands_are_found_in_prose(advice: str, commands: list[str]) -> None:
    """In English and Korean, without the prose around them."""
    assert commands_of(advice) == commands


@pytest.mark.parametrize("one", REMEDIES, ids=lambda one: one.english[:24])
def test_advice_names_the_same_commands_in_both_languages(one: Remedy) -> None:
    """They stand alone on a line, to be copied."""
    place = {"host": "h", "port": "1", "unit": "u"}
    assert commands_of(one.korean.format_map(place)) == commands_of(one.english.format_map(place))


def test_a_runbook_is_a_link_only_where_it_is_a_web_address() -> None:
    """OSC 8 for http and https; text that could leave the sequence is shown and not linked."""
    styles = TextStyles(palette_of("night").colors)
    urls = {"https://wiki.example.com/a": True, "javascript:alert(1)": False, "https://x\x1b]8;;": False, "https://a b": False}
    for url, link in urls.items():
        alert = replace(boards.storm().alerts[0], annotations={"runbook_url": url})
        found = [style for row in incident_lines(view(alert), 120, 40, LOOK) for _, style in row if style.startswith("link:")]
        assert bool(found) == link and all(styles.style(one).link == url for one in found)
