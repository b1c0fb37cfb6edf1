"""What a rule or a number rests on, in the reader's language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def english() -> Mapping[str, str]:
    """The sources as our files write them, in Vietnamese, and in English."""
    return tomllib.loads(files("geodata").joinpath("citations.toml").read_text(encoding="utf-8"))


def cited(source: str, language: str) -> str:
    """A source of law or method; several, parted by "; ", each for itself. What is not known stays as it is written."""
    if language == "vi":
        return source
    if (whole := english().get(source)) is not None:
        return whole
    return "; ".join(english().get(part, part) for part in source.split("; "))
