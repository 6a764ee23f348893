"""AWS with everything on: two accounts found through AWS Organizations beside the one that asks, two regions, Config, AWS Health."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.components.cloudtrail import cloudtrail
from tests.components.moto import client, made_up_credentials
from tests.contracts.provider_benches import aws

COMPONENTS = aws.COMPONENTS
component = aws.component
_REGIONS = ("eu-west-1", "us-east-1")


@dataclass
class OrganizationBench(aws.AwsBench):
    """Faults are of every place, and a server that hangs is one that sends a byte now and then."""

    def options(self) -> dict[str, Any]:
        more = {"organization": {"role": "wgo-reader"}, "config_history": True, "aws_health": True}
        return {**super().options(), **more, "regions": list(_REGIONS)}

    def refuse(self) -> None:
        self._everywhere("AccessDeniedException")

    def throttle(self) -> None:
        self._everywhere("ThrottlingException")

    def hang(self) -> None:
        self.wait(1)
        self._everywhere("trickle")

    def malform(self) -> None:
        self._everywhere("garbage")

    def _everywhere(self, fault: str) -> None:
        self.trail.fault.update(dict.fromkeys(_REGIONS, fault))


@contextmanager
def bench(folder: Path, component: str) -> Iterator[OrganizationBench]:
    del folder
    httpx.post(f"{component}/moto-api/reset").raise_for_status()
    organizations = client(component, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    for name in ("payments", "shop"):
        organizations.create_account(AccountName=name, Email=f"{name}@acme.example")
    organizations.close()
    with made_up_credentials(), cloudtrail(behind=component) as trail:
        trail.answers["DescribeEvents"] = lambda asked: {"events": []}
        made = OrganizationBench(component, trail)
        try:
            yield made
        finally:
            made.tables.close()
            made.formation.close()
