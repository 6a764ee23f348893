"""Backups: what cannot hold them."""

from pathlib import Path

import pytest

from core.errors import StorageError
from storage import backup, open_store


def test_a_backup_folder_that_is_a_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    url, folder = f"sqlite:///{tmp_path}/wgo.db", tmp_path / "backups"
    open_store(url).close()
    folder.write_text("a file")
    with pytest.raises(StorageError, match=r"backups cannot hold backups \(File exists\)") as refused:
        backup(url, folder)
    assert "database.backup_folder" in refused.value.next_step
