"""Which articles tell the same story: of one place and topic, close in time, in nearly the same words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from geodata.folding import fold

WITHIN = timedelta(hours=12)
ALIKE = 0.5
"""Share of common words (Jaccard) of two headlines or two summaries; this program's own rule."""

MOST = 400
"""Articles of one place and topic that are compared with each other."""


DENIALS = ("bac bo", "that thiet", "sai su that", "tin gia", "dinh chinh")
"""Folded words of an article that already says that the story is false; this program's own list."""


def denied(texts: Iterable[str | None]) -> bool:
    """Whether an article itself says that what it tells of is not so.

    >>> denied(["Bác bỏ tin giả về vỡ đập"]), denied(["Nghe nói sắp xả lũ lớn", None])
    (True, False)
    """
    return any(word in fold(text) for text in texts if text for word in DENIALS)


@dataclass(frozen=True, slots=True)
class Article:
    """``key`` parts what can never be one story: place and topic."""

    id: str
    key: tuple[str, ...]
    time: datetime
    texts: tuple[str, ...]


def grouped(articles: Iterable[Article]) -> dict[str, str]:
    """Id of each article to that of the first that told its story, by time."""
    of: dict[str, str] = {}
    seen: dict[tuple[str, ...], list[tuple[Article, list[frozenset[str]]]]] = {}
    for one in sorted(articles, key=lambda a: (a.time, a.id)):
        bags = [frozenset(fold(text).split()) for text in one.texts]
        known = seen.setdefault(one.key, [])
        first = next((o for o, other in reversed(known[-MOST:]) if _same(one, bags, o, other)), None)
        of[one.id] = of[first.id] if first is not None else one.id
        known.append((one, bags))
    return of


def _same(one: Article, bags: Sequence[frozenset[str]], other: Article, others: Sequence[frozenset[str]]) -> bool:
    if one.time - other.time > WITHIN:
        return False
    return any(a and b and len(a & b) >= ALIKE * len(a | b) for a, b in zip(bags, others, strict=False))
