"""The texts of the screens of services, containers, units and processes in Korean, by their English text."""

from __future__ import annotations

from collections.abc import Mapping

SERVICES: Mapping[str, str] = {
    "{count} not well": "비정상 {count}개",
    "turned round": "역순",
    "as a tree": "트리",
    "fold alerts of one rule; processes as a tree": "같은 규칙의 알림 접기; 프로세스는 트리로",
    "the last, the next trouble of the selection": "선택한 항목의 이전, 다음 문제",
    "trouble": "문제",
    "first run: find the services": "첫 실행: 서비스 찾기",
    "{healthy} of {all} healthy": "{all}개 중 {healthy}개 정상",
    "{rate} requests": "요청 {rate}",
    "{share} errors": "오류 {share}",
    "{count} errors in the log (1h)": "로그 오류 {count}건 (1시간)",
    "{count} restarts": "재시작 {count}회",
    "{count} restart": "재시작 {count}회",
    "{count} alerts: {names}": "알림 {count}건: {names}",
    "{count} alert: {names}": "알림 {count}건: {names}",
    "all of {check}": "{check} 전체",
    "Service {name}": "서비스 {name}",
    "Process {name}": "프로세스 {name}",
    "This service is no longer on the board.": "이 서비스는 더 이상 없습니다.",
    "Only incidents can be marked: Tab leads to them.": "장애만 표시할 수 있습니다: Tab으로 이동하세요.",
    "At this moment none is stored: Esc returns to the present.": "이 시점에 저장된 것이 없습니다: Esc로 현재로 돌아갑니다.",
    "the reason of a past moment is not stored": "과거 시점의 이유는 저장되지 않습니다",
    "CPU, share of one core": "CPU (코어 하나 기준)",
    "CPU since this page was opened": "이 화면을 연 뒤의 CPU",
    "Memory since this page was opened": "이 화면을 연 뒤의 메모리",
    "Earlier": "이전 기록",
    "pid {pid}": "pid {pid}",
    "{share}% of one core": "코어 하나의 {share}%",
    "{share} of one core": "코어 하나의 {share}",
    "sleeping": "대기 중 (S)",
    "waits for a disk": "디스크 대기 (D)",
    "has ended, its parent has not asked for it": "종료됨, 부모가 아직 회수하지 않음",
    "Signal to {pid} {name} of {user}": "{user}의 {pid} {name}에 신호 보내기",
    "Enter sends": "Enter 보내기",
    "KILL ends it at once": "KILL은 즉시 종료",
    "Sent {what}.": "보냄: {what}.",
    "Not sent: {reason}.": "보내지 않음: {reason}.",
    "Enter silences each": "Enter 각각 중지",
    "No process is known yet.": "아직 알려진 프로세스가 없습니다.",
    "Processes of the past are not stored: Esc returns to the present.\nWhat was busiest when an alert fired stands in its details.":
        "과거의 프로세스는 저장되지 않습니다: Esc로 현재로 돌아갑니다.\n알림이 발생했을 때 부하가 컸던 프로세스는 그 알림의 상세에 있습니다.",
    "Signals are off: kill = true under [dashboard] lets a dashboard on the machine itself send them.":
        "신호 보내기가 꺼져 있습니다: [dashboard]의 kill = true 로 해당 서버의 대시보드에서 보낼 수 있습니다.",
    'not stored for single processes; a check of type "process" with process = "{name}" keeps cpu, memory and open files':
        '프로세스별로는 저장되지 않습니다. type = "process", process = "{name}" 체크가 cpu, 메모리, 열린 파일을 저장합니다',
    'a check of type "log" keeps lines; a service that pushes its log under this name has them too':
        'type = "log" 체크가 줄을 보관합니다. 이 이름으로 로그를 보내는 서비스도 마찬가지입니다',
}  # fmt: skip
