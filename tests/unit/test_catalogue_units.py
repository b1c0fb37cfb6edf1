"""Every unit of the catalogue has a word that a person reads, in both languages."""

from __future__ import annotations

import pytest

from geodata.catalogue import services
from geodata.unit_words import unit_word, unit_words


def test_every_unit_of_the_catalogue_has_words() -> None:
    used = {p.unit for entry in services().values() for p in entry.observed_properties if p.unit}
    assert used - set(unit_words()) == set()
    assert all(set(words) == {"vi", "en"} for words in unit_words().values())


@pytest.mark.parametrize(
    ("unit", "language", "word"),
    [
        ("ug/m3", "vi", "µg/m³"),
        ("{vehicle}/h", "vi", "xe/giờ"),
        ("{person}", "en", "people"),
        ("1", "vi", ""),
        (None, "vi", ""),
        ("{place}", "vi", "place"),
        ("mg/L", "en", "mg/L"),
    ],
)
def test_words(unit: str | None, language: str, word: str) -> None:
    assert unit_word(unit, language) == word


def test_no_word_keeps_the_braces_of_an_annotation() -> None:
    assert not [word for words in unit_words().values() for word in words.values() if "{" in word]
