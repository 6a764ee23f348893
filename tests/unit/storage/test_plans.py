"""The store's queries use the indexes made for them, so that a month's history costs no more than its answer."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from core.ports import Span
from core.subscription import EVERYTHING, EventFilter
from storage import SqlStore, open_store
from tests.contracts.stores import change, commit, span

DAY = Span(range=span(0, 24 * 60))


def plan_of(store: SqlStore, ask: Callable[[], Any]) -> list[str]:
    """How SQLite goes about the first statement of `ask`."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(store.database.reader, "before_cursor_execute", note)
    ask()
    event.remove(store.database.reader, "before_cursor_execute", note)
    with store.database.read() as connection:
        statement, parameters = seen[0]
        return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda s: s.events.counts(EVERYTHING, EventFilter(), DAY), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.severest(EVERYTHING, EventFilter(), DAY, 5), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.page(EVERYTHING, EventFilter(), DAY), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.of_story(EVERYTHING, "s1"), "ix_events_story_time"),
        (lambda s: s.events.of_stories(EVERYTHING, ["s1"], 3), "ix_events_story_time"),
        (lambda s: s.assessments.unfinished(), "ix_events_unfinished"),
        (lambda s: s.inbox.pending("slack"), "ix_inbox_pending"),
    ],
)
def test_a_query_reads_the_index_that_was_made_for_it(ask: Callable[[SqlStore], Any], index: str) -> None:
    store = open_store("sqlite://")
    store.work.commit(commit([change("web", minute) for minute in range(50)]))
    assert any(index in step for step in plan_of(store, lambda: ask(store)))
    store.close()
