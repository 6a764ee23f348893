"""What a poll knows while it reads."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.batch import KnownState
from core.providers.gcp.gathering import Gathered

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@dataclass
class Stored:
    """The port KnownStates over a dictionary; `asked` is what each read asked for."""

    rows: dict[str, KnownState]
    asked: list[list[str]] = field(default_factory=list)

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        self.asked.append(list(keys))
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        return [row for key, row in sorted(self.rows.items()) if key.startswith(prefix) and key > after][:limit]


def test_what_is_looked_up_ahead_is_read_once() -> None:
    row = KnownState(key="asset/a", state={"size": 1}, at=NOW)
    stored = Stored({row.key: row})
    found = Gathered(source="gcp", now=NOW, under=stored)
    found.look_ahead(["asset/a", "asset/new"])
    assert (found.one("asset/a"), found.one("asset/new"), found.went_at("asset/a")) == (row, None, None)
    assert len(stored.asked) == 1
    assert found.one("asset/other") is None
    assert stored.asked[1:] == [["asset/other"]]


def test_what_went_in_this_poll_is_gone_though_it_was_looked_up_ahead() -> None:
    row = KnownState(key="asset/a", state={"size": 1}, at=NOW)
    found = Gathered(source="gcp", now=NOW, under=Stored({row.key: row}))
    found.look_ahead(["asset/a"])
    found.forget("asset/a", NOW)
    assert (found.one("asset/a"), found.went_at("asset/a")) == (None, NOW)
