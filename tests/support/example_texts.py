"""What the receivers of the examples are told, in English and Korean: (an outage, its end), or one text.

T stands for a time, D for a span, ADDR for an address, WHY for a reason that depends on the moment (expected_text.py).
"""

from __future__ import annotations

NODE = {
    "en": (
        "CRITICAL node is unhealthy: connection refused (ADDR)\n"
        "What to do: See the node's peers and its disk; its log: journalctl -u geth -n 100\n"
        "Since T\n"
        "category system · check node · host web-1",
        "RESOLVED node healthy again after D\nWas: node is unhealthy: WHY\nFrom T to T (D)\ncategory system · check node · host web-1",
    ),
    "ko": (
        "심각 node 비정상: 연결 거부됨 (ADDR)\n"
        "조치: See the node's peers and its disk; its log: journalctl -u geth -n 100\n"
        "시작 T\n"
        "분류 system · 체크 node · 호스트 web-1",
        "복구 node 정상으로 돌아옴 (D 만에)\n내용: node 비정상: WHY\nT ~ T (D)\n분류 system · 체크 node · 호스트 web-1",
    ),
}

DATABASE = {
    "en": (
        "CRITICAL db is unhealthy: WHY (1 affected)\n"
        "What to do: ADVICE\n"
        "Since T\n"
        "category system · check db · host web-1\n"
        "Depending on it (1): application",
        "RESOLVED db healthy again after D\nWas: db is unhealthy: WHY\nFrom T to T (D)\ncategory system · check db · host web-1",
    ),
    "ko": (
        "심각 db 비정상: WHY (영향 1건)\n조치: ADVICE\n시작 T\n분류 system · 체크 db · 호스트 web-1\n의존하는 체크 1개: application",
        "복구 db 정상으로 돌아옴 (D 만에)\n내용: db 비정상: WHY\nT ~ T (D)\n분류 system · 체크 db · 호스트 web-1",
    ),
}

LATE = {
    "en": (
        "WARNING 6 orders are late\n"
        "What to do: Tell the customers; look at the map for what holds up the vehicles.\n"
        "Since T\n"
        "value 6, limit 5 · category business · check db · host web-1",
        "RESOLVED OrdersLate db after D\n"
        "Was: 6 orders are late\n"
        "From T to T (D)\n"
        "last value 6, limit 5 · category business · check db · host web-1",
    ),
    "ko": (
        "경고 6 orders are late\n"
        "조치: Tell the customers; look at the map for what holds up the vehicles.\n"
        "시작 T\n"
        "값 6, 기준 5 · 분류 business · 체크 db · 호스트 web-1",
        "복구 OrdersLate db (D 만에)\n내용: 6 orders are late\nT ~ T (D)\n마지막 값 6, 기준 5 · 분류 business · 체크 db · 호스트 web-1",
    ),
}

EXCHANGE = {
    "en": (
        "CRITICAL 2 alerts: CheckUnhealthy\n"
        "■ CRITICAL exchange-b is unhealthy: 503 Service Unavailable · Since T\n"
        "▲ WARNING exchanges is degraded: 50% healthy, 100% wanted: unhealthy: exchange-b · Since T\n"
        "host web-1",
        "RESOLVED 2 alerts: CheckUnhealthy\n"
        "○ RESOLVED exchange-b healthy again after D\n"
        "○ RESOLVED exchanges healthy again after D\n"
        "host web-1",
    ),
    "ko": (
        "심각 알림 2건: CheckUnhealthy\n"
        "■ 심각 exchange-b 비정상: 503 Service Unavailable · 시작 T\n"
        "▲ 경고 exchanges 성능 저하: 정상 50%, 기준 100%: 비정상: exchange-b · 시작 T\n"
        "호스트 web-1",
        "복구 알림 2건: CheckUnhealthy\n"
        "○ 복구 exchange-b 정상으로 돌아옴 (D 만에)\n"
        "○ 복구 exchanges 정상으로 돌아옴 (D 만에)\n"
        "호스트 web-1",
    ),
}

