"""States on disk: what is told, what is silent, what is a gap and why."""

import json
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from core.batch import CheckState
from core.clock import Deadline
from core.coverage import Coverage, CoverageState
from core.errors import RecordUnreadable
from core.event import Actor, ActorKind, ChangeType, Via
from core.json import JsonObject, encode
from core.providers.terraform.local import LocalStates
from tests.unit.core.providers.terraform.given import LINEAGE, START, Watch, instance, resource, state, write


def bucket(name: str = "logs", **more: Any) -> JsonObject:
    return resource("aws_s3_bucket", name, instance({"id": f"acme-{name}", "arn": f"arn:aws:s3:::acme-{name}", **more}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "infra" / "prod" / "terraform.tfstate", state(bucket()), START)


@pytest.fixture
def watch(path: Path) -> Watch:
    made = Watch({"paths": [str(path)]})
    made.poll()
    return made


def gaps(coverage: tuple[Coverage, ...]) -> list[Coverage]:
    return [one for one in coverage if one.state is CoverageState.GAP]


def test_a_change_carries_its_names_elsewhere_its_span_and_its_serial(path: Path, watch: Watch) -> None:
    write(path, state(bucket(acl="public-read"), serial=2), watch.now + timedelta(seconds=30))
    (event,) = watch.poll().events
    assert (event.resource.name, event.resource.uid) == ("aws_s3_bucket.logs", f"{LINEAGE}/aws_s3_bucket.logs")
    assert str(event.resource.scope) == "infra/prod"
    assert [(ref.kind.value, ref.id) for ref in event.references] == [
        ("run", f"{LINEAGE}/2"),
        ("same_as", "arn:aws:s3:::acme-logs"),
        ("same_as", "acme-logs"),
    ]
    assert event.occurred_at == START + timedelta(minutes=1, seconds=30)
    assert event.occurred_after == START
    assert event.actor == Actor(kind=ActorKind.UNKNOWN, via=Via.IAC, tool="Terraform 1.11.4")


def test_an_unchanged_file_is_not_opened(path: Path, watch: Watch) -> None:
    path.write_bytes(b"x" * path.stat().st_size)
    os.utime(path, (START.timestamp(), START.timestamp()))
    watch.rows.asked = 0
    batch = watch.poll()
    assert gaps(batch.coverage) == []
    assert batch.known_changes == ()
    assert watch.rows.asked == 1


def test_the_same_content_written_anew_is_no_change(path: Path, watch: Watch) -> None:
    write(path, state(bucket()), watch.now)
    assert watch.poll().events == ()


def test_a_refresh_that_writes_nothing_in_other_words_is_no_change_and_a_value_that_comes_or_goes_is(path: Path, watch: Watch) -> None:
    """The first refresh after an apply does so to nearly every resource."""
    write(path, state(bucket(tags=None, note="", rule=[{"description": ""}], acl="private"), serial=2), watch.now)
    watch.poll()
    write(path, state(bucket(tags={}, note=None, rule=[{"description": None}], acl="private"), serial=3), watch.now)
    assert watch.poll().events == ()
    write(path, state(bucket(tags={"team": "web"}, note=None, rule=[], acl=""), serial=4), watch.now)
    (event,) = watch.poll().events
    assert [(c.path, c.before, c.after) for c in event.changes] == [
        ("acl", "private", ""),
        ("rule", [{"description": None}], []),
        ("tags.team", None, "web"),
    ]


def test_a_replay_gives_the_same_ids(path: Path, watch: Watch) -> None:
    rows, cursor = dict(watch.rows.rows), watch.cursor
    write(path, state(bucket(acl="private"), bucket("backups"), serial=2), watch.now)
    first = [event.id for event in watch.poll().events]
    watch.rows.rows, watch.cursor = rows, cursor
    assert [event.id for event in watch.poll(0).events] == first
    assert len(set(first)) == 2


def test_a_serial_that_goes_back_is_one_event_about_the_state(path: Path, watch: Watch) -> None:
    write(path, state(bucket(), *(bucket(f"b{n}") for n in range(40)), serial=9), watch.now)
    assert len(watch.poll().events) == 40
    write(path, state(bucket(), serial=1), watch.now)
    (event,) = watch.poll().events
    assert (event.resource.kind, event.change_type) == ("terraform_state", ChangeType.MODIFIED)
    assert event.native_action == "the state went back from serial 9 to 1"
    assert (event.metadata["gone"], event.metadata["added"], event.actor.known) == (40, 0, False)
    write(path, state(bucket(), bucket("b1"), serial=9), watch.now)
    (again,) = watch.poll().events
    assert again.change_type is ChangeType.CREATED
    assert again.id not in {event.id}


def test_another_lineage_is_one_event_about_the_state(path: Path, watch: Watch) -> None:
    write(path, state(bucket("other"), serial=1, lineage="another"), watch.now)
    (event,) = watch.poll().events
    assert event.change_type is ChangeType.REPLACED
    assert [(c.path, c.before, c.after) for c in event.changes[:1]] == [("lineage", LINEAGE, "another")]
    assert watch.poll().events == ()


def test_a_resource_under_another_address_has_moved(path: Path, watch: Watch) -> None:
    inside = {**bucket(), "module": "module.storage"}
    write(path, state(inside, serial=2), watch.now)
    batch = watch.poll()
    (event,) = batch.events
    assert [(one.removed, one.address) for one in batch.managed] == [
        (True, "aws_s3_bucket.logs"),
        (False, "module.storage.aws_s3_bucket.logs"),
    ]
    assert (event.change_type, event.resource.name) == (ChangeType.MOVED, "module.storage.aws_s3_bucket.logs")
    assert [(c.path, c.before) for c in event.changes] == [("address", "aws_s3_bucket.logs")]
    assert event.traits == frozenset()


def test_outputs_are_told_where_nothing_else_changed(path: Path, watch: Watch) -> None:
    outputs = {"url": {"value": "https://a.example", "type": "string"}, "key": {"value": "hunter2!", "type": "string", "sensitive": True}}
    write(path, state(bucket(), serial=2, outputs=outputs), watch.now)
    (event,) = watch.poll().events
    assert event.native_action == "outputs changed"
    assert [(c.path, str(c.after)[:9]) for c in event.changes] == [("key", "redacted:"), ("url", "https://a")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b'{"version": 4, "serial": 3, "resources": [{"mode": "man', "is cut off after 55 bytes"),
        (b"\x89PNG\r\n\x1a\n....}", "is not text"),
        (b"<html></html>}", "is no state: not JSON"),
        (b'{"hello": 1}', "has no version number"),
        (b'{"version": 5, "serial": 1}', "newer than what is read"),
        (b'{"version": 1, "serial": 1}', "older than what is read"),
        (b'{"version": 4, "sops": {"kms": []}, "resources": "ENC[AES256_GCM]"}', "encrypted with sops"),
        (b'{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "QUJD", "encryption_version": "v0"}', "encrypted by OpenTofu"),
        (b'{"format_version": "1.0", "values": {}}', "terraform show -json"),
        (b'{"version": 4, "serial": 2, "resources": {"a": 1}}', "resources is no list"),
        (b"[1, 2}", "not JSON"),
        (b"[" * 100_000 + b"}", "no readable JSON"),
    ],
)
def test_what_is_no_readable_state_is_a_gap_that_says_why_and_the_next_good_one_is_compared(
    path: Path, watch: Watch, content: bytes, says: str
) -> None:
    write(path, content, watch.now)
    batch = watch.poll()
    (gap,) = gaps(batch.coverage)
    assert says in gap.reason
    assert gap.part == "infra/prod"
    assert batch.events == ()
    write(path, state(bucket(acl="private"), serial=2), watch.now)
    later = watch.poll()
    assert gaps(later.coverage) == []
    assert [event.change_type for event in later.events] == [ChangeType.MODIFIED]


