"""The catalogue's words for what a source calls by its own."""

from __future__ import annotations

from functools import lru_cache

from geodata.catalogue import services


@lru_cache(maxsize=4096)
def category(service: str, *words: str) -> str | None:
    """The id of the service's category that the first known of ``words`` names by id, code or name; else None."""
    known = services().get(service)
    found = (entry.id for word in words if known and (entry := known.category(word)))
    return next(found, None)


def urgency(service: str, word: str | None) -> str | None:
    """The id of the service's urgency that the word names; the word itself when it names none."""
    known = services().get(service)
    entry = known.urgency(word) if known else None
    return entry.id if entry else word


@lru_cache(maxsize=4096)
def observed_property(service: str, *words: str) -> str | None:
    """The id of the service's observed property that one of ``words`` names by id or title; else None.

    Punctuation and case do not count: ``PM2.5``, ``pm25`` and ``PM 2,5`` are one word. Of a definition's URI the
    last part counts.
    """
    known = services().get(service)
    by_word = {
        _plain(name): entry.id
        for entry in (known.observed_properties if known else ())
        for name in (entry.title_en, entry.title_vi, entry.id)
    }
    for word in words:
        for part in (word, word.rstrip("/#").replace("#", "/").rpartition("/")[2]):
            if found := by_word.get(_plain(part)):
                return found
    return None


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
