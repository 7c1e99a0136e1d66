"""Parts of a page: pieces of HTML with an id each, rendered anew with each board; only those that changed are sent to viewers."""

from __future__ import annotations

from collections.abc import Sequence

from tui_monitor.core.frozen import frozen


@frozen
class PagePart:
    """One element with the id ``id``; ``rows`` (id, HTML) lie between ``before`` and ``after`` and are sent one by one."""

    id: str
    before: str
    rows: tuple[tuple[str, str], ...] = ()
    after: str = ""

    @property
    def html(self) -> str:
        """The whole element."""
        return f"{self.before}{''.join(row for _, row in self.rows)}{self.after}"


@frozen
class PageContent:
    """The changing content of one page: what its title, its icon and its parts are at a moment. ``at``: the moment as text."""

    title: str
    shade: str
    at: str
    announcement: str
    parts: tuple[PagePart, ...]


def differences(before: Sequence[PagePart], after: Sequence[PagePart]) -> dict[str, str] | None:
    """The elements that changed, by id; None where parts appeared or went, so that the page has to be loaded anew."""
    if [part.id for part in before] != [part.id for part in after]:
        return None
    changed: dict[str, str] = {}
    for old, new in zip(before, after, strict=True):
        if (old.before, old.after, [ident for ident, _ in old.rows]) != (new.before, new.after, [ident for ident, _ in new.rows]):
            changed[new.id] = new.html
        else:
            changed.update(row for row, was in zip(new.rows, old.rows, strict=True) if row != was)
    return changed
