"""Several places asked at a time: an organisation's accounts are many, and each answer is a wait."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from core.errors import ProviderError

AT_A_TIME = 8
T = TypeVar("T")
R = TypeVar("R")


def rounds(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows in order, as many together as are asked at a time."""
    for start in range(0, len(rows), AT_A_TIME):
        yield rows[start : start + AT_A_TIME]


def together(calls: Sequence[Callable[[], R]]) -> list[R | ProviderError]:
    """What each call gives, or its ProviderError, in order. The calls end by themselves, and share nothing that one of them changes."""
    if len(calls) == 1:
        return [_caught(calls[0])]
    with ThreadPoolExecutor(max_workers=AT_A_TIME, thread_name_prefix="aws-place") as pool:
        return list(pool.map(_caught, calls))


def _caught(call: Callable[[], R]) -> R | ProviderError:
    try:
        return call()
    except ProviderError as error:
        return error
