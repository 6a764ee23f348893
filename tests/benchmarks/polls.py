"""What a poll costs: nothing changed, one thing changed; with 10 and with 10,000 things to watch."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot import app
from core.clock import Deadline
from core.json import JsonObject
from core.ports import Commit, Provider, Store
from core.settings import DatabaseSettings, Settings, SourceSettings
from tests.benchmarks.figures import Figure, median, timed

_RUNS = 20
_BUILT_IN = 'provider["terraform.io/builtin/terraform"]'


@dataclass(slots=True)
class _State:
    """A Terraform state file of so many resources."""

    path: Path
    many: int
    serial: int = 0
    lineage: str = str(uuid.uuid4())

    def write(self, changed: int = 0) -> None:
        self.serial += 1
        instances = [_instance(number, changed if number == 0 else 0) for number in range(self.many)]
        resource: JsonObject = {
            "mode": "managed",
            "type": "terraform_data",
            "name": "many",
            "provider": 'provider["terraform.io/builtin/terraform"]',
        }
        state = {"version": 4, "terraform_version": "1.11.4", "serial": self.serial, "lineage": self.lineage, "outputs": {}}
        self.path.write_text(json.dumps({**state, "resources": [{**resource, "instances": instances}]}), encoding="utf-8")


def _instance(number: int, changed: int) -> JsonObject:
    value = {"name": f"thing-{number}", "size": 3 + changed}
    attributes = {"id": str(uuid.UUID(int=number + 1)), "input": {"value": value, "type": ["object", {"name": "string", "size": "number"}]}}
    return {"index_key": number, "schema_version": 0, "attributes": attributes, "sensitive_attributes": []}


def measure(folder: Path) -> Iterator[Figure]:
    idle: dict[int, float] = {}
    for many in (10, 10_000):
        state = _State(folder / f"{many}.tfstate", many)
        state.write()
        settings = Settings(
            database=DatabaseSettings(url=f"sqlite:///{folder}/{many}.db"),
            sources=(SourceSettings(name="terraform", provider="terraform", options={"paths": [str(state.path)]}),),
        )
        store = app.open_store(settings)
        try:
            (provider,) = app.build_providers(settings, store)
            with timed() as took:
                _poll(store, provider)
            yield Figure(name=f"terraform, baseline of {many:,}", value=took() * 1000, unit="ms")
            idle[many] = median([_timed_poll(store, provider) for _ in range(_RUNS)])
            limit = None if many == 10 else 3 * idle[10] + 1
            yield Figure(name=f"terraform, unchanged poll of {many:,}", value=idle[many], unit="ms", limit=limit)
            state.write(changed=1)
            yield Figure(name=f"terraform, one of {many:,} changed", value=_timed_poll(store, provider), unit="ms")
        finally:
            store.close()


def _timed_poll(store: Store, provider: Provider) -> float:
    with timed() as took:
        _poll(store, provider)
    return took() * 1000


def _poll(store: Store, provider: Provider) -> None:
    batch = provider.poll(store.cursors.get(provider.source), store.cursors.known(provider.source), Deadline.after(60))
    store.work.commit(Commit(source=provider.source, batch=batch))
