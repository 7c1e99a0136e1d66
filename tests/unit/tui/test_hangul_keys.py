"""The two-set layout: every jamo is the key that it is printed on."""

from __future__ import annotations

import unicodedata

import pytest

from tui_monitor.tui.hangul_keys import latin_keys

ROWS = {
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ": "qwertyuiop",
    "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ": "asdfghjkl",
    "ㅋㅌㅊㅍㅠㅜㅡ": "zxcvbnm",
    "ㅃㅉㄸㄲㅆㅒㅖ": "QWERTOP",
}


@pytest.mark.parametrize(("row", "keys"), ROWS.items())
def test_each_row_of_the_keyboard(row: str, keys: str) -> None:
    """All 33 letters of the layout, plain and shifted, in both forms that Unicode has for them."""
    assert "".join(map(latin_keys, row)) == keys
    assert "".join(latin_keys(unicodedata.normalize("NFKD", letter)) for letter in row) == keys


@pytest.mark.parametrize(("text", "keys"), [("마", "ak"), ("꽊", "RhkR"), ("ㅘ", "hk"), ("ㄳ", "rt"), ("값", "rkqt"), ("쀍", "Qnpfr")])
def test_what_an_input_method_has_put_together_is_taken_apart(text: str, keys: str) -> None:
    """Syllables and compound letters are the keys that were pressed for them."""
    assert "".join(map(latin_keys, text)) == keys


@pytest.mark.parametrize("other", [None, "", "a", "é", "漢", "あ", "\x1b", "🚨"])
def test_other_characters_are_no_hangul(other: str | None) -> None:
    """Everything else goes its usual way."""
    assert latin_keys(other) == ""
