"""Place names in a text: what is written like one, with what stands before and after it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geodata.folding import fold, marked
from sources._place_index import Known, form, names
from sources._place_words import (
    ENGLISH_AFTER,
    ENGLISH_BEFORE,
    LETTERS,
    LIKE_PEOPLE,
    NEAR_BEFORE,
    PERSON_BEFORE,
    PLAIN_TITLES,
    STREET_BEFORE,
    SURNAMES,
    UNIT_TITLES,
)

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_SMALL = frozenset(("ward", "commune", "township", "special_zone"))
SHOUTED = 0.7
"""A text with so large a share of capitalised words is all in capitals: they say nothing then."""


@dataclass(frozen=True, slots=True)
class Word:
    """``gap`` is what stands between the word before and this one."""

    form: str
    capital: bool
    letters: str
    gap: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A name and whom it may mean. ``trust`` is how sure it is that it is a place at all: 0…1."""

    known: tuple[Known, ...]
    titled: bool
    old: bool  # "(cũ)" stands behind it
    trust: float


@dataclass(frozen=True, slots=True)
class _Text:
    words: list[Word]
    table: Mapping[tuple[str, ...], tuple[Known, ...]]
    titles: Mapping[tuple[str, ...], frozenset[str]]
    plain: bool
    shouted: bool


def mentions(text: str) -> Iterator[Mention]:
    """Every name in the text, longest match first, left to right. Marks count where the text has them."""
    found = _read(text)
    here = 0
    while here < len(found.words):
        mention, after = _at(found, here)
        if mention is None:
            here += 1
            continue
        yield mention
        here = after
        while mention.titled and (more := _and_another(found, here, mention)):
            another, here = more
            yield another


def _read(text: str) -> _Text:
    composed_text = unicodedata.normalize("NFC", text)
    plain = not marked(composed_text)
    found, end = [], 0
    for match in _WORD.finditer(composed_text):
        letters = match[0]
        key = fold(letters).replace(" ", "") if plain else form(letters)
        found.append(
            Word(key, letters[0].isupper() or letters[0].isdigit(), letters, composed_text[end : match.start()])
        )
        end = match.end()
    shouted = len(found) > 3 and sum(word.letters.isupper() for word in found) / len(found) > SHOUTED
    table = names()
    return _Text(found, table.plain if plain else table.marked, PLAIN_TITLES if plain else UNIT_TITLES, plain, shouted)


def _at(text: _Text, here: int) -> tuple[Mention | None, int]:
    title, start = _title(text, here)
    if title:
        known, end = _longest(text, start)
        fitting = tuple(entry for entry in known if entry.kind in title)
        if fitting:
            return Mention(fitting, True, _is_old(text, end), 1.0), end
    if not text.words[here].capital:
        return None, here
    known, end = _longest(text, here)
    if not known:
        return None, here
    if text.plain:
        return _english(text, known, here, end)
    return _bare(text, known, here, end)


def _title(text: _Text, here: int) -> tuple[frozenset[str], int]:
    words = text.words
    for length in (2, 1):
        key = tuple(word.form for word in words[here : here + length])
        kinds = text.titles.get(key)
        if kinds is None or len(key) < length or here + length >= len(words):
            continue
        if key[0] in LETTERS and not (words[here].letters.isupper() and "." in words[here + 1].gap):
            continue
        return kinds, here + length
    return frozenset(), here


def _longest(text: _Text, start: int) -> tuple[tuple[Known, ...], int]:
    """The longest known name that begins here, every word of it with a capital, and where it ends."""
    words = text.words
    if start >= len(words) or not words[start].capital:
        return (), start
    reach = names().longest.get(words[start].form, 0)
    end = start + 1
    while end < len(words) and end - start < reach and words[end].capital and words[end].gap.strip() in {"", "-", "–"}:
        end += 1
    for stop in range(end, start, -1):
        if known := text.table.get(tuple(word.form for word in words[start:stop])):
            return known, stop
    return (), start


def _bare(text: _Text, known: tuple[Known, ...], here: int, end: int) -> tuple[Mention | None, int]:
    """A name without its kind before it: a place where nothing says that it is a person, a street or a brand."""
    words = text.words
    before = words[here - 1] if here and not words[here].gap.strip() else None
    runs_on = end < len(words) and words[end].capital and not words[end].gap.strip() and words[end].letters.isalpha()
    if runs_on and not text.shouted and (end - here == 1 or words[here].form in SURNAMES):
        return None, here
    if before is not None and (before.form in PERSON_BEFORE or _is_person(words, here)):
        return None, here
    known = _likely(text, known, before, here, end, runs_on)
    if not known:
        return None, here
    near = before is not None and before.form in NEAR_BEFORE
    return Mention(known, False, _is_old(text, end), 0.7 if near else 1.0), end


def _likely(
    text: _Text, known: tuple[Known, ...], before: Word | None, here: int, end: int, runs_on: bool
) -> tuple[Known, ...]:
    """The meanings that a bare name may have here."""
    words = text.words
    known = tuple(entry for entry in known if entry.kind != "river")
    large = tuple(entry for entry in known if entry.kind in {"province", "district"})
    if text.shouted:
        return tuple(entry for entry in large if entry.kind == "province")
    if " ".join(word.form for word in words[here:end]) in LIKE_PEOPLE:
        return ()
    if before is None:
        return large if end - here == 1 or runs_on else known
    if before.form in STREET_BEFORE and (here < 2 or words[here - 2].form != "thành"):
        return ()
    of_a_longer_name = before.capital and not before.letters.isupper() and here > 1  # Đại Nội Huế
    return large if end - here == 1 or runs_on or of_a_longer_name else known


def _is_person(words: list[Word], here: int) -> bool:
    """Whether a surname stands in the run of capitalised words that leads to this name: Bà Nguyễn Thị Huế."""
    start = here
    while start and words[start - 1].capital and words[start - 1].letters.isalpha() and not words[start].gap.strip():
        start -= 1
    return any(word.form in SURNAMES or word.form in PERSON_BEFORE for word in words[start:here])


def _english(text: _Text, known: tuple[Known, ...], here: int, end: int) -> tuple[Mention | None, int]:
    """A name in a text without marks: by the English word behind it, else provinces of several syllables."""
    words = text.words
    after = words[end].form if end < len(words) and not words[end].gap.strip() else ""
    kinds = ENGLISH_AFTER.get(after)
    if kinds:
        fitting = tuple(entry for entry in known if entry.kind in kinds)
        if fitting:
            return Mention(fitting, True, False, 0.85), end + 1
    before = words[here - 1].form if here else ""
    if end - here > 1 or before in ENGLISH_BEFORE:
        large = tuple(entry for entry in known if entry.kind == "province")
        if large:
            return Mention(large, False, False, 0.85), end
    return None, here


def _and_another(text: _Text, here: int, before: Mention) -> tuple[Mention, int] | None:
    """The next name of a list under one title: các phường Thuận Hóa, Vỹ Dạ và Kim Long."""
    words = text.words
    if here >= len(words):
        return None
    if words[here].form in {"và", "va", "and"}:
        here += 1
    elif words[here].gap.strip() != ",":
        return None
    kinds = {entry.kind for entry in before.known} & _SMALL
    known, end = _longest(text, here)
    fitting = tuple(entry for entry in known if entry.kind in kinds)
    return (Mention(fitting, True, _is_old(text, end), 0.95), end) if fitting else None


def _is_old(text: _Text, end: int) -> bool:
    return end < len(text.words) and text.words[end].form in {"cũ", "cu"} and text.words[end].gap.strip() in {"", "("}
