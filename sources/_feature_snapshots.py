"""What a feature service held when it was last read whole, so that what it no longer has comes to its end.

The last reading lies in the source's folder; without one it lasts as long as the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import shapely
from shapely.errors import ShapelyError

from geodata.records import Feature
from sources._values import dumped, instant

FEW = 20
KEPT_ENDED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Kept:
    """One feature as it was handed on ``at`` a poll. Times are ISO or None, ``place`` is WKB in hex."""

    digest: str
    place: str
    start: str | None = None
    end: str | None = None
    name: str | None = None
    category: str | None = None
    approximate: bool = False
    at: str = field(default="", compare=False)


@dataclass(slots=True)
class Snapshot:
    """One collection's features by id. ``whole`` is False until a first reading was kept."""

    collection: str
    kept: dict[str, Kept] = field(default_factory=dict)
    whole: bool = False
    suspect: int | None = None

    def alive(self) -> int:
        return sum(entry.end is None for entry in self.kept.values())

    def is_doubtful(self, count: int) -> bool:
        """Whether most of the collection is missing for the first time: a server half up is no demolition."""
        known = self.alive()
        doubtful = self.whole and known >= FEW and count < known / 2 and self.suspect is None
        self.suspect = count if doubtful else None
        return doubtful

    def changes(self, features: Sequence[Feature], now: datetime, *, complete: bool) -> Iterator[Feature]:
        """What is new or changed, and, of a complete reading, what is gone, with ``valid_to`` now."""
        present: set[str] = set()
        for feature in features:
            before = self.kept.get(feature.id)
            present.add(feature.id)
            feature = self._dated(feature, before, now)  # noqa: PLW2901 (the same feature with its date)
            entry = _kept(feature, now)
            if before is not None and before.end is None and before.start != entry.start:
                yield from self._end(feature.id, before, feature.valid_from or now, now)
            if entry != before:
                self.kept[feature.id] = entry
                yield feature
        if complete:
            for number in [key for key, entry in self.kept.items() if key not in present and entry.end is None]:
                yield from self._end(number, self.kept[number], now, now)
            self.whole = True
        self._forget(now)

    def _dated(self, feature: Feature, before: Kept | None, now: datetime) -> Feature:
        """A feature without a date of its own begins when it is first seen; of a first reading, before all time."""
        if feature.valid_from is not None:
            return feature
        if before is not None and before.end is None:
            return replace(feature, valid_from=_time(before.start))
        return replace(feature, valid_from=now if self.whole else None)

    def _end(self, number: str, entry: Kept, end: datetime, now: datetime) -> Iterator[Feature]:
        start = _time(entry.start)
        if start is not None and end <= start:
            return
        try:
            place = shapely.from_wkb(entry.place)
        except ShapelyError:
            del self.kept[number]
            return
        self.kept[number] = replace(entry, end=end.isoformat(), at=now.isoformat())
        yield Feature(
            collection=self.collection,
            id=number,
            geometry=place,
            name=entry.name,
            category=entry.category,
            valid_from=start,
            valid_to=end,
            approximate=entry.approximate,
        )

    def _forget(self, now: datetime) -> None:
        for number, entry in list(self.kept.items()):
            end = _time(entry.end)
            if end is not None and now - end > KEPT_ENDED:
                del self.kept[number]

    def save(self, folder: Path | None) -> None:
        """Beside the file, then renamed. A disk that is full is the run's matter, not the source's."""
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = _path(folder, self.collection)
            beside = path.with_suffix(".tmp")
            body = {"collection": self.collection, "kept": {key: asdict(entry) for key, entry in self.kept.items()}}
            beside.write_text(json.dumps(body, ensure_ascii=False), encoding="utf-8")
            beside.replace(path)
        except OSError:
            return

    @classmethod
    def load(cls, collection: str, folder: Path | None, stored_at: object) -> Snapshot:
        """The last reading, if the store knows one (``stored_at``, ISO); an empty one where the file is broken.

        What was kept after the store's last word may never have reached it: it counts as changed.
        """
        if folder is None or not isinstance(stored_at, str):
            return cls(collection)
        try:
            body = json.loads(_path(folder, collection).read_bytes())
            kept = {str(key): Kept(**entry) for key, entry in body["kept"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls(collection)
        return cls(collection, {key: _known(entry, stored_at) for key, entry in kept.items()}, whole=True)


def _known(entry: Kept, stored_at: str) -> Kept:
    return entry if entry.at <= stored_at else replace(entry, digest="", end=None)


def _path(folder: Path, collection: str) -> Path:
    return folder / f"snapshot-{blake2b(collection.encode(), digest_size=6).hexdigest()}.json"


def _time(value: str | None) -> datetime | None:
    return None if value is None else instant(value)


def _kept(feature: Feature, now: datetime) -> Kept:
    place: str = shapely.to_wkb(feature.geometry, hex=True)
    told: Mapping[str, object] = {
        "properties": dict(feature.properties),
        "to": feature.valid_to.isoformat() if feature.valid_to else None,
    }
    return Kept(
        digest=blake2b(dumped(dict(told)).encode(), digest_size=8).hexdigest(),
        place=place,
        start=feature.valid_from.isoformat() if feature.valid_from else None,
        name=feature.name,
        category=feature.category,
        approximate=feature.approximate,
        at=now.isoformat(),
    )
