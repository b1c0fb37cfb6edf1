"""The recorded flood day of Huế: one seed, one date, the same bytes each time, read by the real adapters.

The simulator's scenario ``flood`` begins at midnight of 14/10/2026 in Viet Nam. What it does not record is how feeds
failed: a ``Cut`` takes one away for a while, as recordings tell it (contracts, section 5). What a source keeps
meanwhile comes when it is back; what a radio sent is lost.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

from geodata.catalogue import service
from geodata.city import city
from geodata.records import Observation
from sources._binding import replay_options
from sources.base import protocol
from sources.recording import FeedWord, Recording, recordings, rows
from sources.simulator.history import record
from sources.simulator.scenario import scenario
from sources.simulator.town import Town

CITY = "hue"
SEED = 1
BEGUN = datetime(2026, 10, 13, 17, tzinfo=UTC)
REFUSED = "connection refused"


@dataclass(frozen=True, slots=True)
class Cut:
    """A feed away for ``hours``, from ``start_h`` hours after the day began. ``kept``: what it has comes afterwards."""

    start_h: float
    hours: float
    kept: bool = True

    @property
    def start(self) -> datetime:
        return BEGUN + timedelta(hours=self.start_h)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=self.hours)


@dataclass(frozen=True, slots=True)
class Form:
    """Recorded from ``before_h`` hours before the watch begins to look, at ``start_h``, until ``end_h``.

    ``feeds``: None for all that have a past. ``cuts``: by source.
    """

    name: str
    start_h: float
    end_h: float
    before_h: float
    step: timedelta
    feeds: frozenset[str] | None = None
    cuts: Mapping[str, Cut] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        return BEGUN + timedelta(hours=self.start_h)

    @property
    def end(self) -> datetime:
        return BEGUN + timedelta(hours=self.end_h)

    @property
    def first(self) -> datetime:
        return self.start - timedelta(hours=self.before_h)

    def looks(self) -> Iterator[datetime]:
        """The instants at which a watch by steps looks."""
        at = self.start
        while at <= self.end:
            yield at
            at += self.step


DAY = Form(
    "day",
    start_h=0,
    end_h=24,
    before_h=18,
    step=timedelta(minutes=30),
    cuts={"simulated_vms": Cut(9, 6), "simulated_water": Cut(13.5, 1), "ais_chan_may": Cut(17, 0.5, kept=False)},
)
"""The vessels' feed is away for six hours, the rivers' while they pass alarm 3, a receiver for half an hour."""

SHORT = Form(
    "short",
    start_h=13,
    end_h=16,
    before_h=7,
    step=timedelta(minutes=30),
    feeds=frozenset({"sensorthings", "warnings", "vms"}),
    cuts={"simulated_vms": Cut(8, 6), "simulated_water": Cut(14.25, 0.75)},
)
"""Three hours around alarm 3, in which the vessels' feed comes back after six hours."""


def made(form: Form, folder: Path) -> tuple[Recording, ...]:
    """Writes the recordings of that form, with their cuts and with the words of their feeds."""
    town = Town(city(CITY), SEED, scenario("flood"), BEGUN.timestamp(), form.feeds)
    days = (form.end - form.first) / timedelta(days=1)
    record(town, folder, form.end.timestamp(), days)
    told = []
    paces = {entry.source.id: _pace(folder, entry) for entry in recordings(folder)}
    for entry in recordings(folder):
        cut = form.cuts.get(entry.source.id)
        states = [FeedWord(t=form.first, up=True)]
        if cut is not None:
            for name in entry.files:
                _cut(folder / name, cut)
            states += [FeedWord(t=cut.start, up=False, error=REFUSED), FeedWord(t=cut.end, up=True)]
        own = entry.source.cadence_s or service(entry.source.service).cadence_s
        source = entry.source.model_copy(update={"cadence_s": max(own, paces[entry.source.id])})
        told.append(Recording(source=source, files=entry.files, states=tuple(states)))
    whole = [entry.model_dump(mode="json", exclude_none=True) for entry in told]
    (folder / "recordings.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    return recordings(folder)


def sums(folder: Path) -> dict[str, str]:
    """A hash of what each file holds, unpacked."""
    return {path.name: hashlib.sha256(_unpacked(path)).hexdigest() for path in sorted(folder.iterdir())}


def lines(folder: Path) -> dict[str, int]:
    """How many lines each recording holds."""
    return {path.name: _unpacked(path).count(b"\n") for path in sorted(folder.iterdir()) if path.suffix != ".json"}


def _unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _pace(folder: Path, entry: Recording) -> float:
    """How seldom the recording brings word, of all or of one thing: thinner than the live feed, and its cadence."""
    source, files = protocol(entry.source.protocol), [folder / name for name in entry.files]
    read = rows(source, replay_options(source, entry.source.options, entry.source.service), files)
    found = [row for row in read if row.received_at is not None]
    gaps = [_longest(row.received_at for row in found)]
    if "Position" not in service(entry.source.service).kinds:  # a fleet's clocks are its own
        by_thing: dict[str, list[datetime | None]] = {}
        for row in found:
            if isinstance(row, Observation):
                by_thing.setdefault(row.thing_id, []).append(row.received_at)
        gaps += [median(_longest(times) for times in by_thing.values())] if by_thing else []
    return max(gaps)


def _longest(times: Iterable[datetime | None]) -> float:
    ordered = sorted(time for time in times if time is not None)
    return max(((b - a).total_seconds() for a, b in pairwise(ordered)), default=0.0)


def _cut(path: Path, cut: Cut) -> None:
    """Takes out what came during the cut; what was kept comes at its end, in its order."""
    if path.suffix == ".nmea":
        kept = _changed(path.read_bytes(), cut, _of_sentence, lambda _line: None)
        path.write_bytes(kept)
        return
    late = cut.end.strftime("%Y-%m-%dT%H:%M:%SZ")
    kept = _changed(_unpacked(path), cut, _of_line, lambda line: _at(line, late) if cut.kept else None)
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        file.write(kept)


def _changed(
    text: bytes, cut: Cut, arrival: Callable[[bytes], datetime], moved: Callable[[bytes], bytes | None]
) -> bytes:
    found = []
    for line in text.splitlines():
        inside = cut.start < arrival(line) <= cut.end
        told = moved(line) if inside else line
        if told is not None:
            found.append(told + b"\n")
    return b"".join(found)


def _of_line(line: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(line)["t"])


def _of_sentence(line: bytes) -> datetime:
    """Of the TAG block, as ``s:THUANAN,c:1791000000*5A``."""
    return datetime.fromtimestamp(int(line.partition(b"c:")[2].partition(b"*")[0]), UTC)


def _at(line: bytes, late: str) -> bytes:
    return json.dumps({**json.loads(line), "t": late}, ensure_ascii=False).encode()
