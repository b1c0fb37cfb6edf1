"""A table of cameras, JSON or CSV, as cameras. Addresses stay in ``Camera.url``, which nothing prints."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args
from urllib.parse import urlsplit

from shapely.geometry import Point

from geodata.records import JSON, Rejected, Thing
from sources._camera_options import CameraOptions, Kind
from sources._camera_words import is_secret, redacted, redacted_bytes
from sources._values import dumped, loads, number, point, text
from sources._vocabulary import category

ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "camera_id", "code", "ma", "ma_camera", "mã", "mã camera"),
    "name": ("name", "title", "ten", "ten_camera", "tên", "tên camera"),
    "category": ("category", "type", "loai", "loại"),
    "lon": ("lon", "lng", "long", "longitude", "x", "kinh_do", "kinh độ"),
    "lat": ("lat", "latitude", "y", "vi_do", "vĩ độ"),
    "azimuth_deg": ("azimuth_deg", "azimuth", "heading", "bearing", "huong", "hướng"),
    "fov_deg": ("fov_deg", "fov", "hfov", "goc_nhin", "góc nhìn"),
    "range_m": ("range_m", "range", "tam_nhin", "tầm nhìn"),
    "mast_height_m": ("mast_height_m", "mast_height", "height_m", "height", "chieu_cao_cot", "chiều cao cột"),
    "owner": ("owner", "chu_quan", "chủ quản", "don_vi", "đơn vị"),
    "project": ("project", "du_an", "dự án"),
    "url": ("url", "stream_url", "snapshot_url", "urls", "dia_chi", "địa chỉ luồng"),
    "kind": ("kind", "stream_kind", "protocol"),
    "stream": ("stream", "stream_name", "path", "src"),
}
"""Names under which a column is known without the option ``columns``; case does not count."""

_LISTS = ("cameras", "items", "data", "value", "results", "features")
_KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}
_RANGES = {"azimuth_deg": (-360, 720), "fov_deg": (0, 360), "range_m": (0, 50_000), "mast_height_m": (0, 1000)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera of the inventory. ``key`` is its own id, ``url`` its address with whatever opens it: never printed."""

    key: str
    name: str | None = None
    category: str | None = None
    place: Point | None = None
    azimuth_deg: float | None = None
    fov_deg: float | None = None
    range_m: float | None = None
    mast_height_m: float | None = None
    owner: str | None = None
    project: str | None = None
    url: str | None = field(default=None, repr=False)
    kind: Kind | None = None
    stream: str | None = None
    source_category: str | None = None


def entries(payload: bytes, ids: frozenset[str] = frozenset()) -> Sequence[tuple[Any, bytes]]:
    """The rows of a table, each with itself as a table of one row, without secrets. ``ids`` are further names of the
    column with the id. Raises ValueError for no table.
    """
    if len(payload) > 32 << 20:
        raise ValueError("a table of more than 32 MB")
    begins = payload.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return _objects(payload) if begins in {b"{", b"["} else _csv(payload, ids)


def _objects(payload: bytes) -> Sequence[tuple[Any, bytes]]:
    body = loads(payload.removeprefix(b"\xef\xbb\xbf"))
    if isinstance(body, Mapping):
        body = next((body[name] for name in _LISTS if isinstance(body.get(name), list)), [body])
    if not isinstance(body, list):
        raise ValueError("not a list of cameras")  # noqa: TRY004 (what is wrong is the payload)
    return [(_flat(row), redacted_bytes(json.dumps([row]).encode())) for row in body]


def _flat(row: Any) -> Any:
    """A GeoJSON Feature as one row."""
    if not isinstance(row, Mapping) or row.get("type") != "Feature":
        return row
    properties = row.get("properties")
    flat = {"id": row.get("id"), **(properties if isinstance(properties, Mapping) else {})}
    geometry = row.get("geometry")
    place = geometry.get("coordinates") if isinstance(geometry, Mapping) and geometry.get("type") == "Point" else None
    if isinstance(place, list) and len(place) >= 2:
        flat |= {"lon": place[0], "lat": place[1]}
    return flat


def _csv(payload: bytes, ids: frozenset[str]) -> Sequence[tuple[Any, bytes]]:
    try:
        words = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("not a table: the text is not UTF-8") from error
    head = words.lstrip().partition("\n")[0]
    delimiter = max(",;\t|", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(words, newline=""), delimiter=delimiter, restkey="", restval="")
        names = [name.strip() for name in reader.fieldnames or ()]
        if not {name.casefold() for name in names} & {*ALIASES["id"], *ALIASES["stream"]} and not ids & {*names}:
            raise ValueError("not a table of cameras: no column with an id")
        reader.fieldnames = names
        return [(row, _one_row(names, row, delimiter)) for row in reader]
    except csv.Error as error:
        raise ValueError(f"not a table: {error}") from error


