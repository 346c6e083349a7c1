"""Charts as inline SVG, drawn here: no script, readable without colour, with the numbers as text for screen readers.

A chart's colours come from the stylesheet, so it follows the theme. The table of its values stands beside it, hidden
from sight alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 4, 4, 8, 4


@dataclass(frozen=True)
class Point:
    """A value and how it is said. `label` is its place on the horizontal axis."""

    label: str
    value: Decimal | float | int
    text: str


class Bar(NamedTuple):
    """A bar with its own link, if it has one. `share` is the length, 0 to 1."""

    label: str
    text: str
    share: float
    url: str = ""
    tone: str = "accent"


def line_chart(points: Sequence[Point], title: str) -> SafeString:
    """A line with an area below it, such as the history of a balance. Nothing if there are fewer than two points."""
    if len(points) < 2:
        return SafeString("")
    low, high = _bounds([float(point.value) for point in points])
    step = (WIDTH - LEFT - RIGHT) / (len(points) - 1)
    places = [(round(LEFT + step * n, 1), _height(float(point.value), low, high)) for n, point in enumerate(points)]
    line = " ".join(f"{x},{y}" for x, y in places)
    base = _height(max(low, 0.0), low, high)
    context = {
        "title": title,
        "points": points,
        "line": line,
        "area": f"{places[0][0]},{base} {line} {places[-1][0]},{base}",
        "last": places[-1],
        "first_point": points[0],
        "last_point": points[-1],
        "zero": _height(0.0, low, high) if low < 0 < high else None,
    }
    return _rendered("line", context)


def column_chart(points: Sequence[Point], title: str) -> SafeString:
    """Columns beside each other, such as counts by hour or amounts by month. Nothing without points."""
    if not points:
        return SafeString("")
    low, high = _bounds([0.0, *[float(point.value) for point in points]])
    step = (WIDTH - LEFT - RIGHT) / len(points)
    zero = _height(0.0, low, high)
    columns = []
    for n, point in enumerate(points):
        top = _height(float(point.value), low, high)
        x = round(LEFT + step * n + step * 0.15, 1)
        columns.append(
            {
                "x": x,
                "y": min(top, zero),
                "width": round(step * 0.7, 1),
                "height": round(abs(zero - top), 1),
                "point": point,
            }
        )
    context = {"title": title, "columns": columns, "points": points, "zero": zero, "labels": _few_labels(points)}
    return _rendered("columns", context)


def bar_chart(bars: Sequence[Bar], title: str) -> SafeString:
    """Bars below each other, each with its label and its value, such as spending by category. Nothing without bars."""
    if not bars:
        return SafeString("")
    lengths = [{"bar": bar, "width": round(max(0.0, min(1.0, bar.share)) * 100, 1)} for bar in bars]
    return _rendered("bars", {"title": title, "bars": lengths})


@dataclass(frozen=True)
class Mark:
    """One thing that happened: `share` is its place, 0 (oldest) to 1 (now); `tone` good, warn, bad or idle."""

    share: float
    tone: str
    text: str


def timeline(marks: Sequence[Mark], title: str, start: str, end: str) -> SafeString:
    """What happened when, such as the syncs of a day. Bad marks stand higher, so colour is not all that tells."""
    if not marks:
        return SafeString("")
    inner = WIDTH - LEFT - RIGHT
    places = [{"x": round(LEFT + inner * min(1.0, max(0.0, mark.share)), 1), "mark": mark} for mark in marks]
    return _rendered("timeline", {"title": title, "marks": places, "start": start, "end": end})


def spark(values: Sequence[float], title: str) -> SafeString:
    """A small line without axes for a card. Nothing if there are fewer than two values."""
    if len(values) < 2:
        return SafeString("")
    low, high = _bounds(list(values))
    step = 100 / (len(values) - 1)
    heights = [26 - 24 * (value - low) / (high - low) for value in values]
    line = " ".join(f"{round(step * n, 1)},{round(height, 1)}" for n, height in enumerate(heights))
    return _rendered("spark", {"title": title, "line": line})


def _rendered(name: str, context: dict[str, object]) -> SafeString:
    size = {"width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - RIGHT, "bottom": HEIGHT - BOTTOM}
    return render_to_string(f"charts/{name}.html", {**size, **context})


def _bounds(values: list[float]) -> tuple[float, float]:
    """The lowest and highest value with a little air. Never the same, so that nothing is divided by zero."""
    low, high = min(values), max(values)
    air = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return (low if low == 0 else low - air), high + air


def _height(value: float, low: float, high: float) -> float:
    return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low)), 1)


def _few_labels(points: Sequence[Point]) -> list[str]:
    """The labels of the first, the middle and the last point, which stand below the chart at any width."""
    if len(points) < 3:
        return [point.label for point in points]
    return [points[0].label, points[len(points) // 2].label, points[-1].label]
