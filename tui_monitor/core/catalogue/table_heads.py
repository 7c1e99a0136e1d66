"""The names of columns and facts in Korean. They have a map of their own, as such words are also names of processes and containers."""

from __future__ import annotations

from collections.abc import Mapping

_KOREAN: Mapping[str, str] = {
    "status": "상태", "name": "이름", "by": "기준", "healthy": "정상", "firing": "발생", "requests": "요청", "errors": "오류",
    "in log": "로그", "reason": "원인", "state": "상태", "health": "헬스", "restarts": "재시작", "memory": "메모리", "since": "경과",
    "image": "이미지", "check": "체크", "unit": "유닛", "sub-state": "세부 상태", "last run": "실행", "thr": "스레드", "age": "경과",
    "user": "사용자", "command": "명령", "trend": "추이", "rate": "비율", "look": "명령", "threads": "스레드", "started": "시작",
    "parent": "부모", "children": "자식", "history": "이력", "group": "그룹", "label": "레이블", "did": "행동", "who": "누가",
    "to": "대상", "note": "메모", "time": "시각", "began": "시작", "took": "시간", "spans": "스팬", "failed": "실패",
    "service": "서비스", "operation": "작업", "mean": "평균", "longest": "최대", "traces": "건수", "depends": "의존", "layer": "계층",
}  # fmt: skip


def table_head(text: str, language: str) -> str:
    """The name of a column or a fact in a language."""
    return _KOREAN.get(text, text) if language == "ko" else text
