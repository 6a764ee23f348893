"""Stories, the links that lead to them, and merges."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, literal, select, update

from core.ports import Span
from core.story import Settling, Story, StoryLink
from core.subscription import Visibility
from storage.columns import pack, unpack
from storage.database import Database, chunks, insert, put
from storage.filters import EVENTS, within
from storage.listed import Among
from storage.rows import delete_all, select_all
from storage.tables import StoryEnvironmentRow, StoryLinkRow, StoryRow, StorySourceRow, table

_STORIES, _LINKS, _SOURCES, _PLACES = table(StoryRow), table(StoryLinkRow), table(StorySourceRow), table(StoryEnvironmentRow)
_S, _L, _O, _P = _STORIES.c, _LINKS.c, _SOURCES.c, _PLACES.c
_UNSETTLED = (Settling.WATCHING.value, Settling.DEGRADED.value, Settling.UNVERIFIED.value)
_READ = (_S.id, _S.merged_into, _S.body)
# Statements of every batch are described once: describing one costs more than running it.
_BY_LINKS = (
    select(_L.key, _L.strength, *_READ)
    .join_from(_LINKS, _STORIES, _S.id == _L.story_id)
    .where(Among(_L.key, "keys"), _L.last_at >= bindparam("since"), _S.open, _S.merged_into == "")
    .order_by(_L.last_at.desc(), _S.id)
)
_ENDED = (
    select(*_READ)
    .where(_S.settling == bindparam("ending"), _S.open, _S.merged_into == "")
    .order_by(_S.last_at.desc(), _S.id)
    .limit(bindparam("most"))
)
_NOT_FROM = delete(_SOURCES).where(Among(_O.story_id, "stories"))


class SqlStoryStore:
    """The port core.ports.StoryStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, story_id: str) -> Story | None:
        return self.by_ids((story_id,)).get(story_id)

    def by_ids(self, ids: Collection[str]) -> Mapping[str, Story]:
        found: dict[str, Story] = {}
        with self._database.read() as connection:
            for some in chunks(ids):
                found.update({row.id: _story(row) for row in connection.execute(select(*_READ).where(_S.id.in_(some)))})
        return found

    def by_links(self, keys: Collection[str], since: datetime) -> Mapping[str, Sequence[tuple[Story, float]]]:
        found: dict[str, list[tuple[Story, float]]] = defaultdict(list)
        read: dict[str, Story] = {}
        with self._database.read() as connection:
            for some in chunks(keys):
                for row in select_all(connection, _BY_LINKS, {"keys": some, "since": since}):
                    story = read.get(row.id) or read.setdefault(row.id, _story(row))
                    found[row.key].append((story, row.strength))
        return dict(found)

    def recent(self, visibility: Visibility, span: Span, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        asked = select(*_READ).where(_S.merged_into == "", *_visible(visibility, environments), *_lately(span))
        return self._read(asked.order_by(_S.severity.desc(), _S.last_at.desc(), _S.id).limit(limit))

    def unsettled(self, visibility: Visibility, limit: int = 50, *, environments: Collection[str] = ()) -> Sequence[Story]:
        found = [story for settling in _UNSETTLED for story in self._ended(settling, _visible(visibility, environments), limit)]
        return sorted(found, key=lambda story: (-story.last_at.timestamp(), story.id))[:limit]

    def degraded(self, visibility: Visibility, limit: int = 200, *, environments: Collection[str] = ()) -> Sequence[Story]:
        return self._ended(Settling.DEGRADED.value, _visible(visibility, environments), limit)

    def _ended(self, settling: str, criteria: Sequence[ColumnElement[bool]], limit: int) -> list[Story]:
        """One state at a time, as the index is by state and then time."""
        named = {"ending": settling, "most": limit}
        if criteria:
            return self._read(_ENDED.where(*criteria), named)
        with self._database.read() as connection:
            return [_story(row) for row in select_all(connection, _ENDED, named)]

    def _read(self, asked: Any, named: Mapping[str, Any] | None = None) -> list[Story]:
        with self._database.read() as connection:
            return [_story(row) for row in connection.execute(asked, named)]


def _story(row: Any) -> Story:
    story = unpack(Story, row.body)
    return story if story.merged_into == row.merged_into else replace(story, merged_into=row.merged_into)


def _visible(visibility: Visibility, environments: Collection[str]) -> list[ColumnElement[bool]]:
    """As core.routing.visible: every source and environment of a story must be visible. Of `environments`, where any are named, one
    must be among those it names."""
    criteria: list[ColumnElement[bool]] = []
    if visibility.environments is not None:
        seen = sorted(visibility.environments)
        criteria += [_S.environment.in_(seen), ~exists().where(_P.story_id == _S.id, _P.environment.not_in(seen))]
    if environments:
        wanted = sorted(environments)
        criteria.append(_S.environment.in_(wanted) | exists().where(_P.story_id == _S.id, _P.environment.in_(wanted)))
    if visibility.sources is not None:
        criteria.append(~exists().where(_O.story_id == _S.id, _O.source.not_in(sorted(visibility.sources))))
    return criteria


def _lately(span: Span) -> list[ColumnElement[bool]]:
    """The last change in the range; for the rest of a span, some event of the story in it."""
    criteria: list[ColumnElement[bool]] = []
    if span.range is not None:
        criteria += [_S.last_at >= span.range.start, _S.last_at < span.range.end]
    rest = within(replace(span, range=None))
    if rest:
        criteria.append(_S.id.in_(select(EVENTS.c.story_id).where(*rest)))
    return criteria


def write(connection: Connection, stories: Sequence[Story], links: Sequence[StoryLink]) -> None:
    """Replace stories and links, and follow merges: what led to a swallowed story leads to the one it went into."""
    put(connection, _STORIES, [_row(story) for story in stories])
    if stories:
        for some in chunks([story.id for story in stories]):
            delete_all(connection, _NOT_FROM, {"stories": some})
        put(connection, _SOURCES, [{"story_id": story.id, "source": source} for story in stories for source in story.sources])
    # Environments only come to a story: what names one more is written, nothing is taken away.
    several = [story for story in stories if len(story.places) > 1]
    put(connection, _PLACES, [{"story_id": story.id, "environment": name} for story in several for name in story.places])
    put(connection, _LINKS, [_link(link) for link in links])
    for story in stories:
        if story.merged_into:
            _merge(connection, story.id, story.merged_into)


def _merge(connection: Connection, story_id: str, into: str) -> None:
    # The heir may itself have been merged; `merged_into` always names the end of the chain.
    heir = connection.scalar(select(_S.merged_into).where(_S.id == into)) or into
    connection.execute(update(_STORIES).where(_S.id == story_id).values(merged_into=heir))
    connection.execute(update(_STORIES).where(_S.merged_into == story_id, _S.merged_into != "").values(merged_into=heir))
    connection.execute(update(EVENTS).where(EVENTS.c.story_id == story_id).values(story_id=heir))
    moved = insert(connection, _LINKS).from_select(
        ["key", "story_id", "last_at", "strength", "says"],
        select(_L.key, literal(heir), _L.last_at, _L.strength, _L.says).where(_L.story_id == story_id),
    )
    new, greater = moved.excluded, func.greatest if connection.dialect.name == "postgresql" else func.max
    connection.execute(
        moved.on_conflict_do_update(
            index_elements=["key", "story_id"],
            set_={"last_at": greater(_L.last_at, new.last_at), "strength": greater(_L.strength, new.strength)},
        )
    )
    connection.execute(delete(_LINKS).where(_L.story_id == story_id))


def _row(story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "revision": story.revision,
        "last_at": story.last_at,
        "environment": story.environment,
        "severity": story.severity.rank,
        "settling": story.settling.value,
        "open": story.open,
        "merged_into": story.merged_into,
        "body": pack(story),
    }


def _link(link: StoryLink) -> dict[str, Any]:
    return {"key": link.key, "story_id": link.story_id, "last_at": link.last_at, "strength": link.strength, "says": link.says}
