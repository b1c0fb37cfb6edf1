"""The record fields that a table's columns may be named for, and what each of them holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Sort = Literal[
    "text", "number", "integer", "bool", "time", "period", "any", "id",
    "category", "urgency", "agency", "status", "quality", "property",
]  # fmt: skip

PLACE: Mapping[str, Sort] = {
    "lon": "any",
    "lat": "any",
    "x": "any",
    "y": "any",
    "point": "text",
    "wkt": "any",
    "geojson": "any",
    "ward": "text",
    "ward_code": "text",
}
"""Ways to say where; the first of them that a row has is taken, in this order."""

THING: Mapping[str, Sort] = {
    "name": "text",
    "category": "category",
    "agency": "agency",
    "azimuth_deg": "number",
    "fov_deg": "number",
    "range_m": "number",
    "mast_height_m": "number",
    "time": "time",
}

OBSERVATION: Mapping[str, Sort] = {
    "observed_property": "property",
    "result": "any",
    "unit": "text",
    "time": "time",
    "end": "time",
    "period": "period",
    "quality": "quality",
    "numerator": "number",
    "denominator": "number",
}

POSITION: Mapping[str, Sort] = {
    "time": "time",
    "sog_kn": "number",
    "cog_deg": "number",
    "heading_deg": "number",
    "status": "integer",
}

REQUEST: Mapping[str, Sort] = {
    "requested_datetime": "time",
    "updated_datetime": "time",
    "expected_datetime": "time",
    "closed_datetime": "time",
    "status": "status",
    "service_code": "text",
    "service_name": "text",
    "title": "text",
    "description": "text",
    "status_notes": "text",
    "agency": "text",
    "address": "text",
    "urgency": "urgency",
    "channel": "text",
    "rating": "text",
    "media_url": "text",
    "duplicate_of": "id",
}

EVENT: Mapping[str, Sort] = {
    "time": "time",
    "end_time": "time",
    "category": "category",
    "title": "text",
    "description": "text",
    "thing": "id",
    "severity": "integer",
    "status": "text",
    "url": "text",
}

FEATURE: Mapping[str, Sort] = {
    "collection": "text",
    "name": "text",
    "category": "category",
    "valid_from": "time",
    "valid_to": "time",
    "approximate": "bool",
}

FIELDS: Mapping[str, Mapping[str, Sort]] = {
    "Thing": THING,
    "Observation": OBSERVATION,
    "Position": POSITION,
    "ServiceRequest": REQUEST,
    "Event": EVENT,
    "Feature": FEATURE,
}
"""By kind, in the order in which a row's records are made: a Thing before what is said of it."""

COMMON: Mapping[str, Sort] = {"id": "text", "kind": "text"}


def known(kinds: tuple[str, ...]) -> Mapping[str, Sort]:
    """Every field that a table of these kinds may have; no kind: of all."""
    found = {**COMMON, **PLACE}
    for kind, fields in FIELDS.items():
        if not kinds or kind in kinds:
            found |= fields
    return found


REQUIRED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Observation": (),
    "Thing": (),
    "Position": (("time",), ("lon", "x", "point", "wkt", "geojson")),
    "ServiceRequest": (("requested_datetime",),),
    "Event": (("time",),),
    "Feature": (("collection",), tuple(PLACE)),
}
"""Of each group one field at least must have a column or a constant."""
