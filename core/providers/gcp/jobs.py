"""Jobs of BigQuery: those that only read change nothing, however they are logged. Pure.

https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/BigQueryAuditMetadata and, before it,
https://cloud.google.com/bigquery/docs/reference/auditlogs/rest/Shared.Types/AuditData
"""

from collections.abc import Mapping

from core.json import JsonObject
from core.providers.gcp.subject import find

SERVICE = "bigquery.googleapis.com"
_MOVES = ("loadConfig", "tableCopyConfig", "extractConfig", "load", "tableCopy", "extract")
_READS = ("SELECT", "ASSERT", "EXPLAIN")
# What a statement may begin with that only reads: a common table expression, or a query in brackets.
_BEGINNINGS = ("select", "with", "(")


def only_reads(service: str, payload: JsonObject) -> bool:
    """Is it a job that reads tables, or one that only asks what a query would cost? What it loads, copies or writes is a change."""
    if service != SERVICE:
        return False
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
