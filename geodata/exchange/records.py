"""A frame as Feature records, and records into the store."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.catalogue import services
from geodata.city import SourceBinding
from geodata.exchange import SERVICE
from geodata.exchange.errors import NoField
from geodata.records import JSON, Feature, Record, Rejected
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer

NAME_FIELDS = ("name_vi", "name", "ten", "ten_vi", "ten_dvhc", "tenxa", "ten_xa", "tenphuong", "hoten", "label")
"""Without --name-field the first of these that the file has is the name, whatever its case."""

BATCH = 2000  # features in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Which field is what. ``category`` without a field is the same for every row; ids without a field are made of
    the geometry and the name, so that the same file gives the same ids.
    """

    collection: str
    name_field: str | None = None
    id_field: str | None = None
    category_field: str | None = None
    category: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    approximate: bool = False


def name_field(frame: gpd.GeoDataFrame, wanted: str | None, path: Path) -> str | None:
    """The field that holds the name: the one asked for, else the first usual one. Raises NoField."""
    if wanted is not None:
        return _field(frame, wanted, path)
    by_fold = {str(column).casefold(): str(column) for column in frame.columns}
    return next((by_fold[name] for name in NAME_FIELDS if name in by_fold), None)


def _field(frame: gpd.GeoDataFrame, wanted: str | None, path: Path) -> str | None:
    if wanted is not None and wanted not in frame.columns:
        known = ", ".join(str(column) for column in frame.columns if column != frame.geometry.name)
        raise NoField(path=path, name=wanted, known=known)
    return wanted


def features(frame: gpd.GeoDataFrame, mapping: Fields, path: Path) -> list[Feature | Rejected]:
    """One record or rejection a row of a frame in EPSG:4326; heights are dropped, broken polygons are mended.

    Raises NoField. A row without geometry is rejected as ``no_geometry``, a second row with the id of another one
    as ``same_id``.
    """
    named = name_field(frame, mapping.name_field, path)
    coded = _field(frame, mapping.id_field, path)
    classed = _field(frame, mapping.category_field, path)
    columns = [str(column) for column in frame.columns if column != frame.geometry.name]
    shapes = [_mended(shape) for shape in shapely.force_2d(frame.geometry.to_numpy())]
    rows = frame[columns].to_dict("records")
    found: list[Feature | Rejected] = []
    seen: set[str] = set()
    for shape, row in zip(shapes, rows, strict=True):
        values = {key: clean(value) for key, value in row.items()}
        payload = json.dumps(values, ensure_ascii=False).encode()
        if shape is None or shape.is_empty:
            found.append(Rejected(reason="no_geometry", payload=payload))
            continue
        name = _text(values.get(named)) if named else None
        code = _text(values.get(coded)) if coded else digest(shape, name)
        if code is None or code in seen:
            found.append(Rejected(reason="same_id" if code else "no_id", detail=code or "", payload=payload))
            continue
        seen.add(code)
        category = _text(values.get(classed)) if classed else mapping.category
        found.append(_feature(mapping, code, name, category, shape, values))
    return found


def _mended(shape: BaseGeometry | None) -> BaseGeometry | None:
    return shape if shape is None or shape.is_valid else shapely.make_valid(shape)


def _feature(
    mapping: Fields, code: str, name: str | None, category: str | None, shape: BaseGeometry, values: dict[str, JSON]
) -> Feature:
    return Feature(
        collection=mapping.collection,
        id=code,
        geometry=shape,
        name=name,
        category=category,
        valid_from=mapping.valid_from,
        valid_to=mapping.valid_to,
        approximate=mapping.approximate,
        properties={key: value for key, value in values.items() if value is not None},
    )


def digest(shape: BaseGeometry, name: str | None) -> str:
    """Twelve hexadecimal digits of the geometry, to a decimetre, and the name."""
    settled = shapely.to_wkb(shapely.normalize(shapely.set_precision(shape, 1e-6, mode="pointwise")), byte_order=1)
    return hashlib.sha256(settled + (name or "").encode()).hexdigest()[:12]


def clean(value: Any) -> JSON:
    """A cell as a JSON value: text in NFC, times in ISO 8601, numbers as Python's, nothing for NaN."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [clean(item) for item in value]
    if isinstance(value, dict):
        return {str(key): clean(item) for key, item in value.items()}
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value.replace("\0", "")).strip() or None
    return _plain(value)


def _plain(value: Any) -> JSON:
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, datetime | date):
        text = value.isoformat()
        return None if text == "NaT" else text
    return value if isinstance(value, bool | int) else None


def _text(value: JSON) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)


def service_of(collection: str) -> str:
    """The service of the catalogue that bears the collection's name and holds features, else ``geography``."""
    named = services().get(collection)
    return collection if named and Feature.__name__ in named.kinds else SERVICE


def binding(
    collection: str,
    path: Path,
    *,
    owner: str | None = None,
    license_: str | None = None,
    attribution: str | None = None,
    service: str = SERVICE,
) -> SourceBinding:
    """The source that imported rows are booked under: one a collection, so that its ledger says what came in."""
    return SourceBinding(
        id=f"import:{collection}",
        protocol="import",
        service=service,
        title_vi=f"Nhập từ tệp {path.name}",
        title_en=f"Imported from {path.name}",
        owner=owner,
        license=license_,
        attribution=attribution,
    )


async def store(dsn: str, source: SourceBinding, found: Sequence[Record | Rejected]) -> Written:
    """Writes everything in batches. Doing it again stores nothing new. Raises the errors of the store."""
    written = Written()
    async with Writer.open(dsn) as writer:
        await writer.register([source])
        await writer.state(source.id, up=True)
        for batch in _batches(found):
            written += await writer.write(source.id, batch)
    return written


def _batches(found: Sequence[Record | Rejected]) -> Iterator[Batch]:
    for start in range(0, len(found), BATCH):
        part = found[start : start + BATCH]
        records = [record for record in part if not isinstance(record, Rejected)]
        yield Batch(records, rejected=[record for record in part if isinstance(record, Rejected)])
