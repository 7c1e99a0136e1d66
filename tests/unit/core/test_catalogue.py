"""The catalogue of message texts is whole in every language: no key, no placeholder is missing, and Korean messages have no English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.settings import made
from tui_monitor.alerts.no_data import watching
from tui_monitor.alerts.rules.defaults import default_rules
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.settings import Settings
from tui_monitor.core.catalogue.english import ENGLISH
from tui_monitor.core.catalogue.korean import KOREAN
from tui_monitor.core.catalogue.languages import phrases
from tui_monitor.core.catalogue.phrases import Phrases
from tui_monitor.core.mute_reason import MUTE_KINDS, MuteReason
from tui_monitor.delivery.merging import summarise
from tui_monitor.dispatch.message import AlertSnapshot, Message
from tui_monitor.dispatch.message_text import AlertText, compose
from tui_monitor.dispatch.wording import late_note

AT = 1_790_000_000_000
HANGUL = re.compile("[\uac00-\ud7a3]")
DATA = {"CPU", "KST", "ssh", "tui", "monitor", "web", "min", "api", "https"}
"""Latin words that are names, commands and units, or what the tests below put in."""


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of every phrase."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}")
    elif isinstance(value, tuple):
        for place, inner in enumerate(value):
            yield from flat(inner, f"{path}.{place}")
    else:
        for name in Phrases.__annotations__:
            yield from flat(getattr(value, name), name)


ENGLISH_TEXTS, KOREAN_TEXTS = dict(flat(ENGLISH)), dict(flat(KOREAN))


def placeholders(path: str, text: str) -> set[str]:
    """What is filled in: of a rule's text the values it shows, of a phrase its fields."""
    if path.startswith("rules."):
        return set(re.findall(r"\$value|\$reason|\$labels\.\w+", text))
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    """A phrase, a cause, a severity, a unit, a built-in rule: what one has the other has."""
    assert ENGLISH_TEXTS.keys() == KOREAN_TEXTS.keys()
    assert all(ENGLISH_TEXTS.values()) and all(KOREAN_TEXTS.values())


@pytest.mark.parametrize("path", ENGLISH_TEXTS)
def test_a_phrase_has_the_same_placeholders_in_both_languages(path: str) -> None:
    """Else a figure would be lost, or formatting fail when the message is made."""
    assert placeholders(path, ENGLISH_TEXTS[path]) == placeholders(path, KOREAN_TEXTS[path])


@pytest.mark.parametrize("path", KOREAN_TEXTS)
def test_every_korean_text_is_korean(path: str) -> None:
    """A phrase has no English words; the texts of rules name commands."""
    if path.startswith("rules."):
        assert HANGUL.search(KOREAN_TEXTS[path])
    else:
        assert english_in(re.sub(r"\{\w*\}|tui-monitor notify test", "", KOREAN_TEXTS[path])) == []


def test_every_built_in_rule_and_cause_has_texts() -> None:
    """A new rule or reason to mute needs its texts in both languages."""
    assert {rule.alert for rule in default_rules()} == set(ENGLISH.rules)
    assert set(MUTE_KINDS) == set(ENGLISH.causes)


def test_an_unknown_language_reads_english() -> None:
    """A message that a later version queued is still sent."""
    assert phrases("xx") is ENGLISH and phrases("ko") is KOREAN


# --- whole messages -------------------------------------------------------------------------------------------------------

STORY = AlertText(
    severity="critical",
    reason="new",
    labels={"alertname": "높은 오류율", "severity": "critical", "host": "web-1"},
    annotations={"summary": "오류율이 높습니다", "description": "로그를 보세요", "runbook_url": "https://1"},
    value=17.0,
    starts_at=AT - 7_500_000,
    evidence=("오류 500",),
)
CHECK = replace(STORY, labels={"alertname": "CheckUnhealthy", "check": "api", "host": "web-1"}, ends_at=AT, reason="resolved")
STORIES: dict[str, tuple[AlertText, ...]] = {
    "firing": (STORY,),
    "raised": (replace(STORY, reason="raised", old_severity="warning"),),
    "reminder": (replace(STORY, reason="reminder", flaps=7),),
    "flapping": (replace(STORY, flaps=7),),
    "escalated": (replace(STORY, escalated_after=900_000),),
    "woken": (replace(STORY, woken=True),),
    "late": (replace(STORY, held_by=tuple(MuteReason(kind, "7") for kind in MUTE_KINDS)),),
    "explains": (replace(STORY, explained=tuple(map(str, range(15)))),),
    "depends": (replace(STORY, dependents=("1", "2")),),
    "acknowledged": (replace(STORY, acknowledged_by="김"),),
    "resolved": (replace(STORY, reason="resolved", ends_at=AT),),
    "resolved by hand": (replace(STORY, reason="resolved", ends_at=AT, resolved_by="김", note="끝"),),
    "check": (CHECK,),
    "many": (STORY,) * 25,
    "many resolved": (replace(STORY, reason="resolved", ends_at=AT),) * 3,
    "many reminders": (replace(STORY, reason="reminder"),) * 3,
    "some resolved": (STORY, replace(STORY, reason="resolved", ends_at=AT)),
}


def english_in(text: str) -> list[str]:
    """The Latin words that are not data."""
    return [word for word in re.findall("[A-Za-z]{3,}", text) if word not in DATA]


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("held_back", [0, 3])
def test_a_korean_message_has_no_english(name: str, held_back: int) -> None:
    """Of every kind: what fires, rises, comes again, is late, was acknowledged or is over; one alert and many."""
    stories = STORIES[name]
    kind: Any = "resolved" if all(story.reason == "resolved" for story in stories) else stories[0].reason
    kind = kind if kind in ("resolved", "reminder") else "firing"
    title, text = compose(stories, kind=kind, now=AT, host="web-1", language="ko", held_back=held_back, zone=ZoneInfo("Asia/Seoul"))
    assert english_in(f"{title}\n{text.replace('category', '').replace('check api', '')}") == []


def test_alerts_about_missing_data_are_korean() -> None:
    """The rule beside a rule with no_data = "alert" has texts of ours."""
    settings = made(Settings, {"language": "ko", "rules": [{"alert": "Orders", "expr": "orders > 1", "no_data": "alert"}]})
    rules, _ = build_rules(settings)
    (rule,) = [rule for rule in rules if rule.alert == "Orders"]
    texts = watching(rule).annotations
    assert texts["summary"] == "Orders 데이터 없음" and "5분" in texts["description"]
    assert english_in(" ".join(texts.values())) == ["Orders"]


def test_what_delivery_adds_is_korean() -> None:
    """Late, repeated, not recorded, summed up; buttons and their answers; the test message."""
    alert = AlertSnapshot("a1", "f", "firing", "warning", {"alertname": "주문"}, {}, 1.0, AT)
    late = Message("k", "n", "firing", AT, "주문", "", alerts=(alert,), language="ko")
    over = replace(late, alerts=(replace(alert, status="resolved", ends_at=AT + 1),))
    written = replace(late, alerts=())
    texts = [late_note(message, AT + 3_600_000) for message in (late, over, written)]
    assert all(map(HANGUL.search, texts)) and english_in(" ".join(texts)) == []
    assert english_in(summarise([late] * 25).title + summarise([late] * 25).text) == []
    added = [KOREAN_TEXTS[name] for name in KOREAN_TEXTS if name.startswith(("button_", "state_", "possible", "unrecorded", "test_title"))]
    assert english_in(re.sub(r"\{\w+\}", "", " ".join(added))) == []
