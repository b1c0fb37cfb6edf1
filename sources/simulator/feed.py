"""What a simulated feed is: a value that says its sources, opens their ports and records their past.

A module of ``sources/simulator/feeds`` ends in ``FEED = Feed(...)`` and is found by its name. A feed is one protocol
and what the city says through it; several sources may come out of one.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geodata.city import SourceBinding
from sources.simulator.clock import iso
from sources.simulator.errors import FeedUnknown
from sources.simulator.host import Host
from sources.simulator.town import Town

Line = tuple[float, str | bytes]
"""Arrival in epoch s, and one payload."""

Files = Mapping[str, tuple[str, int]]
"""By source id: the name of the file in the folder, and how many payloads it holds."""


def no_history(*_: object) -> Files:
    """Of a feed whose past nobody asks for."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """``sources`` are the bindings as a recording names them, without ports (0), in a stable order; none where the city
    lacks the service. ``open`` opens the ports on loopback and hands over the bindings to read them by; what must run
    meanwhile it gives to ``Host.spawn``. ``history`` writes recordings of ``start < t <= end`` (epoch s).
    ``order`` is that of the ports.
    """

    sources: Callable[[Town], Sequence[SourceBinding]]
    open: Callable[[Town, Host], Awaitable[Sequence[SourceBinding]]]
    history: Callable[[Town, Path, float, float], Files] = no_history
    order: int = 50


@cache
def names() -> tuple[str, ...]:
    """The feeds there are: modules of ``sources.simulator.feeds``."""
    package = importlib.import_module("sources.simulator.feeds")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def feeds(only: Iterable[str] | None = None) -> Mapping[str, Feed]:
    """Feeds by the name of their module, in the order of their ports; no other module is loaded. A module without
    FEED raises AttributeError. Raises FeedUnknown.
    """
    wanted = names() if only is None else tuple(only)
    if unknown := [name for name in wanted if name not in names()]:
        raise FeedUnknown(name=unknown[0], known=", ".join(names()))
    found: dict[str, Feed] = {name: importlib.import_module(f"sources.simulator.feeds.{name}").FEED for name in wanted}
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def feeds_of(town: Town) -> Mapping[str, Feed]:
    """The feeds that this town is to have, in the order of their ports. Raises FeedUnknown."""
    return feeds(town.only)


def unbound(town: Town) -> list[SourceBinding]:
    """Every source of the city as recordings name it: without a port, for there is no server behind a file."""
    return [binding for feed in feeds_of(town).values() for binding in feed.sources(town)]


def sources(town: Town) -> list[str]:
    """Ids of all sources of the city, in the order of their ports."""
    return [binding.id for binding in unbound(town)]


def payloads(folder: Path, source: str, lines: Iterable[Line]) -> tuple[str, int]:
    """Write a recording of payloads (contracts, section 5). The same city is the same file, byte for byte."""
    name, count = f"{source}.ndjson.gz", 0
    with (folder / name).open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        for t, body in lines:
            count += 1
            file.write(json.dumps({"t": iso(t), **_body(body)}, ensure_ascii=False).encode() + b"\n")
    return name, count


def _body(body: str | bytes) -> dict[str, str]:
    if isinstance(body, str):
        return {"body": body}
    return {"body_b64": base64.b64encode(body).decode()}
