"""The words of offices: procedures, questions, incidents, of ``office_texts.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import TypeVar

from pydantic import BaseModel, ConfigDict


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Procedure(_Strict):
    """``hours``: of working time, its deadline."""

    name: str
    hours: float


class Weighed(_Strict):
    """``weight`` on a calm day, ``storm`` at the height of one (left out: a tenth)."""

    code: str
    weight: float
    storm: float | None = None

    def at(self, severity: float) -> float:
        high = self.weight / 10 if self.storm is None else self.storm
        return self.weight * (1 - severity) + high * severity


class Question(Weighed):
    """``agency``: who answers, an id of the city's file, else ``otherwise``; "ward" is the ward's committee."""

    name: str
    agency: str
    otherwise: str = ""
    texts: tuple[str, ...]


class Incident(Weighed):
    """``severity`` 1…5; ``calm`` is its title outside a flood."""

    title: str
    calm: str | None = None
    severity: int


class RoadIncident(Weighed):
    """``hours``: how long it usually lasts."""

    title: str
    hours: float
    severity: int


class Texts(_Strict):
    procedure: tuple[Procedure, ...]
    question: tuple[Question, ...]
    incident: tuple[Incident, ...]
    road: tuple[RoadIncident, ...]


@cache
def texts() -> Texts:
    """The file, read once. Its own mistakes raise ValidationError."""
    text = files("sources.simulator").joinpath("office_texts.toml").read_text(encoding="utf-8")
    return Texts.model_validate(tomllib.loads(text))


W = TypeVar("W", bound=Weighed)


def chosen(roll: Random, kinds: Sequence[W], severity: float) -> W:
    """One of the kinds by chance, as likely as the weather makes it."""
    return roll.choices(kinds, [kind.at(severity) for kind in kinds])[0]
