"""The few phrases that notifiers and the outbox add to a message, in its language. Standard library only."""

from __future__ import annotations

from datetime import datetime, tzinfo

from tui_monitor.dispatch.message import AlertSnapshot, Message

LATE_AFTER_MS = 60_000

_PHRASES = {
    "en": {
        "repeat": "(possible repeat)",
        "more": "and {count} more",
        "unrecorded": "not recorded, may repeat",
        "down": "was down {start}–{end}, delivered {now}",
        "since": "since {start}, delivered {now}",
        "made": "written {start}, delivered {now}",
        "acknowledged": "acknowledged by {by}",
        "acknowledge": "Acknowledge",
        "taken": "Acknowledged",
        "gone": "This alert is over",
        "forbidden": "You may not acknowledge here",
        "unknown_button": "This button is not known",
        "not_kept": "That did not work",
        "other_host": "This alert is {host}'s, and its monitor did not take the press. One bot for several machines: give each its own",
        "topic_gone": "topic {topic} is gone, so this is in the group",
        "over": "resolved {now}",
        "summary": "{firing} firing, {resolved} resolved",
    },
    "ko": {
        "repeat": "(중복 가능)",
        "more": "외 {count}건",
        "unrecorded": "기록되지 않음, 중복될 수 있음",
        "down": "{start}–{end} 장애, {now} 전달",
        "since": "{start}부터, {now} 전달",
        "made": "{start} 작성, {now} 전달",
        "acknowledged": "{by} 확인함",
        "acknowledge": "확인",
        "taken": "확인했습니다",
        "gone": "이미 끝난 알림입니다",
        "forbidden": "여기서 확인할 권한이 없습니다",
        "unknown_button": "알 수 없는 버튼입니다",
        "not_kept": "처리하지 못했습니다",
        "other_host": "{host}의 알림이며 그쪽 모니터가 받지 못했습니다. 봇 하나를 여러 서버가 쓰고 있으니 서버마다 봇을 따로 두세요",
        "topic_gone": "토픽 {topic}이(가) 없어 그룹에 보냅니다",
        "over": "{now} 복구",
        "summary": "발생 {firing}건, 해소 {resolved}건",
    },
}


def say(language: str, phrase: str, **values: object) -> str:
    """One phrase; a language that is not known reads English."""
    return _PHRASES.get(language, _PHRASES["en"])[phrase].format(**values)


def late_note(message: Message, now_ms: int, zone: tzinfo | None = None) -> str:
    """What a message that comes more than 60 s after its event, or a merged one, says of it; else "".

    Times are in ``zone``, by default this machine's.
    """
    if now_ms - message.created_at <= LATE_AFTER_MS and not message.merged:
        return ""
    ended = [alert for alert in message.alerts if alert.ends_at is not None]
    starts = [alert.starts_at for alert in message.alerts if alert.starts_at]
    if starts and len(ended) == len(message.alerts):
        end = max(alert.ends_at or 0 for alert in ended)
        return say(message.language, "down", **_clock_times(zone, start=min(starts), end=end, now=now_ms))
    start = min(starts) if starts else message.created_at
    return say(message.language, "since" if starts else "made", **_clock_times(zone, start=start, now=now_ms))


def is_resolved(alert: AlertSnapshot) -> bool:
    """Whether this snapshot tells an end."""
    return alert.status == "resolved"


def _clock_times(zone: tzinfo | None, **stamps: int) -> dict[str, str]:
    moments = {name: datetime.fromtimestamp(stamp / 1000, zone) for name, stamp in stamps.items()}
    same_day = len({moment.date() for moment in moments.values()}) == 1
    return {name: f"{moment:%H:%M}" if same_day else f"{moment:%Y-%m-%d %H:%M}" for name, moment in moments.items()}


def local_time(stamp_ms: int) -> str:
    """Hours and minutes of a stamp, in this machine's zone."""
    return f"{datetime.fromtimestamp(stamp_ms / 1000):%H:%M}"
