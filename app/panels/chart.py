"""A small line chart as inline SVG; colours are the page's custom properties.

Nothing is drawn over a hole: a hole in the data is shaded, and hatched with a pink edge where the feed itself was lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import pairwise
from math import ceil, floor, isfinite, log10
from zoneinfo import ZoneInfo

from layers import words
from layers.words import Language

Point = tuple[float, float]
"""Epoch seconds, value."""

Span = tuple[float, float]
"""Epoch seconds, from and to."""

GAP = 3.5
"""A hole wider than so many usual steps parts the line."""

WIDTH, HEIGHT, RIGHT, FOOT = 352, 120, 58, 20
LETTER_PX, LINE_PX = 12, 13


@dataclass(frozen=True, slots=True)
class Line:
    """A named value to measure the curve against; ``level`` 0 has no colour of its own."""

    title: str
    value: float
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Values to px: the window across, ``low`` to ``high`` from below."""

    start: float
    end: float
    low: float
    high: float

    def x(self, t: float) -> float:
        return min(max((t - self.start) / (self.end - self.start), 0.0), 1.0) * (WIDTH - RIGHT)

    def y(self, v: float) -> float:
        return 6 + (self.high - v) / (self.high - self.low) * (HEIGHT - FOOT - 12)


def usual_step(points: Sequence[Point]) -> float:
    """The middle of the steps between measurements, s; at least 1."""
    steps = sorted(b[0] - a[0] for a, b in pairwise(points))
    return max(steps[len(steps) // 2], 1.0) if steps else 1.0


def runs(points: Sequence[Point]) -> list[list[Point]]:
    """The series parted where nothing was measured: a line over a hole would invent data."""
    good = [(t, v) for t, v in points if isfinite(v)]
    if len(good) < 2:
        return [good] if good else []
    usual = usual_step(good)
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


def holes(points: Sequence[Point], end: float) -> list[Span]:
    """Where nothing was measured, between two measurements and from the last one to ``end``."""
    good = [p for p in points if isfinite(p[1])]
    widest = GAP * usual_step(good)
    pairs = [*pairwise([t for t, _ in good]), *([(good[-1][0], end)] if good else [])]
    return [(a, b) for a, b in pairs if b - a > widest]


def near(lines: Sequence[Line], values: Sequence[float], decimals: int) -> list[Line]:
    """The lines close enough to be drawn without flattening the curve."""
    low, high = min(values), max(values)
    room = 1.5 * (high - low + 5 * 10.0 ** (1 - decimals))
    return [one for one in lines if low - room <= one.value <= high + room]


def line(
    points: Sequence[Point],
    *,
    start: datetime,
    end: datetime,
    timezone: str,
    decimals: int,
    language: Language,
    label: str,
    lines: Sequence[Line] = (),
    lost: Sequence[Span] = (),
    words_of: Mapping[str, str] | None = None,
) -> str:
    """The chart of one series over a window, 352 × 120 px.

    ``lost`` are the spans in which the feed was down; ``words_of``: ``hole`` and ``lost``, what a reader is told there.
    """
    values = [v for _, v in points if isfinite(v)]
    if not values:
        return ""
    shown = near(lines, values, decimals)
    low, high = nice(min(values + [one.value for one in shown]), max(values + [one.value for one in shown]))
    at = Frame(start=start.timestamp(), end=end.timestamp(), low=low, high=high)
    parts = [*shades(at, holes(points, at.end), lost, words_of or {}), _rule(at.y(low), "line-2")]
    edge = [(at.y(v), words.number(v, decimals, language), "text-3") for v in (high, low)]
    for one in shown:
        color = f"level-{one.level}" if one.level else "text-2"
        parts.append(_rule(at.y(one.value), color, 'stroke-width="1.5" stroke-dasharray="6 4"'))
        edge = [other for other in edge if abs(other[0] - at.y(one.value)) > LINE_PX]
        edge.append((at.y(one.value), words.number(one.value, decimals, language), "text-2"))
    for run in runs(thin(points)):
        path = "M" + "L".join(f"{at.x(t):.1f} {at.y(v):.1f}" for t, v in run)
        parts.append(f'<path d="{path}" fill="none" stroke="var(--text-1)" stroke-width="2" stroke-linejoin="round"/>')
    t, v = next((p for p in reversed(points) if isfinite(p[1])), points[-1])
    parts.append(f'<circle cx="{at.x(t):.1f}" cy="{at.y(v):.1f}" r="4" fill="var(--text-1)"/>')
    parts += [_word(WIDTH, y + 4, text, "end", color) for y, text, color in edge]
    parts += [_word(2, y, text, "start", "text-2", halo=True) for y, text in names(at, shown)]
    zone = ZoneInfo(timezone)
    for x, anchor, when in ((0, "start", start), (WIDTH - RIGHT, "end", end)):
        parts.append(_word(x, HEIGHT - 3, when.astimezone(zone).strftime("%d/%m %H:%M"), anchor, "text-3"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{''.join(parts)}</svg>"
    )


def names(at: Frame, lines: Sequence[Line]) -> list[tuple[float, str]]:
    """Baselines of the names above their lines; of two that would touch, the higher level keeps its name."""
    taken: list[float] = []
    out = []
    for one in sorted(lines, key=lambda one: (-one.level, one.value)):
        y = at.y(one.value) - 3
        y = y if y > LETTER_PX else at.y(one.value) + LETTER_PX
        if all(abs(y - other) >= LINE_PX for other in taken):
            taken.append(y)
            out.append((y, one.title))
    return out


def shades(at: Frame, empty: Sequence[Span], lost: Sequence[Span], told: Mapping[str, str]) -> list[str]:
    """Grey where nothing was measured, the pink of a lost feed over it, each with its words for who points at it."""
    out = []
    for spans, fill, name in ((empty, 'fill="var(--line-1)" fill-opacity=".7"', "hole"), (lost, LOST, "lost")):
        for a, b in spans:
            x, wide = at.x(a), at.x(b) - at.x(a)
            if wide >= 1:
                box = f'x="{x:.1f}" y="4" width="{wide:.1f}" height="{HEIGHT - FOOT - 10}"'
                out.append(f'<rect class="{name}" {box} {fill}><title>{escape(told.get(name, ""))}</title></rect>')
    return out


LOST = 'fill="var(--unknown)" fill-opacity=".16" stroke="var(--unknown)" stroke-dasharray="4 3"'


def _rule(y: float, color: str, more: str = "") -> str:
    return f'<line x1="0" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--{color})" {more}/>'


def _word(x: float, y: float, text: str, anchor: str, color: str, *, halo: bool = False) -> str:
    style = f'font-size="{LETTER_PX}" font-family="var(--font)"'
    if halo:
        style += ' stroke="var(--bg-1)" stroke-width="3" paint-order="stroke" stroke-linejoin="round"'
    return f'<text x="{x}" y="{y:.1f}" text-anchor="{anchor}" fill="var(--{color})" {style}>{escape(text)}</text>'
