"""`make tour`, held to what it promises: thirty real changes on real components, each seen right, and nothing else reported."""

import json
from pathlib import Path

import pytest

from tests.tour.tour import take

pytestmark = [
    pytest.mark.component("kubernetes"),
    pytest.mark.component("terraform"),
    pytest.mark.component("moto"),
    pytest.mark.timeout(300),
]


def test_thirty_real_changes_are_each_seen_right_and_nothing_else_is_reported(tmp_path: Path) -> None:
    result = take(tmp_path)
    assert {one.number: one.faults for one in result.outcomes} == {number: [] for number in range(1, 31)}
    assert [one.resource.key for one in result.also] == []
    assert result.failures == ()
    silent = [one.number for one in result.outcomes if not one.seen]
    assert silent == [15]
    assert all(one.seconds is not None and one.seconds < 30 for one in result.outcomes if one.seen)
    assert "hunter2" not in json.dumps([one.as_object() for one in result.outcomes])
