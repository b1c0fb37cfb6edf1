"""GML 2, 3.1 and 3.2 feature collections as a WFS sends them, without their schema: every value stays a text.

Read here and not by GDAL, which guesses types without a schema (the code 00123 becomes 123), may fetch what a document
names, and takes the whole process with it when a damaged document makes it fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from shapely.errors import ShapelyError
from shapely.geometry import (
    GeometryCollection,
    LineString,
    MultiLineString,
    MultiPoint,
    MultiPolygon,
    Point,
    Polygon,
)
from shapely.geometry.base import BaseGeometry

from sources._feature_place import System, system
from sources._feature_rules import Found, Wrong
from sources._values import number, text

GML = "/gml"
DEEPEST = 30
_CONTAINERS = frozenset({"member", "featureMember", "featureMembers"})
_SEGMENTS = frozenset({"LineStringSegment", "LineString", "LinearRing", "Curve", "OrientableCurve"})
_POLYGONS = frozenset({"Polygon", "PolygonPatch", "Rectangle", "Triangle"})
_SURFACES = frozenset({"Surface", "PolyhedralSurface", "Tin", "MultiSurface", "MultiPolygon", "CompositeSurface"})
_CURVES = frozenset({"MultiCurve", "MultiLineString", "CompositeCurve"})
_ALL = frozenset({"Point", "MultiPoint", "MultiGeometry"}) | _SEGMENTS | _POLYGONS | _SURFACES | _CURVES


class Element(Protocol):
    """What is used of an element of the tree."""

    tag: str
    text: str | None

    @property
    def attrib(self) -> dict[str, str]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def iter(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class Member:
    """One feature: the type's local name, its content, and the system that its geometry names."""

    type: str
    found: Found | Wrong
    system: System | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """``matched`` is what the server counts in all, None when it does not say."""

    members: list[Member]
    matched: int | None
    returned: int | None


def root(payload: bytes) -> Element:
    """The tree. Raises ValueError for what is no XML, or holds entities."""
    try:
        found: Element = ElementTree.fromstring(payload, forbid_dtd=True)
    except (DefusedXmlException, ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"not XML: {str(error)[:150] or type(error).__name__}") from error
    return found


def local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def exception(tree: Element) -> str | None:
    """What an OWS exception report says, or None."""
    if local(tree) not in {"ExceptionReport", "ServiceExceptionReport"}:
        return None
    words = [plain for element in tree.iter() if (plain := text(element.text))]
    codes = [code for element in tree.iter() if (code := element.attrib.get("exceptionCode"))]
    return ": ".join([*codes[:1], *words[:2]])[:200] or "an exception without words"


def reply(payload: bytes) -> Reply:
    """A FeatureCollection. Raises ValueError for another document."""
    tree = root(payload)
    if told := exception(tree):
        raise ValueError(told)
    if local(tree) != "FeatureCollection":
        raise ValueError(f"no FeatureCollection but {local(tree)[:60]}")
    matched = tree.attrib.get("numberMatched") or tree.attrib.get("numberOfFeatures")
    returned = tree.attrib.get("numberReturned")
    return Reply([_member(element) for element in _features(tree)], _count(matched), _count(returned))


def _count(value: str | None) -> int | None:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 12 else None


def _features(tree: Element) -> Iterator[Element]:
    for holder in tree:
        if local(holder) in _CONTAINERS:
            for element in holder:
                if local(element) == "FeatureCollection":  # of several types, in WFS 2.0
                    yield from _features(element)
                else:
                    yield element


def _member(element: Element) -> Member:
    number = next((value for key, value in element.attrib.items() if key.rpartition("}")[2] in {"id", "fid"}), None)
    properties: dict[str, str] = {}
    shape: Element | None = None
    for child in element:
        inner = next((entry for entry in child if local(entry) in _ALL and GML in entry.tag), None)
        if inner is not None:
            shape = inner if shape is None else shape
        elif local(child) == "boundedBy":
            continue
        elif (plain := text(child.text)) is not None:
            properties[local(child)] = plain
    raw = {"type": "Feature", "id": number, "geometry": None, "properties": dict(properties)}
    named = _named(shape) if shape is not None else None
    try:
        place = None if shape is None else geometry(shape)
        spoken = system(named) if named else None
    except ValueError as error:
        return Member(local(element), Wrong("bad_position", str(error)), None, raw)
    return Member(local(element), Found(number, properties, place), spoken, raw)


