"""States in S3, over a real boto3 and moto's server."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from core.clock import utc_now
from core.errors import ProviderForbidden, ProviderTimedOut
from core.event import ChangeType
from tests.components.state_server import state_server
from tests.components.terraform import Workspace
from tests.unit.core.providers.terraform.given import Watch, instance, resource, state

pytestmark = pytest.mark.component("moto")
BACKEND = """
terraform {
  backend "s3" {
    bucket = "states"
    key = "shop/terraform.tfstate"
    region = "eu-west-1"
    use_lockfile = true
    use_path_style = true
    skip_credentials_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
    skip_region_validation = true
    endpoints = { s3 = "%s" }
  }
}
resource "terraform_data" "web" {
  input = { size = "%s" }
}
"""
KEY = "shop/terraform.tfstate"


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name, value in (("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b"), ("AWS_DEFAULT_REGION", "eu-west-1")):
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx.post(f"{url}/moto-api/reset").raise_for_status()  # What it holds belongs to the process, not to the server.
    yield url
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Iterator[Any]:
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket="states", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield client
    client.close()


def put(bucket: Any, size: str, serial: int, key: str = KEY) -> None:
    body = json.dumps(state(resource("aws_instance", "web", instance({"id": "i-0abc1234", "size": size})), serial=serial))
    bucket.put_object(Bucket="states", Key=key, Body=body.encode())


def test_a_key_its_workspaces_and_its_lock_are_read(bucket: Any, endpoint: str) -> None:
    watch = Watch({"s3": {"bucket": "states", "key": KEY, "endpoint_url": endpoint}})
    put(bucket, "small", 1)
    put(bucket, "small", 1, f"env:/staging/{KEY}")
    put(bucket, "small", 1, "env:/staging/other.tfstate")
    assert watch.poll().events == ()
    lock = {"ID": "l-1", "Operation": "OperationTypeApply", "Who": "ana@laptop", "Created": "2026-11-24T09:00:00Z"}
    bucket.put_object(Bucket="states", Key=f"{KEY}.tflock", Body=json.dumps(lock).encode())
    assert [one.says for one in watch.poll().observations] == ["an apply is running since 2026-11-24 09:00 UTC, by ana@laptop"]
    put(bucket, "large", 2, f"env:/staging/{KEY}")
    bucket.delete_object(Bucket="states", Key=f"{KEY}.tflock")
    (event,) = watch.poll().events
    assert (event.metadata["workspace"], event.actor.known) == ("states/shop:staging", False)
    assert watch.poll().known_changes == ()
    watch.provider.close()


def test_every_state_below_a_prefix_is_read(bucket: Any, endpoint: str) -> None:
    watch = Watch({"s3": {"bucket": "states", "prefix": "live/", "endpoint_url": endpoint}})
    put(bucket, "small", 1, "live/a/terraform.tfstate")
    watch.poll()
    bucket.put_object(Bucket="states", Key="live/a/terraform.tfstate", Body=json.dumps(state(serial=2)).encode())
    assert [event.change_type for event in watch.poll().events] == [ChangeType.DELETED]
    watch.provider.close()


def test_a_bucket_that_is_not_there_is_a_refusal(endpoint: str) -> None:
    watch = Watch({"s3": {"bucket": "nowhere", "key": KEY, "endpoint_url": endpoint}})
    with pytest.raises(ProviderForbidden) as raised:
        watch.poll()
    assert raised.value.needs == "s3:ListBucket"
    watch.provider.close()


def test_a_server_that_never_answers_is_left_at_the_deadline(endpoint: str) -> None:
    with state_server() as hanging:
        hanging.fault = "hang"
        watch = Watch({"s3": {"bucket": "states", "key": KEY, "endpoint_url": hanging.url}})
        began = time.monotonic()
        with pytest.raises(ProviderTimedOut):
            watch.poll(seconds=0.4)
        assert time.monotonic() - began < 2
        hanging.released.set()
        watch.provider.close()


@pytest.mark.component("terraform")
def test_what_the_real_terraform_writes_into_a_bucket_is_told(bucket: Any, endpoint: str, tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.apply(BACKEND % (endpoint, "small"))
    watch = Watch({"s3": {"bucket": "states", "key": KEY, "endpoint_url": endpoint}})
    watch.now = utc_now()
    assert watch.poll(0).events == ()
    workspace.apply(BACKEND % (endpoint, "large"))
    workspace.run("workspace", "new", "-no-color", "staging")
    workspace.apply(BACKEND % (endpoint, "small"))
    watch.now = utc_now()
    events = {event.metadata["workspace"]: event for event in watch.poll(0).events}
    changed = events["states/shop"]
    assert [(c.path, c.before, c.after) for c in changed.changes] == [("input.size", "small", "large")]
    assert events["states/shop:staging"].change_type is ChangeType.CREATED
    watch.provider.close()
