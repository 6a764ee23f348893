"""What tests of the bot share."""

from collections.abc import Iterator

import pytest

from tests.unit.bot.world import World, world


@pytest.fixture
def here() -> Iterator[World]:
    """A connected bot in a workspace of its own, with an empty store."""
    with world() as made:
        yield made
