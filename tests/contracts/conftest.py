"""The store under test: SQLite in memory, SQLite on a file, PostgreSQL."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage import SqlStore, open_store
from tests.components import postgres
from tests.contracts.stores import at


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server a worker."""
    if postgres.programs() is None:
        if os.environ.get("WGO_REQUIRE"):
            pytest.fail("component postgres: no initdb and pg_ctl")
        pytest.skip("component postgres: no initdb and pg_ctl")
    with postgres.running() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The server's database, empty."""
    engine = create_engine(postgres_server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    yield postgres_server


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.component("postgres"))])
def lasting_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that outlives its store."""
    if request.param == "file":
        return f"sqlite:///{tmp_path}/wgo.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(params=["memory", "file", pytest.param("postgres", marks=pytest.mark.component("postgres"))])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    urls = {"memory": lambda: "sqlite://", "file": lambda: f"sqlite:///{tmp_path}/wgo.db", "postgres": _asked(request)}
    opened = open_store(urls[request.param](), clock=lambda: at(0))
    yield opened
    opened.close()


def _asked(request: pytest.FixtureRequest) -> Callable[[], str]:
    return lambda: request.getfixturevalue("postgres_url")
