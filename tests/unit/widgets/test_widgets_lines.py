"""What the panes and bars say, as plain lines: no app needed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from functools import partial

import pytest
from rich.style import Style

from tests.support import sample_boards as boards
from tui_monitor.board.values import (
    BacktestRow,
    Board,
    Delivery,
    LeaderView,
    NoiseRow,
    NotificationView,
)
from tui_monitor.core import humanize as f
from tui_monitor.core.commands import AddSilence
from tui_monitor.tui.keymap import help_sections
from tui_monitor.tui.screens.main import FOOTER
from tui_monitor.widgets import alerts
from tui_monitor.widgets import analysis_rows as studies
from tui_monitor.widgets import status_bars as bars
from tui_monitor.widgets.cell_line import Line, RenderStyle, hint_line, text_of
from tui_monitor.widgets.details import check_lines
from tui_monitor.widgets.glyphs import ASCII, UNICODE
from tui_monitor.widgets.help import help_lines
from tui_monitor.widgets.incidents import incident_counts
from tui_monitor.widgets.line_widget import changed_cells
from tui_monitor.widgets.list_panes import TextPane
from tui_monitor.widgets.notifications import notifier_text
from tui_monitor.widgets.palettes import palette_of
from tui_monitor.widgets.prompt_parsing import parse_silence, silence_text
from tui_monitor.widgets.styles import RECIPES, TextStyles

LOOK = RenderStyle(UNICODE, UTC)
BOARDS: list[Callable[[], Board]] = [
    boards.empty,
    boards.quiet,
    boards.busy,
    boards.broken,
    boards.hostile,
    boards.korean,
    lambda: boards.loading(),
]
WIDTHS = [1, 7, 34, 45, 68, 80, 120, 200]


def all_lines(board: Board, width: int, look: RenderStyle = LOOK) -> list[Line]:
    """Every kind of line, of one board at one width."""
    picture = bars.ViewMode(paused_since=board.at, past_at=board.at - 60_000, now=board.at)
    lines = [bars.head_line(board, width, look), bars.foot_line(board, FOOTER, width, look), bars.summary_line(board, width, look)]
    lines += bars.notice_lines(bars.notices(board, picture, look), width, look)
    lines += [bars.timeline_line([(board.at - 1, "critical")], board.at, board.at - 3_600_000, board.at, width, look)] if width > 20 else []
    lines += [alerts.alert_line(alert, board.at, width, look, selected=True) for alert in board.alerts]
    lines += [line for alert in board.alerts for line in alerts.advice_lines(alert, board.at, width, look)]
    lines += [studies.backtest_heads(width, look), studies.noise_heads(width, look)]
    for alert in board.alerts:
        outcome = BacktestRow(alert.name, "for=1m", alert.severity, 1, 1, 0, 60.0, 60.0, board.at, 2)
        lines += [studies.backtest_line(one, board.at, width, look) for one in (outcome, replace(outcome, error="no such rule"))]
        lines.append(studies.noise_line(NoiseRow(alert.name, alert.severity, 2, 60.0, 1, 0, 1, 4, 1), width, look))
    return lines


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make", BOARDS)
def test_every_line_has_exactly_its_width(make: Callable[[], Board], width: int) -> None:
    """Whatever the board holds (Korean, attacks, nothing), no line is wider or narrower than its place."""
    for line in all_lines(make(), width):
        assert sum(f.cells(text) for text, _ in line) == width, line


@pytest.mark.parametrize("width", [34, 120])
def test_nothing_hostile_survives(width: int) -> None:
    """No control character, escape sequence or bidi override reaches a line; markup stays text."""
    text = text_of(all_lines(boards.hostile(), width))
    assert not [c for c in text if (unicodedata.category(c) in ("Cc", "Cs") and c != "\n") or 0x202A <= ord(c) <= 0x202E]
    if width == 120:
        assert "[bold]" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_ascii_look_is_ascii(width: int) -> None:
    """With the ASCII shapes nothing else is drawn."""
    for make in (boards.busy, boards.empty, boards.broken, boards.quiet):
        assert text_of(all_lines(make(), width, RenderStyle(ASCII, UTC))).isascii()


def test_own_shapes_are_never_ambiguous() -> None:
    """No line of an ordinary board has a character of ambiguous width."""
    text = text_of(all_lines(boards.busy(), 120) + help_lines(help_sections(), 100, LOOK))
    assert not {c for c in text if unicodedata.east_asian_width(c) == "A"}


def test_every_style_is_defined() -> None:
    """LineWidget name only styles that have a recipe."""
    styles = {style for make in BOARDS for line in all_lines(make(), 120) for _, style in line}
    assert styles <= set(RECIPES)


def test_without_colour_everything_is_still_told() -> None:
    """Plain text_styles have no colours at all; what was a filled chip is reversed."""
    text_styles = TextStyles(palette_of("night").colors, plain=True)
    for name in RECIPES:
        for selected in (False, True):
            style = text_styles.style(name, selected)
            assert style.color is None and style.bgcolor is None
    assert text_styles.style("chip-critical").reverse
    assert text_styles.style("no such style") == text_styles.style("text") == Style()


def test_the_head_tells_host_health_counts_and_role() -> None:
    """In one line: where, how, how many, live or viewing."""
    text = text_of([bars.head_line(boards.busy(), 120, LOOK)])
    assert "web-1   ✗ unhealthy   2 critical, 1 error, 4 warning, 2 info firing   1 muted   3 acknowledged" in text
    assert text.rstrip().endswith("live   14:13")
    for width, part in ((80, "2 critical of 9 firing   1 muted   3 ack"), (60, "2 critical of 9 firing"), (44, "9 firing")):
        narrow = text_of([bars.head_line(boards.busy(), width, LOOK)])
        assert "✗ unhealthy" in narrow and part in narrow and "14:13" in narrow, narrow
    assert "nothing firing" in text_of([bars.head_line(boards.quiet(), 60, LOOK)])


def test_notices_tell_past_pause_leader_rights_and_trouble() -> None:
    """Each has its own plain word."""
    board = replace(boards.broken(), read_only="you are not in group tui-monitor")
    told = bars.notices(board, bars.ViewMode(boards.AT, boards.AT - 3_600_000, boards.AT), LOOK)
    assert [word for word, _ in told] == ["PAST 13:13:20", "PAUSED", "NO LEADER", "READ-ONLY", "TROUBLE"]
    assert "since 14:11:45" in told[2][1]
    assert bars.notices(boards.busy(), bars.ViewMode(), LOOK) == []
    assert bars.leader_text(LeaderView("viewer")) == "viewing"


@pytest.mark.parametrize(("width", "lines"), [(120, 1), (80, 2), (60, 2), (40, 3)])
def test_a_notice_says_all_it_has_to_say(width: int, lines: int) -> None:
    """On a phone too it is read to its end, which says what to do; what even two or three lines do not hold is cut with a sign."""
    board = replace(boards.busy(), leader=LeaderView("viewer", 0, "headless", 0, boards.AT, alive=False))
    shown = bars.notice_lines(bars.notices(board, bars.ViewMode(), LOOK), width, LOOK)
    assert len(shown) == lines and text_of(shown).rstrip().endswith("Start the service.")
    assert len(bars.notice_lines(bars.notices(board, bars.ViewMode(), LOOK), width, LOOK, home=False)) == 1
    long = bars.notice_lines([("TROUBLE", "word " * 60), ("READ-ONLY", "you")], width, LOOK)
    assert len(long) == (2 if width >= 60 else 3) and text_of(long).rstrip().endswith(LOOK.glyphs.cut)


def test_a_first_start_raises_no_alarm() -> None:
    """While the first reading is under way nobody leads yet, and that is no fault."""
    starting = replace(boards.loading(), leader=LeaderView("viewer", alive=False))
    assert bars.notices(starting, bars.ViewMode(), LOOK) == []
    head = text_of([bars.head_line(starting, 80, LOOK)])
    assert "starting" in head and "no leader" not in head


def test_help_and_quit_always_stand_in_the_foot() -> None:
    """From 40 columns on, whatever else there is no room for."""
    for width in (40, 60, 80, 100, 120, 200):
        foot = text_of([bars.foot_line(boards.busy(), FOOTER, width, LOOK)])
        assert "? help" in foot and "q quit" in foot and foot.lstrip().startswith("a ack")
    assert "1-9 screens" in text_of([bars.foot_line(boards.busy(), FOOTER, 170, LOOK)])


def test_the_timeline_marks_the_gravest_alert_of_a_moment_and_where_one_is() -> None:
    """Two alerts in one cell show the graver one; the moment shown is always visible."""
    line = bars.timeline_line([(500, "info"), (510, "critical")], 1000, 0, 1000, 60, LOOK)
    assert [style for text, style in line if text == "▴"] == ["critical"]
    assert "alarm-strong" in {style for _, style in line}


def test_a_long_name_leaves_room_for_what_is_below() -> None:
    """On a phone a page's long name is cut with a mark, so that "more below" is still seen."""
    page = TextPane(
        "CheckUnhealthy reports-export-of-the-month",
        partial(help_lines, help_sections()),
        look=LOOK,
        text_styles=TextStyles(palette_of("night").colors),
    )
    lines, _ = page.build(40, 10)
    head = text_of([lines[0]])
    assert head.rstrip().endswith("more below") and UNICODE.cut in head and "CheckUnhealthy" in head


