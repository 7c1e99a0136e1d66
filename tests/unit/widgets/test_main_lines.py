"""The lines of the main screen: strips, incidents by cause, services as a tree, the selection, the machine, the verdict."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from tests.support import sample_boards as boards
from tests.support.sample_history import sample_strip
from tui_monitor.board.strip import LOWEST, Slot, SlotSamples, Strip, slot_bounds, strip
from tui_monitor.board.values import Board, Delivery
from tui_monitor.core import humanize as f
from tui_monitor.core.catalogue.translation import translator
from tui_monitor.core.kept import Kept
from tui_monitor.core.values import HealthStatus
from tui_monitor.widgets import machine
from tui_monitor.widgets.alerts import is_open, short_state, state_text
from tui_monitor.widgets.cell_line import Line, RenderStyle, text_of
from tui_monitor.widgets.ended import lately_ended
from tui_monitor.widgets.frames import boxed, top_line
from tui_monitor.widgets.glyphs import ASCII, NARROW, UNICODE, Glyphs
from tui_monitor.widgets.incidents import ended_line, folded, grouped, incident_line, narrow_foot, told_text, try_line
from tui_monitor.widgets.selection import fact_lines, selection_lines, short_stamp
from tui_monitor.widgets.services import (
    columns_at,
    columns_with_figures,
    names_width,
    rest_line,
    service_line,
    short_reason,
    strip_cells,
    tree,
)
from tui_monitor.widgets.strip_cells import WINDOWS, cell_text, merged, moment_at, next_cell, slots_at, strip_runs, trouble_moment
from tui_monitor.widgets.styles import RECIPES
from tui_monitor.widgets.verdict import hour_line, verdict_line

LOOK = RenderStyle(UNICODE, UTC)
BOARDS = (boards.storm, boards.busy, boards.quiet, boards.empty, boards.hostile, boards.korean, boards.loading, boards.broken)
HEALTHY, FAILED, SLOW = SlotSamples(0.0, 1.0, 0.1), SlotSamples(2.0, 0.0, 5.0), SlotSamples(1.0, 1.0, 0.6)


def example(*samples: SlotSamples) -> Strip:
    return strip(tuple(boards.AT + 60_000 * n for n in range(len(samples) + 1)), samples)


HOUR = example(*[HEALTHY] * 50, *[SLOW] * 5, SlotSamples(), *[FAILED] * 4)


def all_lines(board: Board, width: int, look: RenderStyle = LOOK) -> list[Line]:
    lines = [verdict_line(board, grouped(board.alerts), width, look), hour_line(board, HOUR, width, look)]
    for alert in board.alerts:
        lines += [incident_line(alert, HOUR, board.at, width, look), try_line(alert, width, look)]
        lines += narrow_foot(alert, board.at, width, look, 4)
    rows = tree(board.checks, "status", look)
    lines += [service_line(row, HOUR, width, look, names_width(rows, width)) for row in rows]
    lines.append(rest_line(board.checks, width, look))
    for check, alert in zip(board.checks, board.alerts, strict=False):
        lines += selection_lines(check, alert, HOUR, ("log line",), board.at, width, 20, look)
    lines += [row.line for row in machine.machine_entries(board, board.sparks, width, 12, look, Kept())]
    lines += [machine.process_line(one, width, look) for one in board.resources.processes]
    return [*lines, machine.top_line(board.resources.processes, width, look), top_line("Title", "remark", width, look)]


@pytest.mark.parametrize("width", [30, 40, 59, 78, 118, 198])
@pytest.mark.parametrize("make", BOARDS)
def test_every_line_has_exactly_its_width_and_known_styles(make: Callable[[], Board], width: int) -> None:
    """Whatever the board holds, no line is wider or narrower than its place, and each style has a recipe."""
    for line in all_lines(make(), width):
        assert sum(f.cells(text) for text, _ in line) == width, line
        assert {style for _, style in line} <= set(RECIPES)


def test_nothing_hostile_survives() -> None:
    """No control character or bidi override reaches a line."""
    text = text_of(all_lines(boards.hostile(), 118))
    assert not [c for c in text if (unicodedata.category(c) in ("Cc", "Cs") and c != "\n") or 0x202A <= ord(c) <= 0x202E]


@pytest.mark.parametrize("make", [boards.storm, boards.busy, boards.quiet])
def test_ascii_and_narrow_shapes_keep_to_themselves(make: Callable[[], Board]) -> None:
    """With the ASCII shapes nothing else is drawn; with the narrow ones no character of ambiguous width."""
    assert text_of(all_lines(make(), 118, RenderStyle(ASCII, UTC))).isascii()
    narrow = text_of(all_lines(make(), 118, RenderStyle(NARROW, UTC)))
    assert not {c for c in narrow if unicodedata.east_asian_width(c) == "A"}


@pytest.mark.parametrize("glyphs", [UNICODE, replace(UNICODE, colored=False), NARROW, ASCII])
def test_a_strip_tells_status_by_colour_and_failure_by_shape(glyphs: Glyphs) -> None:
    """Failed, slow and unmeasured slots have styles of their own; a failure's shape is no healthy slot's."""
    runs = strip_runs(HOUR, 60, glyphs)
    assert sum(len(text) for text, _ in runs) == 60
    assert [style for _, style in runs] == ["slot-ok", "slot-slow", "slot-none", "slot-down"]
    assert runs[3][0][0] not in runs[0][0] and runs[2][0] not in runs[0][0]
    if not glyphs.colored:
        assert runs[1][0][0] not in (*runs[0][0], *runs[3][0])


@pytest.mark.parametrize("width", [10, 60, 90])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_cursor_of_a_strip_goes_from_cell_to_cell(width: int, glyphs: Glyphs) -> None:
    """From the newest to the oldest and no further; each step marks other cells, a failed one too, and the strip keeps its width."""
    strip_ = example(*[HEALTHY] * 30, FAILED, *[HEALTHY] * 29)
    moment, seen = 0, []
    for _ in range(100):
        moment = next_cell(strip_, width, moment, -1)
        runs = strip_runs(strip_, width, glyphs, moment)
        assert sum(len(text) for text, _ in runs) == width and [style for _, style in runs].count("chip-cursor") == 1
        seen.append(slots_at(strip_, width, moment)[0].begin)
    assert sorted(set(seen)) == sorted({strip_[at * 60 // width].begin for at in range(width)}) and seen[-1] == strip_[0].begin
    assert next_cell(strip_, width, moment, 1) > moment and next_cell((), width, moment, 1) == 0 and slots_at((), 0, 5) == ()


def test_a_cell_tells_its_time_worst_status_and_longest_latency() -> None:
    """Seconds are told where slots are shorter than a minute; without a probe it was not measured."""
    cell = example(HEALTHY, FAILED)
    assert cell_text(cell, boards.AT, UTC).split("  ")[1:] == ["unhealthy", f.latency(max(slot.seconds or 0 for slot in cell))]
    assert cell_text(example(SlotSamples()), boards.AT, UTC).endswith("  not measured")


def test_a_narrow_strip_shows_the_worst_of_each_cell() -> None:
    """One failed minute of an hour is seen in ten cells; a strip without slots is unmeasured."""
    lone = example(*[HEALTHY] * 30, FAILED, *[HEALTHY] * 29)
    assert [style for _, style in strip_runs(lone, 10, UNICODE)] == ["slot-ok", "slot-down", "slot-ok"]
    assert strip_runs((), 5, UNICODE) == (("·····", "slot-none"),)


def test_the_time_line_stays_low_while_all_is_well() -> None:
    """All checks together: low where healthy, higher the more of them fail."""
    whole = merged([example(HEALTHY, FAILED, FAILED), example(HEALTHY, HEALTHY, FAILED)])
    assert [slot.status for slot in whole] == [HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.UNHEALTHY]
    assert whole[0].height < whole[1].height < whole[2].height == 1.0
    assert merged([]) == () and isinstance(whole[0], Slot)


def test_windows_are_of_one_hour_first() -> None:
    """`w` goes through an hour, a day, a month and a quarter of an hour."""
    assert [(one.name, one.slot * one.count) for one in WINDOWS] == [
        ("1h", 3_600_000), ("24h", 86_400_000), ("30d", 30 * 86_400_000), ("15m", 900_000)
    ]  # fmt: skip


def test_incidents_are_grouped_by_their_cause() -> None:
    """Three muted by db are one line with db, which names them."""
    board = boards.storm()
    found = grouped(board.alerts)
    assert [alert.labels["check"] for alert in found] == ["db", "sessions"]
    assert "3 affected: billing cart checkout" in text_of([incident_line(found[0], HOUR, board.at, 160, LOOK)])


def test_told_means_every_notifier_has_it() -> None:
    """While one message is queued or retried, the row does not say "told"."""
    alert = replace(boards.storm().alerts[1], deliveries=(Delivery("chat", "firing", "sent", 1), Delivery("mail", "firing", "queued", 1)))
    assert is_open(alert)
    assert told_text(alert, boards.AT, LOOK, width=11) == ("queued", "dim")
    assert told_text(alert, boards.AT, LOOK)[0] == "chat ✓ mail ⋯"
    dead = replace(alert, deliveries=(alert.deliveries[0], Delivery("mail", "firing", "retrying", 1)))
    assert told_text(dead, boards.AT, LOOK, width=11) == ("not told", "warning")
    assert told_text(dead, boards.AT, LOOK)[0] == "mail ✗ retrying chat ✓"
    sent = replace(alert, deliveries=alert.deliveries[:1])
    assert told_text(sent, boards.AT, LOOK, width=11)[0] == "told"


@pytest.mark.parametrize(("mute", "word"), [("silence:7f3a", "silenced"), ("maintenance:nightly", "muted")])
def test_an_acknowledged_alert_that_is_muted_too_shows_both(mute: str, word: str) -> None:
    """In the row, in its narrow form, in the column of states and above the page of the incident; the note stays."""
    alert = replace(boards.storm().alerts[1], acknowledged_by="kim", acknowledged_note="rollback", suppressed_by=(mute,))
    assert told_text(alert, boards.AT, LOOK)[0] == f"acked kim + {word}: rollback"
    assert told_text(alert, boards.AT, LOOK, width=10)[0] == f"ack+{word[:3]}"
    assert state_text(alert, boards.AT) == f"acknowledged by kim + {word}: rollback"
    assert short_state(alert, boards.AT) == f"ack kim + {word}"
    assert short_state(replace(alert, acknowledged_by=""), boards.AT) == word
    korean = replace(LOOK, words=translator("ko"))
    assert "중지" in korean.words.say(told_text(alert, boards.AT, LOOK)[0])


def test_what_ended_lately_stays_for_an_hour() -> None:
    """The newest first, at most three; not what fires again, nor what is longer ago."""
    alert = boards.storm().alerts[1]
    history = [
        replace(alert, id=str(n), state="resolved", ends_at=boards.AT - n * 20 * boards.MINUTE, labels={"check": f"c{n}"}) for n in range(5)
    ]
    assert [one.id for one in lately_ended(history, boards.AT, ())] == ["0", "1", "2"]
    assert [one.id for one in lately_ended(history, boards.AT, [replace(alert, labels={"check": "c1"})])] == ["0", "2"]
    assert "lasted 12m: " in text_of([incident_line(history[0], HOUR, boards.AT, 118, LOOK)])
    over = boards.ended()
    assert "was down 1m: 503" in text_of([incident_line(over[0], HOUR, boards.AT, 118, LOOK)])
    assert "was degraded 7m: slow" in text_of([incident_line(over[2], HOUR, boards.AT, 118, LOOK)])


def test_what_ended_with_its_cause_stands_in_its_line() -> None:
    """The alerts of checks that depend on a failed one are in its line after the end too; not those of another time or check."""
    db = replace(
        boards.storm().alerts[0],
        name="CheckUnhealthy",
        state="resolved",
        ends_at=boards.AT - 5_000,
        labels={"check": "db"},
        suppressed_by=(),
        affected=0,
        affects=(),
    )
    cart = replace(db, id="cart", labels={"check": "cart"}, ends_at=boards.AT)
    before = replace(cart, id="before", starts_at=db.starts_at - 30 * boards.MINUTE, ends_at=db.starts_at - 10 * boards.MINUTE)
    other = replace(cart, id="other", labels={"check": "other"}, ends_at=boards.AT - 10_000)
    needs = {"db": (), "cart": ("db",), "other": ()}
    found = lately_ended([cart, db, before, other], boards.AT, (), needs)
    assert [(one.id, one.affects) for one in found] == [(db.id, ("cart",)), ("other", ()), ("before", ())]
    assert [one.id for one in lately_ended([cart], boards.AT, [replace(db, state="firing", ends_at=None)], needs)] == []


def test_a_healthy_slot_is_never_as_high_as_a_failed_one() -> None:
    """Without colour the shape alone tells a failure: the slowest healthy slot stays below the full block."""
    slots = [Slot(n, n + 1, HealthStatus.HEALTHY, 1.0 if n else LOWEST) for n in range(2)]
    (text, _), *rest = strip_runs((*slots, Slot(2, 3, HealthStatus.UNHEALTHY)), 3, LOOK.glyphs)
    assert (text, rest[0][0]) == ("▁▇", "█")


def test_services_are_a_tree_with_trouble_first() -> None:
    """What depends on db stands below it; trees with failures come first; circles end."""
    board = boards.storm()
    rows = tree(tuple(reversed(board.checks)), "status", LOOK)
    assert [(row.branch, row.check.name) for row in rows[:5]] == [
        ("", "db"), ("├ ", "checkout"), ("├ ", "cart"), ("└ ", "billing"), ("", "sessions")
    ]  # fmt: skip
    circle = (replace(board.checks[0], depends_on=("cart",)), replace(board.checks[2], depends_on=("db",)))
    assert len(tree(circle, "status", LOOK)) == 2
    assert [row.check.name for row in tree(board.checks, "name", LOOK)] == sorted(check.name for check in board.checks)


@pytest.mark.parametrize(
    ("reason", "status", "text"),
    [
        ("503 Service Unavailable", HealthStatus.UNHEALTHY, "503"),
        ("timed out after 5s (connect)", HealthStatus.UNHEALTHY, "timeout"),
        ("connection refused (127.0.0.1:5432)", HealthStatus.UNHEALTHY, "refused"),
        ("memory 51% of maxmemory", HealthStatus.DEGRADED, "51%"),
        ("slow: 812ms (limit 500ms)", HealthStatus.DEGRADED, "812ms"),
        ("strange", HealthStatus.UNKNOWN, "unknown"),
    ],
)
def test_a_reason_in_one_column(reason: str, status: HealthStatus, text: str) -> None:
    """The status code, a share or a word: what fits beside the strip."""
    assert short_reason(boards.check("x", status=status, reason=reason, seconds=0.812)) == text


def test_the_verdict_says_what_since_when_whom_and_who_knows() -> None:
    """One line is enough at 3 a.m.; while all is well it says that."""
    board = boards.storm()
    text = text_of([verdict_line(board, grouped(board.alerts), 120, LOOK)])
    assert "✗ db down 3m" in text and "→ billing cart checkout" in text and "ops-chat ✓ ops-mail ✗ retrying" in text
    assert text.rstrip().endswith("web-1  live  14:13:20")
    assert "✓ all well" in text_of([verdict_line(boards.quiet(), (), 80, LOOK)])
    assert "3m" in text_of([verdict_line(board, grouped(board.alerts), 40, LOOK)])


def test_the_selection_says_why_and_what_to_try() -> None:
    """Chart, reason, commands, whom it hits and the log; nothing selected is said."""
    board = boards.storm()
    text = text_of(selection_lines(board.checks[0], board.alerts[0], HOUR, ("FATAL: too many clients",), board.at, 60, 24, LOOK))
    for part in ("why  timed out", "systemctl status postgresql", "hits billing, cart, checkout", "log  FATAL", "█"):
        assert part in text, text
    well = replace(board.checks[-1], since=board.at - 4000)
    assert "ms, healthy  " in text_of(selection_lines(well, None, HOUR, (), board.at, 60, 24, LOOK))
    assert "Nothing is selected" in text_of(selection_lines(None, None, (), (), board.at, 60, 24, LOOK))


def test_what_to_try_are_commands_each_on_a_line_of_its_own() -> None:
    """Prose is left out where it names commands, and stands there where it names none; a phone sees the same."""
    board = boards.storm()
    alert = board.alerts[0]
    rows = text_of(fact_lines(board.checks[0], alert, (), board.at, 42, LOOK)).splitlines()
    at = next(number for number, row in enumerate(rows) if row.startswith(" try  systemctl status postgresql"))
    assert rows[at + 1].strip() == "ss -ltn 'sport = :5432'" and "No connection" not in "".join(rows)
    assert "ss -ltn" in text_of([try_line(alert, 80, LOOK)]) and "No connection" not in text_of([try_line(alert, 80, LOOK)])
    assert "No connection" not in (phone := text_of(narrow_foot(alert, board.at, 40, LOOK, 8))) and "ss -ltn 'sport" in phone
    prose = replace(alert, annotations={"description": "Ask the provider."})
    assert "try  Ask the provider." in text_of(fact_lines(None, prose, (), board.at, 42, LOOK))


def test_chart_of_the_selection_has_limits_deploys_and_the_begin() -> None:
    """The scale holds what was measured while the check answered; its own limit is a line with its name; the begin is marked."""
    board = boards.storm()
    strip = sample_strip(board, "db", slot_bounds(board.at, 60_000, 60))
    notes = ((board.at - 15 * boards.MINUTE, "v2"),)
    text = text_of(selection_lines(board.checks[0], board.alerts[0], strip, (), board.at, 60, 24, LOOK, notes))
    assert "degraded > 10ms" in text and "⚑v2" in text and "14:10 ✗" in text and "20ms┤" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("2026-09-21T14:10:08.123Z FATAL: too many clients", "23:10:08 FATAL: too many clients"),
        ("2026-09-21 14:10:08,1 +0200 ERROR x", "21:10:08 ERROR x"),
        ("[2026-09-21 14:10:08] no zone", "14:10:08 no zone"),
        ("9999-99-99T99:99:99Z out of the calendar", "9999-99-99T99:99:99Z out of the calendar"),
        ("FATAL: no time", "FATAL: no time"),
    ],
)
def test_log_lines_begin_with_a_time_of_day(line: str, shown: str) -> None:
    """A full date takes half of a narrow pane; times are those of the screen's zone."""
    assert short_stamp(line, ZoneInfo("Asia/Seoul")) == shown


