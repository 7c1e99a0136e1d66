"""The texts of the screens of logs, requests and traces in Korean, by their English text."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {
    "Log line": "로그 줄", "Trace": "트레이스", "Span": "스팬", "last": "기간", "history": "이력", "spans": "스팬", "attributes": "속성",
    "fields": "필드", "only such lines": "이 값의 줄만", "copy its id": "ID 복사", "all sources": "전체", "paused": "정지",
    "service": "서비스", "check": "체크",
    "CHECK": "체크", "ROUTE": "경로", "PER S": "초당", "/s": "/초", "ERRORS": "오류", "ERR": "오류",
    "FLIGHT": "처리 중", "BEGAN": "시작", "TOOK": "시간", "SPANS": "스팬", "FAILED": "실패", "SERVICE": "서비스", "OPERATION": "작업",
    "MEAN": "평균", "LONGEST": "최대", "TRACES": "건수", "requests per second": "초당 요청", "latency: p50, p95, p99": "응답 시간: p50, p95, p99",
    "reading ...": "읽는 중 ...", "Search": "검색", "Lines with": "줄 조건", "Traces with": "트레이스 조건", "newest first": "최신순", "slowest first": "느린 순",
    "failed first": "실패 먼저", "by rate": "빈도순", "by errors": "오류순", "by p95": "p95순", "by p99": "p99순", "by in flight": "처리 중인 수 순",
    "by route": "경로순",
}  # fmt: skip
_SENTENCES = {
    "paused  {count} new": "정지  새 줄 {count}개",
    "{count} new": "새 줄 {count}개",
    "until {when}": "{when}까지",
    "searched back to {when}": "{when}까지 검색함",
    "searching  {when}": "검색 중  {when}",
    "searching": "검색 중",
    "search: {text}": "검색: {text}",
    "no lines are kept of {name}": "{name}의 보관된 줄이 없음",
    "and {count} more": "외 {count}건",
    "all {count} routes": "전체 경로 {count}개",
    "of the last {span}": "최근 {span}",
    "{count} traces": "트레이스 {count}건",
    "{count} failed": "실패 {count}건",
    "{count} spans": "스팬 {count}개",
    "{count} operations": "작업 {count}개",
    "{took}, from {begin} on": "{took}, {begin}부터",
    "No line matches. Esc clears the filter; - shows less grave lines.": "맞는 줄이 없습니다. Esc는 조건을 지우고 -는 낮은 레벨도 표시합니다.",
    "No trace matches. Esc clears the filter.": "맞는 트레이스가 없습니다. Esc는 조건을 지웁니다.",
    "This trace has no spans.": "이 트레이스에는 스팬이 없습니다.",
    'No line has "{text}".': '"{text}"가 있는 줄이 없습니다.',
    'No line below has "{text}".': '아래에 "{text}"가 있는 줄이 없습니다.',
    'No line above has "{text}".': '위에 "{text}"가 있는 줄이 없습니다.',
    "No alert has fired about this source.": "이 출처에 대한 알림이 없었습니다.",
    "No span of this trace has failed.": "실패한 스팬이 없습니다.",
    "Enter finds   Esc cancel": "Enter 찾기   Esc 취소",
    "Enter filters   Esc cancel": "Enter 적용   Esc 취소",
    "No trace has an operation {names}.": "작업 {names}의 트레이스가 없습니다.",
    "No traces are kept. Traces (T) says how they come here.": "보관된 트레이스가 없습니다. 트레이스(T) 화면이 보내는 방법을 알려 줍니다.",
    "No requests were counted at that time.": "그때 센 요청이 없습니다.",
    "No log lines are kept yet. Write into the configuration, for a file of this machine:": "보관된 로그 줄이 아직 없습니다. 이 서버의 파일은 설정에 이렇게 적으세요:",
    "or let applications send theirs, to /logs as JSON or to /v1/logs as OTLP (a token: tui-monitor token add NAME --scope push):":
        "애플리케이션이 /logs에 JSON으로, /v1/logs에 OTLP로 보낼 수도 있습니다 (토큰: tui-monitor token add NAME --scope push):",
    "No requests are counted yet. Read an access log:": "아직 세는 요청이 없습니다. 접근 로그를 읽으세요:",
    "or the metrics of an application (http_requests_total, http_request_duration_seconds; other names: [requests]):":
        "또는 애플리케이션의 지표 (http_requests_total, http_request_duration_seconds, 다른 이름은 [requests]):",
    "No traces are kept yet. Write into the configuration:": "보관된 트레이스가 아직 없습니다. 설정에 이렇게 적으세요:",
    "and let applications send them (a token: tui-monitor token add NAME --scope push):":
        "그리고 애플리케이션이 보내게 하세요 (토큰: tui-monitor token add NAME --scope push):",
    '"{word}" is not a level; did you mean {meant}?': '"{word}"는 레벨이 아닙니다. {meant}인가요?',
    '"{word}" is not a level; there are {levels}': '"{word}"는 레벨이 아닙니다. {levels} 중 하나입니다',
    '"{word}" is not a duration: write for example {example}': '"{word}"는 기간이 아닙니다. 예: {example}',
}  # fmt: skip
TELEMETRY: Mapping[str, str] = {**_WORDS, **_SENTENCES}
