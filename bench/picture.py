"""The animated picture of the README: runs `tui-monitor demo` in a pseudo-terminal, presses keys and draws its screens into a GIF.

python -m bench.picture [--out docs/images/demo.gif] [--size 110x34]   (from the root; needs DejaVu Sans Mono)
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.support.terminal import Terminal, terminal

FONTS = Path("/usr/share/fonts/truetype/dejavu")
POINTS, LINE = 14, 17
BACK, FORE = "#10141a", "#d7dce2"
ANSI = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")
SIXTEEN = ("#000000", "#cd3131", "#0dbc79", "#e5e510", "#2472c8", "#bc3fbc", "#11a8cd", "#e5e5e5")
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""The places of braille's eight dots by bit: column and line."""
Frame = tuple[Image.Image, int]
"""A picture, and how long it stays in ms."""


class Painter:
    """Draws the screen of a terminal; blocks and boxes are drawn as shapes, so that they meet at the cells' borders."""

    def __init__(self, fonts: Path = FONTS) -> None:
        self._font = ImageFont.truetype(str(fonts / "DejaVuSansMono.ttf"), POINTS)
        self._bold = ImageFont.truetype(str(fonts / "DejaVuSansMono-Bold.ttf"), POINTS)
        self._wide = round(self._font.getlength("M"))

    def draw(self, seen: Terminal) -> Image.Image:
        """The whole screen."""
        screen = seen.screen
        image = Image.new("RGB", (screen.columns * self._wide, screen.lines * LINE), BACK)
        pen = ImageDraw.Draw(image)
        for row in range(screen.lines):
            for column in range(screen.columns):
                self._cell(pen, screen.buffer[row][column], column * self._wide, row * LINE)
        return image

    def _cell(self, pen: ImageDraw.ImageDraw, cell: object, x: int, y: int) -> None:
        text, bold, reverse = (getattr(cell, name) for name in ("data", "bold", "reverse"))
        fore, back = _color(getattr(cell, "fg"), FORE), _color(getattr(cell, "bg"), BACK)  # noqa: B009  pyte has no types
        if reverse:
            fore, back = back, fore
        if back != BACK:
            pen.rectangle((x, y, x + self._wide - 1, y + LINE - 1), fill=back)
        if text.strip() and not self._block(pen, ord(text[0]), x, y, fore):
            pen.text((x, y), text, fill=fore, font=self._bold if bold else self._font)

    def _block(self, pen: ImageDraw.ImageDraw, code: int, x: int, y: int, fore: str) -> bool:
        """Draw a lower block (1 to 8 eighths), the upper half, a black square or braille; False for any other character."""
        if 0x2581 <= code <= 0x2588:
            pen.rectangle((x, y + LINE - round(LINE * (code - 0x2580) / 8), x + self._wide - 1, y + LINE - 1), fill=fore)
        elif code == 0x2580:
            pen.rectangle((x, y, x + self._wide - 1, y + LINE // 2 - 1), fill=fore)
        elif code == 0x25A0:
            pen.rectangle((x, y + LINE // 3, x + self._wide - 2, y + LINE * 2 // 3), fill=fore)
        elif 0x2800 <= code <= 0x28FF:
            for bit, (left, top) in enumerate(DOTS):
                if code & 1 << bit:
                    at = (x + 1 + left * self._wide // 2, y + 3 + top * (LINE - 4) // 4)
                    pen.rectangle((*at, at[0] + 1, at[1] + 1), fill=fore)
        else:
            return False
        return True


def _color(value: str, default: str) -> str:
    if value in ANSI:
        return SIXTEEN[ANSI.index(value)]
    return default if value == "default" else f"#{value}" if len(value) == 6 else default


def shown(seen: Terminal) -> str:
    """The text of the screen."""
    return "\n".join(seen.screen.display)


def record(seen: Terminal, painter: Painter) -> list[Frame]:
    """The story: calm, the failure of the database, its incident, an acknowledgement, and back in time to when it began."""
    frames: list[Frame] = []

    def take(stays: int) -> None:
        frames.append((painter.draw(seen), stays))

    def watch(until: str | Callable[[], bool], stays: int = 700) -> None:
        seen.until(until)
        seen.pump(0.6)
        take(stays)

    def press(*keys: str, stays: int = 1500) -> None:
        seen.press(*keys)
        seen.pump(1.2)
        take(stays)

    watch("services healthy", 2200)
    watch("too many connections", 900)
    watch("affected", 2600)
    seen.press("enter")
    watch(lambda: "who knows" in shown(seen) and "loading the chart" not in shown(seen), 3200)
    press("esc", stays=300)
    press("a", stays=700)
    press(*"failing over", stays=1100)
    press("enter", stays=2200)
    press("@", stays=300)
    press(*"-47m", stays=900)
    press("enter", stays=600)
    press("]", stays=1600)
    press("]", stays=1600)
    press("]", "]", stays=1600)
    press("esc", stays=2000)
    return frames


def save(frames: Sequence[Frame], path: Path) -> None:
    """Write the GIF with one palette for all frames, so that unchanged parts cost nothing."""
    widest = Image.new("RGB", (frames[0][0].width, frames[0][0].height * len(frames)))
    for number, (image, _) in enumerate(frames):
        widest.paste(image, (0, number * image.height))
    palette = widest.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    shown = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image, _ in frames]
    shown[0].save(path, save_all=True, append_images=shown[1:], duration=[stays for _, stays in frames], loop=0, optimize=True, disposal=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images/demo.gif"))
    parser.add_argument("--size", default="110x34")
    given = parser.parse_args()
    columns, rows = (int(part) for part in given.size.split("x"))
    argv = [str(Path(sys.executable).parent / "tui-monitor"), "demo", "--colors", "true"]
    with terminal(
        argv, (columns, rows), {"COLORTERM": "truecolor", "USER": "anna", "SUDO_USER": "anna", "LANG": os.environ.get("LANG", "C.UTF-8")}
    ) as seen:
        frames = record(seen, Painter())
    save(frames, given.out)
    print(f"{given.out}: {len(frames)} frames, {given.out.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
