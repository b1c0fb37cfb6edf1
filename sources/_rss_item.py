"""One entry of a feed as an Event."""

from __future__ import annotations

from calendar import timegm
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geodata.records import JSON, Event, Record, Rejected
from sources._conditional import digest
from sources._places import place
from sources._rss_dates import read as date_of
from sources._rss_feed import Entry
from sources._rss_text import canonical, plain
from sources._rss_topics import topic
from sources._values import dumped, number

AHEAD = timedelta(minutes=10)
"""A date further ahead of its arrival than this is a wrong clock or zone: the arrival is taken."""

DATES = ("published", "updated", "created", "issued", "date")
MAX_ID = 500


class ItemOptions(Protocol):
    """What reading an entry needs of the options of RSS."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def outlet(self) -> str | None: ...
    @property
    def language(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def provinces(self) -> tuple[str, ...]: ...
    @property
    def topics(self) -> Mapping[str, tuple[str, ...]]: ...
    @property
    def category(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Channel:
    """What the entries of one feed share. ``twice`` are guids of several links: no identity then."""

    title: str | None
    link: str
    twice: frozenset[str] = frozenset()


def read(entry: Entry, channel: Channel, options: ItemOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The Event; a Rejected too when its date cannot be believed, alone when the entry is none."""
    title, summary = plain(entry.get("title"), 500), plain(_summary(entry))
    link = link_of(entry, channel)
    name = identity(entry, channel, link)
    if not (title or summary) or name is None:
        detail = "no guid and no link" if name is None else "neither title nor summary"
        yield Rejected(reason="malformed", detail=detail, payload=kept(entry), received_at=arrival)
        return
    time, fault = _time(entry, options, arrival)
    if fault:
        yield Rejected(reason=fault, detail=_dates(entry)[:200], payload=kept(entry), received_at=arrival)
    own = _categories(entry)
    given, bad = _given(entry)
    found = place(title or "", summary or "", (time + timedelta(hours=7)).date(), options.provinces)
    properties: dict[str, JSON] = {
        "outlet": options.outlet or channel.title,
        "language": options.language,
        "tags": own,
        "place": found.properties if found.told and given is None else None,
        "date_fault": fault,
        "image": _image(entry),
        "place_fault": bad,
    }
    yield Event(
        id=f"{options.issuer}:{name}",
        time=time,
        category=options.category or topic(options.service, own, title or "", summary or "", options.topics),
        title=title,
        description=summary,
        geometry=given if given is not None else found.geometry,
        place_confidence=None if given is not None else found.confidence,
        place_level=("point" if isinstance(given, Point) else "area") if given is not None else found.level,
        url=link,
        properties={key: value for key, value in properties.items() if value not in (None, [], {})},
        received_at=arrival,
    )


def link_of(entry: Entry, channel: Channel) -> str | None:
    """The entry's own link, made whole by the feed's."""
    own = entry.get("link")
    try:
        return canonical(urljoin(channel.link, str(own))) if own else None
    except ValueError:
        return None


def identity(entry: Entry, channel: Channel, link: str | None) -> str | None:
    """Its guid or id, else the canonical link. A guid that is a mere number is one of its outlet's."""
    guid = plain(entry.get("id"), MAX_ID)
    if guid and guid not in channel.twice:
        if (url := canonical(guid)) is not None:
            return url[:MAX_ID]
        host = urlsplit(link or channel.link).hostname or ""
        return guid if ":" in guid else f"{host}/{guid}"[:MAX_ID]
    return link[:MAX_ID] if link else None


def _summary(entry: Entry) -> object:
    if summary := entry.get("summary"):
        return summary
    content = entry.get("content")
    first = content[0] if isinstance(content, list) and content else {}
    return first.get("value") if isinstance(first, Mapping) else None


def _dates(entry: Entry) -> str:
    return next((str(entry[key]) for key in DATES if entry.get(key)), "no date")


