"""Time zones by their IANA names: what is written by hand, or was stored by an earlier version, may name none."""

import logging
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_log = logging.getLogger(__name__)


def known(name: str) -> bool:
    """Is there a zone of that name?"""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@cache
def zone_or_utc(name: str) -> ZoneInfo:
    """The zone; UTC where there is none of that name, which is logged once. Raises nothing."""
    if known(name):
        return ZoneInfo(name)
    _log.error("no such time zone, UTC is taken", extra={"time_zone": name})
    return ZoneInfo("UTC")
