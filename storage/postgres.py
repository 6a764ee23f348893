"""PostgreSQL by psycopg: several processes, readers on snapshots, writers in transactions."""

from sqlalchemy import URL, create_engine

from core.clock import Clock
from storage.database import Database

_POOL, _MORE = 5, 15
_CONNECT_SECONDS = 10


def on_server(url: URL, clock: Clock, *, read_only: bool) -> Database:
    """Connects at the first use."""
    named = url.set(drivername="postgresql+psycopg")
    engine = create_engine(
        named,
        pool_size=_POOL,
        max_overflow=_MORE,
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "wgo"},
    )
    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(place=url.render_as_string(hide_password=True), reader=reader, writer=None if read_only else engine, clock=clock)
