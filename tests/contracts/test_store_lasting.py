"""What every store on a disk or a server promises of crashes, other processes, schemas, backups and age."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, literal, select, text

import storage
from core.assessment import Verdict
from core.errors import StorageBusy, StorageError, StorageFull, StorageOutdated
from core.observation import Health, Observation, Signal
from core.ports import Span
from core.subscription import EVERYTHING, EventFilter
from storage import schema
from storage.database import INGEST_LOCK
from storage.rows import select_all
from storage.tables import METADATA
from tests.contracts.stores import assessed, at, change, commit, delivery, story

DIES = """
import os, signal, sys
from storage import open_store
from tests.contracts.stores import change, commit, story

class Deadly(tuple):
    # Reached when events and stories of the same commit are written.
    def __iter__(self):
        os.kill(os.getpid(), signal.SIGKILL)

store = open_store(sys.argv[1])
store.work.commit(commit([change("kept")]))
print("ready", flush=True)
store.work.commit(commit([change(f"web-{n}") for n in range(200)], concluded={"stories": (story("s1"),), "follow_ups": Deadly()}))
"""


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/wgo.db"


def test_a_process_killed_in_the_middle_of_a_commit_leaves_nothing_half(lasting_url: str) -> None:
    done = subprocess.run([sys.executable, "-c", DIES, lasting_url], capture_output=True, text=True, timeout=60, cwd=Path.cwd())
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "ready\n"), done.stderr
    store = storage.open_store(lasting_url)
    assert store.events.unseen([change("kept").id, change("web-0").id]) == {change("web-0").id}
    assert store.stories.get("s1") is None
    store.work.commit(commit([change("after")]))
    store.close()


def test_a_commit_that_is_refused_writes_nothing(lasting_url: str) -> None:
    store = storage.open_store(lasting_url)
    with store.database.write() as connection:
        connection.execute(text("DROP TABLE deliveries"))
    with pytest.raises(StorageOutdated):
        store.work.commit(commit([change("web")], deliveries=[delivery(1)]))
    assert store.events.sequence() == 0
    store.close()


def test_migrations_make_what_the_models_say(lasting_url: str) -> None:
    store = storage.open_store(lasting_url)
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert ScriptDirectory.from_config(schema.config(connection)).get_current_head() == schema.HEAD
    store.close()
    assert storage.upgrade(lasting_url) == schema.HEAD


def test_a_store_of_the_revision_before_is_upgraded_and_keeps_its_stories(lasting_url: str) -> None:
    store = storage.open_store(lasting_url)
    store.work.commit(commit(concluded={"stories": (story("kept", environment="staging"),)}))
    with store.database.write(ingests=True) as connection:
        command.downgrade(schema.config(connection), "0001")
    store.close()
    again = storage.open_store(lasting_url)
    again.work.commit(commit(concluded={"stories": (story("both", 1, environment="staging", environments=("prod", "staging")),)}))
    found = [[one.id for one in again.stories.recent(EVERYTHING, Span(), environments={name})] for name in ("staging", "prod")]
    again.close()
    assert found == [["both", "kept"], ["both"]]


def test_the_schema_of_a_later_program_is_refused_and_left_alone(lasting_url: str) -> None:
    store = storage.open_store(lasting_url)
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    with pytest.raises(StorageOutdated, match="9999") as refused:
        storage.open_store(lasting_url)
    assert "later version" in refused.value.next_step


def test_an_unmigrated_database_is_not_opened_to_be_read(file_url: str, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "wgo.db").close()
    (tmp_path / "wgo.db").touch()
    with pytest.raises(StorageOutdated, match="no schema"):
        storage.open_store(file_url, read_only=True)


# --- SQLite: one process writes --------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_owns_the_file(file_url: str) -> None:
    store = storage.open_store(file_url)
    with pytest.raises(StorageBusy, match=f"pid {os.getpid()}"):
        storage.open_store(file_url)
    store.close()
    storage.open_store(file_url).close()


def test_a_reader_beside_the_writer_sees_what_is_committed_and_writes_nothing(file_url: str) -> None:
    writer = storage.open_store(file_url)
    reader = storage.open_store(file_url, read_only=True)
    writer.work.commit(commit([change("web")]))
    assert reader.events.sequence() == 1
    assert reader.redaction_key() == writer.redaction_key()
    with pytest.raises(StorageError, match="read only"):
        reader.work.commit(commit([change("api")]))
    reader.close()
    writer.close()
    alone = storage.open_store(file_url, read_only=True)
    assert alone.events.sequence() == 1
    alone.close()


def test_a_full_disk_is_said_and_costs_only_the_commit(file_url: str) -> None:
    store = storage.open_store(file_url)
    with store.database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull) as refused:
        store.work.commit(commit([change(f"web-{number}") for number in range(500)]))
    assert refused.value.next_step
    assert store.events.sequence() == 0
    with store.database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert store.work.commit(commit([change("web")])) >= 1
    store.close()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////nowhere/at/all/wgo.db", "does not exist"),
        ("mysql://host/name", "mysql"),
        ("nonsense", "not a database URL"),
        ("postgresql://nobody@127.0.0.1:1/none", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_opened_says_why_and_what_to_do(url: str, says: str) -> None:
    with pytest.raises(StorageError, match=says) as refused:
        storage.open_store(url)
    assert refused.value.next_step


def test_a_file_that_is_no_database_is_refused(file_url: str, tmp_path: Path) -> None:
    (tmp_path / "wgo.db").write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    with pytest.raises(StorageError, match="no database"):
        storage.open_store(file_url)


# --- PostgreSQL: several processes -------------------------------------------------------------------------------------------


@pytest.mark.component("postgres")
def test_a_sequence_is_never_seen_before_an_earlier_one(postgres_url: str) -> None:
    one, other = storage.open_store(postgres_url), storage.open_store(postgres_url)
    with one.database.write(ingests=True) as connection:
        connection.exec_driver_sql("SELECT 1")
        with other.database.write() as second:
            free = second.exec_driver_sql("SELECT pg_try_advisory_xact_lock(%s)", (INGEST_LOCK,)).scalar_one()
    assert free is False
    other.work.commit(commit([change("web")]))
    one.close()
    other.close()


# --- backups ---------------------------------------------------------------------------------------------------------------


def ticking() -> Callable[[], datetime]:
    minutes = iter(range(100))
    return lambda: at(next(minutes))


def test_a_backup_beside_the_bot_is_whole_and_old_ones_go(lasting_url: str, tmp_path: Path) -> None:
    store = storage.open_store(lasting_url)
    store.work.commit(commit([change("web")]))
    clock = ticking()
    made = [storage.backup(lasting_url, tmp_path / "backups", 2, clock=clock) for _ in range(3)]
    assert sorted((tmp_path / "backups").iterdir()) == made[1:]
    with pytest.raises(StorageBusy):
        storage.restore(lasting_url, made[2])
    store.work.commit(commit([change("api")]))
    store.close()
    says = storage.restore(lasting_url, made[2])
    assert str(made[2]) in says
    restored = storage.open_store(lasting_url)
    assert restored.events.unseen([change("web").id, change("api").id]) == {change("api").id}
    assert restored.work.commit(commit([change("api")])) == 2
    restored.close()


def test_a_restore_keeps_what_was_there(file_url: str, tmp_path: Path) -> None:
    store = storage.open_store(file_url)
    made = storage.backup(file_url, tmp_path / "backups")
    store.work.commit(commit([change("web")]))
    store.close()
    storage.restore(file_url, made, clock=lambda: at(0))
    aside = storage.open_store(f"sqlite:///{tmp_path}/wgo.db.before-restore-20260302T100000Z")
    assert aside.events.sequence() == 1
    aside.close()


def test_what_is_no_backup_is_not_restored(file_url: str, tmp_path: Path) -> None:
    storage.open_store(file_url).close()
    (tmp_path / "wrong.db").write_bytes(b"no database, whatever its name says" * 50)
    with pytest.raises(StorageError):
        storage.restore(file_url, tmp_path / "wrong.db")
    with pytest.raises(StorageError, match="there is no file"):
        storage.restore(file_url, tmp_path / "missing.db")
    storage.open_store(file_url).close()


# --- age -------------------------------------------------------------------------------------------------------------------


def test_what_is_too_old_goes_and_the_rest_stays(lasting_url: str) -> None:
    store = storage.open_store(lasting_url)
    day = 24 * 60
    old, young = change("old", -31 * day), change("young", -29 * day)
    reading = Observation(
        source="cluster", resource=young.resource, signal=Signal.ROLLOUT, health=Health.HEALTHY, at=at(-8 * day), says="fine"
    )
    stories = (story("s1", -31 * day), story("s2", -29 * day))
    store.work.commit(commit([old, young], [assessed(old), assessed(young, "s2")], concluded={"stories": stories}, observations=(reading,)))
    removed = storage.prune(store, 30, {"observations": 7}, at(0))
    assert {name: count for name, count in removed.items() if count} == {"events": 1, "stories": 1, "observations": 1, "story_sources": 1}
    assert store.events.unseen([old.id, young.id]) == {old.id}
    assert store.assessments.revisions(old.id) == []
    held = store.events.get(EVERYTHING, young.id)
    assert held is not None
    assert held.verdict is Verdict.PLANNED
    assert store.events.sequence() == 2
    store.close()


@pytest.mark.component("postgres")
def test_a_server_that_ended_our_connections_is_told_once_and_used_again(postgres_url: str) -> None:
    store = storage.open_store(postgres_url)
    store.work.commit(commit([change("web", 1)]))
    with pytest.raises(StorageError), store.database.read() as connection:
        # In the middle of a transaction: the worst moment for it.
        end_others(postgres_url)
        select_all(connection, select(literal("still there").label("says")))
    assert store.work.commit(commit([change("web", 2)])) > 0
    assert len(store.events.page(EVERYTHING, EventFilter(), Span()).items) == 2
    store.close()


def end_others(url: str) -> None:
    """End every connection to the database but the one that asks for it."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()
