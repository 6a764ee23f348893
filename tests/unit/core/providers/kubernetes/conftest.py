from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.kubernetes import ControlPlane


def _started(folder: Path, *extra: str) -> Iterator[ControlPlane]:
    plane = ControlPlane(folder=folder, extra=extra)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    yield from _started(tmp_path_factory.mktemp("kubernetes"))


@pytest.fixture(scope="session")
def forgetful_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Without a watch cache: what etcd has compacted is gone for watches too."""
    yield from _started(tmp_path_factory.mktemp("kubernetes-forgetful"), "--watch-cache=false")