def test_verdict_names_who_was_told_in_little_room_with_marks_alone() -> None:
    """In 80 columns ✓ and ✗ behind each notifier; further alerts are counted where there is room."""
    board = boards.storm()
    text = text_of([verdict_line(board, grouped(board.alerts), 80, LOOK)])
    assert "ops-mail ✗ ops-chat ✓" in text and "retrying" not in text
    short = text_of([verdict_line(board, grouped(board.alerts), 76, LOOK)])
    assert "ops-mail ✗" in short and "ops-chat" not in short
    assert "+1 more" in text_of([verdict_line(board, grouped(board.alerts), 120, LOOK)])


def test_a_frame_has_title_remark_and_sides() -> None:
    """Boxed lines keep the height that was asked for."""
    lines = boxed([top_line("db", "last 1h", 40, LOOK), (("x" * 38, "text"),)], 40, 5, LOOK)
    assert len(lines) == 5 and all(sum(f.cells(text) for text, _ in line) == 40 for line in lines)
    assert text_of(lines).splitlines()[0].startswith("╭db ─") and "last 1h" in text_of(lines)


def test_many_cores_are_a_map() -> None:
    """Up to 16 cores have a bar each; more have one cell each."""
    here = boards.resources()
    assert "core3" in text_of([row.line for row in machine.core_rows(here.cores, 118, LOOK)])
    many = machine.core_rows([n / 64 for n in range(64)], 118, LOOK)
    assert len(many) == 1 and "max 98%" in text_of([many[0].line])


