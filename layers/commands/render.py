"""``vonglau render``: the same picture as the map, into a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geodata.city import city as city_of
from geodata.errors import UsageError
from geodata.settings import Settings
from geodata.view import Bounds, View

if TYPE_CHECKING:
    from PIL.Image import Image

WINDOW = timedelta(days=1)
LARGEST_PX = 16384


class NotBounds(UsageError):
    """{text!r} is not west,south,east,north in degrees: --bounds 107.2,16.0,108.2,16.8"""


class NotSize(UsageError):
    """{text!r} is not a size in px: --size 1920x1080, at most {largest} a side"""


class NotTime(UsageError):
    """{text!r} is not a time: --at 2026-11-21T14:05:00+07:00; without a zone it is the city's own time"""


class CannotSave(UsageError):
    """{path}: {reason}; give a file that ends in .png in a folder that can be written"""


@click.command(name="render")
@click.option("--city", default=None, help="City id; also says which land is not dimmed.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option(
    "--layers", "layer_names", default="basemap", show_default=True, help="Service ids and basemap, by comma."
)
@click.option("--bounds", default=None, help="west,south,east,north in degrees; the city's own without it.")
@click.option("--size", default="1920x1080", show_default=True, help="WIDTHxHEIGHT in px.")
@click.option("--at", "at_text", default=None, help="The clock of the picture; now without it.")
@click.option("--known-at", "known_text", default=None, help="Draw what was known at that time.")
@click.option("--style", type=click.Choice(["desk", "wall"]), default="desk", show_default=True)
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The PNG file to write.")
def command(
    city: str | None,
    data: Path | None,
    layer_names: str,
    bounds: str | None,
    size: str,
    at_text: str | None,
    known_text: str | None,
    style: str,
    language: str,
    output: Path,
) -> None:
    """Draw layers into a PNG file, without a browser. The basemap alone needs no store."""
    settings = Settings.from_environ(data=data, city=city)
    zone = city_of(settings.city)
    at = moment(at_text, zone.timezone) if at_text else datetime.now(UTC)
    known = moment(known_text, zone.timezone) if known_text else None
    view = fitted(box(bounds) if bounds else Bounds(*zone.bounds), *pixels(size), at, known)
    wanted = [name.strip() for name in layer_names.split(",") if name.strip()]
    image = drawn(settings, wanted, view, style, language)
    try:
        image.save(output, "PNG")
    except OSError as error:
        raise CannotSave(path=output, reason=error.strerror or str(error)) from error
    click.echo(f"{output}: {view.width_px} x {view.height_px} px, {', '.join(wanted)}, {at:%Y-%m-%dT%H:%M:%SZ}")


def drawn(settings: Settings, wanted: list[str], view: View, style: str, language: str) -> Image:
    """The picture; the store is opened only when a layer beside the basemap is asked for."""
    from layers import base, compose

    for name in wanted:
        if name != "basemap":
            base.get(name)
    if set(wanted) <= {"basemap"}:
        return compose.still(None, wanted, view, style, city=settings.city, language=language)
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    with database(settings, role="read") as db, Reader(db.dsn) as reader:
        return compose.still(reader, wanted, view, style, city=settings.city, language=language)


def box(text: str) -> Bounds:
    """Raises NotBounds."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        return Bounds(west, south, east, north)
    except ValueError as error:
        raise NotBounds(text=text) from error


def pixels(text: str) -> tuple[int, int]:
    """Raises NotSize."""
    try:
        width, height = (int(part) for part in text.lower().split("x"))
    except ValueError as error:
        raise NotSize(text=text, largest=LARGEST_PX) from error
    if not (0 < width <= LARGEST_PX and 0 < height <= LARGEST_PX):
        raise NotSize(text=text, largest=LARGEST_PX)
    return width, height


def moment(text: str, zone: str) -> datetime:
    """An ISO 8601 time in UTC; without an offset it is the zone's. Raises NotTime."""
    from zoneinfo import ZoneInfo

    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotTime(text=text) from error
    return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def fitted(bounds: Bounds, width: int, height: int, at: datetime, known: datetime | None) -> View:
    """A view of that size which shows the bounds whole: the shorter side grows, so that a pixel is square."""
    x0, y0, x1, y1 = bounds.mercator
    resolution = max((x1 - x0) / width, (y1 - y0) / height)
    x, y, half_w, half_h = (x0 + x1) / 2, (y0 + y1) / 2, width * resolution / 2, height * resolution / 2
    try:
        grown = Bounds.from_mercator(x - half_w, y - half_h, x + half_w, y + half_h)
    except ValueError as error:  # grown beyond the world
        raise NotBounds(text=f"{bounds.west},{bounds.south},{bounds.east},{bounds.north}") from error
    return View(grown, width, height, at - WINDOW, at, known)