@pytest.mark.parametrize(
    ("index", "text"),
    [
        (0, "failed ops-mail, sent ops-chat"),
        (1, "sent ops-chat"),
        (2, "retrying ops-chat"),
        (9, "acknowledged by kim: ordering a bigger disk"),
        (11, "muted by silence 7f3a"),
        (13, "pending"),
    ],
)
def test_the_state_of_an_alert_in_words(index: int, text: str) -> None:
    """Who took it, what holds it back, or what was sent where."""
    assert alerts.state_text(boards.alerts()[index], boards.AT) == text


def test_two_troubles_of_the_monitor_are_told_apart() -> None:
    """What the alert is about stands beside its name: the check, the mount, and for the monitor's own trouble its kind."""
    labels = {"alertname": "MonitorTrouble", "severity": "warning", "host": "web-1", "reason": "history"}
    assert alerts.title(replace(boards.alerts()[0], name="MonitorTrouble", labels=labels), 120) == "MonitorTrouble history"


def test_alert_orders() -> None:
    """Unacknowledged first, then severity, then newest; or as asked."""
    found = boards.alerts()
    urgent = [alert.id for alert in sorted(found, key=alerts.order_key("urgency"))]
    assert urgent[:3] == ["a00001", "a00002", "a00003"] and urgent[-2:] == ["a0000f", "a0000e"]
    newest = sorted(found, key=alerts.order_key("newest"))
    assert newest[0].id == "a0000f"
    assert [alert.severity for alert in sorted(found, key=alerts.order_key("severity"))][:3] == ["critical"] * 3
    assert sorted(found, key=alerts.order_key("name"))[0].name == "CertificateExpiry"


