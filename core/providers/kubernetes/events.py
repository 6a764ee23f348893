"""Cluster Events (core/v1 and events.k8s.io/v1): observations only. Pure."""

import re
from datetime import datetime

from core.batch import Reading
from core.errors import RecordUnreadable
from core.json import JsonObject
from core.kube.subject import mapping, text
from core.observation import Health, Observation, Signal
from core.providers.kubernetes.health import TROUBLES
from core.providers.kubernetes.origin import Origin, parse_time

# Generated names use an alphabet without vowels and without what looks alike, so that the owner can be read off a pod's name.
# https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go
_OF_DEPLOYMENT = re.compile(r"^(.+)-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$")
_MOST = 300


def workload_of(kind: str, name: str) -> tuple[str, str]:
    """The owner of a Deployment's pod, told by its name; the thing itself where the name does not tell."""
    found = _OF_DEPLOYMENT.match(name) if kind == "Pod" else None
    return ("Deployment", found.group(1)) if found else (kind, name)


def read(record: JsonObject, *, origin: Origin, observed_at: datetime) -> Reading:
    """One observation of what the Event is about. Raises RecordUnreadable where it is no Event."""
    about = mapping(record, "involvedObject") or mapping(record, "regarding")
    reason = text(record, "reason")
    kind, name = text(about, "kind"), text(about, "name")
    if not kind or not name or not (reason or record.get("type")):
        raise RecordUnreadable("no cluster Event: involvedObject (or regarding) and reason are needed")
    warning = text(record, "type") == "Warning" or reason in TROUBLES
    shown_kind, shown_name = workload_of(kind, name)
    series = mapping(record, "series")
    count = next((n for n in (series.get("count"), record.get("count"), record.get("deprecatedCount")) if isinstance(n, int) and n > 0), 1)
    message = origin.redactor.text(text(record, "message") or text(record, "note"))[:_MOST]
    times = f" ({count} times)" if count > 1 else ""
    seen = Observation(
        source=origin.source,
        resource=origin.resource(shown_kind, shown_name, text(about, "namespace"), uid=text(about, "uid") if shown_name == name else ""),
        signal=Signal.WARNING if warning else Signal.STATUS,
        health=Health.DEGRADED if warning else Health.UNKNOWN,
        at=_time(record, series) or observed_at,
        says=f"{reason}{times}" + (f": {message}" if message else ""),
        check=reason,
        detail={"object": f"{kind}/{name}", "count": count, "by": _reporter(record)},
    )
    return Reading(observations=(seen,))


def _time(record: JsonObject, series: JsonObject) -> datetime | None:
    stamps = (
        series.get("lastObservedTime"),
        record.get("lastTimestamp"),
        record.get("deprecatedLastTimestamp"),
        record.get("eventTime"),
        record.get("firstTimestamp"),
        mapping(record, "metadata").get("creationTimestamp"),
    )
    return next((at for stamp in stamps if (at := parse_time(stamp)) is not None), None)


def _reporter(record: JsonObject) -> str:
    return text(record, "reportingComponent") or text(record, "reportingController") or text(record, "source", "component")
