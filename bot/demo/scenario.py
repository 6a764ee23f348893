"""A scenario: a written week of raw records, placed on the calendar that ends now. Pure.

A step's `at` is "<days before today> <HH:MM>" in UTC ("-6 22:04"), or `every` repeats it: {days: [mon, tue], at: ["07:00"], but_not: [-1]}.
`goes_on_from` names a scenario whose sources, templates and steps come first.
Records are templates in each provider's own format; "${name}" takes the step's `with` value, "${at}" its time, "${n}" its number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from importlib.resources import files

import yaml

from core.errors import SettingsError
from core.json import JsonObject, JsonValue

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that happens. `kind`: record (a raw record reaches a feed), apply (a state is written), down, up, announce, window."""

    at: datetime
    kind: str
    source: str = ""
    format: str = ""
    record: JsonObject = field(default_factory=dict)
    resources: JsonObject = field(default_factory=dict)
    announce: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """`steps` in order of time, all before `now`; `live` are later changes for the button, `pulse` health that is read
    again and again while it is live; `sources` is feed → environment."""

    name: str
    title: str
    tries: tuple[str, ...]
    sources: Mapping[str, str]
    resources: JsonObject
    steps: tuple[Step, ...]
    live: tuple[JsonObject, ...]
    pulse: tuple[JsonObject, ...]
    templates: JsonObject


def names() -> list[str]:
    return sorted(
        entry.name.removesuffix(".yaml") for entry in files(__package__).joinpath("scenarios").iterdir() if entry.name.endswith(".yaml")
    )


def load(name: str, now: datetime) -> Scenario:
    """The scenario of that name, its week ending at `now` (UTC). Raises SettingsError where there is none."""
    if name not in names():
        raise SettingsError(f"there is no scenario {name!r}", next_step=f"Use one of: {', '.join(names())}.")
    written = _written(name)
    base = _written(written["goes_on_from"]) if "goes_on_from" in written else {}
    written = {**base, **written, "steps": [*base.get("steps", ()), *written["steps"]]}
    written["templates"] = {**base.get("templates", {}), **written.get("templates", {})}
    steps = sorted((step for row in written["steps"] for step in _steps(row, written, now) if step.at < now), key=lambda step: step.at)
    return Scenario(
        name=name,
        title=written["title"],
        tries=tuple(written["tries"]),
        sources=written["sources"],
        resources=written["resources"],
        steps=tuple(steps),
        live=tuple(written["live"]),
        pulse=tuple(written.get("pulse", ())),
        templates=written["templates"],
    )


def _written(name: str) -> JsonObject:
    loaded: JsonObject = yaml.safe_load(files(__package__).joinpath("scenarios", f"{name}.yaml").read_text(encoding="utf-8"))
    return loaded


def _steps(row: JsonObject, written: JsonObject, now: datetime) -> Iterator[Step]:
    for number, at in enumerate(_times(row, now)):
        if "apply" in row:
            yield Step(at=at, kind="apply", source=row["source"], resources=row["apply"])
        elif "announce" in row:
            told = row["announce"]
            span = {"start": _placed(told["from"], now), "end": _placed(told["until"], now)}
            yield Step(at=at, kind="announce", source=row.get("source", "wgo"), announce={**told, **span, "id": f"demo-{at.isoformat()}"})
        elif "down" in row or "up" in row:
            kind = "down" if "down" in row else "up"
            yield Step(at=at, kind=kind, source=row[kind])
        else:
            yield record_step(row, written["templates"], at, number)


def record_step(row: JsonObject, templates: JsonObject, at: datetime, number: int = 0) -> Step:
    """The step of a row that uses a template, at that time."""
    template = templates[row["use"]]
    given = {**row.get("with", {}), "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "n": number, "id": _identity(row, at, number)}
    return Step(at=at, kind="record", source=row["source"], format=template["format"], record=fill(template["record"], given))


def _identity(row: JsonObject, at: datetime, number: int) -> str:
    return f"demo-{row['use']}-{at:%Y%m%d%H%M%S}-{number}"


def _times(row: JsonObject, now: datetime) -> Iterator[datetime]:
    if "at" in row:
        yield _placed(str(row["at"]), now)
        return
    every = row["every"]
    for day in range(-7, 1):
        date = now + timedelta(days=day)
        if DAYS[date.weekday()] in every.get("days", DAYS) and day not in every.get("but_not", ()):
            for clock in every["at"]:
                yield _moment(date, clock)


def _placed(written: str, now: datetime) -> datetime:
    days, _, clock = written.partition(" ")
    return _moment(now + timedelta(days=int(days)), clock)


def _moment(day: datetime, clock: str) -> datetime:
    hour, _, minute = clock.partition(":")
    return datetime.combine(day.date(), time(int(hour), int(minute)), tzinfo=day.tzinfo)


def fill(template: JsonValue, given: Mapping[str, JsonValue]) -> JsonValue:
    """The template with its placeholders replaced. "${name}" alone keeps the value's type; inside a text it is written out."""
    if isinstance(template, Mapping):
        return {str(fill(key, given)): fill(below, given) for key, below in template.items()}
    if isinstance(template, list):
        return [fill(below, given) for below in template]
    if not isinstance(template, str) or "${" not in template:
        return template
    whole = template.removeprefix("${").removesuffix("}")
    if template == "${" + whole + "}" and whole in given:
        return given[whole]
    for name, value in given.items():
        template = template.replace("${" + name + "}", str(value))
    return template
