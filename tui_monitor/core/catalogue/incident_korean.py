"""The Korean texts of the incident page, the map of services, the form of a silence, charts and explore, by their English text."""

from __future__ import annotations

from collections.abc import Mapping

INCIDENT: Mapping[str, str] = {
    # Footers.
    "next, previous": "다음, 이전", "replay": "재생", "next": "다음", "complete, chart": "완성, 차트", "one series": "하나만", "its check": "그 체크",
    # The page of an incident.
    "muted": "중지됨", "nobody was told": "아무에게도 알리지 않음", "nobody was told yet": "아직 아무에게도 알리지 않음",
    "nobody was told: muted by {name}": "아무에게도 알리지 않음: 중지 {name}", "escalates {at} if not acked": "{at}까지 확인이 없으면 에스컬레이션",
    "{error}, try {count} in {age}": "{error}, {age} 뒤 {count}번째 시도", "{who} acknowledged it {at}": "{who} 확인 {at}",
    "{who} acknowledged it {at}, until {until}": "{who} 확인 {at}, {until}까지", "{count} muted by this": "이 장애로 {count}건 중지",
    "first time within what is kept": "보관된 기간에서 처음", "{count} times within 30 days": "30일 동안 {count}회",
    "last time": "지난번", "nobody acknowledged it": "아무도 확인하지 않음", "loading the chart": "차트를 불러오는 중", "no series": "시계열 없음",
    "last 5m": "최근 5분", "last 1h": "최근 1시간", "last 24h": "최근 24시간", "last 7d": "최근 7일", "log": "로그",
    "down once": "장애 1회", "down {count} times": "장애 {count}회", "busiest then": "당시 부하", "busiest now": "현재 부하",
    "1h before": "1시간 전", "last values": "마지막 값", "flapping": "불안정",
    "There is no other incident.": "다른 장애가 없습니다.",
    "No runbook: runbook_url of the check or of the rule names one.": "대응 문서가 없습니다: 체크나 규칙의 runbook_url에 적으십시오.",
    "This alert is not about a check.": "이 알림은 체크에 관한 것이 아닙니다.",
    "Copied: {what}": "복사함: {what}",
    # The map of services.
    "perhaps missing": "빠진 것일 수 있음", "without dependencies: {count}": "의존 관계 없음: {count}개",
    "nothing depends on it": "의존하는 것이 없음", "{count} of {all} failing": "{all}개 중 {count}개 실패",
    "failed within 10s of it {times} of {all} times": "{all}번 중 {times}번 10초 안에 함께 실패",
    # The form of a silence.
    "till resolved": "복구까지", "till 09:00": "09:00까지", "for": "기간", "why (optional)": "사유 (선택)",
    "Choose at least one label: Space.": "레이블을 하나 이상 고르십시오: Space.",
    "mutes {count} alert now": "지금 {count}건 중지", "mutes {count} alerts now": "지금 {count}건 중지",
    "mutes {count} alert now: {names}": "지금 {count}건 중지: {names}", "mutes {count} alerts now: {names}": "지금 {count}건 중지: {names}",
    "mutes {count} alert now, {week} last week": "지금 {count}건 중지, 지난주 {week}건",
    "mutes {count} alerts now, {week} last week": "지금 {count}건 중지, 지난주 {week}건",
    "mutes {count} alert now, {week} last week: {names}": "지금 {count}건 중지, 지난주 {week}건: {names}",
    "mutes {count} alerts now, {week} last week: {names}": "지금 {count}건 중지, 지난주 {week}건: {names}",
    # Charts and explore.
    "alerts": "알림", "the same time last week": "지난주 같은 시각", "and {count} more, faint": "그 밖 {count}개는 흐리게",
    "Type PromQL and press Enter. For example:": "PromQL을 입력하고 Enter를 누르십시오. 예:",
    'There is no metric "{name}".': '"{name}" 지표가 없습니다.',
    'There is no metric "{name}". Did you mean {others}?': '"{name}" 지표가 없습니다. {others} 를 찾으셨습니까?',
}  # fmt: skip