def test_the_details_of_a_check_hold_everything() -> None:
    """Phases, windows, figures, facts, its alerts."""
    db = next(one for one in boards.checks() if one.name == "db")
    text = text_of(check_lines(db, list(boards.alerts()[:1]), boards.AT, 100, LOOK))
    for part in ("healthy", "PostgreSQL 17.2", "postgres_connections", "p99", "99.79%", "CheckUnhealthy"):
        assert part in text, part
    assert "resolve" in text_of(check_lines(boards.checks()[0], [], boards.AT, 100, LOOK))


@pytest.mark.parametrize(
    ("old", "new", "cells"),
    [
        ((("ab", "x"), ("cd", "y"), ("ef", "x")), (("ab", "x"), ("zz", "y"), ("ef", "x")), (2, 4)),
        ((("ab", "x"), ("cd", "y")), (("ab", "x"), ("cd", "x")), (2, 4)),
        ((("한국", "x"), ("1", "y"), ("한", "x")), (("한국", "x"), ("2", "y"), ("한", "x")), (4, 5)),
        ((), (("abcd", "x"),), (0, 4)),
        ((("aa", "x"), ("aa", "x")), (("aa", "x"),), (2, 4)),
    ],
)
def test_only_changed_cells_are_repainted(old: Line, new: Line, cells: tuple[int, int]) -> None:
    """The span from the first to the last run that differs."""
    start, end = changed_cells(old, new, 4 if sum(f.cells(t) for t, _ in new) <= 4 else sum(f.cells(t) for t, _ in new))
    assert (start, end) == cells