def test_alerts_of_one_rule_are_folded_where_there_are_more_than_rows() -> None:
    """Eleven of one rule are one row that names them; where all fit, each has its own."""
    storm = [replace(boards.alerts()[0], id=f"{n:x}", name="CheckUnhealthy", labels={"check": f"api-{n}"}, affected=0) for n in range(11)]
    open_ = [replace(alert, state="firing", acknowledged_by="", suppressed_by=()) for alert in storm]
    assert folded(open_, 20) == {}
    fold = folded(open_, 8)["0"]
    assert len(fold) == 11
    line = text_of([incident_line(open_[0], (), boards.AT, 118, LOOK, fold=fold)])
    assert "x11 CheckUnhealthy" in line and "api-0 api-1 api-2" in line


def test_alert_that_has_just_fired_is_marked_for_half_a_minute() -> None:
    """ "new" before its age, which counts the first ten seconds, then tens of them."""
    alert = replace(boards.storm().alerts[0], starts_at=boards.AT - 8_000)
    assert any("new 8s" in text and style == "accent" for text, style in incident_line(alert, (), boards.AT, 118, LOOK))
    assert "  30s" in (later := text_of([incident_line(alert, (), boards.AT + 31_000, 118, LOOK)])) and "new" not in later
    korean = RenderStyle(UNICODE, UTC, translator("ko"))
    assert "새 8초" in text_of([incident_line(alert, (), boards.AT, 118, korean)])
    assert "db down 8s" in text_of([verdict_line(boards.storm(), [alert], 118, LOOK)])