def test_a_state_beyond_the_limit_is_a_gap(path: Path) -> None:
    watch = Watch({"paths": [str(path)], "largest_mib": 0.0001})
    (gap,) = gaps(watch.poll().coverage)
    assert "larger than what is read" in gap.reason
    assert "largest_mib" in gap.next_step


@pytest.mark.parametrize("folder", [False, True])
def test_a_state_that_is_gone_is_a_gap_until_it_is_back(path: Path, watch: Watch, folder: bool) -> None:
    named = path.parent if folder else path
    watch.reconfigure({"paths": [str(named)]})
    watch.poll()
    kept = path.read_bytes()
    path.unlink()
    for _ in range(2):
        batch = watch.poll()
        assert [gap.part for gap in gaps(batch.coverage)] == [str(named)]
        assert batch.events == ()
    write(path, kept, START)
    assert gaps(watch.poll().coverage) == []


def test_a_state_gone_from_a_glob_is_said_and_after_a_week_forgotten(path: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "infra" / "dev" / "terraform.tfstate", state(bucket()), START)
    watch = Watch({"paths": [str(tmp_path / "**" / "*.tfstate")]})
    watch.poll()
    other.unlink()
    (gap,) = gaps(watch.poll().coverage)
    assert (gap.part, "is gone since" in gap.reason) == ("infra/dev", True)
    assert len(gaps(watch.poll(60).coverage)) == 1
    watch.poll(60 * 24 * 8)
    assert gaps(watch.poll().coverage) == []
    assert len([key for key in watch.rows.rows if key.startswith("state/")]) == 1


