"""Faults on request, one a source: what makes a feed go wrong, switched at the start or while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sources.simulator.errors import FaultUnknown


class Kind(StrEnum):
    """How a feed can fail. ``seconds`` is the length of the skew or of the delay."""

    OUTAGE = "outage"  # connections are refused
    STALL = "stall"  # connections stay, nothing comes
    GARBAGE = "garbage"  # part of what comes cannot be read
    DUPLICATES = "duplicates"  # everything comes twice
    LATE = "late"  # held back and handed over when the fault is cleared (store and forward)
    SKEW = "skew"  # the source's clock is ahead by ``seconds``
    HUGE_LINE = "huge_line"  # 1 GB without an end of line


SKEW_S = 2 * 3600.0
"""Default of a skew: far enough to be seen, within what a store accepts."""


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    since: float  # epoch s of the simulated clock
    seconds: float = SKEW_S


@dataclass(slots=True)
class Faults:
    """The faults of a running city, by source id. Unknown sources and kinds raise FaultUnknown."""

    sources: Sequence[str]
    _active: dict[str, Fault] = field(default_factory=dict)

    def switch_on(self, text: str, now: float) -> None:
        """``SOURCE=KIND[:SECONDS]``; SOURCE may be ``all``."""
        source, _, rest = text.partition("=")
        kind, _, seconds = rest.partition(":")
        try:
            fault = Fault(Kind(kind), now, float(seconds) if seconds else SKEW_S)
        except ValueError:
            raise self._unknown(text) from None
        if source != "all" and source not in self.sources:
            raise self._unknown(text)
        self._active.update(dict.fromkeys(self.sources if source == "all" else [source], fault))

    def switch_off(self, source: str) -> None:
        if source == "all":
            self._active.clear()
        elif source in self.sources:
            self._active.pop(source, None)
        else:
            raise self._unknown(source)

    def of(self, source: str) -> Fault | None:
        return self._active.get(source)

    def is_on(self, source: str, kind: Kind) -> bool:
        fault = self._active.get(source)
        return fault is not None and fault.kind is kind

    def skew_s(self, source: str) -> float:
        fault = self._active.get(source)
        return fault.seconds if fault is not None and fault.kind is Kind.SKEW else 0.0

    def held_at(self, source: str, now: float) -> float:
        """The instant up to which the source hands out data: it stands still while the feed is late."""
        fault = self._active.get(source)
        return min(now, fault.since) if fault is not None and fault.kind is Kind.LATE else now

    def describe(self) -> Mapping[str, Mapping[str, object]]:
        return {
            source: {"kind": fault.kind.value, "since": fault.since, "seconds": fault.seconds}
            for source, fault in self._active.items()
        }

    def _unknown(self, text: str) -> FaultUnknown:
        return FaultUnknown(text=text, sources=", ".join(("all", *self.sources)), kinds=", ".join(Kind))
