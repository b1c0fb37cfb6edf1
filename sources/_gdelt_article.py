"""One article of GDELT's list as an Event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from geodata.records import JSON, Event
from sources._places import place
from sources._rss_text import canonical, plain
from sources._rss_topics import topic
from sources._values import loads

_LOOSE = re.compile(r" (?=[,.;:?!)])")
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f]")
_BAD_ESCAPE = re.compile(rb'\\(?!["\\/bfnrtu])')


class ArticleOptions(Protocol):
    """What reading an article needs of the options of GDELT."""

    @property
    def service(self) -> str: ...
    @property
    def provinces(self) -> tuple[str, ...]: ...
    @property
    def topics(self) -> Mapping[str, tuple[str, ...]]: ...


def articles(payload: bytes) -> list[Any]:
    """The list of a reply; an empty object is an empty list. Raises ValueError, in GDELT's own words."""
    try:
        body = loads(payload)
    except ValueError:
        if payload.lstrip()[:1] != b"{":
            words = plain(payload[:500].decode("utf-8", "replace"), 160)
            raise ValueError(words or "an empty body") from None
        body = loads(_BAD_ESCAPE.sub(rb"\\\\", _CONTROL.sub(b" ", payload)))  # titles are written as they were found
    found = body.get("articles", []) if isinstance(body, Mapping) else None
    if not isinstance(found, list):
        raise ValueError("no list of articles")  # noqa: TRY004 (what is wrong is the payload)
    return found


def read(article: Any, options: ArticleOptions, arrival: datetime) -> Event:
    """Raises ValueError for what is none. The time is that at which GDELT saw it, never ahead of ``arrival``."""
    if not isinstance(article, Mapping):
        raise ValueError("not an article")  # noqa: TRY004 (what is wrong is the payload)
    link, title = canonical(article.get("url")), plain(article.get("title"), 500)
    if link is None or title is None:
        raise ValueError("an article without url or title")
    title = _LOOSE.sub("", title)  # GDELT sets punctuation apart
    seen = datetime.strptime(str(article.get("seendate")), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if not 2000 <= seen.year < 2200:
        raise ValueError("no time of ours")
    found = place(title, "", (seen + timedelta(hours=7)).date(), options.provinces)
    words = {name: plain(article.get(name), 200) for name in ("domain", "language", "sourcecountry")}
    properties: dict[str, JSON] = {
        "outlet": words["domain"],
        "language": words["language"],
        "country": words["sourcecountry"],
        "image": canonical(article.get("socialimage")),
        "place": found.properties if found.told else None,
    }
    return Event(
        id=f"gdelt:{link}",
        time=min(seen, arrival),
        category=topic(options.service, (), title, "", options.topics),
        title=title,
        geometry=found.geometry,
        place_confidence=found.confidence,
        place_level=found.level,
        url=link,
        properties={key: value for key, value in properties.items() if value not in (None, {})},
        received_at=arrival,
    )