def _named(shape: Element) -> str | None:
    """The system of the geometry, told by it or by the first part that does."""
    return next((name for element in shape.iter() if (name := element.attrib.get("srsName"))), None)


def geometry(shape: Element, depth: int = 0) -> BaseGeometry:
    """A geometry in its own system and order of axes. Raises ValueError, also for arcs and solids."""
    if depth > DEEPEST:
        raise ValueError("nested too deeply")
    kind = local(shape)
    try:
        if kind == "Point":
            return Point(_positions(shape)[0])
        if kind in _SEGMENTS:
            return LineString(_line(shape, depth))
        if kind in _POLYGONS:
            return _polygon(shape, depth)
        parts = [geometry(part, depth + 1) for part in _parts(shape)]
        return _joined(kind, parts)
    except (ShapelyError, IndexError, TypeError) as error:
        raise ValueError(f"not a {kind} of GML: {str(error)[:100]}") from error


def _joined(kind: str, parts: Sequence[BaseGeometry]) -> BaseGeometry:
    if not parts:
        raise ValueError(f"an empty {kind}")
    if kind == "MultiPoint":
        return MultiPoint([part for part in parts if isinstance(part, Point)])
    if kind in _CURVES:
        return MultiLineString([part for part in parts if isinstance(part, LineString)])
    if kind in _SURFACES:
        polygons = [piece for part in parts for piece in getattr(part, "geoms", [part]) if isinstance(piece, Polygon)]
        return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)
    return GeometryCollection(list(parts))


def _parts(shape: Element) -> Iterator[Element]:
    """The geometries within, through whatever property elements stand between."""
    for child in shape:
        if local(child) in _ALL:
            yield child
        elif local(child) in {"Arc", "Circle", "ArcString", "CircleByCenterPoint", "Solid"}:
            raise ValueError(f"{local(child)} cannot be read")
        elif isinstance(child.tag, str):
            yield from _parts(child)


def _line(shape: Element, depth: int) -> list[tuple[float, float]]:
    if local(shape) in {"Curve", "OrientableCurve"}:
        points: list[tuple[float, float]] = []
        for part in _parts(shape):
            if depth > DEEPEST:
                raise ValueError("nested too deeply")
            more = _line(part, depth + 1)
            points += more[1:] if points and more and points[-1] == more[0] else more
        return points
    return _positions(shape)


def _polygon(shape: Element, depth: int) -> Polygon:
    outer: list[tuple[float, float]] | None = None
    holes: list[list[tuple[float, float]]] = []
    for side in shape:
        if local(side) not in {"exterior", "interior", "outerBoundaryIs", "innerBoundaryIs"}:
            continue
        ring: list[tuple[float, float]] = []
        for part in side:
            ring += _positions(part) if local(part) == "LinearRing" else _ring(part, depth + 1)
        if local(side) in {"exterior", "outerBoundaryIs"}:
            outer = ring
        else:
            holes.append(ring)
    if outer is None:
        raise ValueError("a polygon without its outer ring")
    return Polygon(outer, holes)


def _ring(shape: Element, depth: int) -> list[tuple[float, float]]:
    """A Ring of curves."""
    points: list[tuple[float, float]] = []
    for part in _parts(shape):
        points += _line(part, depth)
    return points


def _positions(shape: Element) -> list[tuple[float, float]]:
    """Of pos, posList or coordinates below; heights are dropped. Raises ValueError."""
    points: list[tuple[float, float]] = []
    dimension = int(_digit(shape.attrib.get("srsDimension")) or 2)
    for element in shape.iter():
        name, plain = local(element), element.text or ""
        size = int(_digit(element.attrib.get("srsDimension")) or dimension)
        if name == "pos":
            values = [number(word) for word in plain.split()]
            points.append((values[0], values[1]))
        elif name == "posList":
            values = [number(word) for word in plain.split()]
            if len(values) % size:
                raise ValueError(f"{len(values)} numbers are no points of {size}")
            points += [(values[n], values[n + 1]) for n in range(0, len(values), size)]
        elif name == "coordinates":
            for pair in plain.split():
                values = [number(word) for word in pair.split(",")]
                points.append((values[0], values[1]))
    if not points:
        raise ValueError("a geometry without coordinates")
    return points


def _digit(value: str | None) -> str | None:
    return value if value in {"2", "3"} else None
