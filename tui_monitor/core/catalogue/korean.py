"""The texts of messages in Korean."""

from __future__ import annotations

from tui_monitor.core.catalogue.phrases import Phrases, RuleTexts

KOREAN = Phrases(
    severities={
        "critical": "심각",
        "error": "오류",
        "warning": "경고",
        "info": "정보",
    },
    units={
        "d": "일",
        "h": "시간",
        "m": "분",
        "s": "초",
    },
    resolved="복구",
    after="{what} ({time} 만에)",
    healthy_again="{check} 정상으로 돌아옴 ({time} 만에)",
    still="{time}째 {severity}: {what}",
    overdue="응답 지연 {severity}, {time}째 미확인: {what}",
    was="{severity} (이전 {old}) {what}",
    flapping="불안정, 10분 동안 {count}회",
    flapping_title="불안정 {what}, 10분 동안 {count}회",
    alerts="알림 {count}건",
    affected="(영향 {count}건)",
    more="외 {count}건",
    explains="영향받음 ({count}): {names}",
    depends="의존하는 체크 {count}개: {names}",
    since="시작 {at}",
    ago="{time} 전",
    was_about="내용: {what}",
    from_to="{begin} ~ {end} ({time})",
    value="값 {value}",
    last_value="마지막 값 {value}",
    limit="{value}, 기준 {limit}",
    host="호스트 {host}",
    columns={"category": "분류", "service": "서비스", "value": "값과 기준", "since": "시작", "host": "호스트"},
    labels={"check": "체크", "category": "분류", "service": "서비스", "mount": "디스크", "unit": "유닛", "container": "컨테이너"},
    what_to_do="조치: {text}",
    changed="심각도 상승: {old} → {new}",
    acknowledged="확인: {by}",
    ack_expired="확인 유효 시간이 끝났습니다",
    escalated="에스컬레이션: {time} 동안 아무도 확인하지 않았습니다",
    came_back="지난 알림 이후 {count}번 더 발생했으나 재알림 간격 안이라 보내지 않았습니다",
    answer_within="{time} 안에 확인하세요 ({at}까지)",
    answer_now="지금 바로 확인하세요",
    overdue_since="{at}부터 응답 지연: 아무도 확인하지 않았습니다",
    late="늦은 알림: {cause} 때문에 보류되었습니다",
    closed_by="{by} 님이 수동 해제",
    closed_unhealthy="체크는 아직 비정상입니다",
    closed_degraded="체크는 아직 저하 상태입니다",
    closed_true="조건은 아직 참입니다",
    closed_no_data="시계열 데이터가 없습니다",
    action="자동 조치 {name}: {result}",
    action_runs="시작됨, 아직 끝나지 않음",
    evidence="발생 당시 상태:",
    runbook="대응 문서: {url}",
    look="열기: {link}",
    held_back="외 {count}건은 발송 한도 때문에 보내지 않았습니다",
    causes={
        "silence": "알림 중지 {name}",
        "maintenance": "정기 점검 {name}",
        "depends_on": "{name} 장애",
        "inhibit": "알림 {name}",
        "waiting": "{name} 판정 대기",
        "inactive": "발송 시간 설정",
    },
    possible_repeat="(중복 가능)",
    unrecorded="기록되지 않음, 중복될 수 있음",
    late_after_end="{start}~{end} 장애, {now} 전달",
    late_since="{start}부터, {now} 전달",
    late_written="{start} 작성, {now} 전달",
    state_acknowledged="{by} 확인함",
    state_resolved="{now} 복구",
    button_acknowledge="확인",
    button_done="확인했습니다",
    button_over="이미 끝난 알림입니다",
    button_forbidden="여기서 확인할 권한이 없습니다",
    button_unknown="알 수 없는 버튼입니다",
    button_failed="처리하지 못했습니다",
    button_other_host="{host}의 알림이며 그쪽 모니터가 받지 못했습니다. 봇 하나를 여러 서버가 쓰고 있으니 서버마다 봇을 따로 두세요",
    topic_gone="토픽 {topic}이(가) 없어 그룹에 보냅니다",
    backlog="발생 {firing}건, 복구 {resolved}건",
    test_title="{host} 시험 메시지",
    test_text="이 메시지가 보이면 {name} 알림이 작동합니다. 보낸 사람: {by} (tui-monitor notify test)",
    no_data_summary="{name} 데이터 없음",
    no_data_description="{time} 동안 규칙이 보는 값이 들어오지 않았습니다. 값을 보내는 쪽이 아직 동작하는지 확인하세요.",
    rules={
        "HighCPU": RuleTexts(
            "CPU 사용률 {{ $value | humanizePercentage }}",
            "프로세스 표를 CPU 순으로 정렬해 원인을 찾고, 작업을 멈추거나 늦추거나 코어를 늘리세요.",
        ),
        "HighMemory": RuleTexts(
            "메모리 사용률 {{ $value | humanizePercentage }}",
            "프로세스 표를 메모리 순으로 정렬하고, OOM killer가 종료하기 전에 메모리가 새는 프로세스를 다시 시작하세요.",
        ),
        "DiskSpace": RuleTexts(
            "디스크 {{ $labels.mount }} 사용률 {{ $value | humanizePercentage }}",
            "큰 파일을 찾아(du -xh {{ $labels.mount }} | sort -h | tail) 로그를 정리하거나 데이터를 옮기거나 용량을 늘리세요.",
        ),
        "DiskInodes": RuleTexts(
            "디스크 {{ $labels.mount }} 아이노드(파일 수) 사용률 {{ $value | humanizePercentage }}",
            "공간이 남아도 아이노드가 없으면 파일을 만들 수 없습니다. 파일이 가장 많은 디렉터리를 찾아"
            "(du --inodes -xS {{ $labels.mount }} | sort -n | tail) 오래된 세션, 캐시, 메일 대기열을 지우세요.",
        ),
        "DiskFullSoon": RuleTexts(
            "디스크 {{ $labels.mount }}: 지난 한 시간의 속도라면 {{ $value | humanizeDuration }} 뒤에 가득 찹니다",
            "무엇이 늘어나는지 찾아(du -xh {{ $labels.mount }} | sort -h | tail 을 두 번) 멈추거나 공간을 확보하세요.",
        ),
        "CheckUnhealthy": RuleTexts(
            "{{ $labels.check }} {{ if eq $value 2 }}비정상{{ else }}성능 저하{{ end }}{{ if $reason }}: {{ $reason }}{{ end }}",
            "원인과 단계별 시간이 어디에서 실패하는지 알려 줍니다(Enter, 이어서 c: 체크). 그다음 대상을 직접 확인하십시오.",
        ),
        "CertificateExpiry": RuleTexts(
            '{{ if match "^certificate of |인증서" $reason }}{{ $labels.check }}: {{ $reason }}{{ else }}{{ $labels.check }} 인증서 '
            "{{ if gt $value 0 }}만료까지 {{ $value | humanizeDuration }}{{ else }}만료됨{{ end }}{{ end }}",
            "인증서를 갱신하고 서버가 새 인증서를 읽었는지 확인하세요.",
        ),
        "ContainerRestarting": RuleTexts(
            "컨테이너 {{ $labels.container }} 10분 동안 {{ $value | humanize }}회 재시작",
            "마지막 로그(docker logs {{ $labels.container }})와 체크 {{ $labels.check }} 상세 화면의 종료 코드를 확인하세요. "
            "마지막 변경과 함께 시작되었다면 되돌리세요.",
        ),
        "DomainExpiry": RuleTexts(
            "{{ $labels.check }} 도메인 등록이 {{ if gt $value 0 }}{{ $value | humanizeDuration }} 후 만료됩니다"
            "{{ else }}만료되었습니다{{ end }}",
            "등록 대행자에서 갱신하세요(체크 상세에 대행자 이름이 있습니다). 자동 갱신과 결제 수단이 유효한지도 확인하세요.",
        ),
        "LogErrorBurst": RuleTexts(
            "로그 {{ $labels.check }}: 5분 동안 {{ $labels.match }} {{ $value | humanize }}줄",
            "로그를 확인하고(tui-monitor logs {{ $labels.check }} --level error) 직전에 무엇이 바뀌었는지 살펴보세요.",
        ),
        "HighErrorRate": RuleTexts(
            "{{ $labels.check }} 요청의 {{ $value | humanizePercentage }} 실패",
            "요청 표에서 실패하는 경로를 확인한 다음 애플리케이션 로그를 보세요. 마지막 변경과 함께 시작되었다면 되돌리세요.",
        ),
        "SlowRequests": RuleTexts(
            "{{ $labels.check }}의 가장 느린 요청이 {{ $value | humanizeDuration }} 걸립니다(p99 경고, p95 오류)",
            "요청 표에서 느린 경로를 확인한 다음 무엇을 기다리는지 보세요: 데이터베이스, 다른 서비스, CPU.",
        ),
        "UnitRestarting": RuleTexts(
            "systemd가 10분 동안 {{ $labels.unit }} 유닛을 {{ $value | humanize }}회 다시 시작했습니다",
            "종료된 이유를 확인하고(journalctl -u {{ $labels.unit }}) 마지막 변경과 함께 시작되었다면 되돌리세요.",
        ),
        "ClockOffset": RuleTexts(
            "이 서버의 시계가 {{ $value | humanizeDuration }} 어긋났습니다 ({{ $labels.check }} 기준)",
            "인증서, 일회용 비밀번호, 시각 기록이 틀어집니다. 시계를 맞추는 서비스를 확인하세요(timedatectl, chronyc tracking). "
            "시간 서버끼리 다르면 그 서버가 틀린 것입니다.",
        ),
        "ClockSkew": RuleTexts(
            "시계가 {{ $value | humanizeDuration }} 어긋났습니다",
            "시계를 맞추는 서비스를 확인하세요(timedatectl, chronyc tracking).",
        ),
        "SenderSilent": RuleTexts(
            "{{ $labels.sender }}이(가) {{ $value | humanizeDuration }} 동안 알림을 보내지 않았고, 보낸 알림은 끝나지 않았습니다",
            "그 프로그램이 실행 중이고 이 모니터에 연결되는지 확인하세요. 알림은 다시 연락될 때까지 유지되며, 끝난 것은 직접 해제하세요.",
        ),
        "ReportFailed": RuleTexts(
            "{{ $labels.report }} 보고서를 만들 수 없습니다{{ if $reason }}: {{ $reason }}{{ end }}",
            "보낼 수 있는 동안 한 시간마다 다시 시도합니다. tui-monitor report {{ $labels.report }} 명령은 지금 시도합니다.",
        ),
        "MonitorTrouble": RuleTexts(
            "tui-monitor 자체 문제: {{ if $reason }}{{ $reason }}{{ else }}{{ $labels.reason }}{{ end }}",
            "측정하지 못한 대상은 장애가 아니라 '알 수 없음'으로 표시합니다. 디스크, 파일 디스크립터, CPU를 확보하고 로그를 보세요.",
        ),
    },
)
