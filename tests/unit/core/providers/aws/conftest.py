from collections.abc import Iterator

import pytest

from tests.components.cloudtrail import CloudTrail, cloudtrail
from tests.components.moto import moto


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def trail() -> Iterator[CloudTrail]:
    with cloudtrail() as held:
        yield held


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url
