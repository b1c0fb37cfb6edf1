"""UCUM units in words that a person reads, from ``geodata/data/unit_words.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def unit_words() -> Mapping[str, Mapping[str, str]]:
    """UCUM code to its word by language (``vi``, ``en``)."""
    text = files("geodata").joinpath("data/unit_words.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def unit_word(unit: str | None, language: str) -> str:
    """The word of a UCUM unit; "" for none; a unit that is not listed is shown as it is, an annotation bare."""
    if unit is None:
        return ""
    known = unit_words().get(unit)
    if known is None:
        return unit.replace("{", "").replace("}", "")
    return known["vi" if language == "vi" else "en"]
