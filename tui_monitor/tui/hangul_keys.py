"""Mapping of the Korean two-set layout to Latin keys, so that single-letter commands work with that layout.

Layout: KS X 5002 (two-set, 두벌식). A terminal sends a jamo, or a syllable that its input method has composed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

_LEADING = "rRseEfaqQtTdwWczxvg"
"""U+1100 to U+1112: ㄱ ㄲ ㄴ ㄷ ㄸ ㄹ ㅁ ㅂ ㅃ ㅅ ㅆ ㅇ ㅈ ㅉ ㅊ ㅋ ㅌ ㅍ ㅎ."""
_VOWELS = ("k", "o", "i", "O", "j", "p", "u", "P", "h", "hk", "ho", "hl", "y", "n", "nj", "np", "nl", "b", "m", "ml", "l")
"""U+1161 to U+1175: ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅘ ㅙ ㅚ ㅛ ㅜ ㅝ ㅞ ㅟ ㅠ ㅡ ㅢ ㅣ."""
_TRAILING = (
    "r", "R", "rt", "s", "sw", "sg", "e", "f", "fr", "fa", "fq", "ft", "fx", "fv", "fg", "a", "q", "qt", "t", "T", "d", "w", "c", "z",
    "x", "v", "g",
)  # fmt: skip
"""U+11A8 to U+11C2: ㄱ ㄲ ㄳ ㄴ ㄵ ㄶ ㄷ ㄹ ㄺ ㄻ ㄼ ㄽ ㄾ ㄿ ㅀ ㅁ ㅂ ㅄ ㅅ ㅆ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ."""
_KEYS: Mapping[str, str] = {
    chr(first + number): keys
    for first, table in ((0x1100, _LEADING), (0x1161, _VOWELS), (0x11A8, _TRAILING))
    for number, keys in enumerate(table)
}


def latin_keys(character: str | None) -> str:
    """Latin keys that type this character: "a" for ㅁ, "Q" for ㅃ, "hk" for ㅘ, "ak" for 마; "" for what is not Hangul.

    Shift changes only seven keys of the layout: ㅁ is "a" with and without it, so "A" needs the Latin layout.
    """
    if not character or character.isascii():
        return ""
    return "".join(_KEYS.get(part, "") for part in unicodedata.normalize("NFKD", character))
