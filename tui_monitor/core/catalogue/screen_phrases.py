"""The texts of screens by role, in both languages: heads of columns and what stands in place of values."""

from __future__ import annotations

from collections.abc import Mapping

from tui_monitor.core.frozen import frozen


@frozen
class ScreenPhrases:
    """The texts of one language. ``heads``: by the column's key; ``kinds``: titles of panels without one of their own."""

    language: str
    screens: str
    role_screens: str
    heads: Mapping[str, str]
    kinds: Mapping[str, str]
    empty: Mapping[str, str]
    no_data: str
    no_screens: str
    more: str
    others: str
    acknowledged: str
    others_fire: str


ENGLISH = ScreenPhrases(
    language="en",
    screens="Screens",
    role_screens="Screens by role",
    heads={
        "name": "name", "value": "value", "reason": "reason", "latency": "latency", "strip": "history", "since": "since", "who": "who",
        "route": "route", "rate": "per s", "errors": "errors", "p95": "p95", "time": "time", "level": "level", "source": "source",
        "message": "message", "operation": "operation", "duration": "duration", "state": "state", "restarts": "restarts", "cpu": "CPU",
        "memory": "memory", "user": "user", "share": "share", "severity": "severity", "check": "check", "summary": "what",
        "swap": "swap", "receive": "receive", "transmit": "transmit", "load": "load", "of": "of",
    },
    kinds={
        "stat": "figure", "chart": "chart", "table": "table", "bars": "bars", "pie": "shares", "checks": "Services",
        "alerts": "Incidents", "resources": "Machine", "requests": "Requests", "logs": "Log", "traces": "Traces",
        "containers": "Containers", "processes": "Processes", "hosts": "Hosts", "text": "",
    },
    empty={
        "alerts": "No alert fires.",
        "checks": "No check matches.",
        "requests": "No application counts its requests yet: [requests] in docs/configuration.md.",
        "logs": "No kept line: a check of type log, or [push].",
        "traces": "No trace: [push] traces.",
        "containers": "No container: a check of type docker.",
        "processes": "No process matches.",
        "hosts": "No host: [[hosts]].",
    },
    no_data="no data",
    no_screens="No screen is configured: [[screens]] in docs/screens.md.",
    more="{count} more",
    others="others",
    acknowledged="ack {by}",
    others_fire="None of the selected alerts fires; others: {count}.",
)  # fmt: skip

KOREAN = ScreenPhrases(
    language="ko",
    screens="화면",
    role_screens="역할별 화면",
    heads={
        "name": "이름", "value": "값", "reason": "원인", "latency": "응답 시간", "strip": "이력", "since": "경과", "who": "확인",
        "route": "경로", "rate": "초당", "errors": "오류", "p95": "p95", "time": "시각", "level": "수준", "source": "출처",
        "message": "메시지", "operation": "작업", "duration": "소요 시간", "state": "상태", "restarts": "재시작", "cpu": "CPU",
        "memory": "메모리", "user": "사용자", "share": "비율", "severity": "심각도", "check": "체크", "summary": "내용",
        "swap": "스왑", "receive": "수신", "transmit": "송신", "load": "부하", "of": "전체",
    },
    kinds={
        "stat": "수치", "chart": "차트", "table": "표", "bars": "막대", "pie": "비율", "checks": "서비스",
        "alerts": "장애", "resources": "시스템", "requests": "요청", "logs": "로그", "traces": "트레이스",
        "containers": "컨테이너", "processes": "프로세스", "hosts": "호스트", "text": "",
    },
    empty={
        "alerts": "발생 중인 알림이 없습니다.",
        "checks": "해당하는 체크가 없습니다.",
        "requests": "요청을 세는 애플리케이션이 아직 없습니다: docs/configuration.md의 [requests].",
        "logs": "보관된 로그가 없습니다: log 체크 또는 [push].",
        "traces": "트레이스가 없습니다: [push] traces.",
        "containers": "컨테이너가 없습니다: docker 체크.",
        "processes": "해당하는 프로세스가 없습니다.",
        "hosts": "호스트가 없습니다: [[hosts]].",
    },
    no_data="데이터 없음",
    no_screens="설정된 화면이 없습니다: docs/screens.md의 [[screens]].",
    more="{count}개 더",
    others="기타",
    acknowledged="확인: {by}",
    others_fire="선택된 알림 중 발생 중인 것이 없습니다. 그 밖의 알림: {count}개.",
)  # fmt: skip


def screen_phrases(language: str) -> ScreenPhrases:
    """The texts of a language; English for an unknown one."""
    return KOREAN if language == "ko" else ENGLISH
