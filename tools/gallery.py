"""Pictures of a running city for docs/gallery.md: every scene of the wall, planner, desk and sources, both sizes.

    python -m tools.gallery --url http://localhost:5006 --mood flood [--only wall-sea] [--out docs/pictures]

``mood`` goes into the names: calm, flood, degraded. Pictures are kept no wider than 1920 px, as WebP.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Browser
from playwright.sync_api import TimeoutError as NotInTime

from geodata.city import city
from tests.support.browser import chromium
from tests.support.pages import CAME_WHOLE, IDLE

SIZES = ((1920, 1080), (3840, 2160))
KEPT_PX = 1920
QUALITY = 80
PAGES = {"explore": True, "desk": True, "sources": False, "indicators": False}
"""Whether they have a map."""

WHOLE_MS, SETTLE_MS = 60_000, 25_000


@dataclass(frozen=True)
class Shot:
    """One page; ``map``: whether it has one, whose tiles are waited for."""

    name: str
    path: str
    map: bool = True


def shots(city_id: str) -> list[Shot]:
    walls = [Shot(f"wall-{scene.id}", f"/wall/{scene.id}") for scene in city(city_id).wall.scenes]
    return [*walls, *(Shot(name, f"/{name}", map=with_map) for name, with_map in PAGES.items())]


def take(browser: Browser, url: str, shot: Shot, size: tuple[int, int]) -> tuple[bytes, list[str]]:
    """The picture as PNG, and what the page complained about."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{url}{shot.path}")
    page.wait_for_function(IDLE, timeout=WHOLE_MS)
    try:
        if shot.map:
            page.wait_for_function(CAME_WHOLE, timeout=WHOLE_MS)
    except NotInTime:  # the database is away, the machine is busy: the picture shows it
        errors.append("its tiles did not all come")
    page.wait_for_timeout(SETTLE_MS)
    picture = page.screenshot()
    context.close()
    return picture, errors


def small(picture: bytes) -> Image.Image:
    """As it is kept: no wider than ``KEPT_PX``."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    if image.width > KEPT_PX:
        image = image.resize((KEPT_PX, round(image.height * KEPT_PX / image.width)), Image.Resampling.LANCZOS)
    return image


@click.command()
@click.option("--url", default="http://localhost:5006")
@click.option("--city", "city_id", default="hue")
@click.option("--mood", default="calm")
@click.option("--only", multiple=True, help="Names of shots; all without it.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/pictures"))
@click.option("--raw", is_flag=True, help="Keep full size and colours, to look at.")
def main(url: str, city_id: str, mood: str, only: tuple[str, ...], out: Path, *, raw: bool) -> None:
    """Take them."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = [shot for shot in shots(city_id) if not only or shot.name in only]
    with chromium() as browser:
        for shot, size in product(wanted, SIZES):
            picture, errors = take(browser, url, shot, size)
            file = out / f"{shot.name}-{mood}-{size[0]}.{'png' if raw else 'webp'}"
            if raw:
                file.write_bytes(picture)
            else:
                small(picture).save(file, quality=QUALITY, method=6)
            click.echo(f"{file.name} {file.stat().st_size // 1024} KiB {'; '.join(errors)}")


if __name__ == "__main__":
    main()
