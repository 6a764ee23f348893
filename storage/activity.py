"""What each actor did on each day, as counts that grow."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from core.baseline import Activity
from storage.database import Database, inserting
from storage.tables import ActivityRow, table

_ACTIVITY = table(ActivityRow)
_A = _ACTIVITY.c
_COUNTS = ("changes", "planned", "unplanned", "routine", "unknown", "attempted", "reverts")
_SAID = ("name", "team")


class SqlTeamActivity:
    """The port core.ports.TeamActivity."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, first_day: str, last_day: str, environment: str = "") -> Sequence[Activity]:
        said = [func.max(_A[name]).label(name) for name in _SAID]
        sums = [func.sum(_A[name]).label(name) for name in _COUNTS]
        asked = select(_A.actor, _A.day, *said, *sums).where(_A.day >= first_day, _A.day <= last_day)
        if environment:
            asked = asked.where(_A.environment == environment)
        with self._database.read() as connection:
            rows = connection.execute(asked.group_by(_A.day, _A.actor).order_by(_A.day, _A.actor)).mappings()
            return [_activity(row, environment) for row in rows]


def _activity(row: Any, environment: str) -> Activity:
    counts = {name: int(row[name]) for name in _COUNTS}
    return Activity(actor=row["actor"], name=row["name"], day=row["day"], environment=environment, team=row["team"], **counts)


def write(connection: Connection, activities: Sequence[Activity]) -> None:
    """Add the increments."""
    if not activities:
        return
    columns = ("actor", "day", "environment", *_SAID, *_COUNTS)
    connection.execute(_adding(connection.dialect.name), [{name: getattr(one, name) for name in columns} for one in activities])


@cache
def _adding(dialect: str) -> "sqlite.Insert | postgresql.Insert":
    statement = inserting(_ACTIVITY, dialect)
    new = statement.excluded
    changes: dict[str, Any] = {name: _A[name] + new[name] for name in _COUNTS}
    changes.update({name: case((new[name] == "", _A[name]), else_=new[name]) for name in _SAID})
    return statement.on_conflict_do_update(index_elements=["actor", "day", "environment"], set_=changes)
