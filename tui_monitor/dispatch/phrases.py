"""The phrases of messages, in each language. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from tui_monitor.core.frozen import frozen


@frozen
class Phrases:
    """One language."""

    severities: Mapping[str, str]
    units: tuple[str, str, str, str]
    resolved: str
    after: str
    healthy_again: str
    still: str
    was: str
    flapping: str
    flapping_title: str
    alerts: str
    affected: str
    more: str
    explains: str
    depends: str
    since: str
    ago: str
    was_about: str
    from_to: str
    value: str
    host: str
    what_to_do: str
    changed: str
    acknowledged: str
    ack_expired: str
    escalated: str
    late: str
    by_hand: str
    evidence: str
    runbook: str
    look: str
    held_back: str
    causes: Mapping[str, str] = field(default_factory=dict)


ENGLISH = Phrases(
    severities={"critical": "CRITICAL", "error": "ERROR", "warning": "WARNING", "info": "INFO"},
    units=(" d", " h", " min", " s"),
    resolved="RESOLVED",
    after="{what} after {time}",
    healthy_again="{check} healthy again after {time}",
    still="STILL {severity} for {time}: {what}",
    was="{severity} (was {old}) {what}",
    flapping="flapping, {count} times in 10 min",
    flapping_title="FLAPPING {what}, {count} times in 10 min",
    alerts="{count} alerts",
    affected="({count} affected)",
    more="and {count} more",
    explains="Affected ({count}): {names}",
    depends="Depending on it ({count}): {names}",
    since="Since {at}",
    ago="{time} ago",
    was_about="Was: {what}",
    from_to="From {begin} to {end} ({time})",
    value="value {value}",
    host="host {host}",
    what_to_do="What to do: {text}",
    changed="Raised: {old} → {new}",
    acknowledged="Acknowledged by {by}",
    ack_expired="The acknowledgement has run out",
    escalated="Escalated: nobody has acknowledged it for {time}",
    late="Told late: it was held back by {cause}",
    by_hand="Resolved by {by}",
    evidence="Evidence:",
    runbook="Runbook: {url}",
    look="Look: {link}",
    held_back="and {count} more came and went, held back by the rate limit",
    causes={
        "silence": "silence {name}",
        "maintenance": "maintenance {name}",
        "depends_on": "the failure of {name}",
        "inhibit": "alert {name}",
        "waiting": "the wait for {name}",
        "inactive": "its route's active times",
    },
)
KOREAN = Phrases(
    severities={"critical": "심각", "error": "오류", "warning": "경고", "info": "정보"},
    units=("일", "시간", "분", "초"),
    resolved="복구",
    after="{what} ({time} 만에)",
    healthy_again="{check} 정상으로 돌아옴 ({time} 만에)",
    still="{time}째 {severity}: {what}",
    was="{severity} (이전 {old}) {what}",
    flapping="불안정, 10분 동안 {count}회",
    flapping_title="불안정 {what}, 10분 동안 {count}회",
    alerts="경보 {count}건",
    affected="(영향 {count}건)",
    more="외 {count}건",
    explains="영향받음 ({count}): {names}",
    depends="의존하는 점검 {count}개: {names}",
    since="시작 {at}",
    ago="{time} 전",
    was_about="내용: {what}",
    from_to="{begin} ~ {end} ({time})",
    value="값 {value}",
    host="호스트 {host}",
    what_to_do="조치: {text}",
    changed="심각도 상승: {old} → {new}",
    acknowledged="확인: {by}",
    ack_expired="확인 유효 시간이 끝났습니다",
    escalated="상위 전달: {time} 동안 아무도 확인하지 않았습니다",
    late="늦은 알림: {cause} 때문에 보류되었습니다",
    by_hand="직접 해제: {by}",
    evidence="근거:",
    runbook="대응 문서: {url}",
    look="보기: {link}",
    held_back="외 {count}건은 발송 한도 때문에 보내지 않았습니다",
    causes={
        "silence": "무음 {name}",
        "maintenance": "점검 시간 {name}",
        "depends_on": "{name} 장애",
        "inhibit": "경보 {name}",
        "waiting": "{name} 판정 대기",
        "inactive": "발송 시간 설정",
    },
)
LANGUAGES = {"en": ENGLISH, "ko": KOREAN}
