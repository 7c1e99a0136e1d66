"""The colours of every theme at every depth: text can be read, and the depth is found where COLORTERM is not passed on."""

from __future__ import annotations

import pytest
from rich.color import Color

from tui_monitor.platform.terminal_query import TerminalAnswer, read_answer
from tui_monitor.widgets.depth import Depth, colors_at, depth_of, variables_at
from tui_monitor.widgets.glyphs import ASCII, UNICODE, glyphs_for
from tui_monitor.widgets.palettes import CONTRAST, NAMES, NOT_TEXT, PALETTES, ROLES, XTERM, contrast, palette_of
from tui_monitor.widgets.styles import RECIPES, TextStyles

THEMES = [one.name for one in PALETTES]
UNREAD = {name for name, (color, _, _) in RECIPES.items() if color in NOT_TEXT}


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.INDEXED])
@pytest.mark.parametrize("theme", THEMES)
def test_all_text_has_enough_contrast(theme: str, depth: Depth) -> None:
    """4.5:1 for each style on its background, and on the background of a selected row."""
    colors = variables_at(theme, depth)
    for name, (color, background, _) in RECIPES.items():
        if name not in UNREAD:
            for ground in {background, background if name.startswith(("chip", "verdict", "alarm")) else "chosen"}:
                assert contrast(colors[color], colors[ground]) >= CONTRAST, (name, color, ground)


@pytest.mark.parametrize("theme", THEMES)
def test_health_keeps_its_colours_apart(theme: str) -> None:
    """Well, slow and failed are three colours at each depth."""
    for depth in (Depth.TRUE, Depth.INDEXED, Depth.SIXTEEN):
        colors = colors_at(theme, depth)
        assert len({colors["fine"], colors["caution"], colors["critical"]}) == 3
        assert len({colors["slot-fine"], colors["slot-caution"], colors["slot-critical"]}) == 3


@pytest.mark.parametrize("depth", [Depth.TRUE, Depth.INDEXED])
@pytest.mark.parametrize("theme", THEMES)
def test_strips_and_bars_are_seen_on_their_background(theme: str, depth: Depth) -> None:
    """They are no text, and may be brighter than it; 2.4:1 is left at least."""
    colors = variables_at(theme, depth)
    for role in ("slot-fine", "slot-caution", "slot-critical"):
        assert contrast(colors[role], colors["background"]) >= 2.4, (role, colors[role])


@pytest.mark.parametrize("depth", list(Depth))
@pytest.mark.parametrize("theme", NAMES)
def test_every_theme_has_every_role_as_a_colour(theme: str, depth: Depth) -> None:
    """No role is missing, and each is a colour that the terminal's depth has."""
    colors = colors_at(theme, depth)
    assert set(colors) == set(ROLES)
    assert all(Color.parse(color) for color in colors.values())
    assert TextStyles(colors, plain=depth is Depth.NONE).style("text", selected=True)


def test_the_256_colours_are_those_of_xterm() -> None:
    """The table by which contrast is computed agrees with rich's."""
    for number, color in XTERM.items():
        assert Color.from_ansi(number).get_truecolor().hex == color


def test_a_palette_keeps_what_can_be_read() -> None:
    """Only colours without enough contrast are changed."""
    assert palette_of("night").colors["critical"] == "#ff6b68" and palette_of("no such theme") == palette_of("night")


@pytest.mark.parametrize(
    ("environ", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUE),
        ({"TERM": "xterm-256color"}, Depth.INDEXED),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x"}, Depth.INDEXED),
        ({"TERM": "xterm-kitty"}, Depth.TRUE),
        ({"TERM": "screen"}, Depth.SIXTEEN),
        ({"TERM": "screen", "TMUX": "/tmp/x"}, Depth.INDEXED),
        ({"TERM": "linux"}, Depth.SIXTEEN),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, Depth.NONE),
        ({}, Depth.NONE),
    ],
)
def test_the_depth_by_the_environment(environ: dict[str, str], depth: Depth) -> None:
    """SSH and tmux pass no COLORTERM: 256 designed colours, not the sixteen and not a guess."""
    assert depth_of(environ) is depth


def test_an_option_and_the_terminals_own_answer_come_first() -> None:
    """--colors wins over everything; a terminal that has shown true colour is believed."""
    assert depth_of({"TERM": "dumb"}, asked="256") is Depth.INDEXED
    assert depth_of({"TERM": "xterm-256color"}, answered=True) is Depth.TRUE
    assert depth_of({"TERM": "xterm-256color", "NO_COLOR": "1"}, answered=True) is Depth.NONE


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\x1bP1$r0;48:2::1:2:3m\x1b\\\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22c", TerminalAnswer(True, True)),
        (b"\x1bP1$r48;2;1;2;3m\x1b\\\x1b]11;rgb:1e/1e/2e\x07\x1b[?1;2c", TerminalAnswer(True, False)),
        (b"\x1bP0$r\x1b\\\x1b[?1;2c", TerminalAnswer(False, None)),
        (b"", TerminalAnswer()),
        (b"\x1b[1;2R\x1b[?1;2c", TerminalAnswer(utf8=True)),
        (b"\x1b[1;3R\x1b[?1;2c", TerminalAnswer(wide=True, utf8=True)),
        (b"\x1b[1;4R\x1b[?1;2c", TerminalAnswer(utf8=False)),
        (b"\x1b[1;1R\x1b[?1;2c", TerminalAnswer()),
        (b"\x1b]11;rgb:zz/zz/zz\x1b\\garbage\xff\xfe", TerminalAnswer()),
    ],
)
def test_a_terminals_answer_is_read(data: bytes, answer: TerminalAnswer) -> None:
    """True colour by DECRQSS, the background by OSC 11; what cannot be read says nothing."""
    assert read_answer(data) == answer


def test_a_terminal_that_reads_utf8_gets_shapes_whatever_the_locale_says() -> None:
    """LANG=C of containers and plain ssh says nothing of the terminal; where it has answered, its answer counts."""
    plain = {"TERM": "xterm-256color", "LANG": "C"}
    assert glyphs_for(plain) is ASCII and glyphs_for(plain, utf8=True) is UNICODE and glyphs_for(plain, utf8=False) is ASCII
    assert glyphs_for({**plain, "LANG": "C.UTF-8"}, utf8=False) is ASCII
    assert glyphs_for({**plain, "TMUX": "/tmp/tmux-0/default,1,0"}, utf8=True) is ASCII, "tmux answers for itself alone"
