"""The catalogue's words for what a source calls by its own."""

from __future__ import annotations

from functools import lru_cache

from geodata.catalogue import Service, services


def _services(name: str) -> tuple[Service, ...]:
    known = services()
    return (known[name],) if name in known else ()


@lru_cache(maxsize=4096)
def category(service: str, *words: str) -> str | None:
    """The id of the service's category that one of ``words`` names by id or code, case-folded; else None."""
    folded = [word.strip().casefold() for word in words if word]
    for known in _services(service):
        by_word = {code.casefold(): entry.id for entry in known.categories for code in (entry.id, *entry.codes)}
        for word in folded:
            if word in by_word:
                return by_word[word]
    return None


@lru_cache(maxsize=4096)
def observed_property(service: str, *words: str) -> str | None:
    """The id of the service's observed property that one of ``words`` names by id or title; else None.

    Punctuation and case do not count: ``PM2.5``, ``pm25`` and ``PM 2,5`` are one word. Of a definition's URI the
    last part counts.
    """
    for known in _services(service):
        by_word = {
            _plain(name): entry.id
            for entry in known.observed_properties
            for name in (entry.title_en, entry.title_vi, entry.id)
        }
        for word in words:
            for part in (word, word.rstrip("/#").replace("#", "/").rpartition("/")[2]):
                if found := by_word.get(_plain(part)):
                    return found
    return None


def _plain(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
