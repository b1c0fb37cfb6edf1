"""What rules and numbers rest on is said in English too."""

from __future__ import annotations

import re

import pytest

from geodata.citation import cited, english
from geodata.indicators.indicator import indicators
from geodata.unit_words import unit_words
from geodata.watch.rule import rules

FOREIGN = re.compile(r"^(EEMUA|TCRP|QCVN [\d:/-]+BXD|Highway Capacity|Bagust)")
"""Sources that have no Vietnamese name, or one that is a number."""

NAMES = re.compile(r"\([^)]*\)|[\w./-]*(CĐSQG|QĐ|NĐ)[\w/-]*|Vọng Lâu")
"""Numbers of papers and names of places stay Vietnamese."""


def sources() -> set[str]:
    found = {limit.law for one in rules().values() for limit in one.words.limits}
    for one in indicators().values():
        found |= {law.ref for law in one.words.laws} | {target.law for target in one.words.targets}
    return found


def test_every_source_has_its_english_and_no_other_is_kept() -> None:
    assert {one for one in sources() if not FOREIGN.match(one)} == set(english())


@pytest.mark.parametrize("source", sorted(english()))
def test_the_english_is_english(source: str) -> None:
    told = cited(source, "en")
    assert told != source
    assert NAMES.sub("", told).replace("–", "-").isascii(), told
    assert cited(source, "vi") == source


def test_several_are_told_each_and_a_citys_own_as_it_is_written() -> None:
    assert cited("Luật Báo chí; Nghị định 269/2025/NĐ-CP", "en") == "Press Law; Decree 269/2025/NĐ-CP"
    assert cited("Quy ước của cảng", "en") == "Quy ước của cảng"


def test_units_of_facts_are_codes_that_have_a_word_in_each_language() -> None:
    units = {fact.unit for one in rules().values() for fact in one.words.facts.values() if fact.unit}
    assert units <= set(unit_words()), "a word of one language stands in the other"
