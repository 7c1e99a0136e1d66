"""The HTML form and its pictures."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from tests.support.report_world import report_of
from tests.support.settings import made
from tui_monitor.board.report import ReportColumn, ReportRow, ReportSection
from tui_monitor.config.settings import Settings
from tui_monitor.reports import html
from tui_monitor.reports.html import embedded, report_html
from tui_monitor.reports.making import package_of
from tui_monitor.reports.png import HEIGHT, WIDTH, chart_png, scale_of


def decoded(data: bytes) -> Image.Image:
    """The picture, as another decoder reads it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def inked(image: Image.Image, x: int) -> list[int]:
    """The heights in a column at which the line is."""
    return [y for y in range(image.height) if image.getpixel((x, y))[3] > 200]  # type: ignore[index]


def test_a_chart_is_a_valid_picture_with_its_line_where_the_values_are() -> None:
    """A rising line is low at the left and high at the right; a gap is empty; the file is small."""
    data = chart_png([0.0, 1.0, 2.0, None, None, 8.0, 9.0, 10.0])
    image = decoded(data)
    assert (image.size, image.mode) == ((WIDTH, HEIGHT), "RGBA") and len(data) < 12_000
    left, right = inked(image, 5), inked(image, WIDTH - 5)
    assert left and right and min(left) > HEIGHT * 0.8 and max(right) < HEIGHT * 0.25
    assert inked(image, WIDTH // 2) == []


@pytest.mark.parametrize("values", [[], [None], [1.0], [None, 5.0, None], [3.0] * 4, [0.1 + 0.2, 0.3] * 9, [-5.0, 5.0], [1e308, 0.0]])
def test_any_values_make_a_picture(values: list[float | None]) -> None:
    """Few, equal, negative and huge values."""
    assert decoded(chart_png(values, 60, 40)).size == (60, 40)


def test_a_scale_begins_at_zero_unless_values_lie_close_together_far_from_it() -> None:
    """Rounding is no change."""
    assert scale_of([1.0, 10.0])[0] == 0.0 and scale_of([99.0, 100.0])[0] > 90
    low, high = scale_of([0.3, 0.1 + 0.2])
    assert high - low > 0.01


class _Reader(HTMLParser):
    """Collects what a mail program would follow, and unbalanced elements."""

    def __init__(self) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in ("src", "href", "background")]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", ["daily", "risk"])
def test_the_page_is_whole_and_loads_nothing(world: Path, kind: str) -> None:
    """Balanced elements, no script, no link, pictures inside the file, an alternative text for each."""
    page = report_html(report_of(world, kind), embedded, "wallet · web-1")
    reader = _Reader()
    reader.feed(page)
    assert reader.open == [] and "script" not in reader.tags and "link" not in reader.tags
    assert all(source.startswith("data:image/png;base64,") for source in reader.sources)
    assert page.count("<img ") == len(re.findall(r'alt="[^"]+"', page)) and "wallet · web-1" in page


def test_every_colour_of_text_can_be_read() -> None:
    """Contrast of at least 4.5 to 1 on the card and on the bands."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        low, high = sorted((light(one), light(other)))
        return (high + 0.05) / (low + 0.05)

    for colour in (*html.BANDS.values(), *html.SHADES.values(), "#5b6472"):
        assert contrast(colour, "#ffffff") >= 4.5, colour


def test_outside_text_is_escaped_and_bounded(world: Path) -> None:
    """A check's name or a label cannot become markup or run on for ever."""
    report = report_of(world, figures=[])
    hostile = ReportSection(
        "figure", "<b>x</b>", ("<script>1</script>",), (ReportColumn("label", ""),), (ReportRow(("<img src=x>" + "y" * 5000,)),)
    )
    page = report_html(replace(report, sections=(hostile,)), embedded)
    assert "<script>" not in page and "<img src=x>" not in page and "y" * 301 not in page


def test_a_package_has_every_form_and_its_pictures(world: Path) -> None:
    """Each cid of the HTML has a picture; the subject says the period; the severity follows the verdict."""
    report = report_of(world, settings=made(Settings, {"service": "wallet"}))
    package = package_of(report, "footer")
    named = re.findall(r'src="cid:([^"]+)"', package["html"])
    assert named == list(package["images"]) and len(named) == 2
    assert package["title"] == "Daily report · Sunday 1 Mar 2026 · web-1" and package["severity"] == "warning"
    assert report.verdict in package["text"] and report.verdict in package["chat"] and package["data"]["incidents"] == 2
