"""What sources that are down have in common: one operator, owner, host, protocol or service since the same minute.

An operator who sees nine pink rows must not have to find out by himself that they are one fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from geodata.store.types import SourceState

TOGETHER = timedelta(seconds=120)
"""Feeds that one fault takes away are seen to be gone within the longest back-off and a poll (30 s and 60 s)."""

HEART = "no heart-beat"
"""What the store says of a source whose reader itself is gone."""

Kind = Literal["calm", "reader", "all", "host", "operator", "owner", "protocol", "service", "one", "several"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """``n`` sources of ``name`` are down since ``since``; ``down`` are down in all, ``first`` the one down longest."""

    kind: Kind
    n: int = 0
    down: int = 0
    name: str = ""
    since: datetime | None = None
    first: SourceState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What the city's file says of a source and the store's state does not."""

    host: str | None = None
    operator: str | None = None
    owner: str | None = None


def common(sources: Sequence[SourceState], owned: Mapping[str, Owned]) -> Cause:
    """The one cause that explains most: of an attribute all of whose sources are down since the same minutes."""
    connected = [source for source in sources if source.state != "ready"]
    down = sorted((s for s in connected if s.state == "down" and s.since is not None), key=lambda s: str(s.since))
    if not down:
        return Cause(kind="calm")
    first = down[0]
    if len(down) == len(connected) > 1:
        kind: Kind = "reader" if all(s.last_error == HEART for s in down) else "all"
        if _together(down):
            return Cause(kind=kind, n=len(down), down=len(down), since=first.since, first=first)
    found = [cause for kind_, key in _keys(owned) for cause in _of(kind_, key, down, connected)]
    if found:
        return max(found, key=lambda cause: cause.n)  # of equals the first: host before operator before owner …
    kind = "one" if len(down) == 1 else "several"
    return Cause(kind=kind, n=len(down), down=len(down), since=first.since, first=first)


def _keys(owned: Mapping[str, Owned]) -> Sequence[tuple[Kind, Callable[[SourceState], str | None]]]:
    none = Owned()
    return (
        ("host", lambda s: owned.get(s.id, none).host),
        ("operator", lambda s: owned.get(s.id, none).operator),
        ("owner", lambda s: owned.get(s.id, none).owner),
        ("protocol", lambda s: s.protocol),
        ("service", lambda s: s.service),
    )


def _of(
    kind: Kind,
    key: Callable[[SourceState], str | None],
    down: Sequence[SourceState],
    connected: Sequence[SourceState],
) -> Sequence[Cause]:
    """The values of an attribute with two sources or more, all of them down together."""
    every = Counter(key(s) for s in connected)
    out = []
    for name, n in Counter(key(s) for s in down).items():
        mine = [s for s in down if key(s) == name]
        if name is not None and n > 1 and n == every[name] and _together(mine):
            out.append(Cause(kind=kind, n=n, down=len(down), name=name, since=mine[0].since, first=mine[0]))
    return out


def _together(sources: Sequence[SourceState]) -> bool:
    times = [s.since for s in sources if s.since is not None]
    return max(times) - min(times) <= TOGETHER
