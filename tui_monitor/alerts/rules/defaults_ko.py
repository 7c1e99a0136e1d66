"""The built-in rules' texts in Korean."""

from __future__ import annotations

KOREAN: dict[str, tuple[str, str]] = {
    "HighCPU": (
        "CPU 사용률 {{ $value | humanizePercentage }}",
        "프로세스 표를 CPU 순으로 정렬해 원인을 찾고, 작업을 멈추거나 늦추거나 코어를 늘리세요.",
    ),
    "HighMemory": (
        "메모리 사용률 {{ $value | humanizePercentage }}",
        "프로세스 표를 메모리 순으로 정렬하고, 커널이 임의로 종료하기 전에 새는 프로세스를 다시 시작하세요.",
    ),
    "DiskSpace": (
        "디스크 {{ $labels.mount }} 사용률 {{ $value | humanizePercentage }}",
        "큰 파일을 찾아(du -xh {{ $labels.mount }} | sort -h | tail) 로그를 정리하거나 데이터를 옮기거나 용량을 늘리세요.",
    ),
    "DiskInodes": (
        "디스크 {{ $labels.mount }} 아이노드(파일 수) 사용률 {{ $value | humanizePercentage }}",
        "공간이 남아도 아이노드가 없으면 파일을 만들 수 없습니다. 파일이 가장 많은 디렉터리를 찾아"
        "(du --inodes -xS {{ $labels.mount }} | sort -n | tail) 오래된 세션, 캐시, 메일 대기열을 지우세요.",
    ),
    "DiskFullSoon": (
        "디스크 {{ $labels.mount }}: 지난 한 시간의 속도라면 {{ $value | humanizeDuration }} 뒤에 가득 찹니다",
        "무엇이 늘어나는지 찾아(du -xh {{ $labels.mount }} | sort -h | tail 을 두 번) 멈추거나 공간을 확보하세요.",
    ),
    "CheckUnhealthy": (
        "{{ $labels.check }} {{ if eq $value 2 }}비정상{{ else }}성능 저하{{ end }}{{ if $reason }}: {{ $reason }}{{ end }}",
        "점검 상세 화면의 원인과 단계별 시간이 어디에서 실패하는지 알려 줍니다. 그다음 대상을 직접 확인하세요.",
    ),
    "CertificateExpiry": (
        '{{ if match "^certificate of " $reason }}{{ $labels.check }}: {{ $reason }}{{ else }}{{ $labels.check }} 인증서 '
        "{{ if gt $value 0 }}만료까지 {{ $value | humanizeDuration }}{{ else }}만료됨{{ end }}{{ end }}",
        "인증서를 갱신하고 서버가 새 인증서를 읽었는지 확인하세요.",
    ),
    "ClockSkew": (
        "시계가 {{ $value | humanizeDuration }} 어긋났습니다",
        "시계를 맞추는 서비스를 확인하세요(timedatectl, chronyc tracking).",
    ),
    "MonitorTrouble": (
        "모니터 자체에 문제가 있습니다: {{ if $reason }}{{ $reason }}{{ else }}{{ $labels.reason }}{{ end }}",
        "측정하지 못한 것은 장애가 아니라 알 수 없음입니다. 디스크, 파일 디스크립터, CPU를 확보하고 로그를 보세요.",
    ),
}
"""Alert name → (summary, description)."""
