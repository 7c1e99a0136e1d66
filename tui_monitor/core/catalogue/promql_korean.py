"""Faults of PromQL expressions in Korean, by the English text. Where Prometheus' own words are known to many, they stand behind."""

from __future__ import annotations

from collections.abc import Mapping

PROMQL: Mapping[str, str] = {
    "no expression found": "식이 없습니다", "unexpected {value}": "예상하지 못한 {value}", "unexpected end of the expression, an operand is missing": "식이 끝났습니다: 피연산자가 없습니다",
    "unexpected character {value}": "예상하지 못한 문자 {value}", "unclosed {value}": "닫히지 않은 {value}", "unterminated string": "끝나지 않은 문자열",
    "the expression is longer than {count} characters": "식이 {count}자를 넘습니다", "nested more than {count} deep": "{count}단계보다 깊이 겹쳤습니다", "more than {count} operators": "연산자가 {count}개를 넘습니다",
    "the parser failed: {error}": "식을 읽지 못했습니다: {error}", "expected an instant vector, got {kind} {value}": "순간 벡터가 필요한데 {kind} {value}입니다", "expected a scalar, got {kind} {value}": "스칼라가 필요한데 {kind} {value}입니다",
    "the fill modifiers are experimental in Prometheus and not supported": "fill 수식어는 Prometheus의 실험 기능이라 지원하지 않습니다", "'or' between matchers is not PromQL of Prometheus and not supported": "조건 사이의 'or'는 지원하지 않습니다",
    "{value} is not supported with this parameter": "이 인자의 {value}은(는) 지원하지 않습니다", "{value} is not supported": "{value}은(는) 지원하지 않습니다", 'invalid label name ""': '잘못된 레이블 이름 ""',
    "duration is NaN or infinite": "기간이 NaN이거나 무한합니다", "duration out of range": "기간이 범위를 벗어났습니다", "duration out of range: {value}": "기간이 범위를 벗어났습니다: {value}", "duration must be greater than 0": "기간은 0보다 커야 합니다",
    "not a duration: {value} (write 90s, 1h30m, 2d or a number of seconds)": "기간이 아님: {value} (예: 90s, 1h30m, 2d, 초 수)", "the string is not valid UTF-8": "문자열이 UTF-8이 아닙니다", "the number is out of range": "숫자가 범위를 벗어났습니다",
    "the line is not UTF-8": "줄이 UTF-8이 아닙니다", "this is not a series selector": "시계열 선택자가 아닙니다", "two series have the same labels once the rule's labels are set": "규칙의 레이블을 붙이면 두 시계열의 레이블이 같아집니다",
    "query timed out in expression evaluation": "질의 시간이 초과되었습니다", "query processing would load too many samples into memory in query execution": "질의가 읽을 값이 너무 많습니다",
    "end timestamp must not be before start time": "끝 시각이 시작보다 앞일 수 없습니다", "zero or negative query resolution step widths are not accepted. Try a positive integer": "간격은 0보다 커야 합니다",
    "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)": "시계열마다 최대 11,000점입니다. 간격을 늘리십시오",
    'invalid expression type "{kind}" for range query, must be Scalar or instant Vector': '범위 질의에 쓸 수 없는 식({kind})입니다. 스칼라나 순간 벡터여야 합니다', "Parameter value is NaN": "인자가 NaN입니다", "Scalar value {value} overflows int64": "스칼라 {value}이(가) int64를 넘습니다",
    "found duplicate series for the match group {label} on the {side} hand-side of the operation: {names};many-to-many matching not allowed: matching labels must be unique on one side":
        "짝 {label}에 맞는 시계열이 {side} 쪽에 여럿입니다: {names} (다대다 짝짓기 불가, 한쪽은 유일해야 함)",
    "invalid destination label name in label_replace(): ''": "label_replace()의 대상 레이블 이름이 잘못되었습니다: ''", "invalid destination label name in label_join(): ''": "label_join()의 대상 레이블 이름이 잘못되었습니다: ''", "invalid source label name in label_join(): ''": "label_join()의 원본 레이블 이름이 잘못되었습니다: ''",
    "the sample has no timestamp (seconds after the value)": "값 뒤에 시각(초)이 없습니다", "a value and a timestamp are expected, not {value}": "값과 시각이 있어야 할 자리에 {value}", "{path}, line {line}: {error}": "{path} {line}행: {error}",
    "multiple matches for labels: grouping labels must ensure unique matches": "레이블에 맞는 것이 여럿입니다: 묶는 레이블이 유일해야 합니다",
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)": "레이블에 맞는 것이 여럿입니다: 다대일은 group_left/group_right를 적으십시오",
    "the engine at {place} cannot be asked: {reason}": "엔진 {place}에 물을 수 없음: {reason}", "the answer of the engine at {place} was cut off": "엔진 {place}의 응답이 잘림", "the engine refuses the query: {error}": "엔진이 질의를 거부함: {error}", "the engine refuses the query ({kind}): {error}": "엔진이 질의를 거부함 ({kind}): {error}",
    "the engine refuses access (HTTP {code}): see username, password and bearer of [engine]": "엔진이 접근을 거부함 (HTTP {code}): [engine]의 username, password, bearer를 확인하십시오",
    "there is no Prometheus API at {place} (HTTP 404): see url of [engine]": "{place}에 Prometheus API가 없음 (HTTP 404): [engine]의 url을 확인하십시오", "something else than a Prometheus API answers at {place}: see url of [engine]": "{place}에서 Prometheus API가 아닌 것이 응답함: [engine]의 url을 확인하십시오",
    "the engine at {place} answers something else than series": "엔진 {place}의 응답이 시계열이 아님", "the engine at {place} answers series that cannot be read": "엔진 {place}의 시계열을 읽을 수 없음", "the answer of the engine is larger than {size}: ask for fewer series or a shorter time": "엔진의 응답이 {size}보다 큼: 시계열이나 기간을 줄이십시오",
}  # fmt: skip
