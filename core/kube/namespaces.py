"""Whose a namespace is."""

from functools import cache, lru_cache

from core import rulefile


@cache
def _system() -> tuple[str, ...]:
    return tuple(pattern for row in rulefile.load(__package__, "namespaces.yaml")["system"] for pattern in row["like"])


@lru_cache(maxsize=1024)
def is_system(namespace: str) -> bool:
    """Does the platform, or a well-known add-on, keep the namespace for itself?"""
    return rulefile.fits(namespace, _system())