def test_a_glob_that_matches_nothing_is_said(tmp_path: Path) -> None:
    watch = Watch({"paths": [str(tmp_path / "*.tfstate")]})
    (gap,) = gaps(watch.poll().coverage)
    assert "no file matches" in gap.reason
    (whole, part) = watch.provider.check(Deadline.after(5))
    assert (whole.state, part.state) == (CheckState.RED, CheckState.AMBER)


def test_one_broken_state_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    write(tmp_path / "a" / "terraform.tfstate", b"{", START)
    good = write(tmp_path / "b" / "terraform.tfstate", state(bucket()), START)
    watch = Watch({"paths": [str(tmp_path / "**" / "*.tfstate")]})
    watch.poll()
    write(good, state(bucket(acl="private"), serial=2), watch.now)
    batch = watch.poll()
    assert len(batch.events) == len(gaps(batch.coverage)) == 1


def test_what_a_new_setting_brings_into_view_is_a_baseline(path: Path, watch: Watch, tmp_path: Path) -> None:
    write(tmp_path / "other" / "terraform.tfstate", state(bucket("x")), watch.now + timedelta(seconds=1))
    watch.reconfigure({"paths": [str(path), str(tmp_path / "other")]})
    batch = watch.poll()
    assert batch.events == ()
    assert [one.address for one in batch.managed] == ["aws_s3_bucket.x"]


def test_the_register_says_what_the_state_manages_and_lets_go_of_what_is_gone(path: Path, watch: Watch) -> None:
    web = resource(
        "kubernetes_config_map", "c", instance({"id": "shop/web", "metadata": [{"name": "web", "namespace": "shop", "uid": "0d1c-77aa"}]})
    )
    write(path, state(web, serial=2), watch.now)
    by_address = {one.address: one for one in watch.poll().managed}
    assert by_address["kubernetes_config_map.c"].aliases == ("0d1c-77aa", "ConfigMap/shop/web", "shop/web")
    assert (by_address["aws_s3_bucket.logs"].removed, by_address["aws_s3_bucket.logs"].workspace) == (True, "infra/prod")


SECRETS: Mapping[str, JsonObject] = {
    "aws_db_instance": {"password": "hunter2-db"},
    "aws_instance": {"user_data": "#!/bin/sh\nexport KEY=hunter2-ud"},
    "aws_lambda_function": {"environment": [{"variables": {"PLAIN": "hunter2-env"}}]},
    "aws_ecs_task_definition": {"container_definitions": json.dumps([{"environment": [{"name": "PLAIN", "value": "hunter2-ecs"}]}])},
    "kubernetes_config_map": {"data": {"app.ini": "x=hunter2-cm"}},
    "random_password": {"id": "none", "result": "hunter2-random"},
    "tls_private_key": {"private_key_pem": "hunter2-pem"},
    "aws_ssm_parameter": {"value": "hunter2-ssm"},
    "helm_release": {"values": ["password: hunter2-helm"]},
    "null_resource": {"triggers": {"copy": "postgres://u:x@db?p=hunter2-random"}},
}


def test_no_secret_leaves_wherever_it_stands(path: Path, watch: Watch) -> None:
    marked = instance({"id": "thing-1", "box": {"inner": "hunter2-marked", "flag": True}}, sensitive=[["box"]])
    parts = [resource(kind, "s", instance({"id": f"id-{kind}", **told})) for kind, told in SECRETS.items()]
    write(path, state(*parts, resource("thing", "it", marked), serial=2), watch.now)
    created = watch.poll()
    write(path, json.dumps(state(*parts, resource("thing", "it", marked), serial=3)).replace("hunter2", "hunter3").encode(), watch.now)
    changed = watch.poll()
    assert {event.resource.kind for event in changed.events} == {*SECRETS, "thing"}
    assert b"hunter" not in encode(created) + encode(changed)
    assert b"c2VjcmV0" not in encode(created)


def test_a_lock_file_says_that_an_apply_is_running_and_a_plan_explains_nothing(path: Path, watch: Watch) -> None:
    lock = path.with_name(".terraform.tfstate.lock.info")
    told = {"ID": "l-1", "Operation": "OperationTypePlan", "Who": "runner@fv-az1", "Created": "2026-11-24T09:00:30.123456789Z"}
    lock.write_text(json.dumps(told))
    batch = watch.poll()
    assert [one.says for one in batch.observations] == ["a plan is running since 2026-11-24 09:00 UTC, by runner@fv-az1"]
    assert batch.announcements == ()
    lock.write_text(json.dumps({**told, "ID": "l-2", "Operation": "OperationTypeApply"}))
    (said,) = watch.poll().announcements
    assert (said.by.kind, said.by.name) == (ActorKind.AUTOMATION, "runner")
    write(path, state(bucket(acl="private"), serial=2), watch.now)
    lock.unlink()
    batch = watch.poll()
    assert [event.actor.name for event in batch.events] == ["runner"]
    assert [one.range.end for one in batch.announcements] == [watch.now]


