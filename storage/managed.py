"""Resources that an IaC state manages, found by any of their names."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, select, tuple_
from sqlalchemy import delete as remove

from core.batch import ManagedResource
from storage.columns import pack, unpack
from storage.database import Database, add, chunks, put
from storage.listed import Among
from storage.rows import select_all
from storage.tables import ManagedAliasRow, ManagedRow, table

_MANAGED, _ALIASES = table(ManagedRow), table(ManagedAliasRow)
_M, _A = _MANAGED.c, _ALIASES.c
# A source may hold several workspaces, and an address is unique in one of them only.
_SAME = and_(_A.source == _M.source, _A.workspace == _M.workspace, _A.address == _M.address)
_BY_ALIAS = (
    select(_A.alias, _M.body)
    .join_from(_ALIASES, _MANAGED, _SAME)
    .where(Among(_A.alias, "aliases"))
    .order_by(_M.since, _M.source, _M.workspace, _M.address)
)


class SqlManagedResources:
    """The port core.ports.ManagedResources."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_alias(self, aliases: Collection[str]) -> Mapping[str, ManagedResource]:
        """Where several states claim one thing, the one that did so last."""
        found: dict[str, ManagedResource] = {}
        with self._database.read() as connection:
            for some in chunks(aliases):
                rows = select_all(connection, _BY_ALIAS, {"aliases": some})
                found.update({row.alias: unpack(ManagedResource, row.body) for row in rows})
        return found


def write(connection: Connection, managed: Sequence[ManagedResource]) -> None:
    latest = {(one.source, one.workspace, one.address): one for one in managed}
    keys = list(latest)
    for start in range(0, len(keys), 200):
        some = keys[start : start + 200]
        connection.execute(remove(_ALIASES).where(tuple_(_A.source, _A.workspace, _A.address).in_(some)))
        gone = [key for key in some if latest[key].removed]
        if gone:
            connection.execute(remove(_MANAGED).where(tuple_(_M.source, _M.workspace, _M.address).in_(gone)))
    kept = [one for one in latest.values() if not one.removed]
    put(connection, _MANAGED, [{**_key(one), "since": one.since, "body": pack(one)} for one in kept])
    add(connection, _ALIASES, [{"alias": alias, **_key(one)} for one in kept for alias in one.aliases if alias])


def _key(one: ManagedResource) -> dict[str, str]:
    return {"source": one.source, "workspace": one.workspace, "address": one.address}
