"""The table of the sources page: one row a source, by group and service; services without a source come last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from app.pages import sources_words as say
from app.pages.sources_reading import CELLS, Lag, Ledger, Strip
from geodata.catalogue import Group, Service
from layers import marks, palette, words

if TYPE_CHECKING:
    from datetime import datetime

    from app.text import Text
    from geodata.city import City
    from geodata.store.types import SourceState

PLATFORM = "platform"
"""The system's own ledger is the feed of this service: it has no adapter, and is read whenever this page is."""

LOOK: Mapping[str, str] = {"receiving": "fresh", "late": "late", "down": "unknown", "ready": "planned"}
QUIET = "."
"""A cell without a record. ``1`` … ``9`` is its height; ``a`` … ``i`` the same with a fault in it; ``x`` down."""

SHORT_FAULT, MOST_OF_IT = 0.02, 0.5


@cache
def glyph(state: str) -> str:
    return marks.svg("feed", LOOK[state], 0, 24, tint=palette.TEXT2 if state in {"receiving", "late"} else None)


@cache
def warning() -> str:
    """Level 3: sums that do not close."""
    return marks.svg(palette.LEVEL_SHAPE[3], "fresh", 3, 18, tint=palette.SEVERITY[3])


def cells(strip: Strip | None) -> str:
    """24 h as 96 letters. A source's own largest cell but the three above it is full height: one catch-up after a
    fault must not make the ordinary day flat.
    """
    if strip is None:
        return QUIET * CELLS
    ordered = sorted(n for n in strip.received if n)
    full = ordered[max(0, len(ordered) - 4)] if ordered else 1
    return "".join(_cell(n, share, full) for n, share in zip(strip.received, strip.down, strict=True))


def _cell(n: int, down: float, full: int) -> str:
    if down >= MOST_OF_IT or (not n and down > 0):
        return "x"
    if not n:
        return QUIET
    height = max(1, min(9, round(9 * n / full)))
    return "abcdefghi"[height - 1] if down > SHORT_FAULT else str(height)


def still_down(letters: str, source: SourceState, at: datetime) -> str:
    """A feed whose reader itself is gone has no line in its history yet: it is down since the last heart-beat."""
    if source.state != "down" or source.since is None:
        return letters
    n = min(CELLS, int((at - source.since).total_seconds() // 900) + 1)
    return letters[: CELLS - n] + "x" * n


def row(source: SourceState, service: Service, version: int, ledger: Ledger, text: Text) -> dict[str, Any]:
    state = text(f"sources.state.{source.state}")
    lag: Lag | None = ledger.lags.get(source.id)
    strip = ledger.strips.get(source.id)
    closes = say.closes(source)
    simulated = text("detail.simulated") if source.simulated else ""
    name = say.title(source, text).removesuffix(f" ({simulated})")  # said once, under the name
    return {
        "id": source.id,
        "state": source.state,
        "word": state,
        "svg": glyph(source.state),
        "name": name,
        "sub": f"{service.short(text.language)}, {simulated}" if simulated else service.short(text.language),
        "protocol": source.protocol,
        "t": source.last_received.timestamp() if source.last_received else None,
        "cadence": words.age(source.cadence_s, text.language),
        "lag": "" if lag is None else words.age(lag.p95_s, text.language),
        "lag_n": 0 if lag is None else lag.n,
        "strip": still_down(cells(strip), source, ledger.at),
        "sums": [source.received, source.stored, source.duplicate, sum(source.rejected.values())],
        "closes": closes,
        "warning": "" if closes else warning(),
        "version": version,
        "find": f"{name} {source.id} {source.protocol} {state} {service.short(text.language)}",
    }


def platform(ledger: Ledger, service: Service, text: Text) -> dict[str, Any]:
    """The ledger as a source: its sums are those of all sources."""
    state = next((s for s in ledger.services if s.id == PLATFORM), None)
    sums = [0, 0, 0, 0]
    for source in ledger.sources:
        mine = (source.received, source.stored, source.duplicate, sum(source.rejected.values()))
        sums = [a + b for a, b in zip(sums, mine, strict=True)]
    received = [sum(cell) for cell in zip(*(s.received for s in ledger.strips.values()), strict=True)]
    kind = "ready" if state is None else state.state
    closes = sums[0] == sum(sums[1:])
    return {
        "id": PLATFORM,
        "state": kind,
        "word": text(f"sources.state.{kind}"),
        "svg": glyph(kind),
        "name": text("sources.ledger"),
        "sub": service.short(text.language),
        "protocol": text("sources.ledger_protocol"),
        "t": state.last_received.timestamp() if state and state.last_received else None,
        "cadence": words.age(service.cadence_s, text.language),
        "lag": "",
        "lag_n": 0,
        "strip": cells(Strip(received, [0.0] * len(received), 0.0) if received else None),
        "sums": sums,
        "closes": closes,
        "warning": "" if closes else warning(),
        "version": sum(s.version for s in ledger.services),
        "find": f"{text('sources.ledger')} {service.short(text.language)} {PLATFORM}",
    }


def waiting(service: Service, text: Text) -> dict[str, Any]:
    """A service of the city that no source feeds yet: listed, never hidden."""
    word = text("sources.state.ready")
    return {
        "id": f"service:{service.id}",
        "state": "ready",
        "word": word,
        "svg": glyph("ready"),
        "name": service.short(text.language),
        "sub": word,
        "cadence": words.age(service.cadence_s, text.language),
        "find": f"{service.short(text.language)} {service.id} {word}",
    }


def groups(city: City, ledger: Ledger, text: Text) -> Sequence[dict[str, Any]]:
    """Groups of the catalogue with their rows; those without a source last."""
    states = {state.id: state for state in ledger.services}
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*get_args(Group), "ready")}
    for name, service in city.catalogue().items():
        state = states.get(name)
        if name == PLATFORM:
            rows[service.group].append(platform(ledger, service, text))
        elif state is None or not state.sources:
            rows["ready"].append(waiting(service, text))
        else:
            rows[service.group] += [row(one, service, state.version, ledger, text) for one in state.sources]
    return [{"title": text(f"group.{name}"), "rows": found} for name, found in rows.items() if found]


def counts(city: City, ledger: Ledger) -> Mapping[str, int]:
    """Sources by state; ready are the services that have none, and the sources never connected."""
    found = {"receiving": 0, "late": 0, "down": 0, "ready": 0}
    for source in ledger.sources:
        found[source.state] += 1
    fed = {state.id for state in ledger.services if state.sources}
    found["ready"] += sum(name not in fed and name != PLATFORM for name in city.catalogue())
    return found
