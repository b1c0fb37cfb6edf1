"""The way out: frames, columns and states of what is stored. Synchronous, role read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.records import Record
from geodata.store.types import ServiceState
from geodata.view import View


class Reader:
    """Reads one city's database; see ``docs/contracts.md`` section 4 for the columns."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def services(self, city: str | None = None) -> Sequence[ServiceState]:
        raise NotImplementedError

    def latest(self, service: str, kind: type[Record], view: View, *, limit: int | None = None) -> gpd.GeoDataFrame:
        raise NotImplementedError

    def between(self, service: str, kind: type[Record], view: View, *, limit: int | None = None) -> gpd.GeoDataFrame:
        raise NotImplementedError

    def columns(self, service: str, kind: type[Record], view: View) -> Mapping[str, np.ndarray[Any, Any]]:
        raise NotImplementedError

    def at(self, service: str, lon: float, lat: float, view: View, *, radius_m: float) -> gpd.GeoDataFrame:
        raise NotImplementedError

    def query(self, name: str, /, **params: object) -> pd.DataFrame:
        raise NotImplementedError

    def changes(self, *, timeout: float | None = None) -> Iterator[tuple[str, int]]:
        raise NotImplementedError

    def versions(self) -> Mapping[str, int]:
        raise NotImplementedError

    def close(self) -> None:
        """Closes the connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
