"""Reasons of checks in Korean. Stored, sent to scripts and judged by rules they are English; people read them in their language.

A reason of another wording (a plug-in's, a target's own words) stays as it is. Braces are values; {reason} is a reason within another.
"""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, str] = {
    # --- connections ---
    "timed out after {time} ({stage})": "{time} 안에 응답 없음 ({stage})",
    "timed out after {time}": "{time} 안에 응답 없음",
    "{name}: nothing delivered for 10m: {reason}": "{name}: 10분째 전달 실패: {reason}",
    "{name}: nothing delivered for 10m": "{name}: 10분째 전달 실패",
    "nothing delivered for 10m: {reason}": "10분째 전달 실패: {reason}",
    "slow: {time} (limit {limit})": "느림: {time} (기준 {limit})",
    "connection refused": "연결 거부됨",
    "connection refused ({place})": "연결 거부됨 ({place})",
    "connection reset": "연결이 도중에 끊김",
    "connection reset ({place})": "연결이 도중에 끊김 ({place})",
    "connection failed": "연결 실패",
    "connection timed out": "연결 시간 초과",
    "connection lost ({place})": "연결 끊김 ({place})",
    "connection closed by the server ({place})": "서버가 연결을 닫음 ({place})",
    "no route to host": "호스트까지 경로 없음",
    "no route": "경로 없음",
    "no reply": "응답 없음",
    "no address": "주소 없음",
    "no such host": "없는 호스트",
    "no name server answers": "네임서버 응답 없음",
    "no resolver answers": "리졸버 응답 없음",
    "no resolver answers ({host})": "리졸버 응답 없음 ({host})",
    "the network is down": "네트워크 중단",
    "the network of this machine is down": "이 서버의 네트워크 중단",
    "the firewall of this machine does not let the monitor connect": "이 서버의 방화벽이 모니터의 연결을 막음",
    # --- answers ---
    "HTTP {code}, wanted {wanted}": "HTTP {code}, 기준 {wanted}",
    "redirected {count} times": "리디렉션 {count}번",
    "answered TLS, not plain HTTP (https?)": "HTTP가 아니라 TLS로 응답함 (https?)",
    "answered without TLS": "TLS 없이 응답함",
    "answered garbage (not HTTP)": "HTTP가 아닌 응답",
    "the answer is not PostgreSQL's ({place})": "PostgreSQL의 응답이 아님 ({place})",
    "the answer is not Redis' ({place})": "Redis의 응답이 아님 ({place})",
    "memory {share} of maxmemory": "메모리 사용량이 maxmemory의 {share}",
    "connections {used}": "연결 {used}",
    "the server is loading its data set": "서버가 데이터를 읽어들이는 중",
    "the link to the master is down": "마스터와 연결 끊김",
    "the link to the master is down and stale data is not served": "마스터와 연결이 끊겼고 오래된 데이터는 제공하지 않음",
    # --- certificates ---
    "certificate expires in {time}": "인증서 {time} 뒤 만료",
    "certificate expired {time} ago": "인증서가 {time} 전에 만료됨",
    "certificate of {name} expires in {time}": "{name} 인증서 {time} 뒤 만료",
    "certificate of {name} expired {time} ago": "{name} 인증서가 {time} 전에 만료됨",
    # --- jobs, groups, units, containers, processes ---
    "no ping for {time}; one was due {late} ago": "{time} 동안 핑 없음, {late} 전에 왔어야 함",
    "the job failed {time} ago": "{time} 전에 작업 실패",
    "{well} healthy, {wanted} wanted": "정상 {well}, 기준 {wanted}",
    "{well} up, {wanted} wanted": "가동 {well}, 기준 {wanted}",
    "{well} healthy, {wanted} wanted: {reason}": "정상 {well}, 기준 {wanted}: {reason}",
    "{well} up, {wanted} wanted: {reason}": "가동 {well}, 기준 {wanted}: {reason}",
    "{name}, which is required, is {status}: {reason}": "필수인 {name} {status}: {reason}",
    "unhealthy: {names}": "비정상: {names}",
    "degraded: {names}": "성능 저하: {names}",
    "unknown: {names}": "알 수 없음: {names}",
    "no member has a known status": "상태를 아는 구성원이 없음",
    "{unit} is stopped (inactive, without a failure): {command}": "{unit} 정지됨 (실패 아님): {command}",
    "no loaded unit is {name}": "{name} 유닛이 없음",
    "its health check fails": "상태 검사 실패",
    "the registration ends in {time}: renew it": "도메인 등록 {time} 뒤 만료: 갱신 필요",
    "the registration ended {time} ago": "도메인 등록이 {time} 전에 만료됨",
    # --- the monitor itself ---
    "this machine slept or its clock was set during the probe": "측정 중에 이 서버가 절전했거나 시계가 바뀜",
    "the log is being looked at for the first time": "로그를 처음 읽는 중",
    "the feed has ended by itself": "수신이 저절로 끝남",
    "no measurement at that time": "그 시각의 측정값 없음",
    "no reason given": "사유 없음",
    "waiting for the first probe": "첫 측정을 기다리는 중",
}
