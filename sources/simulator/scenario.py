"""Scenarios: what kind of day the city has. Files ``scenarios/*.toml``, found by name, or a file of one's own.

A scenario begins at an instant (``Town.begun``). Everything the city does is a function of seed, instant and the
scenario's ``severity``, a number from 0 (calm) to 1 (the height of the storm).
"""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from geodata.catalogue import one_line
from geodata.errors import ConfigInvalid
from sources.simulator.bindings import write_whole
from sources.simulator.errors import ScenarioUnknown
from sources.simulator.faults import Kind
from sources.simulator.noise import Floats

HOUR_S = 3600.0
SUFFIX = ".toml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Storm(_Strict):
    """Severity rises from ``starts_h`` to ``peak_h``, stays until ``wanes_h`` and is over at ``ends_h``: hours after
    the scenario began. ``rain_mm_h`` is the intensity at the height; ``rise_m`` what a river adds whose third alarm
    stands 3 m above its usual level; its crest comes ``lag_h`` after the middle of the heaviest rain. ``reports`` and
    ``articles`` multiply those of a calm day at the height.
    """

    starts_h: float
    peak_h: float
    wanes_h: float
    ends_h: float
    rain_mm_h: float = Field(gt=0, le=200)
    rise_m: float = Field(gt=0, le=20)
    lag_h: float = 5.0
    reports: float = 6.0
    articles: float = 4.0


class Breakdown(_Strict):
    """A fault on the sources whose ids match the pattern (fnmatch), ``after_s`` the scenario began, for ``seconds``,
    again every ``every_s`` when set.
    """

    sources: str
    kind: Kind
    after_s: float = Field(ge=0)
    seconds: float = Field(gt=0)
    every_s: float | None = Field(default=None, gt=0)

    def is_on(self, age_s: float) -> bool:
        """Whether the fault holds ``age_s`` after the scenario began."""
        into = age_s - self.after_s
        if self.every_s is not None and into >= 0:
            into %= self.every_s
        return 0 <= into < self.seconds


class Scenario(_Strict):
    """``lead_h`` is how long before the first start it began: a city opened in the middle of its day."""

    id: str
    title_vi: str
    title_en: str
    lead_h: float = Field(default=0.0, ge=0)
    storm: Storm | None = None
    breakdowns: tuple[Breakdown, ...] = ()

    def severity(self, age_s: ArrayLike) -> Floats:
        """0…1 so many seconds after the scenario began; eased, vectorised, always an array of at least one."""
        age_h = np.atleast_1d(np.asarray(age_s, dtype=np.float64)) / HOUR_S
        storm = self.storm
        if storm is None:
            return np.zeros(age_h.shape)
        raw = np.interp(
            age_h, [storm.starts_h, storm.peak_h, storm.wanes_h, storm.ends_h], [0, 1, 1, 0], left=0, right=0
        )
        return np.asarray((1 - np.cos(np.pi * raw)) / 2)


CALM = Scenario(id="calm", title_vi="Ngày thường", title_en="A calm day")


def scenario(name: str) -> Scenario:
    """By the name of a file of ours, or the path of one. Raises ScenarioUnknown, ConfigInvalid."""
    folder = files("sources.simulator").joinpath("scenarios")
    path = Path(name) if name.endswith(SUFFIX) else folder.joinpath(name + SUFFIX)
    if not path.is_file():
        known = sorted(entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX))
        raise ScenarioUnknown(name=name, known=", ".join(known))
    try:
        return Scenario.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error


def kept(file: Path, name: str, begun: float) -> float:
    """When the scenario of that name began, as the file says; ``begun``, written there, when it does not say.

    Raises BindingsUnwritable.
    """
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
        if row["scenario"] == name:
            return float(row["begun"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing kept, or nothing that can be read: a new day
    write_whole(file, json.dumps({"scenario": name, "begun": begun}), "--begun-file")
    return begun
