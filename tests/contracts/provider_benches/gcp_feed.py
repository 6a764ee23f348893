"""Google Cloud once more, with a feed through a Pub/Sub subscription, over a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.components.cloud_asset import cloud_asset
from tests.components.google_http import NAME
from tests.contracts.provider_benches.gcp import GcpBench

COMPONENTS: tuple[str, ...] = ()
_PROJECT = "//cloudresourcemanager.googleapis.com/projects/acme"


class FedBench(GcpBench):
    def options(self) -> dict[str, Any]:
        return {**super().options(), "scope": "folders/5", "feed_subscription": NAME, "pubsub_url": self.google.url}


@contextmanager
def bench(folder: Path, component: None) -> Iterator[FedBench]:
    with cloud_asset() as google:
        made = FedBench(google, above=("projects/11", "folders/5"))
        google.put(_PROJECT, "cloudresourcemanager.googleapis.com/Project", made.now(), {"projectId": "acme"}, made.above)
        google.feeding = True
        yield made