def test_columns_of_services_are_those_configured_as_far_as_they_fit() -> None:
    """The first always, from 34 cells on; the names stand over the figures."""
    assert [name for name, _ in columns_at(74)] == ["now", "p95", "24h"]
    assert [name for name, _ in columns_at(60, ("since", "cert", "p50"))] == ["since", "cert"]
    assert columns_at(30) == () and len(columns_at(120)) == 7
    row = tree(boards.storm().checks, "status", LOOK)[0]
    assert "3m" in text_of([service_line(row, HOUR, 80, LOOK, 12, boards.AT, ("since",))])


def test_cell_of_a_strip_leads_to_its_worst_moment() -> None:
    """A cell of six slots leads to the end of the one that failed; where nothing was measured to its begin; beside the strip nowhere."""
    strip_ = example(*[HEALTHY] * 10, FAILED, HEALTHY)
    assert moment_at(strip_, 1, 2) == strip_[10].end - 1
    assert moment_at(example(SlotSamples(), SlotSamples()), 0, 1) == boards.AT
    assert moment_at(strip_, 2, 2) == moment_at(strip_, -1, 2) == moment_at((), 0, 5) == 0


def test_trouble_is_found_failure_by_failure() -> None:
    """Back and forth from one failure to the other; a failure of several slots is one, and beyond the last there is none."""
    strip_ = example(HEALTHY, FAILED, FAILED, HEALTHY, SLOW, HEALTHY)
    first, second = strip_[1].end - 1, strip_[4].end - 1
    assert trouble_moment(strip_, strip_[-1].end, -1) == second
    assert trouble_moment(strip_, second, -1) == first and trouble_moment(strip_, first, -1) == 0
    assert trouble_moment(strip_, first, 1) == second and trouble_moment(strip_, second, 1) == 0


