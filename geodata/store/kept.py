"""A record that was refused, as the text that is kept of it, and back."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import shapely
from shapely.geometry.base import BaseGeometry

from geodata.records import KINDS, Record


def to_json(record: Record) -> bytes:
    """The record's set fields, ``kind`` first; times ISO 8601, geometries WKT."""
    given = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in {"person", "received_at"}}
    plain = {"kind": type(record).__name__} | {name: value for name, value in given.items() if value is not None}
    return json.dumps(plain, ensure_ascii=False, default=_plain).encode(errors="backslashreplace")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, BaseGeometry):
        return value.wkt
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def from_json(payload: bytes, received_at: datetime) -> Record:
    """The record that ``to_json`` wrote, with its arrival. Raises ValueError for anything else."""
    try:
        given = json.loads(payload)
        kind = KINDS[given.pop("kind")]
        made: Any = {name: _value(_hints(kind.__name__)[name], value) for name, value in given.items()}
        return kind(**made, received_at=received_at)
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.GEOSException) as error:
        raise ValueError(f"not a kept record: {error}") from error


@cache
def _hints(name: str) -> Mapping[str, Any]:
    return get_type_hints(KINDS[name])


def _value(hint: Any, value: Any) -> Any:
    """A JSON value as the field has it: times, geometries and words of a list are told by the field's type."""
    options = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    if value is None:
        return None
    for option in options:
        if option is datetime:
            return datetime.fromisoformat(value)
        if isinstance(option, type) and issubclass(option, StrEnum):
            return option(value)
        if isinstance(option, type) and issubclass(option, BaseGeometry):
            return shapely.from_wkt(value)
        if get_origin(option) is tuple:
            inner = get_args(option)
            kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
            return tuple(_value(kind, entry) for kind, entry in zip(kinds, value, strict=True))
    return value
