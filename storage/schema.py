"""The schema's revision: what a database has, what this program needs, and the way from one to the other."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from core.errors import StorageOutdated
from storage.database import Database
from storage.tables import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

# The newest of migrations/versions, so that opening a store that is up to date need not read them.
HEAD = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def revision(connection: Connection) -> str:
    """The database's revision; empty for one without a schema."""
    if not inspect(connection).has_table(_VERSION.name):
        return ""
    return connection.scalar(select(_VERSION.c.version_num)) or ""


def require_current(database: Database) -> None:
    """Raises StorageOutdated where the schema is not this program's."""
    with database.read() as connection:
        found = revision(connection)
    if found != HEAD:
        raise _outdated(database.place, found)


def prepare(database: Database) -> None:
    """Make or upgrade the schema; quick where there is nothing to do. Raises StorageOutdated for the schema of a later program."""
    with database.read() as connection:
        if revision(connection) == HEAD:
            return
    if database.shared:
        with database.write() as connection:
            METADATA.create_all(connection)
            _VERSION.create(connection)
            connection.execute(_VERSION.insert().values(version_num=HEAD))
        return
    _migrate(database)


def _migrate(database: Database) -> None:
    # A good part of a second to import, and mostly not needed.
    from alembic import command
    from alembic.util.exc import CommandError

    with database.write(ingests=True) as connection:
        found = revision(connection)
        try:
            command.upgrade(config(connection), HEAD)
        except CommandError as error:
            raise _outdated(database.place, found) from error


def config(connection: Connection) -> "Config":
    """Alembic's configuration for one open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def _outdated(place: str, found: str) -> StorageOutdated:
    known = {path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("*.py")}
    if not found:
        return StorageOutdated(f"{place} has no schema yet", next_step="Start the bot once (`wgo run`), or run `wgo db upgrade`.")
    if found in known:
        return StorageOutdated(f"{place} has schema {found}; this program needs {HEAD}", next_step="Run `wgo db upgrade`.")
    return StorageOutdated(
        f"{place} has schema {found}, which this program does not know",
        next_step="A later version of WGO wrote it: run that version, or restore an older backup.",
    )
