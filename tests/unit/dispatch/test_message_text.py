"""The words of messages: short, actionable, harmless, in English and Korean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_monitor.alerts.measure import Measure
from tui_monitor.core.catalogue.korean import KOREAN
from tui_monitor.core.mute_reason import MuteReason
from tui_monitor.dispatch.message_text import SHAPES, AlertText, compose

SEOUL = ZoneInfo("Asia/Seoul")
T0 = 1_700_000_000_000  # 2023-11-15 07:13:20 in Seoul
STORY = AlertText(
    severity="critical",
    reason="new",
    labels={"alertname": "CheckUnhealthy", "check": "api", "severity": "critical", "host": "web-1", "category": "application"},
    annotations={
        "summary": "api unhealthy: 500 Internal Server Error",
        "description": "Look at its log.",
        "runbook_url": "https://run/api",
    },
    value=2.0,
    starts_at=T0,
    evidence=("reason: 500", "top: python 93%"),
    measure=Measure("check_health", "health", 2.0),
)


def tell(*stories: AlertText, kind: str = "firing", after: int = 0, language: str = "en", **more: object) -> tuple[str, str]:
    return compose(stories, kind=kind, now=T0 + after, host="web-1", language=language, zone=SEOUL, **more)  # type: ignore[arg-type]


def test_a_firing_says_what_and_what_to_do() -> None:
    """Title: severity and summary. Text: what to do, since when, where, evidence, runbook, where to look."""
    title, text = tell(STORY, after=125_000)
    assert title == "CRITICAL api unhealthy: 500 Internal Server Error"
    assert text.splitlines() == [
        "What to do: Look at its log.",
        "Since 07:13:20 KST (2 min ago)",
        "category application · check api · host web-1",
        "Evidence:",
        "  reason: 500",
        "  top: python 93%",
        "Runbook: https://run/api",
        "Look: ssh -t web-1 tui-monitor",
    ]


def test_a_resolve_says_how_long_it_was() -> None:
    """A check is healthy again after its duration; another alert is named with its subject."""
    ended = replace(STORY, reason="resolved", ends_at=T0 + 720_000)
    title, text = tell(ended, kind="resolved", after=720_000)
    assert title == "RESOLVED api healthy again after 12 min"
    assert "Was: api unhealthy: 500 Internal Server Error" in text and "From 07:13:20 KST to 07:25:20 KST (12 min)" in text
    disk = replace(ended, labels={"alertname": "DiskSpace", "mount": "/var", "host": "web-1"}, annotations={})
    assert tell(disk, kind="resolved")[0] == "RESOLVED DiskSpace /var after 12 min"


def test_korean() -> None:
    """The same in Korean."""
    title, text = tell(STORY, after=125_000, language="ko")
    assert title == "심각 api unhealthy: 500 Internal Server Error"
    assert "조치: Look at its log." in text and "(2분 전)" in text and "대응 문서: https://run/api" in text
    ended = replace(STORY, reason="resolved", ends_at=T0 + 3_900_000)
    assert tell(ended, kind="resolved", language="ko")[0] == "복구 api 정상으로 돌아옴 (1시간 5분 만에)"


@pytest.mark.parametrize(
    ("change", "kind", "title", "line"),
    [
        ({"reason": "raised", "old_severity": "warning"}, "firing", "CRITICAL (was warning) api unhealthy", "Raised: WARNING → CRITICAL"),
        ({"reason": "reminder"}, "reminder", "STILL CRITICAL for 4 h: api unhealthy", "Since 07:13:20 KST (4 h ago)"),
        ({"reason": "flapping", "flaps": 7}, "firing", "FLAPPING api unhealthy", "Since"),
        ({"explained": ("web", "cart")}, "firing", "(2 affected)", "Affected (2): cart, web"),
        ({"dependents": ("web",)}, "firing", "(1 affected)", "Depending on it (1): web"),
        ({"dependents": ("web",), "severity": "warning"}, "firing", "WARNING", "Depending on it (1): web"),
        ({"explained": ("web",), "dependents": ("web", "cart")}, "firing", "(2 affected)", "Affected (2): cart, web"),
        ({"explained": ("web",), "dependents": ("web", "cart"), "severity": "warning"}, "firing", "(1 affected)", "Affected (1): web"),
        ({"escalated_after": 600_000}, "firing", "CRITICAL", "Escalated: nobody has acknowledged it for 10 min"),
        (
            {
                "held_by": (
                    MuteReason("silence", "ab"),
                    MuteReason("depends_on", "db"),
                )
            },
            "firing",
            "CRITICAL",
            "held back by silence ab, the failure of db",
        ),
        ({"acknowledged_by": "kim"}, "firing", "CRITICAL", "Acknowledged by kim"),
        ({"due_at": T0 + 5 * 3_600_000}, "firing", "CRITICAL api", "Answer within 1 h (by 12:13:20 KST)"),
        ({"due_at": T0 + 4 * 3_600_000}, "firing", "CRITICAL api", "Answer at once"),
        (
            {"reason": "overdue", "due_at": T0 + 3_600_000},
            "reminder",
            "OVERDUE CRITICAL, unanswered for 4 h: api",
            "Overdue since 08:13:20 KST: nobody has acknowledged it",
        ),
        ({"came_back": 3}, "firing", "CRITICAL api", "Fired 3 more times since the last message"),
        ({"reason": "reminder", "woken": True}, "reminder", "STILL", "The acknowledgement has expired"),
        (
            {"reason": "resolved", "resolved_by": "kim", "note": "restarted"},
            "resolved",
            "RESOLVED api: closed by kim",
            "closed by kim: restarted",
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_changed_is_said(change: dict[str, object], kind: str, title: str, line: str, language: str) -> None:
    """Each reason has its words (the Korean run only must not fail)."""
    told_title, text = tell(replace(STORY, **change), kind=kind, after=4 * 3_600_000, language=language)  # type: ignore[arg-type]
    if language == "en":
        assert title in told_title and line in text
    assert len(told_title) <= 120


ORDERS = replace(
    STORY,
    labels={"alertname": "ManyWaiting", "check": "shop", "severity": "warning"},
    annotations={"summary": "orders wait"},
    value=17.0,
    measure=Measure("orders_waiting", "", 10.0),
)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({}, "value 17, limit 10 · check shop · host web-1"),
        ({"value": 0.914, "measure": Measure("cpu_usage_ratio", "ratio", 0.9)}, "value 91.4%, limit 90% ·"),
        ({"value": 0.612, "measure": Measure("probe_duration_seconds", "seconds", 0.5)}, "value 612ms, limit 500ms ·"),
        ({"value": 3.5, "measure": Measure("a / b", "", None)}, "value 3.5 ·"),
        ({"reason": "resolved", "ends_at": T0}, "last value 17, limit 10 · check shop ·"),
        ({"reason": "reminder"}, "value 17, limit 10 ·"),
        ({"reason": "raised", "old_severity": "info"}, "value 17, limit 10 ·"),
    ],
)
def test_every_message_says_value_and_limit(change: dict[str, Any], line: str) -> None:
    """Value and limit stand in each kind of message in the unit of the expression, also where the alert has a `check` label."""
    assert line in tell(replace(ORDERS, **change))[1]


def test_a_list_says_value_and_limit_of_each() -> None:
    """In a message about many alerts each line of what fires has its value, in Korean too."""
    _, text = tell(ORDERS, replace(ORDERS, value=12.0))
    assert text.splitlines()[:2] == [f"■ CRITICAL orders wait · {value}, limit 10 · Since 07:13:20 KST" for value in (17, 12)]
    assert "값 17, 기준 10 · 체크 shop" in tell(ORDERS, language="ko")[1]


@pytest.mark.parametrize(
    ("change", "english", "korean"),
    [
        ({}, "api: closed by root; the check is still unhealthy", "api: root 님이 수동 해제; 체크는 아직 비정상입니다"),
        ({"value": 1.0}, "api: closed by root; the check is still degraded", "api: root 님이 수동 해제; 체크는 아직 저하 상태입니다"),
        ({"no_data": True}, "api: closed by root; its series is missing", "api: root 님이 수동 해제; 시계열 데이터가 없습니다"),
        ({"still_true": False}, "api: closed by root", "api: root 님이 수동 해제"),
        (
            {"labels": {"alertname": "ManyWaiting"}},
            "ManyWaiting: closed by root; the condition still holds",
            "ManyWaiting: root 님이 수동 해제; 조건은 아직 참입니다",
        ),
    ],
)
def test_what_was_closed_by_hand_is_not_called_healthy(change: dict[str, Any], english: str, korean: str) -> None:
    """A resolve by hand says who closed it and what still holds; it never claims a recovery."""
    closed = replace(STORY, **{"reason": "resolved", "ends_at": T0, "resolved_by": "root", "still_true": True, **change})
    assert tell(closed, kind="resolved")[0] == f"RESOLVED {english}"
    assert tell(closed, kind="resolved", language="ko")[0] == f"복구 {korean}"
    assert english.partition(": ")[2] + ": deployed" in tell(replace(closed, note="deployed"), kind="resolved")[1]


def test_a_storm_is_a_bounded_list() -> None:
    """A thousand alerts: twenty lines and how many more."""
    stories = [replace(STORY, annotations={"summary": f"c{number} is down"}) for number in range(1000)]
    title, text = tell(*stories)
    assert title == "CRITICAL 1000 alerts: CheckUnhealthy"
    lines = text.splitlines()
    assert lines[0] == "■ CRITICAL c0 is down · Since 07:13:20 KST"
    assert lines[20] == "and 980 more" and len(lines) == 23


def test_mixed_messages_count_both() -> None:
    """Firing and ended in one message: the firing leads the title, the ended are counted."""
    ended = replace(STORY, reason="resolved", ends_at=T0)
    assert tell(STORY, ended)[0] == "CRITICAL api unhealthy: 500 Internal Server Error · RESOLVED 1"
    assert tell(STORY, STORY, ended, ended)[0] == "CRITICAL 2 alerts: CheckUnhealthy · RESOLVED 2"
    assert tell(ended, ended, kind="resolved")[0] == "RESOLVED 2 alerts: CheckUnhealthy"
    assert tell(STORY, STORY, kind="reminder", after=3_600_000)[0] == "STILL CRITICAL for 1 h: 2 alerts: CheckUnhealthy"


def test_link_and_held_back() -> None:
    """A configured link replaces the hint; what a rate limit held back is counted."""
    _, text = tell(STORY, link="https://mon.example/", held_back=3)
    assert "Look: https://mon.example/" in text and "and 3 more came and went" in text


def test_another_day_shows_its_date() -> None:
    """A begin on another day is written with its date."""
    assert "Since 2023-11-15 07:13:20 KST" in tell(STORY, after=86_400_000)[1]


def test_hostile_text_is_harmless() -> None:
    """Controls, escape sequences, bidi marks and line breaks of external text do not get through."""
    bad = replace(
        STORY, annotations={"summary": "a\x1b[31mb\x00c\u202ed\ne"}, labels={"alertname": "X\n", "x": "\x9b1m\ny"}, evidence=("p\x07q",)
    )
    title, text = tell(replace(bad, annotations={**bad.annotations, "description": "\x00\u202e"}))
    assert title == "CRITICAL abcd e"
    for shown in (title, text.replace("\n", "")):
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066" for char in shown)
    assert not any(line.startswith("y") for line in text.splitlines())


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=300), st.text(max_size=300), st.sampled_from(["new", "raised", "reminder", "resolved", "flapping"]), st.integers(1, 30)
)
def test_any_text_makes_a_bounded_message(summary: str, label: str, reason: str, count: int) -> None:
    """Whatever stands in labels and annotations: a title of one line within 120 characters, a text of bounded size that can be encoded."""
    story = replace(STORY, reason=reason, annotations={"summary": summary, "description": label}, labels={"alertname": label, "x": summary})
    for language in ("en", "ko"):
        title, text = tell(*[story] * count, language=language)
        assert len(title) <= 120 and "\n" not in title
        assert len(text) < 8000 and len(text.splitlines()) <= 30
        (title + text).encode()


def test_shapes_survive_in_an_sms() -> None:
    """Every shape and every built-in Korean phrase exists in EUC-KR."""
    "".join(SHAPES.values()).encode("euc-kr")
    for name in KOREAN.__annotations__:
        for text in _texts(getattr(KOREAN, name)):
            text.encode("euc-kr")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        return
    for part in value.values() if isinstance(value, dict) else value:
        yield from _texts(part)


def test_the_result_of_an_action_is_told_in_every_form() -> None:
    """Of one alert and of several, in both languages, also where it has not ended yet."""
    done = replace(STORY, actions=(("restart", "exit 0 after 1.2s: restarted"),))
    runs = replace(STORY, actions=(("restart", ""),))
    texts = [tell(*stories, language=language)[1] for stories in ((done,), (runs,), (done, STORY)) for language in ("en", "ko")]
    assert "Action restart: exit 0 after 1.2s: restarted" in texts[0] and "자동 조치 restart: exit 0 after 1.2s: restarted" in texts[1]
    assert "Action restart: started, not ended yet" in texts[2] and "자동 조치 restart: 시작됨, 아직 끝나지 않음" in texts[3]
    assert f"  {STORY.labels['check']}: Action restart: exit 0 after 1.2s: restarted" in texts[4].splitlines()
    ended = tell(replace(done, reason="resolved", ends_at=T0), kind="resolved")[1]
    assert "Action restart: exit 0" in ended
