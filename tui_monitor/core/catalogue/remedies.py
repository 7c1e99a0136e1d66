"""The advice for a failing check, by its reason and type, in English and Korean: commands that tell the cause."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from tui_monitor.core.humanize import cut

MOST_TARGET = 120
PORTS = {"http": 80, "https": 443, "postgres": 5432, "postgresql": 5432, "mysql": 3306, "redis": 6379, "rediss": 6379}
UNITS = {"postgres": "postgresql", "redis": "redis-server", "mysql": "mysql", "docker": "docker"}
"""The usual systemd unit by type of check."""


class Remedy(NamedTuple):
    """A pattern of reasons (without case), and the advice in English and Korean; {host}, {port} and {unit} are filled in."""

    reason: re.Pattern[str]
    english: str
    korean: str


def _remedy(reason: str, english: str, korean: str) -> Remedy:
    return Remedy(re.compile(reason, re.IGNORECASE), english, korean)


REMEDIES = (
    _remedy(
        r"certificate|tls|ssl",
        "openssl s_client -connect {host}:{port} -servername {host} </dev/null shows the certificate that is served.",
        "openssl s_client -connect {host}:{port} -servername {host} </dev/null 로 제공 중인 인증서를 확인하십시오.",
    ),
    _remedy(
        r"\bslow|above \d|\(limit",
        "It answers, but slowly: the phases show where the time goes; then the load of its host and what it depends on.",
        "응답하지만 느립니다: 단계별 시간으로 어디가 느린지 보고, 호스트 부하와 의존 대상을 확인하십시오.",
    ),
    _remedy(
        r"name server|name or service|resolve|no address|nxdomain",
        "The name cannot be resolved: getent hosts {host}; then look at /etc/resolv.conf and at the name server.",
        "이름을 찾지 못합니다: getent hosts {host} 로 확인하고 /etc/resolv.conf 와 네임서버를 보십시오.",
    ),
    _remedy(
        r"refused",
        "Nothing accepts connections there: systemctl status {unit}; ss -ltnp 'sport = :{port}'",
        "그 포트에서 연결을 받는 프로그램이 없습니다: systemctl status {unit}; ss -ltnp 'sport = :{port}'",
    ),
    _remedy(
        r"\b40[137]\b|password|authenticat|permission denied|not permitted|credential|access denied|noauth|wrongpass",
        "The target refuses the credentials: correct user, password or token of this check, or its rights there.",
        "대상이 인증 정보를 거부했습니다: 이 체크의 사용자, 비밀번호, 토큰 또는 대상 쪽 권한을 고치십시오.",
    ),
    _remedy(
        r"too many (clients|connections)|max_connections|maxclients",
        "All connections are in use: end idle ones at the target, or find the client that holds them.",
        "연결이 모두 사용 중입니다: 유휴 연결을 끊거나 연결을 잡고 있는 클라이언트를 찾으십시오.",
    ),
    _remedy(
        r"timed out.*\((connect|tcp)|no tcp|unreachable|no route",
        "No connection is made: systemctl status {unit} on the target; ss -ltn 'sport = :{port}'; then firewall and route (ping {host}).",
        "연결이 되지 않습니다. 대상에서: systemctl status {unit}; ss -ltn 'sport = :{port}'; 다음으로 방화벽과 경로(ping {host}).",
    ),
    _remedy(
        r"timed out|no answer",
        "It accepts the connection and does not answer in time: read its log, then its load, locks and what it depends on.",
        "연결은 받지만 제때 응답하지 않습니다: 로그를 보고, 부하와 잠금, 의존 대상을 확인하십시오.",
    ),
    _remedy(
        r"\b5\d\d\b",
        "The service itself reports an error: read the last lines of its log at that time; undo its last change.",
        "서비스가 스스로 오류를 알립니다: 그 시각의 로그 마지막 줄을 읽고 최근 변경을 되돌리십시오.",
    ),
    _remedy(
        r"\b4\d\d\b",
        "The service answers, but not at this address: compare path and method of the check with the service's routes.",
        "서비스는 응답하지만 이 주소가 아닙니다: 체크의 경로와 메서드를 서비스의 라우트와 비교하십시오.",
    ),
    _remedy(
        r"maxmemory|memory",
        "redis-cli -h {host} -p {port} INFO memory; redis-cli -h {host} -p {port} --bigkeys shows the largest keys.",
        "redis-cli -h {host} -p {port} INFO memory; redis-cli -h {host} -p {port} --bigkeys 로 큰 키를 찾으십시오.",
    ),
    _remedy(
        r"heartbeat|no ping",
        "The job has not reported: look at its schedule (systemctl list-timers, crontab -l) and at the log of its last run.",
        "작업이 보고하지 않았습니다: 일정(systemctl list-timers, crontab -l)과 마지막 실행 로그를 확인하십시오.",
    ),
    _remedy(
        r"reset|closed|broken pipe|disconnected",
        "The connection is cut while it answers: look for crashes and restarts (journalctl -u {unit} -n 50) and at proxies between.",
        "응답 도중 연결이 끊깁니다: 비정상 종료와 재시작(journalctl -u {unit} -n 50), 중간 프록시를 확인하십시오.",
    ),
)
"""The first that fits is taken."""
NOTIFIER = (
    "Messages through this notifier do not arrive: tui-monitor notify test NAME shows the error; correct its address or credentials.",
    "이 알림 채널로 메시지가 가지 않습니다: tui-monitor notify test NAME 으로 오류를 보고 주소나 인증 정보를 고치십시오.",
)


def remedy(kind: str, reason: str, target: str, language: str) -> str:
    """Advice for a failing check of this type with this reason; "" where none fits. ``target``: its address, without secrets."""
    found = next((one for one in REMEDIES if one.reason.search(reason)), None)
    if found is None or (found.reason.search("maxmemory") and kind != "redis"):
        return ""
    place = _place(kind, target)
    if not place["host"] and ("{host}" in found.english or "{port}" in found.english):
        return ""
    return (found.korean if language == "ko" else found.english).format_map(place)


def notifier_remedy(name: str, language: str) -> str:
    """Advice where a notifier delivers nothing."""
    return NOTIFIER[language == "ko"].replace("NAME", name)


def _place(kind: str, target: str) -> Mapping[str, str]:
    """Host, port and usual unit of a target: "https://shop.example.com/health", "127.0.0.1:5432/app"."""
    text = cut(target.split(" ")[-1] if " " in target else target, MOST_TARGET, "")
    scheme = text.split("://", 1)[0] if "://" in text else ""
    try:
        parts = urlsplit(text if scheme else f"//{text}")
        host, port = parts.hostname or "", parts.port or PORTS.get(scheme) or PORTS.get(kind)
    except ValueError:
        host, port = "", None
    safe = host if port and re.fullmatch(r"[\w.:-]+", host) else ""
    return {"host": safe, "port": str(port or ""), "unit": UNITS.get(kind, "SERVICE")}
