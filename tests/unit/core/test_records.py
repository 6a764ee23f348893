"""Raw records come out of files whole, in order, and a bad one says what is wrong with it."""

import gzip
import json
from pathlib import Path

import pytest

from core import records
from core.errors import SettingsError
from core.records import RawRecord


def _bodies(path: Path, unwrap: str = "") -> list[object]:
    return [raw.body if raw.body is not None else raw.error for raw in records.read(path, unwrap=unwrap)]


@pytest.mark.parametrize("key", ["Records", "items", "entries"])
def test_members_of_a_records_list_are_records(tmp_path: Path, key: str) -> None:
    path = tmp_path / "trail.json"
    path.write_text(json.dumps({key: [{"a": 1}, {"a": 2}], "kind": "List"}))
    assert _bodies(path) == [{"a": 1}, {"a": 2}]


def test_a_document_without_a_list_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "state.tfstate"
    path.write_text('{"version": 4,\n "resources": []}')
    assert list(records.read(path)) == [RawRecord(file=str(path), line=1, body={"version": 4, "resources": []})]


def test_gzip_is_seen_by_its_bytes_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_bytes(gzip.compress(b'{"a": 1}\n\n{"a": 2}\n'))
    assert [(raw.line, raw.body) for raw in records.read(path)] == [(1, {"a": 1}), (3, {"a": 2})]


def test_a_gzip_cut_short_tells_what_it_gave_and_that_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl.gz"
    path.write_bytes(gzip.compress("".join(f'{{"a": {i}, "x": "{i * 7919}"}}\n' for i in range(5000)).encode())[:-20])
    found = list(records.read(path))
    assert found[0].body == {"a": 0, "x": "0"}
    assert found[-1].error.startswith("the file cannot be read to its end")


def test_json_lines_under_the_name_json_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"a": 1}\n{"a": 2}\nnonsense\n')
    assert _bodies(path) == [{"a": 1}, {"a": 2}, "not JSON: Expecting value at column 1"]


def test_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "trail.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": \n"text"\n\xff\xfe\n{"a": NaN}\n' + b"[" * 100_000 + b'\n{"a": 2}\n')
    found = list(records.read(path))
    assert [raw.line for raw in found] == [1, 2, 3, 4, 5, 6, 7]
    assert found[0].body == {"a": 1}
    assert found[-1].body == {"a": 2}
    assert [bool(raw.error) for raw in found] == [False, True, True, True, True, True, False]
    assert found[2].error == "a record must be a JSON object, not str"
    assert found[3].error == "not UTF-8 at byte 0"


def test_unwrap_takes_that_key_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"label": "x", "event": {"Records": "no list", "a": 1}}\n{"label": "y"}\n')
    assert _bodies(path, "event") == [{"Records": "no list", "a": 1}, "there is no object under 'event' (--unwrap)"]


def test_a_folder_is_read_in_order_of_name_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2.jsonl", "a.json", "b/1.json.gz", "notes.txt"):
        (tmp_path / name).write_text("{}")
    assert [path.name for path in records.files([tmp_path])] == ["a.json", "1.json.gz", "2.jsonl"]


def test_a_path_that_is_not_there_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not there"):
        records.files([tmp_path / "none.json"])
    with pytest.raises(SettingsError, match="holds no records"):
        records.files([tmp_path])


def test_half_a_character_costs_no_record(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"a\\ud800": ["x\\uDFFF", {"b": "\\ud83d\\ude00"}]}\n')
    assert _bodies(path) == [{"a\ufffd": ["x\ufffd", {"b": "\U0001f600"}]}]