@pytest.mark.parametrize(
    ("text", "matchers", "seconds", "comment"),
    [
        ('alertname="HighCPU" check="a b" 2h', ['alertname="HighCPU"', 'check="a b"'], 7200, ""),
        ("alertname=~High.* severity!=critical 30m # deploy of v2", ["alertname=~High.*", "severity!=critical"], 1800, "deploy of v2"),
        ('a="x\\"y", b!~"z" 1h30m', ['a="x\\"y"', 'b!~"z"'], 5400, ""),
    ],
)
def test_silences_are_read(text: str, matchers: list[str], seconds: float, comment: str) -> None:
    """Matchers, a time, and a comment after #."""
    assert parse_silence(text) == AddSilence(tuple(matchers), seconds, comment)


def test_silence_text_can_be_sent_as_it_is() -> None:
    """What is pre-filled is read back to the same matchers, whatever the labels hold."""
    labels = [("alertname", 'odd "name" \\ 한국'), ("mount", "/")]
    assert parse_silence(silence_text(labels)).matchers == ('alertname="odd \\"name\\" \\\\ 한국"', 'mount="/"')


@pytest.mark.parametrize("text", ["", "2h", 'a="b"', 'a="b" soon', 'a="b" 0s', 'a="b', "# why"])
def test_wrong_silences_are_refused_with_advice(text: str) -> None:
    """What cannot be read is an error for people."""
    with pytest.raises(ValueError, match=r"silence|Silence|duration"):
        parse_silence(text)


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (120, "CheckUnhealthy shop            unhealthy  HTTP 500 Internal"),
        (80, "shop                 unhealthy: HTTP 500"),
        (60, "shop                 unhealthy: HTTP 500"),
        (40, "shop: HTTP 500"),
    ],
)
def test_the_reason_of_a_failing_check_is_seen_at_every_width(width: int, text: str) -> None:
    """A row says what fails and why before it says anything twice."""
    alert = replace(boards.alerts()[0], value_text="unhealthy", summary="shop is unhealthy: HTTP 500 Internal Server Error", affected=0)
    assert text in text_of([alerts.alert_line(alert, boards.AT, width, LOOK)])
    for summary in ("shop 비정상: HTTP 500", "shop: HTTP 500"):
        found = text_of([alerts.alert_line(replace(alert, summary=summary), boards.AT, width, LOOK)])
        assert "HTTP 500" in found and " : " not in found


def test_the_last_hints_always_fit() -> None:
    """The way back is named however narrow the screen is."""
    for width in (20, 40, 80, 200):
        assert "Esc back" in text_of([hint_line((("left right", "range"), ("c", "last week"), ("Esc", "back")), width, LOOK)])


def test_notifiers_that_do_not_deliver_are_named() -> None:
    """The newest message of each notifier counts: a reminder that went out outweighs a first message that did not."""
    lost = Delivery("mail", "firing", "failed", 1)
    alert = replace(boards.alerts()[1], deliveries=(lost, Delivery("chat", "firing", "retrying", 2)))
    assert alerts.undelivered([alert]) == "mail failed, chat retrying"
    assert alerts.undelivered([replace(alert, deliveries=(lost, Delivery("mail", "reminder", "sent", 3)))]) == ""


def test_the_notifier_that_fails_is_named_first() -> None:
    """Where the line is cut, what works is what is missing."""
    rows = [
        NotificationView("2", "chat", "firing", "sent", "Down", 1, boards.AT, None, boards.AT),
        NotificationView("1", "mail", "firing", "retrying", "Down", 2, boards.AT - 60_000),
    ]
    assert notifier_text(rows, ("chat", "sms"), boards.AT) == "mail retrying 1m ago, chat sent now, sms unused"


