"""Resources that an IaC state manages, found by any of their names."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, select, tuple_
from sqlalchemy import delete as remove

from core.batch import ManagedResource
from storage.columns import pack, unpack
from storage.database import Database, add, chunks, put
from storage.tables import ManagedAliasRow, ManagedRow, table

_MANAGED, _ALIASES = table(ManagedRow), table(ManagedAliasRow)
_M, _A = _MANAGED.c, _ALIASES.c


class SqlManagedResources:
    """The port core.ports.ManagedResources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_alias(self, aliases: Collection[str]) -> Mapping[str, ManagedResource]:
        """Where several states claim one thing, the one that did so last."""
        found: dict[str, ManagedResource] = {}
        with self._database.read() as connection:
            for some in chunks(aliases):
                asked = (
                    select(_A.alias, _M.body)
                    .join_from(_ALIASES, _MANAGED, and_(_A.source == _M.source, _A.address == _M.address))
                    .where(_A.alias.in_(some))
                    .order_by(_M.since, _M.source, _M.address)
                )
                found.update({row.alias: unpack(ManagedResource, row.body) for row in connection.execute(asked)})
        return found


def write(connection: Connection, managed: Sequence[ManagedResource]) -> None:
    latest = {(one.source, one.address): one for one in managed}
    keys = list(latest)
    for start in range(0, len(keys), 200):
        some = keys[start : start + 200]
        connection.execute(remove(_ALIASES).where(tuple_(_A.source, _A.address).in_(some)))
        gone = [key for key in some if latest[key].removed]
        if gone:
            connection.execute(remove(_MANAGED).where(tuple_(_M.source, _M.address).in_(gone)))
    kept = [one for one in latest.values() if not one.removed]
    put(connection, _MANAGED, [{"source": one.source, "address": one.address, "since": one.since, "body": pack(one)} for one in kept])
    names = [{"alias": alias, "source": one.source, "address": one.address} for one in kept for alias in one.aliases if alias]
    add(connection, _ALIASES, names)