def _time(entry: Entry, options: ItemOptions, arrival: datetime) -> tuple[datetime, str | None]:
    """The date of publishing; the arrival, and why, when there is none to believe."""
    zone = ZoneInfo(options.timezone)
    for key in DATES:
        try:
            found = date_of(str(entry[key]), zone) if entry.get(key) else None
        except ValueError:
            found = _parsed(entry.get(f"{key}_parsed"))
        if found is not None:
            return (arrival, "date_ahead") if found > arrival + AHEAD else (found, None)
    return arrival, "no_date" if _dates(entry) == "no date" else "bad_date"


def _parsed(value: Any) -> datetime | None:
    """What the library made of a date that our reader does not know."""
    try:
        found = datetime.fromtimestamp(timegm(value), UTC) if value else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return found if found is not None and 1990 <= found.year < 2200 else None


def _categories(entry: Entry) -> list[str]:
    tags = entry.get("tags")
    terms = [plain(tag.get("term"), 100) for tag in tags or [] if isinstance(tag, Mapping)]
    return list(dict.fromkeys(term for term in terms if term))[:20]


def _image(entry: Entry) -> str | None:
    for key in ("media_content", "media_thumbnail", "enclosures"):
        found = entry.get(key)
        for item in found if isinstance(found, list) else []:
            kind = str(item.get("type") or item.get("medium") or "image")
            if kind.startswith("image") and (link := canonical(item.get("url") or item.get("href"))):
                return link
    return None


def _given(entry: Entry) -> tuple[BaseGeometry | None, str | None]:
    """GeoRSS, or W3C geo:lat and geo:long: a place that is told, not guessed; else why what is told is none."""
    where = entry.get("where")
    try:
        if isinstance(where, Mapping) and where.get("coordinates"):
            shape = _shape(str(where.get("type")), where["coordinates"])
        elif entry.get("geo_lat") and entry.get("geo_long"):
            shape = Point(_pair((entry["geo_long"], entry["geo_lat"])))
        else:
            return None, None
    except (ValueError, TypeError, IndexError) as error:
        return None, str(error)[:100]
    return (shape, None) if shape.is_valid and not shape.is_empty else (None, "a shape that crosses itself")


def _shape(kind: str, coordinates: Any) -> BaseGeometry:
    if kind == "Point":
        return Point(_pair(coordinates))
    ring = coordinates[0] if isinstance(coordinates[0][0], Sequence) else coordinates
    if len(ring) > 10_000:
        raise ValueError("a shape of too many places")
    pairs = [_pair(pair) for pair in ring]
    if kind == "LineString":
        return LineString(pairs)
    if kind == "Box" and len(pairs) == 2:
        (west, south), (east, north) = pairs
        return Polygon([(west, south), (east, south), (east, north), (west, north)])
    return Polygon(pairs)


def _pair(value: Sequence[object]) -> tuple[float, float]:
    """Longitude and latitude; the other way round when only that is a place. Raises ValueError."""
    x, y = number(value[0]), number(value[1])
    for lon, lat in ((x, y), (y, x)):
        if abs(lon) <= 180 and abs(lat) <= 90 and (lon, lat) != (0, 0):
            return lon, lat
    raise ValueError(f"not on the globe: {x:g} {y:g}")


def kept(entry: Entry) -> bytes:
    """An entry in the form of a feed, so that it can be read again."""
    tags = {"title": "title", "link": "link", "id": "guid", "summary": "description", "published": "pubDate"}
    inner = "".join(f"<{tag}>{_escaped(str(entry[key])[:8000])}</{tag}>" for key, tag in tags.items() if entry.get(key))
    body = f'<rss version="2.0"><channel><item>{inner}</item></channel></rss>'
    return body.encode("utf-8", "replace")[:65536]


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\0", "")


def mark(entry: Entry) -> str:
    """A short name of what the entry says: changes when it does."""
    told = [str(entry.get(key) or "") for key in ("id", "title", "link", "summary", "published", "updated")]
    try:
        return digest(dumped([*told, str(_categories(entry)), str(entry.get("where") or "")]).encode())
    except ValueError:
        return digest(repr(told).encode("utf-8", "backslashreplace"))