def test_what_to_do_is_read_in_full_where_there_is_room() -> None:
    """One line is cut with a sign, three hold it all, and none stays empty."""
    text = "Open the check's details: the reason and the phase times say where it fails. Then look at the target itself."
    alert = replace(boards.alerts()[0], annotations={"description": text})
    one, three = (alerts.advice_lines(alert, boards.AT, 80, LOOK, most) for most in (1, 3))
    assert len(one) == 2 and text_of(one).rstrip().endswith(LOOK.glyphs.cut)
    assert len(three) == 3 and " ".join(text_of(three[1:]).replace("to do", "").split()) == text


def test_of_the_past_nothing_is_said_to_be_unsent() -> None:
    """What the outbox has forgotten is not "not sent"."""
    alert = replace(boards.alerts()[1], deliveries=())
    assert alerts.state_text(alert, boards.AT) == "not sent" and alerts.state_text(alert, boards.AT, past=True) == "firing"
    assert alerts.short_state(alert, boards.AT) == "not sent" and alerts.short_state(alert, boards.AT, past=True) == "firing"


def test_help_is_seen_at_a_glance_where_there_is_room() -> None:
    """Two columns on a wide screen of 40 lines hold all that one column holds, and nothing is cut."""
    for width in (118, 121):
        wide = help_lines(help_sections(), width, LOOK)
        assert len(wide) < 38 and all(f.cells(text_of([line])) == width for line in wide)
        assert LOOK.glyphs.cut not in text_of(wide)
        words = text_of(wide)
        assert set(text_of(help_lines(help_sections(), 80, LOOK)).split()) <= set(words.split())


def test_narrow_states_say_who_in_few_words() -> None:
    """A failed parent is named by itself; an acknowledgement is shortened before its note is cut."""
    alert = replace(boards.alerts()[1], suppressed_by=("depends_on:payments",))
    assert alerts.state_text(alert, boards.AT) == "muted by payments"


@pytest.mark.parametrize(("left", "text"), [(47 * 60_000, "due in 47m"), (5000, "due now"), (0, "overdue"), (-60_000, "overdue")])
def test_an_open_alert_says_until_when_it_wants_an_answer(left: int, text: str) -> None:
    """Before the messages that were sent; overdue is coloured, and who has acknowledged owes nothing."""
    alert = replace(boards.alerts()[0], state="firing", acknowledged_by="", suppressed_by=(), deliveries=(), due_at=boards.AT + left)
    assert alerts.state_text(alert, boards.AT) == f"{text}, not sent" and alerts.short_state(alert, boards.AT) == text
    assert (alerts.state_style(alert, boards.AT) == "warning") == (text == "overdue")
    taken = replace(alert, acknowledged_by="kim")
    assert alerts.due_text(taken, boards.AT) == alerts.due_text(replace(alert, due_at=None), boards.AT) == ""
    taken = replace(alert, suppressed_by=(), acknowledged_by="anna", acknowledged_note="ordered")
    assert "ack anna: ordered" in text_of([alerts.alert_line(taken, boards.AT, 120, LOOK)])
    assert "acknowledged by anna: ordered" in text_of([alerts.alert_line(taken, boards.AT, 200, LOOK)])


@pytest.mark.parametrize("make", [boards.busy, boards.broken])
def test_every_screen_counts_the_same_alerts_as_firing(make: Callable[[], Board]) -> None:
    """Main screen, bars, list and title: firing are those that nobody has acknowledged and nothing mutes; muted stand apart."""
    board = make()
    numbers = [int(text.split()[0]) for text, _ in bars.status_counts(board)]
    assert sum(numbers) == board.open == sum(map(alerts.is_open, board.alerts))
    shown = f"{board.open} firing", f"{board.muted} muted"
    assert board.muted and all(text in incident_counts(board) and text in alerts.counts(board) for text in shown)
    assert f"{board.muted} muted" in text_of([bars.head_line(board, 120, LOOK)])
