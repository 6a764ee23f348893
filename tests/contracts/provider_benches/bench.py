"""What a bench offers to the contract suite, and the loop that polls as the poller does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core.batch import Batch, Cursor, KnownState
from core.clock import Deadline
from core.ports import Provider
from core.providers import ProviderContext, build
from core.redaction import Redactor
from core.settings import SourceSettings

SOURCE = "under-test"


class Bench(Protocol):
    """Things with a name and a value (a number), which the provider under test can see. Faults last until `heal`."""

    provider: str

    def options(self) -> dict[str, Any]: ...

    def now(self) -> datetime: ...

    def wait(self, minutes: float) -> None:
        """Time goes by; a bench on a real clock may leave it at that."""
        ...

    def make(self, name: str, value: int) -> None: ...

    def change(self, name: str, value: int) -> None: ...

    def delete(self, name: str) -> None: ...

    def many(self, number: int) -> None: ...

    def plant_secret(self, name: str, text: str) -> None: ...

    def refuse(self) -> None: ...

    def throttle(self) -> None: ...

    def hang(self) -> None: ...

    def malform(self) -> None: ...

    def heal(self) -> None: ...

    def calls(self) -> int:
        """Requests so far."""
        ...

    def sent(self) -> int:
        """Bytes answered so far; 0 where they cannot be counted."""
        ...


@dataclass
class Rows:
    """Known states in memory; `asked` counts what was looked up."""

    rows: dict[str, KnownState] = field(default_factory=dict)
    asked: int = 0

    def get(self, keys: Collection[str]) -> Mapping[str, KnownState]:
        self.asked += len(keys)
        return {key: self.rows[key] for key in keys if key in self.rows}

    def page(self, prefix: str, after: str = "", limit: int = 500) -> Sequence[KnownState]:
        found = [self.rows[key] for key in sorted(self.rows) if key.startswith(prefix) and key > after][:limit]
        self.asked += len(found)
        return found


@dataclass
class Watched:
    """The provider of a bench, with its cursor and its rows."""

    bench: Bench
    rows: Rows = field(default_factory=Rows)
    cursor: Cursor | None = None
    provider: Provider = field(init=False)

    def __post_init__(self) -> None:
        source = SourceSettings(name=SOURCE, provider=self.bench.provider, environment="prod", options=self.bench.options())
        self.provider = build(source, ProviderContext(redactor=Redactor(b"k" * 32), clock=self.bench.now))

    def once(self, seconds: float = 20) -> Batch:
        batch = self.provider.poll(self.cursor, self.rows, Deadline.after(seconds))
        self.cursor = batch.cursor
        for change in batch.known_changes:
            if change.state is None:
                self.rows.rows.pop(change.key, None)
            else:
                self.rows.rows[change.key] = change
        self.provider.committed(batch)
        return batch

    def poll(self, minutes: float = 1) -> list[Batch]:
        """Polls until there is no backlog."""
        self.bench.wait(minutes)
        batches = [self.once()]
        while batches[-1].more and len(batches) < 50:
            batches.append(self.once())
        return batches
