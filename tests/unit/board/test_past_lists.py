"""Lists of a past moment."""

from __future__ import annotations

from dataclasses import replace

from tests.support import sample_boards as boards
from tui_monitor.board.past_lists import acts_by, ended_by, messages_by
from tui_monitor.board.values import ActView, NotificationView

AT = boards.AT


def test_the_past_knows_nothing_of_what_came_later() -> None:
    """Alerts that ended, messages that were made and entries that were written after a moment are not in its lists."""
    alert = replace(boards.storm().alerts[0], state="resolved")
    ended = [replace(alert, id=str(end), ends_at=end) for end in (AT - 1, AT, AT + 1)]
    assert [one.id for one in ended_by(AT, [*ended, replace(alert, ends_at=None)])] == [str(AT - 1), str(AT)]
    acts = [ActView(at, "kim", "ack", "db") for at in (AT, AT + 1)]
    assert acts_by(AT, acts) == acts[:1]


def test_a_message_that_was_sent_later_was_queued_then() -> None:
    """A message has the state of that moment; what is not known of it is left out."""
    sent = NotificationView("a", "chat", "firing", "sent", "db", 1, AT - 9, sent_at=AT - 8)
    late = replace(sent, id="b", sent_at=AT + 1)
    failing = replace(sent, id="c", state="retrying", attempts=4, next_try=AT + 5, sent_at=None, error="refused")
    then = messages_by(AT, [sent, late, failing, replace(sent, id="d", created_at=AT + 1)])
    assert [(one.id, one.state, one.error) for one in then] == [("a", "sent", ""), ("b", "queued", ""), ("c", "queued", "")]
