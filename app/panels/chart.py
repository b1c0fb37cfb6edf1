"""A small line chart as inline SVG; colours are the page's custom properties, gaps in the data are gaps in the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from zoneinfo import ZoneInfo

from layers import words
from layers.words import Language

Point = tuple[float, float]
"""Epoch seconds, value."""

GAP = 3.5
"""A hole wider than so many usual steps parts the line."""


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """The series parted where nothing was measured: a line over a hole would invent data."""
    good = [(t, v) for t, v in points if isfinite(v)]
    if len(good) < 2:
        return [good] if good else []
    steps = sorted(b[0] - a[0] for a, b in pairwise(good))
    usual = max(steps[len(steps) // 2], 1.0)
    out = [[good[0]]]
    for before, after in pairwise(good):
        if after[0] - before[0] > GAP * usual:
            out.append([])
        out[-1].append(after)
    return out


def thin(points: Sequence[Point], most: int = 240) -> list[Point]:
    """At most so many points, the last one always among them."""
    step = max(1, ceil(len(points) / most))
    kept = list(points[::-1][::step])
    return kept[::-1]


def nice(low: float, high: float) -> tuple[float, float]:
    """A range with round ends around the values; never empty."""
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    step = 10 ** floor(log10(high - low)) / 2
    return floor(low / step) * step, ceil(high / step) * step


def line(
    points: Sequence[Point],
    *,
    start: datetime,
    end: datetime,
    timezone: str,
    decimals: int,
    language: Language,
    label: str,
    thresholds: Sequence[tuple[str, float, int]] = (),
) -> str:
    """The chart of one series over a window, 352 × 120 px; thresholds are (title, value, level)."""
    width, height, right, foot = 352, 120, 58, 20
    values = [v for _, v in points if isfinite(v)]
    if not values:
        return ""
    near = [v for _, v, _ in thresholds if v <= max(values) + 1.5 * (max(values) - min(values) + 0.5)]
    low, high = nice(min(values), max([*values, *near]))
    t0, t1 = start.timestamp(), end.timestamp()

    def x(t: float) -> float:
        return (t - t0) / (t1 - t0) * (width - right)

    def y(v: float) -> float:
        return 6 + (high - v) / (high - low) * (height - foot - 12)

    def text(v: float) -> str:
        return words.number(v, decimals, language)

    zone = ZoneInfo(timezone)
    parts = [f'<line x1="0" x2="{width - right}" y1="{y(low):.1f}" y2="{y(low):.1f}" stroke="var(--line-2)"/>']
    labels = [(y(high), text(high), "text-3"), (y(low), text(low), "text-3")]
    for title, value, level in thresholds:
        if low <= value <= high:
            parts.append(
                f'<line x1="0" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
                f'stroke="var(--level-{level})" stroke-width="1.5" stroke-dasharray="6 4"/>'
            )
            labels = [one for one in labels if abs(one[0] - y(value)) > 13]
            labels.append((y(value), title, "text-2"))
    for run in runs(thin(points)):
        path = "M" + "L".join(f"{x(t):.1f} {y(v):.1f}" for t, v in run)
        parts.append(f'<path d="{path}" fill="none" stroke="var(--text-1)" stroke-width="2" stroke-linejoin="round"/>')
    t, v = next((p for p in reversed(points) if isfinite(p[1])), points[-1])
    parts.append(f'<circle cx="{x(t):.1f}" cy="{y(v):.1f}" r="4" fill="var(--text-1)"/>')
    style = 'font-size="12" font-family="var(--font)"'
    parts += [
        f'<text x="{width}" y="{at + 4:.1f}" text-anchor="end" fill="var(--{color})" {style}>{escape(word)}</text>'
        for at, word, color in labels
    ]
    for at, anchor, when in ((0, "start", start), (width - right, "end", end)):
        clock = when.astimezone(zone).strftime("%d/%m %H:%M")
        parts.append(
            f'<text x="{at}" y="{height - 3}" text-anchor="{anchor}" fill="var(--text-3)" {style}>{clock}</text>'
        )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{''.join(parts)}</svg>"
    )
