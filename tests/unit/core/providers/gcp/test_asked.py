"""What a request or a record tells by itself, without what was before: a condition's pair, and what is no such thing."""

from typing import Any

import pytest

from core.providers.gcp.conditions import CONDITIONS
from core.providers.gcp.subject import Subject
from tests.unit.core.providers.gcp.test_conditions import CLUSTER, asked, told


def copied(source: str, into: str) -> Subject:
    config = {"sourceTables": [f"projects/{source}/datasets/d/tables/t"], "destinationTable": f"projects/{into}/datasets/d/tables/t2"}
    return told(jobChange={"job": {"jobConfig": {"tableCopyConfig": config}}})


# The condition, what meets it, and what nearly does.
ASKED: list[tuple[str, Subject, Subject]] = [
    ("goes_with_tables", asked(deleteContents=True), asked(deleteContents=False)),
    ("copies_elsewhere", copied("acme", "other"), copied("acme", "acme")),
    ("cluster_watch_off", asked("", CLUSTER, monitoringService="none"), asked("", CLUSTER, monitoringService="monitoring.googleapis.com")),
]


@pytest.mark.parametrize(("name", "meets", "nearly"), ASKED, ids=[row[0] for row in ASKED])
def test_a_condition_holds_of_what_meets_it_and_not_of_what_nearly_does(name: str, meets: Subject, nearly: Subject) -> None:
    assert CONDITIONS[name](meets)
    assert not CONDITIONS[name](nearly)


def _schema(query: str) -> Subject:
    return told(jobChange={"job": {"jobConfig": {"queryConfig": {"query": query, "statementType": "DROP_SCHEMA"}}}})


def _old_copy(project: str) -> dict[str, Any]:
    return {"sourceTable": {"projectId": "acme"}, "destinationTable": {"projectId": project}}


@pytest.mark.parametrize(
    ("name", "subject", "holds"),
    [
        ("goes_with_tables", _schema("DROP SCHEMA d CASCADE"), True),
        ("goes_with_tables", _schema("DROP SCHEMA d"), False),
        ("copies_elsewhere", asked(job={"configuration": {"copy": _old_copy("other")}}), True),
        ("copies_elsewhere", asked(job={"configuration": {"copy": _old_copy("acme")}}), False),
    ],
)
def test_other_spellings_are_told_the_same(name: str, subject: Subject, holds: bool) -> None:
    assert CONDITIONS[name](subject) is holds
