"""A component in a process of its own, so that what it costs is not counted as ours."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

Held = TypeVar("Held")
Told = TypeVar("Told")
Given = ParamSpec("Given")


@dataclass(frozen=True, slots=True)
class Aside(Generic[Held]):
    """What a component holds, over there. What is done to it are functions of modules, and what they take and tell can be pickled."""

    line: Connection

    def do(self, act: Callable[Concatenate[Held, Given], Told], *given: Given.args, **named: Given.kwargs) -> Told:
        self.line.send((act, given, named))
        told: Told = self.line.recv()
        return told


def _serve(component: Callable[[], AbstractContextManager[Any]], line: Connection) -> None:
    with component() as held:
        line.send(None)
        while (asked := line.recv()) is not None:
            act, given, named = asked
            line.send(act(held, *given, **named))


@contextmanager
def aside(component: Callable[[], AbstractContextManager[Held]]) -> Iterator[Aside[Held]]:
    """The running component. It ends with the block; where it fails, its error is on its own stderr and ours is an EOFError."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(component, theirs))
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield Aside(ours)
    finally:
        if process.is_alive():
            ours.send(None)
        process.join(10)
        process.kill()
