"""What the real terraform writes, and what is told of it."""

from pathlib import Path

import pytest

from core.clock import utc_now
from core.event import ActorKind, ChangeType, Event, Via
from core.json import encode
from core.providers.terraform import statefile
from tests.components.terraform import Workspace
from tests.unit.core.providers.terraform.given import Watch

pytestmark = pytest.mark.component("terraform")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop")


def polled(watch: Watch) -> list[Event]:
    watch.now = utc_now()
    return list(watch.poll(0).events)


def services(**replicas: int) -> str:
    named = ", ".join(f"{name} = {count}" for name, count in replicas.items())
    return f'resource "terraform_data" "service" {{\n  for_each = {{ {named} }}\n  input = {{ replicas = each.value }}\n}}\n'


def told(events: list[Event]) -> dict[str, ChangeType]:
    return {event.resource.name: event.change_type for event in events}


def test_an_apply_a_count_a_move_and_a_destroy_are_told_for_what_they_are(workspace: Workspace) -> None:
    workspace.apply(services(api=2, web=3))
    watch = Watch({"paths": [str(workspace.state)]})
    assert polled(watch) == []
    workspace.apply(services(api=4, web=3))
    (event,) = polled(watch)
    assert (event.resource.name, event.change_type) == ('terraform_data.service["api"]', ChangeType.SCALED)
    assert [(c.path, c.before, c.after) for c in event.changes] == [("input.replicas", 2, 4)]
    assert (event.actor.kind, event.actor.via, event.actor.known) == (ActorKind.UNKNOWN, Via.IAC, False)
    assert event.occurred_after is not None and event.occurred_after < event.occurred_at
    workspace.apply(services(api=4, web=3, jobs=1))
    assert told(polled(watch)) == {'terraform_data.service["jobs"]': ChangeType.CREATED}
    moved = 'moved {\n  from = terraform_data.service["jobs"]\n  to = terraform_data.service["tasks"]\n}\n'
    workspace.apply(services(api=4, web=3, tasks=1) + moved)
    (event,) = polled(watch)
    assert (event.resource.name, event.change_type) == ('terraform_data.service["tasks"]', ChangeType.MOVED)
    assert event.metadata["moved_from"] == 'terraform_data.service["jobs"]'
    assert polled(watch) == []
    workspace.apply(services(api=4, web=3, tasks=1), destroy=True)
    assert set(told(polled(watch)).values()) == {ChangeType.DELETED}


def test_a_replacement_keeps_its_address_and_is_one_event(workspace: Workspace) -> None:
    configuration = 'resource "terraform_data" "key" {\n  input = "a"\n  triggers_replace = "%s"\n}\n'
    workspace.apply(configuration % "one")
    watch = Watch({"paths": [str(workspace.folder)]})
    polled(watch)
    workspace.apply(configuration % "two")
    assert told(polled(watch)) == {"terraform_data.key": ChangeType.REPLACED}


def test_a_sensitive_value_changes_visibly_and_is_nowhere_to_be_read(workspace: Workspace) -> None:
    configuration = (
        'variable "key" {\n  type = string\n  sensitive = true\n}\n'
        'resource "terraform_data" "key" {\n  input = { level = "high", inner = { plain = var.key } }\n}\n'
        'output "key" {\n  value = var.key\n  sensitive = true\n}\n'
    )
    workspace.apply(configuration, json_variables={"key": "hunter2-first"})
    watch = Watch({"paths": [str(workspace.folder)]})
    first = watch.poll(0)
    workspace.apply(configuration, json_variables={"key": "hunter2-second"})
    watch.now = utc_now()
    second = watch.poll(0)
    (event,) = second.events
    assert [change.path for change in event.changes] == ["input.inner.plain"]
    assert str(event.changes[0].after).startswith("redacted:")
    assert event.changes[0].before != event.changes[0].after
    assert b"hunter2" not in encode(first) + encode(second)
    assert b"hunter2" in workspace.state.read_bytes()


def test_a_workspace_made_while_watching_is_new_and_one_that_was_there_is_not(workspace: Workspace) -> None:
    workspace.apply(services(api=1))
    watch = Watch({"paths": [str(workspace.folder)]})
    assert polled(watch) == []
    workspace.run("workspace", "new", "-no-color", "staging")
    workspace.apply(services(api=1, web=1))
    watch.now = utc_now()
    batch = watch.poll(0)
    assert told(list(batch.events)) == {
        'terraform_data.service["api"]': ChangeType.CREATED,
        'terraform_data.service["web"]': ChangeType.CREATED,
    }
    assert {event.metadata["workspace"] for event in batch.events} == {f"{workspace.folder.parent.name}/shop:staging"}


def test_what_terraform_writes_is_read_whole(workspace: Workspace) -> None:
    workspace.apply(services(api=1) + 'resource "terraform_data" "many" {\n  count = 3\n}\n')
    read = statefile.parse(statefile.load(workspace.state.read_bytes()))
    assert set(read.instances) == {
        'terraform_data.service["api"]',
        "terraform_data.many[0]",
        "terraform_data.many[1]",
        "terraform_data.many[2]",
    }