def _one_row(names: Sequence[str], row: Mapping[str, Any], delimiter: str) -> bytes:
    told = [name for name in names if not is_secret(name)]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(told)
    writer.writerow([row.get(name, "") for name in told])
    return redacted_bytes(out.getvalue().encode())


def read(payload: bytes, options: CameraOptions, arrival: datetime) -> Iterator[Camera | Rejected]:
    """The cameras of a table. What is no table is one Rejected, a row that is no camera another."""
    try:
        rows = entries(payload, frozenset(options.columns.values()))
    except ValueError as error:
        detail = redacted(str(error))[:200]
        yield Rejected(reason="garbled", detail=detail, payload=redacted_bytes(payload), received_at=arrival)
        return
    seen: set[str] = set()
    for row, kept in rows:
        try:
            found = camera(row, options)
        except (ValueError, RecursionError) as error:
            detail = redacted(str(error))[:200]
            yield Rejected(reason="malformed", detail=detail, payload=kept, received_at=arrival)
            continue
        if found.key in seen:
            yield Rejected(reason="same_id", detail=f"a second {found.key[:80]!r}", payload=kept, received_at=arrival)
            continue
        seen.add(found.key)
        yield found
        if found.place is None and _given(row, options, "lon"):
            yield Rejected(reason="bad_position", detail=found.key[:80], payload=kept, received_at=arrival)


def camera(row: Any, options: CameraOptions) -> Camera:
    """One row as a camera. Raises ValueError for a row without an id, with a NUL byte or a lone surrogate."""
    if not isinstance(row, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 (what is wrong is the payload)
    dumped({str(name): value for name, value in row.items()})
    key = text(_given(row, options, "id")) or text(_given(row, options, "stream"))
    if key is None or len(key) > 200:
        raise ValueError("no id")
    word = text(_given(row, options, "category"))
    url = _first(_given(row, options, "url"))
    kind = text(_given(row, options, "kind"))
    return Camera(
        key=key,
        name=text(_given(row, options, "name")),
        category=category(options.service, word) if word else None,
        source_category=word,
        place=_place(_given(row, options, "lon"), _given(row, options, "lat")),
        **{name: _measure(_given(row, options, name), *_RANGES[name]) for name in _RANGES},
        owner=text(_given(row, options, "owner")) or options.owner,
        project=text(_given(row, options, "project")) or options.project,
        url=url,
        kind=_KINDS.get((kind or "").lower()) or options.kind or guessed(url),
        stream=text(_given(row, options, "stream")),
    )


def _given(row: Mapping[str, Any], options: CameraOptions, name: str) -> Any:
    chosen = options.columns.get(name)
    if chosen is not None:
        return row.get(chosen)
    known = {str(column).strip().casefold(): column for column in row}
    return next((row[known[alias]] for alias in ALIASES[name] if alias in known), None)


def _first(value: Any) -> str | None:
    """Of several addresses the first; a text may hold several, parted by blanks."""
    if isinstance(value, list):
        value = next(iter(value), None)
    words = (text(value) or "").split()
    return words[0] if words else None


def guessed(url: str | None) -> Kind | None:
    """How a URL is read when nobody says: by its scheme and the end of its path."""
    parts = urlsplit(url or "")
    path = parts.path.lower()
    if parts.scheme in {"rtsp", "rtsps"}:
        return "rtsp"
    if path.endswith(".m3u8"):
        return "hls"
    if "mjpeg" in path or "mjpg" in path or path.endswith("/video.cgi"):
        return "mjpeg"
    return "jpeg" if url else None


def _place(lon: Any, lat: Any) -> Point | None:
    try:
        return point(lon, lat)
    except ValueError:
        return None


def _measure(value: Any, least: float, most: float) -> float | None:
    """A number in its range; what is none, or makes no sense, is not known."""
    try:
        found = number(value)
    except ValueError:
        return None
    return found if least <= found <= most else None


def thing(found: Camera, options: CameraOptions, **more: Any) -> Thing:
    """The Thing of a camera. Its properties never hold an address."""
    told: dict[str, JSON] = {
        "owner": found.owner,
        "project": found.project,
        "stream_kind": found.kind,
        "source_category": found.source_category if found.category is None else None,
    }
    properties = {name: value for name, value in told.items() if value is not None}
    azimuth = found.azimuth_deg
    return Thing(
        id=f"{options.issuer}:{found.key}",
        name=found.name,
        category=found.category,
        geometry=found.place,
        azimuth_deg=None if azimuth is None else azimuth % 360,
        fov_deg=found.fov_deg,
        range_m=found.range_m,
        mast_height_m=found.mast_height_m,
        properties={**properties, **more.pop("properties", {})},
        **more,
    )
