"""The dashboard in Korean: chosen by the configuration, else by the locale, and without English sentences of the catalogue."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.screens.test_app_keys import ENVIRON, press, running, seen, settle
from tests.support import sample_boards as boards
from tui_monitor.cli.command_table import COMMANDS
from tui_monitor.core.catalogue.every_korean import TEXTS
from tui_monitor.core.catalogue.screen_korean import SCREEN
from tui_monitor.core.catalogue.translation import Translator, translator
from tui_monitor.tui.app import MonitorApp
from tui_monitor.tui.keymap import KEYS, SECTIONS
from tui_monitor.tui.screen_table import SCREENS
from tui_monitor.widgets.help import WORDS

KOREAN = {**ENVIRON, "LANG": "ko_KR.UTF-8"}
SENTENCES = sorted({text for text in SCREEN if text.count(" ") >= 2 and "{" not in text})
_VALUE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("english", sorted(TEXTS))
def test_a_translation_has_the_values_of_its_text(english: str) -> None:
    """No value is lost or made up, and the text itself is translated as the catalogue says."""
    korean = TEXTS[english]
    assert set(_VALUE.findall(korean)) == set(_VALUE.findall(english))
    if not _VALUE.search(english):
        assert translator("ko").exact(english) == korean and translator("en").exact(english) == english


def test_all_that_the_tables_say_is_translated() -> None:
    """Keys, screens, commands and the words of the help page: a new entry needs its Korean text."""
    texts = {text for key in KEYS for text in (key.help, key.title, key.about, key.hint)} | {one.help for one in COMMANDS}
    texts |= {text for one in SCREENS for text in (one.title, one.about, one.help)} | {told for _, told in WORDS} | set(SECTIONS)
    assert sorted(text for text in texts if text and text not in SCREEN) == []


def test_values_and_parts_are_put_in_their_place() -> None:
    """Reasons with values, ages, lists of counts, a text within a text; names and foreign texts stay as they are."""
    say = translator("ko").say
    assert say("timed out after 5s (connect)") == "5초 안에 응답 없음 (connect)"
    assert say("slow: 706ms (limit 250ms)") == "느림: 706ms (기준 250ms)"
    assert say("was down 19s: connection refused") == "19초 동안 장애: 연결 거부됨"
    assert say("2 firing  3 muted") == "발생 2건  중지 3건"
    assert say("2 firing, 3 muted, 15 resolved, by severity") == "발생 2건, 중지 3건, 복구 15건, 정렬: 심각도"
    assert say("3m") == "3분" and say("2d 4h") == "2일 4시간"
    for data in ("some target's own words", "db", "", "2026-11-20 03:10"):
        assert say(data) == data and translator("ko").exact(data) == data


def test_english_changes_nothing() -> None:
    """Whatever the text is; and the language can be changed while it is in use."""
    words = Translator()
    assert words.say("3 affected") == "3 affected" and words.exact("Incidents") == "Incidents"
    words.use("ko")
    assert words.exact("Incidents") == "장애"
    words.use("en")
    assert words.exact("Incidents") == "Incidents"


async def walk(app: MonitorApp, pilot: Pilot[int]) -> str:
    """The texts of the main screen, the help, every screen with a key, and prompts."""
    texts = [seen(app)]
    for keys in (["question_mark"], *([one.key] for one in SCREENS if one.key), ["1", "a"], ["s"], ["at"], ["enter"]):
        await press(app, pilot, *keys)
        await settle(app, pilot)
        texts.append(seen(app))
        await press(app, pilot, "escape")
    return "\n".join(texts)


@pytest.mark.parametrize("kind", ["storm", "empty"])
async def test_no_screen_in_korean_shows_an_english_sentence(kind: str) -> None:
    """With a Korean locale no text of the catalogue is left in English, and the panes have their Korean titles."""
    async with running(kind, environ=KOREAN) as (app, _, pilot):
        text = await walk(app, pilot)
        assert [sentence for sentence in SENTENCES if sentence in text] == []
        for title in ("장애", "서비스", "시스템", "프로세스", "도움말", "감사 기록"):
            assert title in text, title


async def test_the_configuration_goes_before_the_locale() -> None:
    """`language` of the leader is used whatever the locale says; unset, each dashboard takes its own locale's."""
    async with running(environ=KOREAN) as (app, backend, pilot):
        assert "장애" in seen(app)
        backend.push(replace(boards.busy(), language="en"))
        await pilot.pause()
        assert "Incidents" in seen(app) and "장애" not in seen(app)
        backend.push(replace(boards.busy(), language="ko"))
        await pilot.pause()
        assert "장애" in seen(app)


async def test_names_are_no_words() -> None:
    """A check called "search" and containers called like words of the program keep their names; heads and states are Korean."""
    async with running("watched", (140, 40), environ=KOREAN) as (app, _, pilot):
        assert "search" in seen(app) and "검색" not in seen(app)
        for key, title, words in (
            ("S", "서비스", "shop-service"),
            ("C", "컨테이너", "재시작"),
            ("D", "유닛", "세부 상태"),
            ("4", "프로세스", "스레드"),
        ):
            await press(app, pilot, key)
            assert title in seen(app) and words in seen(app), key
