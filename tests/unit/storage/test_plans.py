"""The store's queries use the indexes made for them, so that a month's history costs no more than its answer."""

from collections.abc import Callable
from typing import Any

import pytest

from core.ports import Span
from core.subscription import EVERYTHING, EventFilter
from storage import SqlStore, open_store
from tests.contracts.stores import at, change, commit, span

DAY = Span(range=span(0, 24 * 60))


def plan_of(store: SqlStore, ask: Callable[[], Any]) -> list[str]:
    """How SQLite goes about the first question of `ask`."""
    seen: list[str] = []
    with store.database.read() as connection:
        connection.connection.driver_connection.set_trace_callback(seen.append)  # type: ignore[union-attr]
    ask()
    with store.database.read() as connection:
        connection.connection.driver_connection.set_trace_callback(None)  # type: ignore[union-attr]
        question = next(statement for statement in seen if statement.startswith("SELECT"))
        return [str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}")]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda s: s.events.counts(EVERYTHING, EventFilter(), DAY), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.severest(EVERYTHING, EventFilter(), DAY, 5), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.page(EVERYTHING, EventFilter(), DAY), "USING COVERING INDEX ix_events_time"),
        (lambda s: s.events.of_story(EVERYTHING, "s1"), "ix_events_story_time"),
        (lambda s: s.events.of_stories(EVERYTHING, ["s1"], 3), "ix_events_story_time"),
        (lambda s: s.events.unseen(["e1", "e2"]), "sqlite_autoindex_events_1 (id=?)"),
        (lambda s: s.stories.by_links({"is:web"}, at(0)), "SEARCH story_links USING PRIMARY KEY (key=?)"),
        (lambda s: s.baselines.get({"same/web"}), "sqlite_autoindex_baselines_1 (key=?)"),
        (lambda s: s.managed.by_alias({"arn:web"}), "SEARCH managed_aliases USING PRIMARY KEY (alias=?)"),
        (lambda s: s.assessments.unfinished(), "ix_events_unfinished"),
        (lambda s: s.inbox.pending("slack"), "ix_inbox_pending"),
    ],
)
def test_a_query_reads_the_index_that_was_made_for_it(ask: Callable[[SqlStore], Any], index: str) -> None:
    store = open_store("sqlite://")
    store.work.commit(commit([change("web", minute) for minute in range(50)]))
    assert any(index in step for step in plan_of(store, lambda: ask(store)))
    store.close()
