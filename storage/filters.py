"""Who may see what, and what is asked for, as SQL criteria over the events' columns."""

from sqlalchemy import ColumnElement, or_

from core.ports import Span
from core.subscription import EventFilter, Visibility
from storage.columns import clean
from storage.tables import EventRow, table

EVENTS = table(EventRow)
_E = EVENTS.c


def visible(visibility: Visibility) -> list[ColumnElement[bool]]:
    """None sees everything, an empty set nothing."""
    criteria: list[ColumnElement[bool]] = []
    if visibility.environments is not None:
        criteria.append(_E.environment.in_(sorted(visibility.environments)))
    if visibility.sources is not None:
        criteria.append(_E.source.in_(sorted(visibility.sources)))
    return criteria


def matching(wanted: EventFilter) -> list[ColumnElement[bool]]:
    """Every word of `text` is looked for in the resource's key, which ends in its name; case is ignored."""
    members = (
        (_E.environment, wanted.environments),
        (_E.source, wanted.sources),
        (_E.provider, wanted.providers),
        (_E.kind, wanted.kinds),
        (_E.resource_key, wanted.resource_keys),
        (_E.actor_kind, wanted.actor_kinds),
        (_E.verdict, wanted.verdicts),
        (_E.change_type, wanted.change_types),
    )
    criteria: list[ColumnElement[bool]] = [column.in_(sorted(map(str, values))) for column, values in members if values]
    if wanted.actors:
        actors = sorted(wanted.actors)
        criteria.append(or_(_E.actor.in_(actors), _E.actor_id.in_(actors)))
    if wanted.min_severity.rank:
        criteria.append(_E.severity >= wanted.min_severity.rank)
    if wanted.story_id:
        criteria.append(_E.story_id == wanted.story_id)
    criteria += [_E.searchable.contains(word, autoescape=True) for word in clean(wanted.text).lower().split()]
    return criteria


def within(span: Span) -> list[ColumnElement[bool]]:
    """Half open in time, after `after_sequence` and up to `until_sequence`."""
    criteria: list[ColumnElement[bool]] = []
    if span.range is not None:
        criteria += [_E.occurred_at >= span.range.start, _E.occurred_at < span.range.end]
    if span.after_sequence is not None:
        criteria.append(_E.sequence > span.after_sequence)
    if span.until_sequence is not None:
        criteria.append(_E.sequence <= span.until_sequence)
    if span.backfilled is not None:
        criteria.append(_E.backfilled.is_(span.backfilled))
    return criteria
