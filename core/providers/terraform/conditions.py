"""Conditions that rules/traits.yaml may name: each looks at one instance's change. Pure."""

from collections.abc import Callable, Mapping

from core.providers.terraform.subject import Subject

CONDITIONS: Mapping[str, Callable[[Subject], bool]] = {
    "multiplied": lambda s: s.multiplied,
}
