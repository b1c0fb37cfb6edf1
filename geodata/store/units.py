"""Conversion between UCUM units, checked by dimension."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

import pint
from lark.exceptions import LarkError
from ucumvert import PintUcumRegistry


@dataclass(frozen=True, slots=True)
class Conversion:
    """value × factor + offset. Every unit of our catalogue is linear or affine (Cel to K)."""

    factor: float
    offset: float

    def __call__(self, value: float) -> float:
        return value * self.factor + self.offset


IDENTITY = Conversion(1.0, 0.0)

Failure = Literal["unknown_unit", "unit"]
"""Not a UCUM code; a unit of another dimension."""


@cache
def conversion(given: str, wanted: str) -> Conversion | Failure:
    """From one UCUM code to another. Built once a pair: the registry takes half a second to load."""
    if given == wanted:
        return IDENTITY
    try:
        source, target = (_registry().from_ucum(code) for code in (given, wanted))
    except (LarkError, pint.PintError, KeyError, ValueError, TypeError):
        return "unknown_unit"
    try:
        zero, one = (_registry().Quantity(value, source.units).to(target.units).magnitude for value in (0.0, 1.0))
    except pint.PintError:
        return "unit"
    scale = float(source.magnitude) / float(target.magnitude)
    return Conversion((float(one) - float(zero)) * scale, float(zero))


@cache
def _registry() -> PintUcumRegistry:
    return PintUcumRegistry()
