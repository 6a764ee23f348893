"""The SQL store: tables, one module per port that reads and writes them, retention, backups and migrations."""

from storage.backup import backup, restore
from storage.opening import open_store, upgrade
from storage.retention import prune
from storage.store import SqlStore

__all__ = ["SqlStore", "backup", "open_store", "prune", "restore", "upgrade"]
