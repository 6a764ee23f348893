"""Moves a SQLite log into its database beside the writer, so that no commit has to wait for it."""

import logging
import sqlite3
import threading
from contextlib import AbstractContextManager, closing
from pathlib import Path

_log = logging.getLogger(__name__)
# Commits between two looks at the log, and the least time between them: a storm is moved in one go, not commit by commit.
_COMMITS = 500
_REST_SECONDS = 0.5
# Pages beyond which the writer is held up for the rest of the log: it begins anew only when nothing is left in it.
_LONG = 8000


class Checkpoints:
    """Owned by one database's writer. Its thread is started by the first busy stretch and ends with `close`.

    `exclusive` is what keeps writers apart. Losing it costs nothing but a longer log: SQLite's own automatic checkpoint stands behind.
    """

    def __init__(self, path: Path, exclusive: AbstractContextManager[object]) -> None:
        self._path = path
        self._exclusive = exclusive
        self._commits = 0
        self._due = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def committed(self) -> None:
        """Count one commit of the writer, who holds `exclusive`."""
        self._commits += 1
        if self._commits < _COMMITS or self._closed.is_set():
            return
        self._commits = 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"checkpoints of {self._path.name}", daemon=True)
            self._thread.start()
        self._due.set()

    def close(self) -> None:
        """Safe to call twice. Not with `exclusive` held: the thread may be waiting for it."""
        self._closed.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            self._due.wait()
            self._due.clear()
            if not self._closed.is_set():
                self._move()
                self._closed.wait(_REST_SECONDS)

    def _move(self) -> None:
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                if pages > _LONG:
                    with self._exclusive:
                        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            # The log stays as it is and is tried again; what ails the disk, the next commit tells.
            _log.warning("the log of %s was not moved into it: %s", self._path, error)
