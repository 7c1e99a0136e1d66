"""The built-in rules speak English and Korean."""

from __future__ import annotations

from tui_monitor.alerts.rules.defaults import default_rules
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.settings import Settings


def test_every_default_rule_has_korean_texts_with_the_same_figures() -> None:
    """Korean texts say the same value and labels as the English ones, and all of them compile."""
    english, korean = default_rules(), default_rules(language="ko")
    for one, other in zip(english, korean, strict=True):
        assert one.expr == other.expr
        assert any("가" <= letter <= "힣" for letter in other.annotations["summary"])
        for part in ("$value", "$labels.mount", "$labels.check", "$reason"):
            assert (part in one.annotations["summary"]) == (part in other.annotations["summary"])
    rules, problems = build_rules(Settings(language="ko"))
    assert problems == []
    assert len(rules) == len(english)
