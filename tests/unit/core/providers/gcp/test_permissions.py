"""The roles of deploy/permissions hold what the calls say they need, and nothing more."""

from pathlib import Path

import pytest
import yaml

from core.providers.gcp import feed, inventory, logs

FOLDER = Path(__file__).parents[5] / "deploy" / "permissions"


@pytest.mark.parametrize(
    ("role", "needed"),
    [
        ("gcp-role.yaml", {*inventory.Inventory(source="any", options=None).quotas, logs.NEEDS}),  # type: ignore[arg-type]
        ("gcp-feed-role.yaml", {feed.CONSUME, feed.GET}),
    ],
)
def test_a_role_grants_what_is_asked_for_and_no_more(role: str, needed: set[str]) -> None:
    assert set(yaml.safe_load((FOLDER / role).read_text(encoding="utf-8"))["includedPermissions"]) == needed