SPREAD = {
    "en": "WARNING The spread of BTCUSDT at exchange-a is 3.08%\n"
    "What to do: The book is thin, or the exchange is in trouble: compare with the other one before you trade.\n"
    "Since T\n"
    "value 3.07708, limit 1 · category exchange · check exchange-a · symbol BTCUSDT · host web-1",
    "ko": "경고 The spread of BTCUSDT at exchange-a is 3.08%\n"
    "조치: The book is thin, or the exchange is in trouble: compare with the other one before you trade.\n"
    "시작 T\n"
    "값 3.07708, 기준 1 · 분류 exchange · 체크 exchange-a · symbol BTCUSDT · 호스트 web-1",
}

APPLICATION = {
    "en": (
        "CRITICAL app is unhealthy: connection refused (ADDR) (1 affected)\n"
        "What to do: systemctl restart catalogue; then journalctl -u catalogue -n 100\n"
        "Since T\n"
        "category application · check app · team catalogue · host web-1\n"
        "Depending on it (1): site",
        "RESOLVED app healthy again after D\n"
        "Was: app is unhealthy: connection refused (ADDR)\n"
        "From T to T (D)\n"
        "Action restart-catalogue: exit 0 after D\n"
        "category application · check app · team catalogue · host web-1",
    ),
    "ko": (
        "심각 app 비정상: 연결 거부됨 (ADDR) (영향 1건)\n"
        "조치: systemctl restart catalogue; then journalctl -u catalogue -n 100\n"
        "시작 T\n"
        "분류 application · 체크 app · team catalogue · 호스트 web-1\n"
        "의존하는 체크 1개: site",
        "복구 app 정상으로 돌아옴 (D 만에)\n"
        "내용: app 비정상: 연결 거부됨 (ADDR)\n"
        "T ~ T (D)\n"
        "자동 조치 restart-catalogue: exit 0 after D\n"
        "분류 application · 체크 app · team catalogue · 호스트 web-1",
    ),
}

JOBS = {
    "en": "WARNING 500 jobs wait in mail\n"
    "What to do: See whether the workers run: systemctl status 'catalogue-worker@*'\n"
    "Since T\n"
    "value 500, limit 100 · category application · check app · instance ADDR · job app · queue mail · team catalogue · host web-1",
    "ko": "경고 500 jobs wait in mail\n"
    "조치: See whether the workers run: systemctl status 'catalogue-worker@*'\n"
    "시작 T\n"
    "값 500, 기준 100 · 분류 application · 체크 app · instance ADDR · job app · queue mail · team catalogue · 호스트 web-1",
}

PAYMENT = {
    "en": (
        'CRITICAL payment is unhealthy: $.status is "down", not "ok"\n'
        "Answer at once\n"
        "What to do: See the provider's status page; switch to the second provider in the shop's settings\n"
        "Since T\n"
        "category external · check payment · host web-1\n"
        "Runbook: https://wiki.example.com/payment",
        "RESOLVED payment healthy again after D\n"
        'Was: payment is unhealthy: $.status is "down", not "ok"\n'
        "From T to T (D)\n"
        "category external · check payment · host web-1",
    ),
    "ko": (
        '심각 payment 비정상: $.status is "down", not "ok"\n'
        "지금 바로 확인하세요\n"
        "조치: See the provider's status page; switch to the second provider in the shop's settings\n"
        "시작 T\n"
        "분류 external · 체크 payment · 호스트 web-1\n"
        "대응 문서: https://wiki.example.com/payment",
        "복구 payment 정상으로 돌아옴 (D 만에)\n"
        '내용: payment 비정상: $.status is "down", not "ok"\n'
        "T ~ T (D)\n"
        "분류 external · 체크 payment · 호스트 web-1",
    ),
}
