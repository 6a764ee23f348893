"""data_visualization as plain bars, and a pie as shares: numbers a person can read, not a drawing library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One value with its share of the greatest, in percent."""

    label: str
    series: str
    value: float
    percent: int
    tone: int


def bars_of(chart: Any) -> list[Bar]:
    """The bars of a chart; empty where its shape is not one we know."""
    if not isinstance(chart, dict):
        return []
    rows: list[tuple[str, str, float, int]] = []
    if chart.get("type") == "pie":
        rows = [
            (str(each.get("label", "")), "", _number(each.get("value")), tone) for tone, each in enumerate(_dicts(chart.get("segments")))
        ]
    else:
        categories = [str(each) for each in (chart.get("axis_config") or {}).get("categories") or ()]
        for tone, series in enumerate(_dicts(chart.get("series"))):
            for index, point in enumerate(series.get("data") or ()):
                label = str(point.get("label", "")) if isinstance(point, dict) else categories[index] if index < len(categories) else ""
                value = point.get("value") if isinstance(point, dict) else point
                rows.append((label, str(series.get("name", "")), _number(value), tone))
    most = max((value for _, _, value, _ in rows), default=0) or 1
    order = {label: index for index, label in enumerate(dict.fromkeys(label for label, *_ in rows))}
    rows.sort(key=lambda row: order[row[0]])
    return [
        Bar(label=label, series=series, value=value, percent=max(0, round(100 * value / most)), tone=tone % 6)
        for label, series, value, tone in rows
    ]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0