def test_strip_cells_are_where_the_line_draws_them() -> None:
    """What a click is measured by agrees with the line: the cells before the strip are shape and name."""
    rows = tree(boards.storm().checks, "status", LOOK)
    names = names_width(rows, 74)
    start, wide = strip_cells(74, names, ())
    text = text_of([service_line(rows[0], HOUR, 74, LOOK, names)])
    assert text[start : start + wide] == "".join(part for part, _ in strip_runs(HOUR, wide, UNICODE)) and text[start - 1] == " "


def test_trend_of_a_gauge_selects_what_it_names() -> None:
    """The PromQL behind a mount is quoted, whatever its name holds."""
    board = boards.busy()
    mounts = (replace(board.resources.mounts[0], mount='/a"b'),)
    here = replace(board.resources, mounts=mounts, swap_total=0, swap=None, memory=None)
    rows = machine.machine_entries(replace(board, resources=here), {}, 118, 30, LOOK, Kept())
    assert next(row.expr for row in rows if row.key.startswith("mount:")) == 'disk_usage_ratio{mount="/a\\"b"}'


def test_what_ended_within_a_day_stands_below_the_services() -> None:
    """When it ended, about what, for how long and why; in Korean too; yesterday's with its date."""
    over, now = boards.ended(), boards.AT
    assert (
        text_of([ended_line(over[2], now, 80, LOOK, 8)]).strip() == "✓ search           13:34  was degraded 7m: slow: 640ms (limit 250ms)"
    )
    assert "Sep 21 07:24" in text_of([ended_line(over[4], now + 16 * boards.HOUR, 80, LOOK, 8)])
    korean = RenderStyle(UNICODE, UTC, translator("ko"))
    assert "장애" in text_of([ended_line(over[0], now, 80, korean, 8)])
    assert "7분 동안 성능 저하: 느림: 640ms" in text_of([ended_line(over[2], now, 80, korean, 8)])


