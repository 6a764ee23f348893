"""Real components: a test names what it needs (`@pytest.mark.component("postgres")`), and the table at the end says what ran.

Where a component is missing its tests are skipped by name; WGO_REQUIRE=all (CI) turns that into a failure.
"""

import os
from collections import Counter, defaultdict
from functools import cache

import pytest

from tests.components.needed import COMPONENTS, NOT_INSTALLABLE, SHARED

_OUTCOMES: dict[str, Counter[str]] = defaultdict(Counter)


@cache
def _missing(component: str) -> str:
    return COMPONENTS[component]()


def _components(item: pytest.Item) -> list[str]:
    return [str(mark.args[0]) for mark in item.iter_markers("component")]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        shared = sorted(SHARED.intersection(_components(item)))
        if shared and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(shared[0]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for component in _components(item):
        item.user_properties.append(("component", component))
    for component in _components(item):
        if reason := _missing(component):
            if os.environ.get("WGO_REQUIRE") == "all" and component not in NOT_INSTALLABLE:
                pytest.fail(f"{component}: {reason}", pytrace=False)
            pytest.skip(f"{component}: {reason}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or (report.when == "setup" and report.outcome != "passed"):
        for name, component in report.user_properties:
            if name == "component":
                _OUTCOMES[str(component)][report.outcome] += 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("real components")
    for component in COMPONENTS:
        counts, reason = _OUTCOMES.get(component, Counter()), _missing(component)
        told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())) or "no test of this run needs it"
        terminalreporter.write_line(f"{component:14} {told}{f'  ({reason})' if reason else ''}")