def test_a_resource_that_goes_to_another_state_has_moved_and_nothing_was_destroyed(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "terraform.tfstate", tmp_path / "two" / "terraform.tfstate"
    watch = Watch({"paths": [str(tmp_path / "*" / "*.tfstate")]})
    write(one, state(bucket(), bucket("stays")), START)
    write(two, state(serial=1, lineage="two"), START)
    watch.poll()
    write(one, state(bucket("stays"), serial=2), watch.now)
    write(two, state(bucket(), serial=2, lineage="two"), watch.now)
    (event,) = watch.poll().events
    assert (event.change_type, event.traits) == (ChangeType.MOVED, frozenset())
    assert event.metadata["moved_from_workspace"] == f"{tmp_path.name}/one"


def test_a_first_apply_after_watching_began_is_told(tmp_path: Path) -> None:
    path = tmp_path / "terraform.tfstate"
    watch = Watch({"paths": [str(path)]})
    (gap,) = gaps(watch.poll().coverage)
    assert "is not there" in gap.reason
    write(path, state(bucket()), watch.now + timedelta(seconds=20))
    assert [event.change_type for event in watch.poll().events] == [ChangeType.CREATED]


def test_a_copy_of_a_generated_password_is_hidden_in_the_midst_of_a_text_and_thousands_cost_little(path: Path, watch: Watch) -> None:
    made = [instance({"id": "none", "result": f"generated-{number:05d}-x"}, index=number) for number in range(3000)]
    copies = [instance({"id": f"copy-{number:05d}", "note": f"use generated-{number:05d}-x here"}, index=number) for number in range(3000)]
    write(path, state(resource("random_password", "p", *made), resource("thing", "c", *copies), serial=2), watch.now)
    assert b"generated-" not in encode(watch.poll())


@pytest.mark.parametrize("named", ["by path", "by folder", "by pattern"])
def test_a_named_pipe_is_a_gap_that_names_it_and_its_neighbours_are_read(tmp_path: Path, path: Path, named: str) -> None:
    pipe = tmp_path / "piped" / "terraform.tfstate"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    asked = {"by path": pipe, "by folder": pipe.parent, "by pattern": tmp_path / "piped" / "*.tfstate"}[named]
    watch = Watch({"paths": [str(asked), str(path)]})
    (gap,) = gaps(watch.poll().coverage)
    assert gap.reason.endswith(f"{pipe} is a named pipe, and only files are read")
    assert gap.next_step == "Name the state file itself, or take the path out."
    write(path, state(bucket(acl="public-read"), serial=2), watch.now + timedelta(seconds=30))
    assert len(watch.poll().events) == 1


def test_a_device_and_a_folder_of_that_name_are_not_read_and_a_piped_lock_is_no_lock(tmp_path: Path, path: Path) -> None:
    endless, folder = tmp_path / "endless" / "terraform.tfstate", tmp_path / "folder" / "terraform.tfstate"
    endless.parent.mkdir()
    endless.symlink_to("/dev/zero")
    folder.mkdir(parents=True)
    os.mkfifo(path.with_name(".terraform.tfstate.lock.info"))
    watch = Watch({"paths": [str(endless), str(folder.parent), str(path)]})
    said = [gap.reason.rpartition(" is ")[2] for gap in gaps(watch.poll().coverage)]
    assert said == ["a device, and only files are read", "a folder, and only files are read"]


def test_a_file_that_turned_into_a_pipe_after_it_was_seen_is_not_waited_for(tmp_path: Path, path: Path) -> None:
    states = LocalStates(source="infra", paths=(str(path),), largest_bytes=1024)
    deadline = Deadline.after(5)
    (glimpse,) = states.look(lambda _: "", deadline).states
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RecordUnreadable, match="is a named pipe"):
        states.read(glimpse, deadline)


def test_the_check_reads_the_states_that_it_sees(tmp_path: Path, path: Path) -> None:
    broken = tmp_path / "broken" / "terraform.tfstate"
    broken.parent.mkdir()
    broken.write_text('{"version": 4, "serial": 1')
    watch = Watch({"paths": [str(path), str(broken)]})
    whole, part = watch.provider.check(Deadline.after(5))
    assert (whole.state, whole.says) == (CheckState.GREEN, "1 state can be read")
    assert part.state is CheckState.AMBER
    assert part.next_step
    (alone, _) = Watch({"paths": [str(broken)]}).provider.check(Deadline.after(5))
    assert (alone.state, alone.says) == (CheckState.RED, "0 states can be read")
