"""The SQL store: tables, one module per port that reads and writes them, retention, backups and migrations."""

from storage.opening import open_store, upgrade
from storage.store import SqlStore

__all__ = ["SqlStore", "open_store", "upgrade"]
