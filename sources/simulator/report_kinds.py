"""Kinds of reports and the wards that they come from."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict
from shapely.geometry.base import BaseGeometry

from sources.simulator.water import LonLat


class Kind(BaseModel):
    """A kind of report in ``report_texts.toml``; ``urgent`` and ``complex`` are shares of 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: str
    weight: float
    agencies: tuple[str, ...]
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    urgent: float = 0.02
    complex: float = 0.07


@dataclass(frozen=True, slots=True)
class Ward:
    code: str
    full_name: str
    place: LonLat
    cell: BaseGeometry
    spread_m: float
    weight: float

    @property
    def name(self) -> str:
        """As it stands within a sentence: phường Vỹ Dạ."""
        return self.full_name[:1].lower() + self.full_name[1:]
