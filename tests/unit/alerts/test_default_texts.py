"""The built-in rules speak English and Korean."""

from __future__ import annotations

from tui_monitor.alerts.rules.defaults import default_rules
from tui_monitor.alerts.rules.rule import build_rules
from tui_monitor.config.settings import Settings
from tui_monitor.widgets.alerts import OWN_BEGIN, OWN_RULE


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


def test_trouble_of_the_monitor_itself_begins_with_its_name() -> None:
    """Readers of a message see that the monitor means itself; the screens, where that is clear, leave the beginning out."""
    for language in ("en", "ko"):
        (rule,) = (one for one in default_rules(language=language) if one.alert == OWN_RULE)
        assert OWN_BEGIN.sub("", rule.annotations["summary"]).startswith("{{ if $reason }}")
