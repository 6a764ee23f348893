from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.components.cloud_asset import CloudAsset, cloud_asset
from tests.unit.core.providers.gcp.given import FIREWALL, INSTANCE, START, Watch


@pytest.fixture
def google() -> Iterator[CloudAsset]:
    with cloud_asset() as held:
        held.put(
            FIREWALL,
            "compute.googleapis.com/Firewall",
            START - timedelta(days=3),
            {"sourceRanges": ["10.0.0.0/8"], "allowed": [{"IPProtocol": "tcp"}]},
        )
        held.put(INSTANCE, "compute.googleapis.com/Instance", START - timedelta(days=2), {"status": "RUNNING", "machineType": "e2-small"})
        yield held


@pytest.fixture
def watch(google: CloudAsset) -> Iterator[Watch]:
    made = Watch(google)
    yield made
    made.provider.close()
