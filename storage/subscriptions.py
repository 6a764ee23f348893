"""What each destination hears."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from core.subscription import Subscription
from storage.columns import pack, unpack
from storage.database import Database, put
from storage.rows import select_all
from storage.tables import SubscriptionRow, table

_SUBSCRIPTIONS = table(SubscriptionRow)
_S = _SUBSCRIPTIONS.c
_ALL = select(_S.body).order_by(_S.destination)


class SqlSubscriptions:
    """The port core.ports.Subscriptions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> Sequence[Subscription]:
        with self._database.read() as connection:
            return [unpack(Subscription, packed) for (packed,) in select_all(connection, _ALL)]

    def get(self, destination: str) -> Subscription | None:
        with self._database.read() as connection:
            packed = connection.scalar(select(_S.body).where(_S.destination == destination))
        return unpack(Subscription, packed) if packed else None

    def save(self, subscription: Subscription) -> None:
        with self._database.write() as connection:
            put(connection, _SUBSCRIPTIONS, [{"destination": subscription.destination, "body": pack(subscription)}])

    def remove(self, destination: str) -> None:
        with self._database.write() as connection:
            connection.execute(delete(_SUBSCRIPTIONS).where(_S.destination == destination))
