"""The outbox: what is to be told where, who has it in hand, and where it was told."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select, update

from core.delivery import Delivery, DeliveryState, Parked, Receipt, StoredDelivery
from storage.database import Database, add
from storage.database import insert as upsert
from storage.tables import DeliveryRow, ReceiptRow, table

_DELIVERIES, _RECEIPTS = table(DeliveryRow), table(ReceiptRow)
_D, _R = _DELIVERIES.c, _RECEIPTS.c
_DUE, _SENDING, _SENT = DeliveryState.DUE.value, DeliveryState.SENDING.value, DeliveryState.SENT.value
_PARKED = DeliveryState.PARKED.value
_WAITING = (_DUE, _PARKED)
# Where several processes send, another one's claim is taken over after this long.
LEASE = timedelta(minutes=5)


class SqlDeliveries:
    """The port core.ports.Deliveries.

    One notifier at a time asks for what is due, and not while it is sending: what this process has in sending by then was interrupted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = uuid.uuid4().hex

    def due(self, now: datetime, limit: int = 100) -> Sequence[StoredDelivery]:
        asked = select(_DELIVERIES).where(_ready(now)).order_by(_D.not_before, _D.destination, _D.revision, _D.key).limit(limit)
        with self._database.read() as connection:
            waiting = connection.scalar(select(exists().where(or_(_ready(now), _D.state == _SENDING))))
        if not waiting:
            return []
        with self._database.write() as connection:
            self._adopt(connection, now)
            _skip_overtaken(connection, now)
            return [_stored(row) for row in connection.execute(asked)]

    def _adopt(self, connection: Connection, now: datetime) -> None:
        """What was left in sending may be claimed again."""
        left = and_(_D.state == _SENDING, ~_D.adopted)
        if self._database.postgres:
            left = and_(left, or_(_D.claimed_by == self._name, _D.claimed_at <= now - LEASE))
        connection.execute(update(_DELIVERIES).where(left).values(adopted=True))

    def claim(self, key: str, at: datetime) -> StoredDelivery | None:
        free = or_(_D.state.in_(_WAITING), and_(_D.state == _SENDING, _D.adopted))
        claimed = (
            update(_DELIVERIES)
            .where(_D.key == key, free)
            .values(state=_SENDING, attempts=_D.attempts + 1, claimed_at=at, claimed_by=self._name, adopted=False)
        )
        with self._database.write() as connection:
            if not connection.execute(claimed).rowcount:
                return None
            return _stored(connection.execute(select(_DELIVERIES).where(_D.key == key)).one())

    def sent(self, key: str, receipt: Receipt) -> None:
        with self._database.write() as connection:
            _change(connection, key, state=_SENT, message=receipt.message, failure="", adopted=False)
            statement = upsert(connection, _RECEIPTS)
            new = statement.excluded
            statement = statement.on_conflict_do_update(
                index_elements=["destination", "story_id"],
                set_={"revision": new.revision, "message": new.message, "sent_at": new.sent_at},
                where=_R.revision <= new.revision,
            )
            columns = ("destination", "story_id", "revision", "message", "sent_at")
            connection.execute(statement, [{name: getattr(receipt, name) for name in columns}])

    def postpone(self, key: str, not_before: datetime, failure: str) -> None:
        with self._database.write() as connection:
            _change(connection, key, state=_DUE, not_before=not_before, failure=failure, claimed_at=None, claimed_by="", adopted=False)

    def park(self, key: str, until: datetime, why: str) -> None:
        parked = {"state": _PARKED, "not_before": until, "failure": why, "claimed_at": None, "claimed_by": "", "adopted": False}
        there = select(_D.destination).where(_D.key == key).scalar_subquery()
        beside = and_(_D.destination == there, _D.kind == "story", _D.state.in_(_WAITING), _D.not_before <= until)
        with self._database.write() as connection:
            connection.execute(update(_DELIVERIES).where(beside).values(parked))
            _change(connection, key, **parked)

    def release(self, destination: str, at: datetime) -> int:
        parked = and_(_D.destination == destination, _D.state == _PARKED)
        with self._database.write() as connection:
            return connection.execute(update(_DELIVERIES).where(parked).values(state=_DUE, not_before=at)).rowcount

    def parked(self) -> Sequence[Parked]:
        asked = (
            select(_D.destination, func.count(), func.max(_D.failure))
            .where(_D.state == _PARKED)
            .group_by(_D.destination)
            .order_by(_D.destination)
        )
        with self._database.read() as connection:
            return [Parked(destination=row[0], messages=row[1], why=row[2]) for row in connection.execute(asked)]

    def tried(self, destination: str, story_id: str) -> bool:
        of_story = and_(_D.destination == destination, _D.story_id == story_id)
        asked = select(_D.key).where(of_story, _D.state == DeliveryState.SKIPPED.value, _D.attempts > 0).limit(1)
        with self._database.read() as connection:
            return connection.scalar(asked) is not None

    def fail(self, key: str, failure: str) -> None:
        with self._database.write() as connection:
            _change(connection, key, state=DeliveryState.FAILED.value, failure=failure, adopted=False)

    def skip(self, key: str, why: str) -> None:
        with self._database.write() as connection:
            _change(connection, key, state=DeliveryState.SKIPPED.value, failure=why, adopted=False)

    def receipt(self, destination: str, story_id: str) -> Receipt | None:
        asked = select(_RECEIPTS).where(_R.destination == destination, _R.story_id == story_id)
        with self._database.read() as connection:
            row = connection.execute(asked).mappings().first()
        return Receipt(**row) if row else None

    def counts(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            rows = connection.execute(select(_D.state, func.count()).group_by(_D.state))
            return {row[0]: row[1] for row in rows}


def _ready(now: datetime) -> Any:
    return or_(and_(_D.state.in_(_WAITING), _D.not_before <= now), and_(_D.state == _SENDING, _D.adopted))


def _skip_overtaken(connection: Connection, now: datetime) -> None:
    """Of one story to one destination only the newest that may go now is of use, and none older than what was told there."""
    newer = _DELIVERIES.alias("newer")
    ready = or_(and_(newer.c.state.in_(_WAITING), newer.c.not_before <= now), newer.c.state.in_((_SENDING, _SENT)))
    same = and_(newer.c.destination == _D.destination, newer.c.story_id == _D.story_id, newer.c.revision > _D.revision)
    overtaken = exists().where(same, ready)
    free = or_(_D.state.in_(_WAITING), and_(_D.state == _SENDING, _D.adopted))
    changes = {"state": DeliveryState.SKIPPED.value, "failure": "a later revision overtook it", "adopted": False}
    connection.execute(update(_DELIVERIES).where(free, overtaken).values(changes))


def _change(connection: Connection, key: str, **values: Any) -> None:
    connection.execute(update(_DELIVERIES).where(_D.key == key).values(values))


def write(connection: Connection, deliveries: Sequence[Delivery]) -> None:
    """Those whose key is there already are left as they are."""
    columns = ("key", "destination", "story_id", "revision", "not_before", "kind", "body", "reason")
    add(connection, _DELIVERIES, [{**{name: getattr(one, name) for name in columns}, "state": _DUE} for one in deliveries])


def _stored(row: Any) -> StoredDelivery:
    delivery = Delivery(
        destination=row.destination,
        story_id=row.story_id,
        revision=row.revision,
        not_before=row.not_before,
        kind=row.kind,
        body=row.body,
        reason=row.reason,
    )
    return StoredDelivery(
        delivery=delivery,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        claimed_at=row.claimed_at,
        message=row.message,
        failure=row.failure,
    )