def test_rates_have_their_recent_course_beside_them() -> None:
    """In 73 columns, the inner width of the pane on a screen of 120, there is room for a short strip; a text without one is not cut."""
    board = boards.storm()
    rows = [text_of([one.line]) for one in machine.machine_entries(board, board.sparks, 73, 9, LOOK, Kept())]
    assert any("eth0" in row and row.rstrip()[-1] in UNICODE.blocks for row in rows) and any("mem 0%" in row for row in rows)


def test_trouble_of_the_monitor_itself_is_told_by_its_fault() -> None:
    """A notifier that delivers nothing: verdict and row name it and the fault, not the rule; the row says why, too; in Korean as well."""
    labels = {"alertname": "MonitorTrouble", "reason": "notifier-ops-mail"}
    summary = "tui-monitor: ops-mail: nothing delivered for 10m: connection refused"
    one = replace(
        boards.storm().alerts[0], name="MonitorTrouble", severity="warning", labels=labels, summary=summary,
        starts_at=boards.AT - 50_000, affected=0, affects=(),
    )  # fmt: skip
    board = replace(boards.storm(), alerts=(one,))
    assert "▴ ops-mail: nothing delivered for 10m ⋅ 50s" in text_of([verdict_line(board, [one], 120, LOOK)])
    row = text_of([incident_line(one, HOUR, boards.AT, 120, LOOK)])
    assert "ops-mail           nothing delivered for 10m:" in row and "MonitorTrouble" not in row
    korean = RenderStyle(UNICODE, UTC, words=translator("ko"))
    assert "ops-mail: 10분째 전달 실패 ⋅ 50초" in text_of([verdict_line(board, [one], 120, korean)])


def test_tall_graph_of_the_cpu_is_coloured_by_height() -> None:
    """Its top rows are red and amber for a full load, and what is below is not; a low one is coloured by each column's load."""
    here = boards.storm().resources
    tall = [{style for text, style in row.line if text.strip()} for row in machine.cpu_rows(here, (1.0, 0.2), 12, 40, LOOK)]
    assert tall[0] == {"slot-down"} and tall[2] == {"slot-slow"} and tall[-1] == {"slot-ok"}
    low = machine.cpu_rows(here, (1.0, 0.2), 2, 40, LOOK)
    assert {style for text, style in low[-1].line if text.strip()} == {"slot-down", "slot-ok"}


def test_a_column_that_has_no_figure_for_any_check_is_left_out() -> None:
    """Certificates stand in the map of services where a check has one; the present latency always."""
    checks = [replace(check, certificate_expires=None) for check in boards.storm().checks]
    assert "cert" not in columns_with_figures(checks, 120)
    assert "cert" in columns_with_figures([*checks[1:], replace(checks[0], certificate_expires=boards.AT)], 120)
    assert columns_with_figures([replace(one, windows={}, duration=None) for one in checks], 120) == ("now",)
