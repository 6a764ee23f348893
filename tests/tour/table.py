"""The tour's table: change made → event seen → who, via, before and after, seconds until seen."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.json import JsonValue, canonical
from core.unified import UnifiedEvent
from tests.tour.change import Outcome
from tests.tour.tour import Result

_LONGEST = 34
_MOST_EVENTS = 3
_CAPTION = (
    "s: seconds from the change to its event in the store; of AWS and Google Cloud from its record, which the real ones write minutes later"
)
_COLUMNS = ("#", "change made", "seen", "who", "via", "before → after", "s", "")


def print_result(result: Result, console: Console) -> None:
    table = Table(show_lines=True, caption=_CAPTION, caption_justify="left")
    for name in _COLUMNS:
        table.add_column(name, justify="right" if name in ("#", "s") else "left", no_wrap=name in ("#", "s", ""))
    for outcome in result.outcomes:
        table.add_row(*_row(outcome))
    console.print(table)
    for outcome in result.outcomes:
        for fault in outcome.faults:
            console.print(f"✗ {outcome.number}: {fault}", style="red", markup=False)
    for failure in result.failures:
        console.print(f"✗ {failure}", style="red", markup=False)
    for seen in result.also:
        console.print(f"✗ also told: {seen.change_type} {seen.resource.key} ({seen.event.native_action})", style="red", markup=False)
    for why in dict.fromkeys(result.missing.values()):
        numbers = [str(number) for number, one in result.missing.items() if one == why]
        console.print(f"✗ {', '.join(numbers)}: not made, {why}", style="red", markup=False)
    right = sum(outcome.right for outcome in result.outcomes)
    also = f"{len(result.also)} other events reported" if result.also else "nothing else reported"
    of = len(result.outcomes) + len(result.missing)
    console.print(f"{right} of {of} changes seen right, {also}.", style="bold green" if result.right else "bold red")


def _row(outcome: Outcome) -> tuple[str, ...]:
    shown = _grouped(outcome.seen)
    seen = "\n".join(_seen(one, times) for one, times in shown) or "nothing"
    if outcome.health:
        seen += f"\n{outcome.health}"
    return (
        str(outcome.number),
        escape(outcome.made),
        escape(seen),
        escape("\n".join(dict.fromkeys(one.actor.name or one.actor.id or "not known" for one, _ in shown))),
        "\n".join(dict.fromkeys(one.actor.via.value for one, _ in shown)),
        escape("\n".join(_changed(one) for one, _ in shown)),
        "" if outcome.seconds is None else f"{outcome.seconds:.1f}",
        "[green]✓[/]" if outcome.right else "[red]✗[/]",
    )


def _grouped(seen: Sequence[UnifiedEvent]) -> list[tuple[UnifiedEvent, int]]:
    """Alike events (of one kind, change and actor) as one line with their number."""
    found: dict[tuple[str, str, str], list[UnifiedEvent]] = {}
    for one in seen:
        found.setdefault((one.resource.kind, one.change_type, one.actor.id), []).append(one)
    return [(alike[0], len(alike)) for alike in found.values()][:_MOST_EVENTS]


def _seen(one: UnifiedEvent, times: int) -> str:
    count = f" ({one.event.count} in one)" if one.event.count > 1 else ""
    return f"{times} × {one.resource.kind} {one.change_type}" if times > 1 else f"{one.resource.name} {one.change_type}{count}"


def _changed(one: UnifiedEvent) -> str:
    if not one.event.changes:
        return "—"
    first, more = one.event.changes[0], len(one.event.changes) - 1
    last = first.path.rpartition(".")[2]
    return f"{last}: {_short(first.before)} → {_short(first.after)}" + (f" (+{more})" if more else "")


def _short(value: JsonValue) -> str:
    text = "—" if value is None else value if isinstance(value, str) else canonical(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
