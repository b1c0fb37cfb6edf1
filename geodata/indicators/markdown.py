"""docs/indicators.md: every indicator with its definition, unit, window, interval, target and law, from the files."""

from __future__ import annotations

from collections.abc import Iterator

from geodata import catalogue
from geodata.indicators.indicator import Indicator, indicators, of_service
from geodata.indicators.words import IndicatorWords, Target, family_words
from geodata.unit_words import unit_word

INTERVALS = {
    "none": "none: all there is was counted",
    "wilson": "95 %, Wilson",
    "mean": "95 %, Student's t",
    "median": "95 %, ranks",
    "survival": "95 %, Kaplan–Meier",
    "ratio": "95 %, Wilson of the two counts",
}
BETTER = {"more": "more is better", "less": "less is better", "neither": "neither more nor less is better"}
TILE = {"total": ["tile T"], "beside": ["tile B"]}


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Indicators"
    yield ""
    yield "Written by `vonglau indicators --markdown` from `geodata/indicators/families`: change those."
    yield ""
    yield f"{len(indicators())} indicators. The wall, `/indicators`, `vonglau indicators --city ID` and a notebook"
    yield "(`geodata.indicators.whole.table(reader)`) ask the same function. A feed that is lost makes its numbers"
    yield "unknown, never 0; what is left out of a number, and why, is counted beside it. Targets and laws that none of"
    yield "us has read are marked **not confirmed**. On a wall's tile: T is the number of a calm tile, B the one beside"
    yield "it, 1 to 4 the level at which a number above 0 takes its place."
    for service, entry in catalogue.services().items():
        families = dict.fromkeys(one.family for one in of_service(service))
        for family in families:
            said = family_words().get(family)
            title = f"{entry.title_vi} · {entry.title_en}" if said is None else f"{said.vi} · {said.en}"
            yield from ("", f"## {title}")
            for one in of_service(service):
                if one.family == family:
                    yield from _entry(one)


def _entry(one: Indicator) -> Iterator[str]:
    words = one.words
    yield from ("", f"### `{one.id}` {words.title.vi} · {words.title.en}", "")
    yield words.definition.vi
    yield ""
    yield words.definition.en
    yield ""
    parts = (
        f"Unit {unit_word(words.unit, 'en') or 'none'}",
        f"window {_window(words)}",
        f"interval {INTERVALS[words.interval]}",
        BETTER[words.better],
        f"compared with {_span(words.compare_s)} before",
        *({**TILE, "alarm": [f"tile {words.level}"]}.get(words.tile or "", _level(words))),
        f"version {words.version}",
    )
    yield f"- {' · '.join(parts)}"
    for target in words.targets:
        yield f"- Target {_target(target, words)}"
    for law in words.laws:
        since = f", from {law.from_:%d/%m/%Y}" if law.from_ else ""
        about = f": {law.about.en}" if law.about else ""
        yield f"- {law.ref}{since}{about}{'' if law.confirmed else ' (**not confirmed**)'}"


def _level(words: IndicatorWords) -> list[str]:
    return [f"level {words.level} above 0"] if words.level else []


def _target(target: Target, words: IndicatorWords) -> str:
    since = f" from {target.from_:%d/%m/%Y}" if target.from_.year > 1900 else ""
    sure = "" if target.confirmed else " (**not confirmed**)"
    return f"at {target.at} {target.value:g} {unit_word(words.unit, 'en')}{since}: {target.law}{sure}"


def _window(words: IndicatorWords) -> str:
    return _span(words.window_s) if words.window_s else "as it stands at the instant"


def _span(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= unit and seconds % unit == 0 and not (name == "days" and seconds < 2 * unit):
            return f"{seconds / unit:g} {name}"
    return f"{seconds:g} s"
