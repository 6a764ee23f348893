"""The customer's comfort metrics over time, each number with its parts."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from core.baseline import Metric
from core.errors import ValueRefused
from core.timerange import TimeRange
from storage.database import Database, put
from storage.tables import MetricRow, table

_METRICS = table(MetricRow)
_M = _METRICS.c
_COLUMNS = ("name", "at", "source", "environment", "numerator", "denominator")


class SqlMetrics:
    """The port core.ports.Metrics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, metrics: Iterable[Metric]) -> None:
        with self._database.write() as connection:
            write(connection, tuple(metrics))

    def between(self, name: str, span: TimeRange, environment: str = "") -> Sequence[Metric]:
        """Oldest first. An empty environment is all of them."""
        asked = select(*(_M[column] for column in _COLUMNS)).where(_M.name == name, _M.at >= span.start, _M.at < span.end)
        if environment:
            asked = asked.where(_M.environment == environment)
        with self._database.read() as connection:
            rows = connection.execute(asked.order_by(_M.at, _M.source, _M.environment))
            return [Metric(**row) for row in rows.mappings()]


def write(connection: Connection, metrics: Sequence[Metric]) -> None:
    for one in metrics:
        if not one.denominator:
            raise ValueRefused(f"metric {one.name} has no denominator")
    put(connection, _METRICS, [{column: getattr(one, column) for column in _COLUMNS} for one in metrics])
