"""What an indicator's file says: its words in both languages, unit, window, law, and targets with their date of force.

``geodata/indicators/families/FAMILY.toml`` stands beside ``FAMILY.py``: a target is changed there, never in code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geodata import family_tables

DAY_S = 86400.0


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """One text in both languages."""

    vi: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def text(self, language: str) -> str:
        return self.vi if language == "vi" else self.en


class Law(_Strict):
    """A source of law or of method. ``confirmed`` False: believed, not read; said wherever it is shown."""

    ref: str
    from_: date | None = Field(alias="from", default=None)
    about: Words | None = None
    confirmed: bool = True


class Target(_Strict):
    """What the number is to reach: ``at`` least or most ``value``, in force ``from_`` that local day."""

    value: float
    at: Literal["least", "most"] = "least"
    from_: date = Field(alias="from", default=date(1900, 1, 1))
    law: str
    confirmed: bool = True
    level: int = Field(default=2, ge=0, le=4)  # what a missed one asks for


class IndicatorWords(_Strict):
    """One indicator's table. ``noun``: the words beside the number on the wall. ``window_s``: 0 is "as it stands now".

    ``compare_s``: the trend is the same number so long before, ``points`` times. ``tile``: ``total`` is the big number
    of a service's tile while nothing is abnormal, ``alarm`` one that takes its place when it is above 0, ``beside`` a
    number told beside the total. A noun with {n} has the number inside.
    ``level``: what a number above 0 asks for. ``interval``: how its interval is made, "none" for a count of all there
    is.
    """

    version: int = Field(default=1, ge=1)
    title: Words
    noun: Words | None = None
    definition: Words
    unit: str = "1"
    decimals: int = Field(default=0, ge=0, le=4)
    better: Literal["more", "less", "neither"] = "neither"
    interval: Literal["none", "wilson", "mean", "median", "survival", "ratio"] = "none"
    window_s: float = Field(default=0, ge=0)
    compare_s: float = Field(default=DAY_S, gt=0)
    points: int = Field(default=7, ge=1, le=14)
    tile: Literal["total", "alarm", "beside"] | None = None
    level: int = Field(default=0, ge=0, le=4)
    laws: Sequence[Law] = ()
    targets: Sequence[Target] = ()

    @model_validator(mode="after")
    def _tiled(self) -> IndicatorWords:
        if self.tile is not None and self.noun is None:
            raise ValueError("what stands on a tile needs a noun")
        if self.tile is not None and (self.tile == "alarm") != (self.level > 0):
            raise ValueError("an alarm has a level, the number of a calm tile has none")
        return self

    def target(self, day: date) -> Target | None:
        """The one in force on that day of the city: the newest that has begun."""
        begun = [target for target in self.targets if target.from_ <= day]
        return max(begun, key=lambda target: target.from_, default=None)


def read(package: str, family: str) -> Mapping[str, IndicatorWords]:
    """The tables of ``FAMILY.toml`` in ``package``, by the indicator's name. Raises ConfigInvalid, in one line."""
    return family_tables.read(
        package, family, IndicatorWords, "the indicators of a family need their words beside them"
    )


@cache
def left_out_words() -> Mapping[str, Words]:
    """Why rows are in no number, in words, by the keys of ``Figure.left_out``."""
    return family_tables.read("geodata.indicators", "left_out", Words, "it says why rows are left out")


@cache
def parts_words() -> Mapping[str, Words]:
    """What a number is made of, in words, by the keys of ``Figure.parts``; a key that is not there says itself."""
    return family_tables.read("geodata.indicators", "parts", Words, "it says what numbers are made of")


@cache
def family_words() -> Mapping[str, Words]:
    """What families are called that are no service."""
    return family_tables.read("geodata.indicators", "families", Words, "it says what families are called")
