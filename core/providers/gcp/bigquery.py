"""What BigQuery's own record says of an act, which decides over the method: a query may drop a table, or open a dataset. Pure.

https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata and, before it,
https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/AuditData
"""

import re
from collections.abc import Mapping

from core.event import ChangeType
from core.json import JsonObject, JsonValue
from core.providers.gcp.subject import Subject, find

SERVICE = "bigquery.googleapis.com"
_THINGS = ("dataset", "table", "model", "routine", "rowAccessPolicy")
_HAPPENED: Mapping[str, ChangeType | None] = {
    **{f"{thing}Creation": ChangeType.CREATED for thing in _THINGS},
    **{f"{thing}Change": ChangeType.MODIFIED for thing in (*_THINGS, "modelMetadata", "connection")},
    **{f"{thing}Deletion": ChangeType.DELETED for thing in _THINGS},
    # Rows, and what a model learned: the data plane.
    **dict.fromkeys(("tableDataChange", "tableDataRead", "modelDataChange", "modelDataRead")),
}
# The results of queries are kept for a day in datasets of such names: https://cloud.google.com/bigquery/docs/cached-results
_OF_RESULTS = re.compile(r"/datasets/_")
_MOVES = ("loadConfig", "tableCopyConfig", "extractConfig", "load", "tableCopy", "extract")
_READS = ("SELECT", "ASSERT", "EXPLAIN")
# https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata.QueryStatementType
_DROPS = ("DROP_TABLE", "DROP_SCHEMA", "TRUNCATE_TABLE")
# What a statement may begin with that only reads: a common table expression, or a query in brackets.
_BEGINNINGS = ("select", "with", "(")
_WITH_TABLES = re.compile(r"\bdrop\s+schema\b.*\bcascade\b", re.IGNORECASE | re.DOTALL)
_PROJECT = re.compile(r"\bprojects/([^/'\"]+)")


def meaning(service: str, payload: JsonObject, of_method: ChangeType | None) -> ChangeType | None:
    """What the record says happened, else what its job or method does; None where nothing changes."""
    if service != SERVICE:
        return of_method
    metadata = payload.get("metadata")
    event = next((key for key in metadata if key in _HAPPENED), None) if isinstance(metadata, Mapping) else None
    if event:
        return None if _OF_RESULTS.search(str(payload.get("resourceName") or "")) else _HAPPENED[event]
    if _only_reads(payload):
        return None
    return ChangeType.EXECUTED if of_method is None and drops(metadata) else of_method


def _only_reads(payload: JsonObject) -> bool:
    """Is it a job that reads tables, or one that only asks what a query would cost? What it loads, copies or writes is a change."""
    told = [payload.get(key) for key in ("metadata", "serviceData", "request")]
    if any(value is True for value in find(told, "dryRun")):
        return True
    if any(isinstance(value, Mapping) and value for value in find(told, *_MOVES)):
        return False
    kinds = [str(value).upper() for value in find(told, "statementType") if value]
    if kinds:
        return all(kind in _READS for kind in kinds)
    texts = [value.strip().lower() for value in find(told, "query") if isinstance(value, str) and value.strip()]
    return bool(texts) and all(text.startswith(_BEGINNINGS) for text in texts)


def drops(told: JsonValue) -> bool:
    """Does a job's statement drop or empty tables?"""
    return any(str(value).upper().startswith(_DROPS) for value in find(told, "statementType"))


def goes_with_tables(subject: Subject) -> bool:
    """A dataset is deleted with what is in it; without saying so it must be empty.

    https://cloud.google.com/bigquery/docs/reference/rest/v2/datasets/delete
    """
    asked = any(value is True for value in find(subject.after, "deleteContents"))
    return asked or (drops(subject.metadata) and any(_WITH_TABLES.search(str(text)) for text in find(subject.metadata, "query")))


def copies_elsewhere(subject: Subject) -> bool:
    """A table is copied into a project that none of it came from."""
    return any(
        bool(into) and into.isdisjoint(_projects(list(find(config, "sourceTable", "sourceTables"))))
        for config in find([subject.metadata, subject.after], "tableCopyConfig", "tableCopy", "copy")
        for into in [_projects(list(find(config, "destinationTable")))]
    )


def _projects(tables: JsonValue) -> set[str]:
    """By either spelling: projects/acme/datasets/…, or an object with a projectId."""
    return {*_PROJECT.findall(str(tables)), *map(str, find(tables, "projectId"))}
